"""Builds datasets in languages whose codes YAML reads as something else or that are not in lower case, and opens them
with Hugging Face `datasets`: `no` (false in YAML 1.1), `pt-BR` and `zh-Hant`.

Usage: awkward_codes.py CLIKA CHECKOUT FOLDER   (FOLDER/datasets has the item sets afterwards)

The texts are those of English: what is tested are names, in cards, folders and exports.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"

from datasets import get_dataset_config_names, load_dataset  # noqa: E402

CODES = ["no", "pt-BR", "zh-Hant"]
TASKS = ["xcopa-mini", "xcsqa-mini"]


def project(checkout, folder):
    """A project with English and the awkward languages, each one file, and one of each item set."""
    for part in ("templates", "experiments", "sparql"):
        shutil.copytree(checkout / part, folder / part)
    languages = folder / "templates/languages"
    for path in languages.glob("*.toml"):
        if path.stem != "en":
            path.unlink()
    english = (languages / "en.toml").read_text(encoding="utf8")
    for code in CODES:
        text = re.sub(r'(?m)^code = "en"', f'code = "{code}"', english)
        (languages / f"{code}.toml").write_text(text, encoding="utf8")
    for task in TASKS:
        items = folder / "templates/items" / task
        for path in items.glob("*.jsonl"):
            if path.stem != "en":
                path.unlink()
        for code in CODES:
            shutil.copy(items / "en.jsonl", items / f"{code}.jsonl")


def main(clika, checkout, folder):
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    project(checkout, folder / "project")
    command = [str(clika), "--quiet", "--project", str(folder / "project"), "datasets"]
    # A world is as good with a tenth of its places.
    config = folder / "project/experiments/datasets.toml"
    text = config.read_text(encoding="utf8")
    text = re.sub(r"(?m)^places = 400", "places = 40", text)
    text = re.sub(r"(?m)^taught_places = 200", "taught_places = 20", text)
    config.write_text(text, encoding="utf8")
    # Its test asks what training teaches, since all languages have one wording: no exporter takes it.
    for names, out in ((TASKS, "datasets"), (["fictional"], "worlds")):
        subprocess.run([*command, *names, "--out", str(folder / out)], check=True, stdout=subprocess.DEVNULL)
    with tempfile.TemporaryDirectory() as cache:
        for name in [*TASKS, "fictional"]:
            path = str(folder / ("worlds" if name == "fictional" else "datasets") / name)
            configs = get_dataset_config_names(path)
            if configs != ["en", *CODES]:
                sys.exit(f"awkward_codes: {name} has the configs {configs}")
            for code in CODES:
                rows = load_dataset(path, code, split="test", cache_dir=cache).num_rows
                if rows != (20 if name == "fictional" else 60):
                    sys.exit(f"awkward_codes: {name}/{code} has {rows} rows")
            print(f"{name}: configs {', '.join(configs)} open with datasets")


main(*map(Path, sys.argv[1:]))
