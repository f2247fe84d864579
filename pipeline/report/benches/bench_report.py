"""How long pages take to write and to use: bench_report.py CLIKA BROWSER PREDICTIONS...

For each folder of recorded answers: time and peak memory of `clika report` (median of five runs after one), the page's size, and
in Chromium its load time and the median of a filter. BROWSER: a folder in which npm has installed the packages.
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

RUNS = 5
TESTS = Path(__file__).resolve().parents[1] / "tests/browser"


def run(command):
    """Wall-clock seconds and peak resident MiB."""
    begin = time.perf_counter()
    pid = os.posix_spawn(command[0], command, os.environ, file_actions=[
        (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0), (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
    ])  # fmt: skip
    _, status, usage = os.wait4(pid, 0)
    if status:
        sys.exit(f"{' '.join(command)} failed")
    return time.perf_counter() - begin, usage.ru_maxrss / 1024


def main(clika, browser, folders):
    for script in TESTS.glob("*.mjs"):
        shutil.copy(script, browser)
    print("| answers | time, s | memory, MiB | page, MB | load, ms | filter, ms |\n|---|---|---|---|---|---|")
    for folder in folders:
        with tempfile.TemporaryDirectory() as out:
            command = [clika, "-q", "report", "--predictions", folder, "--out", f"{out}/report"]
            run(command)
            runs = [run(command) for _ in range(RUNS)]
            page = Path(out) / "report/report.html"
            done = subprocess.run(["node", f"{browser}/browser.mjs", page, f"{out}/screenshots", "--measure"],
                                  stdout=subprocess.PIPE, check=True)  # fmt: skip
            used = json.loads(done.stdout.splitlines()[-1])
            seconds, memory = (statistics.median(values) for values in zip(*runs))
            print(f"| {Path(folder).name} | {seconds:.2f} | {memory:.0f} | {page.stat().st_size / 1e6:.2f} | "
                  f"{used['first_item_ms']} | {used['filter_ms']['median']} |", flush=True)  # fmt: skip


if __name__ == "__main__":
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
