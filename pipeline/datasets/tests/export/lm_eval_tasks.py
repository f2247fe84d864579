"""Checks that lm-evaluation-harness reads the exported tasks as they are meant.

Usage: lm_eval_tasks.py EXPORT DATASETS PROMPT [--limit N]

Every group and task of EXPORT is run by the harness itself on a tiny, randomly initialized Llama model. Each
scored item is compared with the row of DATASETS that it comes from: its prompt with the one that PROMPT (a file
of templates/prompts) gives, its choices, its right choice, and the number of items. Of an export with exemplars, those
that its manifest names stand in the place of the prompt's example, and what it sets aside is not scored. The scores mean
nothing.
"""

import argparse
import contextlib
import io
import json
import logging
import os
import sys
import tempfile
import tomllib
import warnings
from pathlib import Path

os.environ.update(HF_HUB_OFFLINE="1", HF_DATASETS_OFFLINE="1", LMEVAL_LOG_LEVEL="ERROR")
warnings.simplefilter("ignore")

import datasets  # noqa: E402
import pyarrow.parquet  # noqa: E402
from lm_eval import simple_evaluate  # noqa: E402
from lm_eval.models.huggingface import HFLM  # noqa: E402
from lm_eval.tasks import TaskManager  # noqa: E402
from tokenizers import Tokenizer, decoders, models, pre_tokenizers  # noqa: E402
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast, set_seed  # noqa: E402

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def tiny_model(folder):
    """A tokenizer of bytes and a Llama of two layers."""
    pieces = ["<s>", "</s>", *sorted(pre_tokenizers.ByteLevel.alphabet())]
    tokenizer = Tokenizer(models.BPE({piece: i for i, piece in enumerate(pieces)}, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    special = {"bos_token": "<s>", "eos_token": "</s>", "pad_token": "</s>"}
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, **special).save_pretrained(folder)
    set_seed(0)
    config = LlamaConfig(
        vocab_size=len(pieces),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=4096,
        bos_token_id=0,
        eos_token_id=1,
    )
    LlamaForCausalLM(config).save_pretrained(folder)
    return HFLM(pretrained=folder, device="cpu", batch_size=64)


def lettered_item(template, row):
    """An item with lettered choices, from the template's file."""
    kind = template["premise" if "premise" in row else "question"]
    question = kind.get(row.get("relation"), row["question"])
    lines = "\n".join(f"{letter}. {text}" for letter, text in zip(LETTERS, row["choices"]))
    # The choices last: a choice that looks like a place is not one.
    item = kind["item"].replace("{premise}", row.get("premise", ""))
    item = item.replace("{question}", question).replace("{choices}", lines)
    return item


def lettered_prompt(template, row, exemplars):
    """The same after instruction and example, or after exemplars that are written like the example."""
    kind = template["premise" if "premise" in row else "question"]
    example = kind["examples"].get(str(len(row["choices"])), "")
    if not exemplars:
        return kind["instruction"] + example + lettered_item(template, row)
    end = example[len(example.rstrip()) :]
    shown = ""
    for exemplar in exemplars:
        letter = LETTERS[exemplar["label"]]
        shown += lettered_item(template, exemplar) + kind["separator"] + f"{letter}. {exemplar['answer']}" + end
    return kind["instruction"] + shown + lettered_item(template, row)


def expected(template, row, exemplars):
    """What the harness is to score: each choice with all that stands before it, and where it may be cut."""
    if "response" not in row:
        prompt = lettered_prompt(template, row, exemplars)
        separator = template["premise" if "premise" in row else "question"]["separator"]
        # The last line goes with the letter: after its colon nothing may be left to score.
        cut = prompt.rindex("\n") + 1
        return prompt[:cut], [prompt[cut:] + separator + letter for letter in LETTERS[: len(row["choices"])]]
    before, _, after = row["response"].rpartition(row["answer"])
    return row["prompt"], [" " + before + choice + after for choice in row["choices"]]


def differences(template, samples, rows, exemplars):
    """What the scored items have that the rows do not, in words."""
    if len(samples) != len(rows):
        yield f"{len(samples)} items scored, {len(rows)} rows"
        return
    for sample in samples:
        row = rows[sample["doc_id"]]
        prompt, choices = expected(template, row, exemplars)
        given = [continuation for _, continuation in sample["arguments"]]
        if sample["doc"]["id"] != row["id"]:
            yield f"item {sample['doc_id']} is {sample['doc']['id']}, not {row['id']}"
        elif any(asked != prompt for asked, _ in sample["arguments"]):
            yield f"{row['id']}: prompted {sample['arguments'][0][0]!r}, not {prompt!r}"
        elif given != choices:
            yield f"{row['id']}: choices {given}, not {choices}"
        elif int(sample["target"]) != row["label"] or row["choices"][row["label"]] != row["answer"]:
            yield f"{row['id']}: right is {sample['target']}, not {row['label']} ({row['answer']})"


def rows_of(config, folder, shown):
    """The rows of our own dataset that are asked and those that are exemplars: the task reads data/<dataset>/<config>.parquet."""
    path = Path(config["dataset_kwargs"]["data_files"]["test"])
    dataset, name = path.parent.name, path.stem
    if config["task"] != f"clika_{dataset}_{name}":
        sys.exit(f"{config['task']} reads {path}")
    path = folder / dataset / "data" / name / "test-00000-of-00001.parquet"
    rows = pyarrow.parquet.read_table(path).to_pylist()
    plan = shown.get(dataset) or {"ids": [], "set_aside": []}
    by_id = {row["id"]: row for row in rows}
    return [row for row in rows if row["id"] not in plan["set_aside"]], [by_id[id] for id in plan["ids"]]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("export", type=Path)
    parser.add_argument("datasets", type=Path)
    parser.add_argument("prompt", type=Path)
    parser.add_argument("--limit", type=int, help="items of each task, from the first")
    args = parser.parse_args()
    template = tomllib.loads(args.prompt.read_text(encoding="utf-8"))
    shown = json.loads((args.export / "manifest.json").read_text(encoding="utf-8"))["config"].get("exemplars", {})
    logging.disable(logging.WARNING)
    manager = TaskManager(include_path=str(args.export), include_defaults=False)
    # The harness leaves out a file that it cannot read, without a word.
    files = [file for file in args.export.rglob("*.yaml") if not file.name.startswith("_")]
    index = manager.task_index.values()
    read = {entry.yaml_path.resolve() for entry in index if entry.yaml_path}
    if missing := [str(file) for file in files if file.resolve() not in read]:
        sys.exit(f"not read by lm_eval: {', '.join(missing)}")

    failures, scored = 0, {}
    with tempfile.TemporaryDirectory() as folder:
        datasets.config.HF_DATASETS_CACHE = folder
        model = tiny_model(folder)
        grouped = set()
        for group in sorted(manager.all_groups):
            grouped.update(manager.task_index[group].cfg["task"])
        alone = sorted(set(manager.all_subtasks) - grouped)
        for name in [*sorted(manager.all_groups), *alone]:
            with contextlib.redirect_stderr(io.StringIO()):  # progress bars
                results = simple_evaluate(
                    model, tasks=[name], task_manager=manager, limit=args.limit, bootstrap_iters=0
                )
            for task, samples in sorted(results["samples"].items()):
                rows, exemplars = rows_of(results["configs"][task], args.datasets, shown)
                found = list(differences(template, samples, rows[: args.limit], exemplars))
                scored[task] = len(samples)
                for line in found[:3]:
                    print(f"{task}: {line}", file=sys.stderr)
                failures += bool(found)
            count = sum(scored[task] for task in results["samples"])
            print(f"{name}: {len(results['samples'])} tasks, {count} items scored", flush=True)
    if failures or not scored:
        sys.exit(f"lm_eval_tasks.py: {failures} of {len(scored)} tasks differ from their rows")
    print(f"lm_eval: {len(scored)} tasks, {sum(scored.values())} items as in the datasets")


if __name__ == "__main__":
    main()
