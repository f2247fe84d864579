"""Checks that clika and lm-evaluation-harness choose alike: the same model, the same exported tasks, every item.

Usage: lm_eval_choices.py CLIKA EXPORT DATASETS MODEL [--limit N]

MODEL is the folder of a small model whose tokenizer has " A" to " E" as tokens, such as
pipeline/lm/tests/fixtures/llama-tokenizer. The harness scores EXPORT with transformers, clika scores DATASETS; each
item's choice has to be the same, and the log-probabilities of all its letters within 1e-3.
"""

import argparse
import contextlib
import io
import json
import logging
import os
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

os.environ.update(HF_HUB_OFFLINE="1", HF_DATASETS_OFFLINE="1", LMEVAL_LOG_LEVEL="ERROR")
warnings.simplefilter("ignore")

import datasets  # noqa: E402
import pyarrow.parquet  # noqa: E402
from lm_eval import simple_evaluate  # noqa: E402
from lm_eval.models.huggingface import HFLM  # noqa: E402
from lm_eval.tasks import TaskManager  # noqa: E402

TASKS = ["xgeo", "xpeo", "xcopa-mini", "xcsqa-mini"]
TOLERANCE = 1e-3


def of_harness(args, folder):
    """The log-probability of every choice, by dataset, language and item."""
    datasets.config.HF_DATASETS_CACHE = folder
    manager = TaskManager(include_path=str(args.export), include_defaults=False)
    # The tokenizer puts a token in front of every text, as clika does.
    model = HFLM(pretrained=str(args.model), device="cpu", batch_size=32, dtype="float32", add_bos_token=True)
    found = {}
    for name in TASKS:
        with contextlib.redirect_stderr(io.StringIO()):  # progress bars
            results = simple_evaluate(
                model, tasks=[f"clika_{name}"], task_manager=manager, limit=args.limit, bootstrap_iters=0
            )
        for task, samples in results["samples"].items():
            language = task.rpartition("_")[2]
            for sample in samples:
                scores = [float(response[0][0]) for response in sample["resps"]]
                found[name, language, sample["doc"]["id"]] = scores
    return found


def of_clika(args, folder):
    """The same, from the predictions that clika writes."""
    command = [
        *[str(args.clika), "evaluate", *TASKS, "--model", str(args.model), "--name", "tiny", "--device", "cpu"],
        *["--dtype", "f32", "--format", "none", "--spacing", "space", "--datasets", str(args.datasets)],
        *["--out", folder, "--quiet", "--json"],
        *(["--limit", str(args.limit)] if args.limit else []),
    ]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    found = {}
    for path in Path(folder).glob("tiny/*/*.parquet"):
        for row in pyarrow.parquet.read_table(path).to_pylist():
            found[path.parent.name, path.stem, row["item_id"]] = row["choice_scores"]
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("clika", type=Path)
    parser.add_argument("export", type=Path)
    parser.add_argument("datasets", type=Path)
    parser.add_argument("model", type=Path)
    parser.add_argument("--limit", type=int, help="items of each task, from the first")
    args = parser.parse_args()
    logging.disable(logging.WARNING)
    with tempfile.TemporaryDirectory() as harness, tempfile.TemporaryDirectory() as clika:
        theirs, ours = of_harness(args, harness), of_clika(args, clika)
    if not theirs or theirs.keys() != ours.keys():
        sys.exit(f"lm_eval_choices.py: {len(theirs)} items of the harness, {len(ours)} of clika")
    worst, different = 0.0, []
    for key, scores in theirs.items():
        worst = max(worst, *(abs(a - b) for a, b in zip(scores, ours[key], strict=True)))
        if max(range(len(scores)), key=scores.__getitem__) != max(range(len(scores)), key=ours[key].__getitem__):
            different.append(key)
    for key in different[:5]:
        print(f"{key}: {json.dumps(theirs[key])} and {json.dumps(ours[key])}", file=sys.stderr)
    if different or worst > TOLERANCE:
        sys.exit(f"lm_eval_choices.py: {len(different)} of {len(theirs)} choices differ, log-probabilities by {worst:.1e}")
    print(f"lm_eval: {len(theirs)} choices as clika's, log-probabilities within {worst:.1e}")


if __name__ == "__main__":
    main()
