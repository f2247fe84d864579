"""Writes pages with clika and opens each in Chromium.

Usage: pages.py CLIKA BROWSER OUT [--release FOLDER]
       CLIKA: the program. BROWSER: a folder in which npm has installed package.json. OUT: pages and screenshots.

The pages: a sample that no clika has written, with data that try to run; tiny models that are asked and taught; answers that
try to run; and the authors' release, where it is there.
"""

import argparse
import json
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[3]
MODEL = ROOT / "pipeline/lm/tests/fixtures/llama-tokenizer"
HOSTILE = "<img src=x onerror=\"window.__hostile=1\"></script><script>window.__hostile=1</script>\u202e\"'&"


def run(arguments, folder=ROOT, environment=None):
    done = subprocess.run([str(it) for it in arguments], cwd=folder, env=environment, stdout=subprocess.DEVNULL, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(str(it) for it in arguments)}: exit status {done.returncode}")


def tiny(clika, work):
    """Two runs of a tiny model, and a training of three steps whose gate cannot pass."""
    few = ["--languages", "en,de,he,ja", "--limit", "20"]
    run([clika, "-q", "datasets", "xgeo", "xpeo", "xcopa-mini", "xcsqa-mini", "--out", work / "datasets"])
    for name, answer in (("letters", "letters"), ("texts", "texts")):
        run([clika, "-q", "evaluate", "xgeo", "xpeo", "xcopa-mini", "--model", MODEL, "--name", name, "--answer", answer, *few,
             "--datasets", work / "datasets", "--out", work / "predictions", "--cache", work / "cache"])  # fmt: skip
    run([clika, "-q", "evaluate", "xcopa-mini", "--model", MODEL, "--name", "free", "--answer", "free", "--max-tokens", "8", *few,
         "--datasets", work / "datasets", "--out", work / "predictions", "--cache", work / "cache"])  # fmt: skip
    run([clika, "-q", "finetune", "--model", MODEL, "--languages", "de,ja", "--max-steps", "3", "--places", "10",
         "--continents", "5", "--batch", "8", "--answer", "both", "--control", "alias", "--out", work / "finetune"])  # fmt: skip
    return ["--predictions", work / "predictions", "--finetune", work / "finetune", "--datasets", work / "datasets",
            "--compare", "letters,texts"]  # fmt: skip


def hostile(work):
    """A release in which answers, and a model's name, try to run."""
    folder = work / "answers"
    for language in ("en", "he", "zh"):
        place = folder / "x_copa" / language
        place.mkdir(parents=True)
        questions = [{"id": number, "premise": HOSTILE, "question": "cause", "choice1": HOSTILE, "choice2": "b", "label": 0}
                     for number in range(5)]  # fmt: skip
        answers = [{"id": number, "res": "B" if number == 3 else HOSTILE * (40_000 if number == 1 else 1), "label": "A"}
                   for number in range(5)]  # fmt: skip
        for name, lines in (("test.jsonl", questions), ("<b>model_res.jsonl", answers)):
            (place / name).write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return ["--predictions", folder]


def main(args):
    shutil.rmtree(args.out, ignore_errors=True)
    args.out.mkdir(parents=True)
    pages = {"sample": args.out / "sample.html"}
    run([sys.executable, HERE / "sample.py", pages["sample"]])
    cases = {"tiny": lambda work: tiny(args.clika, work), "hostile": hostile}
    if args.release:
        cases["release"] = lambda work: ["--predictions", args.release]
    else:
        print("SKIPPED the page of the authors' release: it is not there", file=sys.stderr)
    for name, inputs in cases.items():
        work = args.out / name
        work.mkdir()
        run([args.clika, "-q", "report", *inputs(work), "--resamples", "200", "--out", work / "report"])
        pages[name] = work / "report/report.html"
    # Node looks for packages from where the script lies.
    for script in HERE.glob("*.mjs"):
        shutil.copy(script, args.browser)
    def opened(name):
        """Opens a page; returns whether all was right, and what is to be said of it."""
        begin = time.monotonic()
        done = subprocess.run(["node", args.browser / "browser.mjs", pages[name], args.out / f"{name}-screenshots"], check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)  # fmt: skip
        verdict = "ok" if done.returncode == 0 else "FAILED"
        size = pages[name].stat().st_size / 1e6
        return done.returncode == 0, f"{done.stdout}{name}: {verdict}, {time.monotonic() - begin:.0f} s, {size:.1f} MB"

    failed = []
    # A page waits more than it computes.
    with ThreadPoolExecutor(max_workers=2) as pool:
        for name, (ok, said) in zip(pages, pool.map(opened, pages)):
            print(said, flush=True)
            if not ok:
                failed.append(name)
    if failed:
        sys.exit(f"pages that failed: {', '.join(failed)}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clika", type=lambda name: Path(name).resolve(strict=True))
    parser.add_argument("browser", type=lambda name: Path(name).resolve(strict=True))
    parser.add_argument("out", type=lambda name: Path(name).resolve())
    parser.add_argument("--release", type=lambda name: Path(name).resolve(strict=True))
    main(parser.parse_args())
