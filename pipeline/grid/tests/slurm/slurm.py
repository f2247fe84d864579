"""A grid on a real Slurm where everything goes wrong that may gives the results of a run without faults, to the byte.

    slurm.py CLIKA OUT

Two grids are planned and submitted to a cluster of two nodes (cluster.py). Of the first one's tasks one loses its
training to SIGKILL, one is killed itself, one is on a node that is drained, one is cancelled, and the controller is
restarted. The second one's task comes near its limit, hears of it and is requeued. Then the killed task is requeued,
and what is missing is submitted again. `clika grid run --all` makes the same cells on this machine without any fault,
and adapters, answers, results and collected tables have to be equal. Times are left out, which a training's log,
TensorBoard's events and a report's table of trainings have.

It needs root and Debian's slurm-wlm and munge, and says so where they are missing. Afterwards OUT has the folders of
both runs and the daemons' logs.
"""

import argparse
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

HERE = Path(__file__).resolve()
sys.path[:0] = [str(HERE.parent), str(HERE.parents[3] / "cli" / "tests")]
import cluster  # noqa: E402
import same_bytes  # noqa: E402
from cluster import Cluster, Failed, wait_until  # noqa: E402

ROOT = HERE.parents[4]
# The first grid: three languages and two seeds are six jobs, and so two arrays.
MAX_ARRAY = 4
SHORT, LONG = "short", "long"
GRIDS = {SHORT: 'languages = ["de", "fr", "ru"]\nseeds = [0, 1]', LONG: 'languages = ["de"]\nseeds = [2]'}
# Two seconds on a quiet machine: long enough to be caught in the middle.
TRAINING = ["--places", "10", "--continents", "5", "--batch", "8", "--rank", "4", "--answer", "ranking",
            "--epochs", "100", "--max-steps", "150", "--save-every", "5"]  # fmt: skip
# Limits count in minutes, and Slurm looks at them about twice in each.
GRACE = "30"
BUSY = {"PENDING", "CONFIGURING", "RUNNING", "COMPLETING", "REQUEUED", "SUSPENDED"}
# What a user's settings are not to change.
KEPT = ("LANG", "LD_LIBRARY_PATH")


class Held:
    """A task whose training is stopped after its first checkpoint, so that it is in the middle on any machine."""

    def __init__(self, slurm, run, training):
        self.slurm, self.task, self.run, self.training = slurm, run.task, run.number, training.number
        self.begun, self.told, self.state = time.time(), None, None
        os.kill(self.training, signal.SIGSTOP)

    def release(self):
        os.kill(self.training, signal.SIGCONT)

    def wait_until_told(self, seconds):
        """Lets the training go on when clika tells it to save, as Slurm has told clika.

        `told` is the time of that, and `state` what Slurm says of the task then; both stay None if it is told nothing.
        """
        try:
            wait_until("told to save", self.is_told, seconds)
        except (Failed, FileNotFoundError):
            return
        self.told, self.state = time.time(), self.slurm.jobs()[self.task]
        self.release()

    def is_told(self):
        """Whether SIGINT waits for the stopped process."""
        status = Path(f"/proc/{self.training}/status").read_text()
        pending = int(re.search(r"^ShdPnd:\s*(\w+)", status, re.MULTILINE)[1], 16)
        return bool(pending & 1 << signal.SIGINT - 1)


