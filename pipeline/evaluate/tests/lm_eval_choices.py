"""Checks that clika, lm-evaluation-harness and transformers choose alike: one model, the same exported tasks and items.

Usage: lm_eval_choices.py CLIKA EXPORT DATASETS MODEL [--tasks xgeo,xpeo] [--limit N] [--languages en,de] [--merge] [--shots K]

The harness scores EXPORT, clika DATASETS, and transformers the harness' texts: prompt and letter tokenized as one text,
scored from where the texts of an item differ from the prompt's tokens on. Each item's choice has to be the same in all
three. The log-probabilities of the letters have to be transformers' within 1e-3, and the harness', which scores the
prompt's last line too, after taking away what all letters of an item share.

With --shots EXPORT has to be one with as many exemplars, and --limit does not go with it: what is asked decides which are drawn.

With --merge the model's tokenizer is one that, like Llama 3's, joins ":" and the letters A to C into one token.
"""

import argparse
import contextlib
import io
import json
import logging
import math
import os
import shutil
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

os.environ.update(HF_HUB_OFFLINE="1", HF_DATASETS_OFFLINE="1", LMEVAL_LOG_LEVEL="ERROR")
warnings.simplefilter("ignore")

import datasets  # noqa: E402
import pyarrow.parquet  # noqa: E402
import torch  # noqa: E402
from lm_eval import simple_evaluate  # noqa: E402
from lm_eval.models.huggingface import HFLM  # noqa: E402
from lm_eval.tasks import TaskManager  # noqa: E402
from transformers import AutoModelForCausalLM, AutoTokenizer  # noqa: E402

TASKS = ["xgeo", "xpeo", "xcopa-mini", "xcsqa-mini"]
TOLERANCE = 1e-3

# Words as LLaMA 3 cuts them: a punctuation mark goes with the letters after it.
LLAMA3_WORDS = r"[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+|\s+"


def merging_copy(model, folder):
    """The model with a tokenizer in which ":A" to ":C" are tokens, in place of its last three."""
    shutil.copytree(model, folder, dirs_exist_ok=True)
    path = Path(folder) / "tokenizer.json"
    tokenizer = json.loads(path.read_text())
    tokenizer["pre_tokenizer"]["pretokenizers"][0]["pattern"]["Regex"] = LLAMA3_WORDS
    vocabulary, merges = tokenizer["model"]["vocab"], tokenizer["model"]["merges"]
    for letter in "ABC":
        last = max(vocabulary, key=vocabulary.get)
        merges[:] = [pair for pair in merges if last not in ("".join(pair), *pair)]
        del vocabulary[last]
    for letter in "ABC":
        vocabulary[f":{letter}"] = len(vocabulary)
        merges.append([":", letter])
    path.write_text(json.dumps(tokenizer))
    return Path(folder)


def names(args):
    return [f"clika_{name}_{language}" for name in args.tasks for language in args.languages]


def of_harness(args, folder):
    """Of every item by dataset, language and id: the texts that are scored, and their log-probabilities."""
    datasets.config.HF_DATASETS_CACHE = folder
    manager = TaskManager(include_path=str(args.export), include_defaults=False)
    # A token in front of a text where the tokenizer puts one there, as clika does.
    tokenizer = AutoTokenizer.from_pretrained(args.model)
    begins = tokenizer.bos_token_id is not None and tokenizer("a")["input_ids"][0] == tokenizer.bos_token_id
    options = {"batch_size": 32, "dtype": "float32", "add_bos_token": begins}
    model = HFLM(pretrained=str(args.model), device="cpu", **options)
    found = {}
    with contextlib.redirect_stderr(io.StringIO()):  # progress bars
        results = simple_evaluate(
            model, tasks=names(args), task_manager=manager, limit=args.limit, bootstrap_iters=0
        )
    for task, samples in results["samples"].items():
        _, name, language = task.split("_")
        for sample in samples:
            texts = [context + continuation for context, continuation in sample["arguments"]]
            scores = [float(response[0][0]) for response in sample["resps"]]
            found[name, language, sample["doc"]["id"]] = texts, scores
    return found


