"""Times a command as a whole process, several runs after one to warm up.

Usage: process.py PROGRAM ARGUMENT...   Prints median and range of time and peak resident memory.
`OUT` among the arguments stands for a folder that is removed at the end.
"""

import os
import statistics
import sys
import tempfile
import time

RUNS = 11


def run(command):
    """Wall-clock seconds and peak resident MiB of one run."""
    begin = time.perf_counter()
    pid = os.posix_spawn(
        command[0],
        command,
        os.environ,
        file_actions=[(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)],
    )
    _, status, usage = os.wait4(pid, 0)
    if status:
        sys.exit(f"{' '.join(command)} failed")
    return time.perf_counter() - begin, usage.ru_maxrss / 1024


def main(command):
    with tempfile.TemporaryDirectory() as out:
        command = [out if argument == "OUT" else argument for argument in command]
        run(command)
        runs = [run(command) for _ in range(RUNS)]
    for name, unit, values in zip(("time", "peak memory"), ("s", "MiB"), zip(*runs)):
        low, middle, high = min(values), statistics.median(values), max(values)
        print(f"{name}: median {middle:.3g} {unit}, {low:.3g} to {high:.3g}, {RUNS} runs")


main(sys.argv[1:])
