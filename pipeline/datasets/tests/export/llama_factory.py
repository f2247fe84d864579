"""Checks that LLaMA-Factory reads the exported folder as it is meant.

Usage: llama_factory.py EXPORT DATASETS

Every entry of EXPORT/dataset_info.json is loaded by LLaMA-Factory's own loader. Each of its examples is compared
with the row of DATASETS that it comes from: the user says the prompt and, on a line of its own, the query; the
assistant says the response.
"""

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path

os.environ.update(
    HF_HUB_OFFLINE="1",
    HF_DATASETS_OFFLINE="1",
    HF_DATASETS_DISABLE_PROGRESS_BARS="1",
    LLAMAFACTORY_VERBOSITY="ERROR",
)

import pyarrow.parquet  # noqa: E402
from llamafactory.data.loader import _load_single_dataset  # noqa: E402
from llamafactory.data.parser import get_dataset_list  # noqa: E402
from llamafactory.hparams import DataArguments, ModelArguments  # noqa: E402
from transformers import TrainingArguments  # noqa: E402

KINDS = {"_gate": "gate", "_test": "test"}


def rows_of(entry, folder):
    """The rows of our own dataset: the entry is clika_<dataset>_<config>, perhaps with _gate or _test."""
    split = next((split for suffix, split in KINDS.items() if entry.endswith(suffix)), "train")
    name = entry.removesuffix(f"_{split}").removeprefix("clika_")
    dataset, config = name.split("_")
    path = folder / dataset / "data" / config / f"{split}-00000-of-00001.parquet"
    return pyarrow.parquet.read_table(path).to_pylist()


def load(entry, export, folder):
    """The examples, as LLaMA-Factory aligns them."""
    [attributes] = get_dataset_list([entry], str(export))
    return _load_single_dataset(
        attributes,
        ModelArguments(model_name_or_path="none", cache_dir=folder),
        DataArguments(dataset=entry, dataset_dir=str(export)),
        TrainingArguments(output_dir=folder, use_cpu=True),
    )


def differences(examples, rows):
    """What the examples have that the rows do not, in words."""
    if len(examples) != len(rows):
        yield f"{len(examples)} examples, {len(rows)} rows"
        return
    for example, row in zip(examples, rows):
        asked = "\n".join(filter(None, (row["prompt"], row["query"])))
        if example["_prompt"] != [{"role": "user", "content": asked}]:
            yield f"{row['id']}: prompt {example['_prompt']}"
        elif example["_response"] != [{"role": "assistant", "content": row["response"]}]:
            yield f"{row['id']}: response {example['_response']}"
        elif not row["response"]:
            yield f"{row['id']}: no response"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("export", type=Path)
    parser.add_argument("datasets", type=Path)
    args = parser.parse_args()
    info = json.loads((args.export / "dataset_info.json").read_text(encoding="utf-8"))
    failures, total = 0, 0
    for entry in info:
        with tempfile.TemporaryDirectory() as folder:
            examples = load(entry, args.export, folder)
            found = list(differences(examples, rows_of(entry, args.datasets)))
            total += len(examples)
            print(f"{entry}: {len(examples)} examples", flush=True)
        for line in found[:3]:
            print(f"{entry}: {line}", file=sys.stderr)
        failures += bool(found)
    if failures or not info:
        sys.exit(f"llama_factory.py: {failures} of {len(info)} entries differ from their rows")
    print(f"llamafactory: {len(info)} entries, {total} examples as in the datasets")


if __name__ == "__main__":
    main()
