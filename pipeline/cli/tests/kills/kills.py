"""Kills clika at its system calls, runs it again, and compares what it wrote: nothing is lost and nothing stays.

    kills.py BINARY [--kills 200] [--seed 17] [--only NAME] [--keep] [--replay PLACE]

Each command of commands.py first runs undisturbed over the outputs of earlier runs, under strace: what it wrote is the
reference, and its calls that change files are where it may be killed. A kill holds the process before or after one of
them, at random but evenly over commands and kinds of calls, and ends it with SIGKILL. `contended` starts the same command
a second time while the first one is held, and then kills the first. After a quarter of the kills the second run is killed,
too. Afterwards, in a fresh copy for each kill:

1. in half of the kills, what clika reads of its outputs is what was there before the command or what it writes;
2. the command runs again and succeeds;
3. every file then has the reference's bytes, and no other file is there. Exceptions: locks may stay; of a training's log
   times are not compared, of TensorBoard's file only the length is; the first line of a snapshot says when it was taken;
   lines of kept answers to several requests at once may be in another order.

CLIKA_TEST_OXIGRAPH names Oxigraph's server; without it `clika snapshot` is left out, and a line says so.
"""

import argparse
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import commands  # noqa: E402
import holding  # noqa: E402
import same_bytes  # noqa: E402
import servers  # noqa: E402
from holding import LIMIT, Failed  # noqa: E402

ROOT = Path(__file__).resolve().parents[4]
SIDES = ["before", "after", "before", "after", "contended"]
# The share of kills after which the second run is killed, too.
TWICE = 0.25


class Place:
    """Where a command is killed: before or after the `number`th call of a kind that one of its threads makes.

    `then` is where its second run is killed, which may be putting things right.
    """

    def __init__(self, command, call, number, side, then=None):
        self.command, self.call, self.number, self.side, self.then = command, call, int(number), side, then

    @classmethod
    def parse(cls, command, text):
        first, *second = text.split("+")
        then = cls(command, *second[0].split(":")) if second else None
        return cls(command, *first.split(":")[1:], then)

    def __str__(self):
        then = f"+{self.then.call}:{self.then.number}:{self.then.side}" if self.then else ""
        return f"{self.command.name}:{self.call}:{self.number}:{self.side}{then}"


