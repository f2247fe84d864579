"""Times `clika datasets --force`, the whole process: load, query, draw, write.

Usage: datasets.py PROGRAM   Prints the median and range of eleven runs after one to warm up.
"""

import os
import statistics
import sys
import tempfile
import time

RUNS = 11


def run(program, out):
    """Wall-clock seconds and peak resident MiB of one build."""
    begin = time.perf_counter()
    pid = os.posix_spawn(
        program,
        [program, "datasets", "--force", "--out", out],
        os.environ,
        file_actions=[(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)],
    )
    _, status, usage = os.wait4(pid, 0)
    if status:
        sys.exit(f"{program} failed")
    return time.perf_counter() - begin, usage.ru_maxrss / 1024


def main(program):
    with tempfile.TemporaryDirectory() as out:
        run(program, out)
        runs = [run(program, out) for _ in range(RUNS)]
    for name, unit, values in zip(("time", "peak memory"), ("s", "MiB"), zip(*runs)):
        low, middle, high = min(values), statistics.median(values), max(values)
        print(f"{name}: median {middle:.3g} {unit}, {low:.3g} to {high:.3g}, {RUNS} runs")


main(sys.argv[1])
