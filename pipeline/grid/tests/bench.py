"""Measures `clika grid`: python3 pipeline/grid/tests/bench.py target/release/clika

Planning 10,000 cells in jobs of one, the overhead of a cell (from the start of a process to the first step of its training, by the
grid and by `clika finetune` itself), and two workers against one on cells of the demo. In a temporary folder.
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

CELLS = 10_000
# One language: the demo's model is made for the languages of a job.
GRID = '[finetune]\nmodels = ["demo"]\nlanguages = ["de"]\nseeds = {seeds}\narguments = ["--max-steps", "{steps}"]\n'
FINETUNE = ["finetune", "--model", "demo", "--control", "none", "--languages", "de", "--max-steps", "1"]


def run(*command, cwd):
    begun = time.monotonic()
    done = subprocess.run(command, cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))} ended with {done.returncode}: {done.stderr[-2000:]}")
    return time.monotonic() - begun


def first_step(command, out, cwd):
    """Seconds from the start of a command to the first line of a training's log; the command is run to its end."""
    begun = time.monotonic()
    process = subprocess.Popen(command, cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while not any(log.stat().st_size for log in out.rglob("log.jsonl")):
        if process.poll() is not None:
            sys.exit(f"{' '.join(map(str, command))} ended without a step")
        time.sleep(0.005)
    seconds = time.monotonic() - begun
    process.wait()
    return seconds


def main():
    clika = Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        (folder / "large.toml").write_text(GRID.format(seeds=list(range(CELLS)), steps=1))
        plans = [run(clika, "grid", "plan", "large.toml", "--cells-per-job", "1", "--out", f"large{i}", cwd=folder) for i in range(5)]
        print(f"planning {CELLS} cells in as many jobs: {sorted(plans)[2]:.2f} s (median of 5)")
        status = run(clika, "grid", "status", "large0", cwd=folder)
        print(f"status of {CELLS} cells: {status:.2f} s")

        # The model, once.
        run(clika, *FINETUNE, "--out", "made", cwd=folder)
        (folder / "step.toml").write_text(GRID.format(seeds=[0], steps=1))
        plain, grid = [], []
        for number in range(5):
            run(clika, "grid", "plan", "step.toml", "--out", f"step{number}", cwd=folder)
            plain.append(first_step([clika, *FINETUNE, "--out", f"plain{number}"], folder / f"plain{number}", folder))
            grid.append(first_step([clika, "grid", "run", f"step{number}", "--index", "0"], folder / f"step{number}", folder))
        print(f"start to first step: {sorted(grid)[2]:.2f} s by the grid, {sorted(plain)[2]:.2f} s by clika finetune (medians of 5)")

        (folder / "cells.toml").write_text(GRID.format(seeds=list(range(8)), steps=30))
        for devices in ["cpu", "cpu,cpu"]:
            run(clika, "grid", "plan", "cells.toml", "--cells-per-job", "2", "--out", f"cells-{devices}", cwd=folder)
            seconds = run(clika, "grid", "run", f"cells-{devices}", "--all", "--devices", devices, cwd=folder)
            print(f"8 cells of the demo in 4 jobs on {devices}: {seconds:.1f} s")


if __name__ == "__main__":
    main()