class Campaign:
    def __init__(self, binary, folder, oxigraph):
        self.binary, self.folder = binary.resolve(), folder
        self.base = folder / "base"
        self.base.mkdir()
        commands.prepare(ROOT, self.base)
        self.addresses = {"{hub}": servers.start(self.base / "model")}
        self.commands = list(commands.COMMANDS)
        self.oxigraph = None
        if oxigraph:
            turtle = self.base / "sparql" / "snapshot" / "wikidata.ttl"
            self.oxigraph, self.addresses["{oxigraph}"] = servers.start_oxigraph(oxigraph, turtle, folder / "database")
            self.commands.append(commands.SNAPSHOT)
        else:
            print("SKIPPED clika snapshot: no Oxigraph server; `make test` installs one and sets CLIKA_TEST_OXIGRAPH",
                  file=sys.stderr)  # fmt: skip
        self.reference, self.places = {}, {}

    def argv(self, arguments):
        filled = [str(self.binary), "--quiet", *arguments]
        for name, address in self.addresses.items():
            filled = [word.replace(name, address) for word in filled]
        return filled

    def environment(self, project):
        """No settings and keys of the user, and all temporary files where they are seen."""
        kept = {name: value for name, value in os.environ.items() if name in ("PATH", "LANG")}
        home = project / "home"
        home.mkdir(exist_ok=True)
        (project / "tmp").mkdir(exist_ok=True)
        return {**kept, "HOME": str(home), "TMPDIR": str(project / "tmp"), "HF_ENDPOINT": self.addresses["{hub}"]}

    def start(self, argv, project):
        return subprocess.Popen(argv, cwd=project, env=self.environment(project), stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)  # fmt: skip

    def run(self, argv, project):
        """Runs to the end: exit code and both outputs."""
        process = self.start(argv, project)
        try:
            out, err = process.communicate(timeout=LIMIT)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            raise Failed(f"`{' '.join(argv[1:])}` did not end in {LIMIT} s") from None
        return process.returncode, out, err

    def must(self, argv, project):
        code, out, err = self.run(argv, project)
        if code != 0:
            raise Failed(f"`{' '.join(argv[1:])}` ended with {code}: {err.decode()[-1500:]}")
        return out

    def copy(self, name):
        project = self.folder / name
        shutil.copytree(self.base, project, symlinks=True)
        return project

    def prepare(self):
        """The outputs of earlier runs."""
        for arguments in commands.BEFORE:
            self.must(self.argv(arguments), self.base)

    def study(self, command):
        """Runs a command undisturbed: what it writes, what is read before and after it, and where it can be killed."""
        project, log = self.copy(f"reference {command.name}"), self.folder / f"log {command.name}"
        before = [self.read(reader, project)[:2] for reader in command.readers]
        whole = [content(project / path) for path in command.whole]
        self.must([*holding.study(log), *self.argv(command.arguments)], project)
        after = [self.read(reader, project)[:2] for reader in command.readers]
        whole = [{old, content(project / path)} for old, path in zip(whole, command.whole)]
        files = contents(project)
        scratch = [name for name in files if re.search(r"(^|/)\.[^/]*\.(draft|old|new)(/|$)|\.incomplete$", name)]
        if scratch:
            raise Failed(f"{command.name} leaves {scratch} when it is not killed")
        self.reference[command.name] = (files, [set(both) for both in zip(before, after)], whole)
        self.places[command.name] = holding.changes(log.read_text(errors="replace"), project)
        shutil.rmtree(project)

    def plan(self, kills, seed):
        """Draws where to kill: each command as often, and of each all kinds of calls in turn."""
        draw = random.Random(seed)
        order = {}
        for command in self.commands:
            kinds = sorted(self.places[command.name])
            draw.shuffle(kinds)
            order[command.name] = kinds
        turns = Counter()
        planned = []
        first = draw.randrange(len(self.commands))
        for number in range(kills):
            command = self.commands[(first + number) % len(self.commands)]
            kinds = order[command.name]
            kind = kinds[turns[command.name] % len(kinds)]
            turns[command.name] += 1
            places = self.places[command.name]
            then = None
            if draw.random() < TWICE:
                again = draw.choice(kinds)
                then = Place(command, again, draw.choice(places[again]), draw.choice(SIDES[:2]))
            planned.append(Place(command, kind, draw.choice(places[kind]), draw.choice(SIDES), then))
        return planned

    def kill(self, number, place):
        """Kills a command and checks what follows. Whether it was killed, and what is wrong or None; the folder stays then."""
        project = self.copy(f"kill {number}")
        try:
            killed = self.held_and_killed(place, project)
            if place.then:
                self.held_and_killed(place.then, project)
            if number % 2:
                self.check_readers(place.command, project)
            for path, either in zip(place.command.whole, self.reference[place.command.name][2]):
                if not (project / path).is_file() or content(project / path) not in either:
                    raise Failed(f"after the kill {path} is neither the old file nor the new one")
            self.must(self.argv(place.command.arguments), project)
            self.compare(place.command, project)
        except Failed as failed:
            return None, str(failed), project
        shutil.rmtree(project)
        return killed, None, None

    def held_and_killed(self, place, project):
        """Runs a command until it is at a place, and kills it there; False where it does not get there."""
        log = project.parent / f"{project.name}.log"
        process = self.start([*holding.hold(place, log), *self.argv(place.command.arguments)], project)
        held = holding.wait_for(process, log, place)
        if held and place.side == "contended":
            self.contend(place, project, held, process)
        elif held:
            holding.end(held, process)
        _, err = process.communicate(timeout=LIMIT)
        log.unlink(missing_ok=True)
        if not held and process.returncode != 0:
            raise Failed(f"not killed, it ended with {process.returncode}: {err.decode()[-1500:]}")
        return bool(held)

    def contend(self, place, project, held, first):
        """Starts the command once more, and kills the first when the second has ended or waits for it."""
        second = self.start(self.argv(place.command.arguments), project)
        deadline = time.monotonic() + 5
        while second.poll() is None and time.monotonic() < deadline and not holding.waits_for_lock(second.pid):
            time.sleep(0.01)
        refused = second.poll() not in (None, 0)
        holding.end(held, first)
        try:
            _, err = second.communicate(timeout=LIMIT)
        except subprocess.TimeoutExpired:
            second.kill()
            raise Failed(f"a second process did not end in {LIMIT} s after the first was killed") from None
        said = err.decode()
        if refused and not re.search("another process|in use|another run", said):
            raise Failed(f"a second process ended with {second.returncode}: {said[-1500:]}")
        if not refused and second.returncode != 0:
            raise Failed(f"a second process waited for the first and ended with {second.returncode}: {said[-1500:]}")

    def read(self, reader, project):
        """What a reader makes of the outputs: exit code and both outputs."""
        found = self.run(self.argv(reader), project)
        shutil.rmtree(project / commands.READ, ignore_errors=True)
        return found

    def check_readers(self, command, project):
        for reader, either in zip(command.readers, self.reference[command.name][1]):
            code, out, err = self.read(reader, project)
            if (code, out) not in either:
                raise Failed(f"after the kill, `{' '.join(reader)}` reads neither what was there before nor what is "
                             f"written, exit code {code}: {err.decode()[-1500:]}")  # fmt: skip

    def compare(self, command, project):
        found, wanted = contents(project), self.reference[command.name][0]
        wrong = [f"{name} is left" for name in sorted(found.keys() - wanted.keys())]
        wrong += [f"{name} is missing" for name in sorted(wanted.keys() - found.keys())]
        wrong += [f"{name} differs" for name in sorted(found.keys() & wanted.keys()) if found[name] != wanted[name]]
        if wrong:
            raise Failed("after the second run " + ", ".join(wrong[:8]))


