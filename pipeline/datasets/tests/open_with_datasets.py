"""Opens the built datasets with Hugging Face `datasets`, as a user would, and checks what it sees; fastparquet, which
pandas takes where it is asked to, has to read the same rows.

Usage: open_with_datasets.py FOLDER [CLIKA]   (the folder that holds xgeo/, xpeo/, the mini sets and fictional/; the
program, for a dataset that is built twice)
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"

import fastparquet  # noqa: E402
import pyarrow.parquet  # noqa: E402
from datasets import List, Value, get_dataset_config_names, load_dataset  # noqa: E402

LANGUAGES = ["ar", "de", "en", "fr", "he", "it", "ja", "pl", "ru", "zh"]
# The shipped snapshot has no labels in these.
ALL = sorted([*LANGUAGES, "es", "hi", "sw", "th"])
FACTS = {
    "id": Value("string"),
    "question": Value("string"),
    "choices": List(Value("string")),
    "label": Value("int64"),
    "answer": Value("string"),
    "origin_language": Value("string"),
    "relation": Value("string"),
    "qid": Value("string"),
    "answer_qid": Value("string"),
    "country_qid": Value("string"),
    "cluster_id": Value("string"),
    "entity_label_source": Value("string"),
    "choice_label_sources": List(Value("string")),
}

TEXTS = {
    "id": Value("string"),
    "question": Value("string"),
    "choices": List(Value("string")),
    "label": Value("int64"),
    "answer": Value("string"),
    "cluster_id": Value("string"),
}
PREMISES = {**TEXTS, "premise": Value("string"), "relation": Value("string")}
TASKS = {
    "xgeo": (LANGUAGES, 200, FACTS),
    "xpeo": (LANGUAGES, 180, FACTS),
    "xcountry": (LANGUAGES, 200, FACTS),
    "xcsqa-mini": (ALL, 60, TEXTS),
    "xcopa-mini": (ALL, 60, PREMISES),
}


FICTIONAL = {
    "id": Value("string"),
    "kind": Value("string"),
    "language": Value("string"),
    "relation": Value("string"),
    "entity": Value("string"),
    "template": Value("int64"),
    "type": Value("int64"),
    "prompt": Value("string"),
    "query": Value("string"),
    "response": Value("string"),
    "answer": Value("string"),
    "choices": List(Value("string")),
    "label": Value("int64"),
    "cluster_id": Value("string"),
}
SPLITS = {"train": 10200, "gate": 1020, "test": 200}


def check(condition, message):
    if not condition:
        sys.exit(f"open_with_datasets: {message}")


def main(folder):
    with tempfile.TemporaryDirectory() as cache:
        for task, (languages, rows, features) in TASKS.items():
            path = str(folder / task)
            configs = get_dataset_config_names(path)
            check(configs == languages, f"{task} has the configs {configs}")
            parallel = None
            for language in languages:
                data = load_dataset(path, language, split="test", cache_dir=cache)
                check(data.num_rows == rows, f"{task}/{language} has {data.num_rows} rows")
                check(dict(data.features) == features, f"{task}/{language} has {data.features}")
                for row in data:
                    check(row["choices"][row["label"]] == row["answer"], f"{row['id']}: {row}")
                shared = [(row["id"], row["label"], row["cluster_id"]) for row in data]
                check(parallel in (None, shared), f"{task}/{language} is not parallel")
                parallel = shared
            default = load_dataset(path, split="test", cache_dir=cache)
            check(default[0]["question"].isascii(), f"{task}: the default config is not English")
            manifest = json.loads((folder / task / "manifest.json").read_text())
            check(set(manifest["report"]["rows"].values()) == {rows}, f"{task}: manifest rows")
            print(f"{task}: {len(configs)} configs of {rows} rows open with datasets")


def fictional(path):
    """Every config has its splits with the same columns; English, which all is taught in, only a test."""
    configs = get_dataset_config_names(path)
    check(configs == ["en", *(it for it in ALL if it != "en")], f"configs {configs}")
    with tempfile.TemporaryDirectory() as cache:
        for language in ALL:
            data = load_dataset(path, language, cache_dir=cache)
            counts = {split: part.num_rows for split, part in data.items()}
            check(counts == ({"test": 400} if language == "en" else SPLITS), f"{language}: {counts}")
            for split, part in data.items():
                check(dict(part.features) == FICTIONAL, f"{language}/{split} has {part.features}")
            for row in data["test"]:
                check(row["choices"][row["label"]] == row["answer"], f"{row['id']}: {row}")
    print(f"fictional: {len(configs)} configs open with datasets, {SPLITS} rows each")


def same_rows_in_fastparquet(folder):
    """Every file has the rows in fastparquet that pyarrow reads: it takes lists of texts without a dictionary as None."""
    files = sorted(folder.glob("**/*.parquet"))
    check(files, f"no Parquet file in {folder}")
    for file in files:
        expected = pyarrow.parquet.read_table(file).to_pylist()
        rows = fastparquet.ParquetFile(str(file)).to_pandas().to_dict("records")
        for row in rows:
            row.update({name: None for name, value in row.items() if value is not None and value != value})
        check(rows == expected, f"fastparquet reads other rows from {file.relative_to(folder)}")
    print(f"fastparquet: the rows of {len(files)} files are those of pyarrow")


def rebuilt(clika):
    """A dataset that was built again shows its new rows: `datasets` takes what it has read before where the card is the same."""
    with tempfile.TemporaryDirectory() as place:
        seen = []
        for seed in ["7", "8"]:
            command = [clika, "--quiet", "datasets", "xcountry", "--seed", seed, "--out", place]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            rows = load_dataset(f"{place}/xcountry", "de", split="test", cache_dir=f"{place}/cache")["choices"]
            file = f"{place}/xcountry/data/de/test-00000-of-00001.parquet"
            check(list(rows) == pyarrow.parquet.read_table(file)["choices"].to_pylist(), f"seed {seed}: old rows")
            seen.append(list(rows))
        check(seen[0] != seen[1], "the two seeds have the same rows")
    print("xcountry: built again with another seed, datasets shows the new rows")


main(Path(sys.argv[1]))
if len(sys.argv) > 2:
    rebuilt(sys.argv[2])
same_rows_in_fastparquet(Path(sys.argv[1]))
fictional(str(Path(sys.argv[1]) / "fictional"))