class Scenario:
    def __init__(self, binary, out):
        self.binary, self.out = binary.resolve(), out.resolve()
        self.calm, self.rough = self.out / "calm", self.out / "rough"
        self.begun = time.monotonic()
        kept = {name: value for name, value in os.environ.items() if name in KEPT}
        self.environment = {**kept, "PATH": cluster.PATH, "HOME": str(self.out / "home"), "HF_HUB_OFFLINE": "1"}
        # Tasks that have met a fault, and the node that is drained.
        self.used, self.drained = set(), None

    def say(self, text):
        print(f"{time.monotonic() - self.begun:6.1f} s  {text}", flush=True)

    def clika(self, folder, *arguments, timeout=60):
        """Runs clika outside the cluster: its standard output."""
        done = subprocess.run([self.binary, "--quiet", *arguments], cwd=folder, env=self.environment, text=True,
                              timeout=timeout, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE)  # fmt: skip
        if done.returncode != 0:
            raise Failed(f"clika {' '.join(arguments)} ended with {done.returncode}: {done.stderr[-1500:]}")
        return done.stdout

    def prepare(self):
        """A folder for the run without faults and one for the other, with a fixture's model and both grids."""
        for folder in (self.calm, self.rough, self.out / "home", self.out / "logs"):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
        for folder in (self.calm, self.rough):
            shutil.copytree(ROOT / same_bytes.MODEL, folder / "model")
            for name, cells in GRIDS.items():
                text = f'[finetune]\nmodels = ["model"]\n{cells}\narguments = {json.dumps(TRAINING)}\n'
                (folder / f"{name}.toml").write_text(text)
                self.clika(folder, "grid", "plan", f"{name}.toml", "--out", name, "--cells-per-job", "1")

    def start_calm(self):
        """Starts the runs without faults, beside Slurm, which mostly waits. The cluster's guard ends them, too."""
        environment, runs = {**self.environment, cluster.MARK: str(self.slurm.folder)}, {}
        for name in GRIDS:
            with open(self.out / "logs" / f"calm-{name}.txt", "wb") as log:
                argv = [self.binary, "grid", "run", name, "--all", "--devices", "cpu"]
                runs[name] = subprocess.Popen(argv, cwd=self.calm, env=environment, stdin=subprocess.DEVNULL,
                                              stdout=log, stderr=log)  # fmt: skip
        return runs

    def submit(self, name, *options):
        """Submits a grid: the numbers of its tasks."""
        before = set(self.slurm.jobs())
        self.slurm.call(self.binary, "grid", "submit", name, "--partition", "main", *options, cwd=self.rough)
        tasks = set(self.slurm.jobs()) - before
        if not tasks:
            raise Failed(f"clika grid submit {name} has submitted nothing")
        return tasks

    def hold(self, name):
        """A task of a grid that is in the middle of its training and has met no fault."""

        def found():
            processes = [it for it in self.slurm.processes() if it.task and it.task not in self.used]
            for run in processes:
                if {"grid", "run"} <= set(run.argv) and any(Path(word).name == name for word in run.argv):
                    for training in processes:
                        if training.task == run.task and "finetune" in training.argv and has_checkpoint(training):
                            return Held(self.slurm, run, training)
            return None

        held = wait_until(f"a task of `{name}` trains", found, 90)
        self.used.add(held.task)
        return held

    def do_harm(self):
        """Everything that may happen to tasks of the first grid."""
        held = self.hold(SHORT)
        os.kill(held.training, signal.SIGKILL)
        self.say(f"{held.task}: its training is killed with -9")

        held = self.hold(SHORT)
        self.killed = held.task
        os.kill(held.run, signal.SIGKILL)
        held.release()
        self.say(f"{self.killed}: it is killed with -9 itself")

        held = self.hold(SHORT)
        self.drained = self.slurm.places()[held.task]
        self.slurm.drain(self.drained)
        self.before_drain = {task for task, node in self.slurm.places().items() if node == self.drained}
        held.release()
        self.say(f"{held.task}: its node {self.drained} is drained")

        held = self.hold(SHORT)
        self.cancelled = held.task
        # Slurm sends SIGCONT and SIGTERM to every process of the task. While these run, it says neither to them nor to
        # anybody else that the task is cancelled: a task that has itself requeued then would live on.
        self.slurm.call("scancel", self.cancelled)
        self.say(f"{self.cancelled}: it is cancelled")

        self.slurm.restart_controller()
        self.say("the controller is restarted")

    def ended(self, tasks):
        """Whether no task waits or runs any more. Meanwhile a drained node must get none."""
        if self.drained:
            new = {task for task, node in self.slurm.places().items() if node == self.drained} - self.before_drain
            if new:
                raise Failed(f"{self.drained} is drained, and got {new}")
        states = self.slurm.jobs()
        return not any(states[task] in BUSY for task in tasks)

    def expect(self, task, *states):
        state = self.slurm.jobs()[task]
        if state not in states:
            raise Failed(f"{task} is {state}, not {' or '.join(states)}")

    def status(self, name):
        """What `clika grid status` counts, with Slurm's programs at hand."""
        text = self.slurm.call(self.binary, "grid", "status", name, "--json", cwd=self.rough)
        status = json.loads(text)
        self.say(f"status of `{name}`: " + ", ".join(f"{count} {state}" for state, count in status["counts"].items()))
        return status

    def run(self):
        self.prepare()
        with Cluster(self.out / "logs", self.environment, MAX_ARRAY) as self.slurm:
            self.say("the cluster is up")
            calm = self.start_calm()
            self.in_slurm()
            for name, run in calm.items():
                if run.wait(240) != 0:
                    raise Failed(f"`clika grid run {name} --all` ended with {run.returncode}: see logs/calm-{name}.txt")
        self.say("the runs without faults are done, and the cluster is down")
        for name in GRIDS:
            self.compare(name)

    def in_slurm(self):
        limited = self.submit(LONG, "--time", "1", "--grace", GRACE)
        held = self.hold(LONG)
        waiting = threading.Thread(target=held.wait_until_told, args=[90], daemon=True)
        waiting.start()
        self.say(f"{held.task}: its training is held, with a limit of a minute")
        tasks = self.submit(SHORT, "--time", "5")
        arrays = {task.split("_")[0] for task in tasks}
        if len(tasks) != 6 or len(arrays) != 2:
            raise Failed(f"six jobs and a MaxArraySize of {MAX_ARRAY} are two arrays, not {sorted(tasks)}")
        self.say(f"submitted {', '.join(sorted(limited | tasks))}")
        self.do_harm()
        self.status(SHORT)
        wait_until("all tasks of the first grid end", lambda: self.ended(tasks), 240, pause=0.5)
        self.expect(self.cancelled, "CANCELLED")
        self.expect(self.killed, "FAILED")
        self.say(f"{self.cancelled} stays cancelled, {self.killed} has failed, {self.drained} got nothing new")
        counts = self.status(SHORT)["counts"]
        if sum(counts.values()) != 6 or counts["done"] == 6:
            raise Failed(f"of six cells, of which one is cancelled, the status says {counts}")

        self.slurm.resume(self.drained)
        self.drained = None
        self.slurm.call("scontrol", "requeue", self.killed)
        again = self.submit(SHORT, "--time", "5")
        self.say(f"{self.killed} is requeued, and {', '.join(sorted(again))} submitted for what is missing")
        waiting.join()
        self.expect_told(held)
        wait_until("the first grid is done", lambda: self.ended(again | {self.killed}), 240, pause=0.5)
        self.expect_done(SHORT)
        wait_until("the second grid is done", lambda: self.ended(limited), 240, pause=0.5)
        self.expect_done(LONG)
        self.expect_gone_on(held)

    def expect_told(self, held):
        """The task that is near its limit has heard of it from Slurm, before it was too late, and goes on later."""
        if held.state != "RUNNING":
            raise Failed(f"{held.task} heard nothing before its limit of a minute, when it was {held.state}")
        self.say(f"{held.task}: told to save {held.told - held.begun:.0f} s after its training was held")

    def expect_gone_on(self, held):
        """The same task was requeued and did not begin anew."""
        self.expect(held.task, "COMPLETED")
        shown = self.slurm.call("scontrol", "--oneliner", "show", "job", held.task)
        restarts = int(re.search(r"Restarts=(\d+)", shown)[1])
        (log,) = (self.rough / LONG / "jobs").rglob("log.jsonl")
        times = [json.loads(line)["time"] for line in log.read_text().splitlines()]
        before = sum(time < held.told for time in times)
        what = f"{held.task}: requeued {restarts} times, and {before} of its {len(times)} steps are of its first run"
        if restarts != 1 or not 0 < before < len(times):
            raise Failed(what)
        self.say(what)

    def expect_done(self, name):
        counts = self.status(name)["counts"]
        if any(count for state, count in counts.items() if state != "done"):
            raise Failed(f"`{name}` is not done: {counts}")

    def compare(self, name):
        """Both runs' files, and the tables that are collected from them."""
        collect = ["grid", "collect", name, "--out", f"{name}-tables"]
        calm, rough = self.clika(self.calm, *collect), self.clika(self.rough, *collect)
        if not calm.strip() or calm != rough:
            raise Failed(f"`clika {' '.join(collect)}` prints other tables in {self.calm} than in {self.rough}")
        count = 0
        for part in (f"{name}/jobs", f"{name}-tables"):
            calm, rough = contents(self.calm / part), contents(self.rough / part)
            wrong = [path for path in sorted(calm.keys() | rough.keys()) if calm.get(path) != rough.get(path)]
            if wrong:
                raise Failed(f"in {part} these differ or are there once: {', '.join(wrong[:8])}")
            count += len(calm)
        adapters = len(list((self.rough / name / "jobs").rglob("adapter_model.safetensors")))
        if adapters == 0:
            raise Failed(f"`{name}` has no adapters")
        self.say(f"`{name}`: {count} files are equal, {adapters} adapters and the collected tables among them")


def has_checkpoint(training):
    """Whether a training is in the middle: it has a checkpoint, and no results."""
    out = Path(f"/proc/{training.number}/cwd") / training.argv[training.argv.index("--out") + 1]
    return any(out.glob("**/checkpoints/step-*/manifest.json")) and not any(out.glob("*/results.json"))


def contents(folder):
    """Every file but locks, logs, and what says how long something took."""
    found = {}
    for path in folder.rglob("*"):
        # The report's manifest has sums of its files, and its page has all tables.
        timed = "tfevents" in path.name or path.stem == "provenance-trainings" or path.parent.name == "report"
        if path.is_file() and path.suffix not in (".lock", ".log") and not timed:
            found[str(path.relative_to(folder))] = same_bytes.content(path)
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binary", type=Path, metavar="CLIKA")
    parser.add_argument("out", type=Path, metavar="OUT")
    options = parser.parse_args()
    if why := cluster.missing():
        print(f"SKIPPED the grid on a real Slurm: {why}", file=sys.stderr)
        return
    # The cluster ends then, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        Scenario(options.binary, options.out).run()
    except Failed as failed:
        sys.exit(f"error: {failed}\n  the daemons' logs are in {options.out / 'logs'}")


if __name__ == "__main__":
    main()