def of_clika(args, folder):
    """The log-probability of every letter, from the predictions that clika writes."""
    command = [
        *[str(args.clika), "evaluate", *args.tasks, "--model", str(args.model), "--name", "tiny", "--device", "cpu"],
        *["--dtype", "f32", "--format", "none", "--datasets", str(args.datasets)],
        *["--languages", ",".join(args.languages), "--out", folder, "--quiet", "--json"],
        *(["--limit", str(args.limit)] if args.limit else []),
        *(["--shots", str(args.shots)] if args.shots else []),
    ]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    found = {}
    for path in Path(folder).glob("tiny/*/*.parquet"):
        for row in pyarrow.parquet.read_table(path).to_pylist():
            found[path.parent.name, path.stem, row["item_id"]] = row["choice_scores"]
    return found


def of_transformers(args, items):
    """The same by transformers, from the texts: what an item's texts begin with and then a letter each."""
    tokenizer = AutoTokenizer.from_pretrained(args.model)
    model = AutoModelForCausalLM.from_pretrained(args.model, dtype=torch.float32)
    found = {}
    for key, texts in items.items():
        whole = [tokenizer(text)["input_ids"] for text in texts]
        prompt = tokenizer(texts[0][:-1])["input_ids"]
        shared = os.path.commonprefix([prompt, *whole])
        rows = {tuple(ids[:-1]) for ids in whole}
        with torch.no_grad():
            given = {row: model(torch.tensor([row])).logits[0].log_softmax(-1) for row in rows}
        found[key] = [
            sum(float(given[tuple(ids[:-1])][at - 1, ids[at]]) for at in range(len(shared), len(ids)))
            for ids in whole
        ]
    return found


def among(scores):
    """Log-probabilities among the options: without what all of them share."""
    most = max(scores)
    total = most + math.log(sum(math.exp(score - most) for score in scores))
    return [score - total for score in scores]


def best(scores):
    return max(range(len(scores)), key=scores.__getitem__)


def compare(name, theirs, ours):
    """How many choices differ from the other program's, and the largest difference of a log-probability."""
    if not theirs or theirs.keys() != ours.keys():
        sys.exit(f"lm_eval_choices.py: {len(theirs)} items of {name}, {len(ours)} of clika")
    worst, different = 0.0, []
    for key, scores in theirs.items():
        worst = max(worst, *(abs(a - b) for a, b in zip(scores, ours[key], strict=True)))
        if best(scores) != best(ours[key]):
            different.append(key)
    for key in different[:5]:
        print(f"{key}: {json.dumps(theirs[key])} and {json.dumps(ours[key])}", file=sys.stderr)
    print(f"{name}: {len(theirs) - len(different)} of {len(theirs)} choices as clika's, log-probabilities within {worst:.1e}")
    return not different and worst <= TOLERANCE


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("clika", type=Path)
    parser.add_argument("export", type=Path)
    parser.add_argument("datasets", type=Path)
    parser.add_argument("model", type=Path)
    parser.add_argument("--tasks", default=",".join(TASKS), type=lambda names: names.split(","))
    parser.add_argument("--shots", type=int, default=0, help="exemplars before each item")
    parser.add_argument("--limit", type=int, help="items of each task, from the first")
    parser.add_argument("--languages", default="ar,de,en,fr,he,it,ja,pl,ru,zh", type=lambda codes: codes.split(","))
    parser.add_argument("--merge", action="store_true", help="with a tokenizer that joins the colon and a letter")
    args = parser.parse_args()
    if args.shots and args.limit:
        parser.error("--limit does not go with --shots")
    logging.disable(logging.WARNING)
    with tempfile.TemporaryDirectory() as harness, tempfile.TemporaryDirectory() as clika, tempfile.TemporaryDirectory() as model:
        if args.merge:
            args.model = merging_copy(args.model, model)
        harness, ours = of_harness(args, harness), of_clika(args, clika)
        theirs = of_transformers(args, {key: texts for key, (texts, _) in harness.items()})
    rescaled = {key: among(scores) for key, scores in ours.items()}
    alike = [
        compare("lm_eval", {key: among(scores) for key, (_, scores) in harness.items()}, rescaled),
        compare("transformers", theirs, ours),
    ]
    if not all(alike):
        sys.exit("lm_eval_choices.py: the programs differ")


if __name__ == "__main__":
    main()
