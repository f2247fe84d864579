"""Time and memory of `clika evaluate` with 18,800 and with 188,000 prompts.

Usage: scale.py PROGRAM DATASETS MODEL FOLDER [--prompts 18800 188000] [--languages 10] [-- OPTION...]

xGeo of DATASETS is repeated under other ids, each question with a number of its own, in as many languages as are asked for.
Each size is asked twice: a run that computes everything, and one that finds every answer kept. A line for each has prompts,
seconds, peak resident MiB, and the bytes of the kept answers and of the predictions. What follows `--` goes to `clika evaluate`.
"""

import argparse
import hashlib
import json
import os
import shutil
import sys
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq


def repeated(table, rows):
    """The first `rows` rows of a table that is repeated: ids are unique, and questions differ."""
    items = len(table)
    times = -(-rows // items)
    table = pa.concat_tables([table] * times).slice(0, rows)
    for name, form in (("id", "{}-{}"), ("cluster_id", "{}-{}"), ("question", "{} ({})")):
        values = table.column(name).to_pylist()
        place = table.column_names.index(name)
        column = pa.array([form.format(value, number // items) for number, value in enumerate(values)], pa.string())
        table = table.set_column(place, table.field(place), column)
    return table


def write(dataset, folder, languages, rows):
    """A dataset in the form in which clika builds them; its manifest names the new files."""
    manifest = json.loads((dataset / "manifest.json").read_text())
    files = [name for name in manifest["files"] if name.startswith("data/")]
    manifest["files"] = {}
    for name in files[:languages]:
        table = repeated(pq.read_table(dataset / name), rows)
        path = folder / name
        path.parent.mkdir(parents=True)
        pq.write_table(table, path, compression="snappy")
        manifest["files"][name] = hashlib.sha256(path.read_bytes()).hexdigest()
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return sum(path.stat().st_size for path in folder.rglob("*.parquet"))


def run(command, folder):
    """Wall-clock seconds and peak resident MiB of one run."""
    begin = time.perf_counter()
    log = str(folder / "log")
    actions = [(os.POSIX_SPAWN_OPEN, number, log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644) for number in (1, 2)]
    pid = os.posix_spawn(command[0], command, os.environ, file_actions=actions)
    _, status, usage = os.wait4(pid, 0)
    if status:
        sys.exit(f"{' '.join(command)} failed: {Path(log).read_text()[-2000:]}")
    return time.perf_counter() - begin, usage.ru_maxrss / 1024


def size(folder):
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 2**20


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", type=Path)
    parser.add_argument("datasets", type=Path)
    parser.add_argument("model", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--prompts", type=int, nargs="+", default=[18_800, 188_000])
    parser.add_argument("--languages", type=int, default=10)
    arguments = sys.argv[1:]
    further = []
    if "--" in arguments:
        place = arguments.index("--")
        arguments, further = arguments[:place], arguments[place + 1 :]
    options = parser.parse_args(arguments)
    print(f"{'prompts':>8} {'answers':9} {'seconds':>8} {'peak MiB':>9} {'dataset MiB':>12} {'kept MiB':>9} {'predictions MiB':>16}")
    for prompts in options.prompts:
        place = options.folder / str(prompts)
        shutil.rmtree(place, ignore_errors=True)
        datasets = place / "datasets"
        data = write(options.datasets / "xgeo", datasets / "xgeo", options.languages, prompts // options.languages) / 2**20
        command = [str(options.program), "evaluate", "xgeo", "--quiet", "--model", str(options.model), "--datasets", str(datasets),
                   "--out", str(place / "predictions"), "--cache", str(place / "cache"), *further]  # fmt: skip
        for answers in ("computed", "kept"):
            seconds, peak = run(command, place)
            print(f"{prompts:8} {answers:9} {seconds:8.1f} {peak:9.1f} {data:12.1f} {size(place / 'cache'):9.1f} "
                  f"{size(place / 'predictions'):16.1f}", flush=True)  # fmt: skip


main()
