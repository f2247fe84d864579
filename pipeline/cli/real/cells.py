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

    def __init__(self, root, program, results, model_sha256):
        self.root = Path(root)
        self.program = str(program)
        self.results = Path(results)
        self.model_sha256 = model_sha256

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
        folder = self.root / cell.dataset
        files = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["files"]
        for name, sha256 in sorted(files.items()):
            # xgeo/de.parquet; a world has a folder of splits for a language.
            if name.endswith(".parquet") and set(Path(name).with_suffix("").parts) & set(cell.languages):
                inputs[f"{folder.name}/{name}"] = sha256
        return inputs

    def call(self, arguments):
        """Runs clika; returns its standard output, wall-clock seconds and seconds of all its threads."""
        with tempfile.TemporaryFile() as out:
            begin = time.monotonic()
            process = subprocess.Popen([self.program, *arguments], cwd=self.root, stdout=out, preexec_fn=end_with_parent)
            try:
                _, status, usage = os.wait4(process.pid, 0)
            except KeyboardInterrupt:
                # Ctrl-C reaches clika too, which keeps what it has.
                os.wait4(process.pid, 0)
                raise
            seconds = time.monotonic() - begin
            process.returncode = os.waitstatus_to_exitcode(status)
            if process.returncode:
                raise Failed(f"clika {' '.join(arguments)}: exit status {process.returncode}")
            out.seek(0)
            return out.read().decode("utf-8"), seconds, usage.ru_utime + usage.ru_stime

    def run(self, cell):
        """Runs a cell and keeps its result. What clika kept of an earlier attempt is used, and the result says so."""
        begun = self.root / "artifacts/real/begun" / f"{self.results.name}-{cell.name}"
        begun.parent.mkdir(parents=True, exist_ok=True)
        resumed = begun.exists()
        begun.touch()
        load = os.getloadavg()[0]
        out, seconds, cpu_seconds = self.call(cell.arguments)
        printed = json.loads(out)
        run = printed["run"] if cell.kind == "evaluate" else printed["results"]
        kept = {
            "cell": cell.name,
            "kind": cell.kind,
            "labels": cell.labels,
            "command": f"clika {' '.join(cell.arguments)}",
            "arguments": cell.arguments,
            "inputs": self.inputs(cell),
            "clika": self.version(),
            "loaded": Path(self.root / cell.arguments[cell.arguments.index("--model") + 1]).resolve().name,
            "fingerprint": run["fingerprint"],
            "device": run["device"],
            "dtype": run["dtype"],
            "format": run["format"],
            "threads": int(os.environ.get("RAYON_NUM_THREADS") or os.cpu_count()),
            "machine": processor(),
            "date": time.strftime("%Y-%m-%d", time.gmtime()),
            "seconds": round(seconds, 1),
            "cpu_seconds": round(cpu_seconds, 1),
            "load_before": round(load, 1),
            "resumed": resumed,
        }
        if cell.kind == "evaluate":
            kept["scores"] = printed["scores"]
        else:
            [kept["result"]] = run["runs"]
            kept["config"] = run["config"]
        write(self.path(cell), json.dumps(kept, indent=1, ensure_ascii=False) + "\n")
        begun.unlink()
        return kept

    def version(self):
        done = subprocess.run([self.program, "--version"], stdout=subprocess.PIPE, text=True, check=True)
        return done.stdout.strip()


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
