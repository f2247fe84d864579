"""Running cells and keeping their results: one JSON file for each, which appears whole or not at all."""

import ctypes
import hashlib
import json
import os
import platform
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path


class Failed(Exception):
    """A command that did not end well."""


class Bench:
    """Where commands run and results are kept."""

    def __init__(self, root, program, results, model_sha256, jobs):
        self.root = Path(root)
        self.program = str(program)
        self.results = Path(results)
        self.model_sha256 = model_sha256
        # One process with two threads is slower than two processes with one.
        self.jobs = jobs
        self.threads = max(1, (os.cpu_count() or 1) // jobs)

    def path(self, cell):
        return self.results / f"{cell.name}.json"

    def result(self, cell):
        """What is kept of a cell, if its command and every input are still the same; else None and why."""
        path = self.path(cell)
        if not path.exists():
            return None, "not run"
        kept = json.loads(path.read_text(encoding="utf-8"))
        if kept["arguments"] != cell.arguments:
            return None, "its command has changed"
        inputs = self.inputs(cell)
        changed = sorted(name for name in {*inputs, *kept["inputs"]} if inputs.get(name) != kept["inputs"].get(name))
        return (None, f"changed: {', '.join(changed)}") if changed else (kept, "")

    def inputs(self, cell):
        """SHA-256 of everything that decides a cell's result besides its command."""
        inputs = {"model": self.model_sha256}
        for name in cell.files:
            inputs[name] = digest((self.root / name).read_text(encoding="utf-8"), name.startswith("experiments/"))
        for name in cell.after:
            path = self.results / f"{name}.json"
            if path.exists():
                inputs[name] = digest(path.read_text(encoding="utf-8"), False)
        if not cell.dataset:
            return inputs
        folder = self.root / cell.dataset
        files = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["files"]
        for name, sha256 in sorted(files.items()):
            # xgeo/de.parquet; a world has a folder of splits for a language.
            if name.endswith(".parquet") and set(Path(name).with_suffix("").parts) & set(cell.languages):
                inputs[f"{folder.name}/{name}"] = sha256
        return inputs

    def can_score(self, cell):
        """Whether answers are there: of one way of asking at least, or of both that are compared."""
        there = [(self.results / f"{name}.json").exists() for name in cell.after]
        return all(there) if cell.kind == "compare" else any(there)

    def call(self, arguments):
        """Runs a command that takes seconds, and whose output says nothing that is needed."""
        done = subprocess.run([self.program, *arguments], cwd=self.root, stdout=subprocess.DEVNULL, check=False)
        if done.returncode:
            raise Failed(f"clika {' '.join(arguments)}: exit status {done.returncode}")

    def run(self, cells, ended):
        """Runs cells, as many at a time as there are jobs, and keeps each result; `ended` is told of it.

        What clika kept of an earlier attempt is used, and the result says so. A command that fails stops no other that
        runs already; after those the error is raised.
        """
        waiting, running, failed = list(cells), {}, None
        try:
            while running or (waiting and not failed):
                while waiting and not failed and len(running) < self.jobs:
                    started = Running(self, waiting.pop(0))
                    running[started.process.pid] = started
                pid, status, usage = os.wait4(-1, 0)
                if pid in running:
                    try:
                        ended(running.pop(pid).finish(status, usage))
                    except Failed as error:
                        failed = failed or error
        except KeyboardInterrupt:
            # Ctrl-C reaches clika too, which keeps what it has.
            for pid in running:
                os.waitpid(pid, 0)
            raise
        if failed:
            raise failed

    def version(self):
        done = subprocess.run([self.program, "--version"], stdout=subprocess.PIPE, text=True, check=True)
        return done.stdout.strip()


class Running:
    """A cell's command while it runs."""

    def __init__(self, bench, cell):
        self.bench, self.cell = bench, cell
        self.begun_file = bench.root / "artifacts/real/begun" / f"{bench.model_sha256[:12]}-{bench.results.name}-{cell.name}"
        self.begun_file.parent.mkdir(parents=True, exist_ok=True)
        self.resumed = self.begun_file.exists()
        self.begun_file.touch()
        self.load = os.getloadavg()[0]
        self.out = tempfile.TemporaryFile()
        self.begin = time.time()
        environment = {**os.environ, "RAYON_NUM_THREADS": str(bench.threads)}
        self.process = subprocess.Popen([bench.program, *cell.arguments], cwd=bench.root, env=environment,
                                        stdout=self.out, preexec_fn=end_with_parent)  # fmt: skip

    def finish(self, status, usage):
        """Keeps the result of a command that has ended."""
        bench, cell, end = self.bench, self.cell, time.time()
        self.process.returncode = os.waitstatus_to_exitcode(status)
        with self.out:
            if self.process.returncode:
                raise Failed(f"clika {' '.join(cell.arguments)}: exit status {self.process.returncode}")
            self.out.seek(0)
            printed = json.loads(self.out.read())
        if cell.kind == "scores":
            self.check_all_scored({row["model"] for row in printed["scores"]})
        kept = {
            "cell": cell.name,
            "kind": cell.kind,
            "labels": cell.labels,
            "command": f"clika {' '.join(cell.arguments)}",
            "arguments": cell.arguments,
            "inputs": bench.inputs(cell),
            "clika": bench.version(),
            "machine": processor(),
            "jobs": bench.jobs,
            "threads": bench.threads,
            "begun": round(self.begin),
            "ended": round(end),
            "seconds": round(end - self.begin, 1),
            "cpu_seconds": round(usage.ru_utime + usage.ru_stime, 1),
            # Linux counts in KiB, macOS in bytes.
            "memory_mib": usage.ru_maxrss >> (20 if sys.platform == "darwin" else 10),
            "load_before": round(self.load, 1),
            "resumed": self.resumed,
            **KINDS[cell.kind](printed),
        }
        write(bench.path(cell), json.dumps(kept, indent=1, ensure_ascii=False) + "\n")
        self.begun_file.unlink()
        return kept

    def check_all_scored(self, found):
        """Fails where answers are not here: cells of docs/results may be of another machine."""
        paths = [self.bench.results / f"{name}.json" for name in self.cell.after]
        for path in filter(Path.exists, paths):
            arguments = json.loads(path.read_text(encoding="utf-8"))["arguments"]
            name = arguments[arguments.index("--name") + 1]
            if name not in found:
                raise Failed(f"{self.cell.name}: the answers of {name} are not here; delete {path} to ask it again")


def model(run):
    """What of a run's manifest says how the model was computed."""
    return {name: run[name] for name in ("fingerprint", "device", "dtype", "format")}


def evaluated(printed):
    return {**model(printed["run"]), "scores": printed["scores"]}


def finetuned(printed):
    run = printed["results"]
    [result] = run["runs"]
    return {**model(run), "result": result, "config": run["config"]}


def scored(printed):
    """RA or, where ChatGPT's accuracy is not known, the accuracy from chance to 1, and consistency with English, of every way of asking."""
    wanted = {"ra", "chance_rescaled", "en_co", "en_co_beyond_letters", "top_letter"}
    return {"uncertainty": printed["uncertainty"], "scores": [row for row in printed["scores"] if row["metric"] in wanted]}


def compared(printed):
    return {name: printed[name] for name in ("a", "b", "uncertainty", "rows")}


# What is kept of what each kind of command prints.
KINDS = {"evaluate": evaluated, "finetune": finetuned, "scores": scored, "compare": compared}


def digest(text, is_settings):
    """SHA-256 of a text; of settings without their comments, since explaining a value does not change a result."""
    if is_settings:
        lines = (line.strip() for line in text.splitlines())
        text = "\n".join(line for line in lines if line and line[0] != "#")
    return hashlib.sha256(text.encode()).hexdigest()


def processor():
    """What the processor calls itself."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            for line in file:
                if line.startswith("model name"):
                    return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.machine()


LIBC = ctypes.CDLL(None)
PR_SET_PDEATHSIG = 1


def end_with_parent():
    """A clika whose script was killed would go on and hold its outputs' locks. Linux can end it, too."""
    if sys.platform == "linux":
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def write(path, text):
    """Writes a file at once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.draft")
    draft.write_text(text, encoding="utf-8")
    os.replace(draft, path)