def contents(project):
    """Every file and folder of a project but locks; of files that hold times what is left without."""
    found = {}
    for path in project.rglob("*"):
        name = str(path.relative_to(project))
        if path.name.endswith(".lock") or name.startswith((".lock", "home/.cache/huggingface/hub/.locks")):
            continue
        if path.is_symlink():
            found[name] = "-> " + os.readlink(path)
        elif path.is_dir():
            found[name] = "folder"
        else:
            found[name] = content(path)
    return found


def content(path):
    """A file's bytes without what depends on the time and on the order of simultaneous answers."""
    if "tfevents" in path.name:
        return path.stat().st_size
    if path.parent.match("artifacts/cache/api"):
        return tuple(sorted(path.read_bytes().splitlines()))
    if path.name == "wikidata.ttl":
        # The first line says when it was taken.
        return path.read_bytes().partition(b"\n")[2]
    return same_bytes.content(path)


def table(names, kills, missed, failures):
    width = max(map(len, names))
    print(f"\n{'command':{width}}  kills  failures  ended first")
    for name in names:
        print(f"{name:{width}}  {kills[name]:5}  {failures[name]:8}  {missed[name]:11}")
    print(f"{'all':{width}}  {sum(kills.values()):5}  {sum(failures.values()):8}  {sum(missed.values()):11}")


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binary", type=Path)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=17)
    parser.add_argument("--only", metavar="NAME", help="one command, by its name in commands.py")
    parser.add_argument("--replay", metavar="PLACE", help="one kill, as a failure names it")
    parser.add_argument("--keep", action="store_true", help="keep the folders of failures")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="kills at a time")
    return parser.parse_args()


def main():
    options = parse()
    if why := holding.unusable():
        print(f"SKIPPED kills.py: {why}", file=sys.stderr)
        return 0
    # Servers and folders are cleared away then, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    # Its path is in the log of calls, where a link would have another name.
    folder = Path(tempfile.mkdtemp(prefix="clika-kills-")).resolve()
    begun = time.monotonic()
    campaign = Campaign(options.binary, folder, os.environ.get("CLIKA_TEST_OXIGRAPH"))
    failures = Counter()
    try:
        return run(campaign, options, failures, begun)
    except Failed as failed:
        sys.exit(f"error: without any kill, {failed}")
    finally:
        if campaign.oxigraph:
            campaign.oxigraph.kill()
        if not (options.keep and failures):
            shutil.rmtree(folder)


def run(campaign, options, failures, begun):
    only = options.replay.split(":")[0] if options.replay else options.only
    if only:
        campaign.commands = [command for command in campaign.commands if command.name == only]
        if not campaign.commands:
            sys.exit(f"error: no command is called {only}")
    campaign.prepare()
    with ThreadPoolExecutor(options.jobs) as pool:
        list(pool.map(campaign.study, campaign.commands))
        if options.replay:
            planned = [Place.parse(campaign.commands[0], options.replay)] * 2
        else:
            planned = campaign.plan(options.kills, options.seed)
        print(f"{len(campaign.commands)} commands studied in {time.monotonic() - begun:.0f} s; {len(planned)} kills, "
              f"seed {options.seed}", flush=True)  # fmt: skip
        kills, missed = Counter(), Counter()
        running = {pool.submit(campaign.kill, number, place): place for number, place in enumerate(planned)}
        for done, future in enumerate(as_completed(running), 1):
            place = running[future]
            killed, wrong, project = future.result()
            kills[place.command.name] += 1
            missed[place.command.name] += killed is False
            if wrong:
                failures[place.command.name] += 1
                print(f"FAILED {place}: {wrong}\n  again: {sys.argv[0]} {options.binary} --keep --replay '{place}'", flush=True)
                if options.keep:
                    print(f"  kept: {project}", flush=True)
            if done % 20 == 0:
                print(f"{done} of {len(planned)} kills, {time.monotonic() - begun:.0f} s", flush=True)
    table([command.name for command in campaign.commands], kills, missed, failures)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
