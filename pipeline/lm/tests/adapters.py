"""Writes fixtures-adapters/<row>/: an adapter as PEFT saves it for each field that decides numbers, and its logits.

    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install torch==2.11.0 transformers==5.23.0 peft==0.21.2
    /tmp/venv/bin/python pipeline/lm/tests/adapters.py [--check] [ROW ...]

`--check` writes nothing and compares what it would write with what is there: files exactly, logits within 1e-5.

A row is a base of fixtures/, what is given to LoraConfig, and changes of the file that PEFT has no argument for
(adapter_rows.py). All that is trained is drawn anew, so that nothing is zero or one by its beginning. The folder has
PEFT's two files and expected.safetensors: `ids`, a prompt, and `logits` after each of its tokens, from the adapter
loaded on a new base. `merged.txt` says what PEFT makes of merging it: `same`, if that gives the same logits, else why
clika refuses it.

fields.json has all fields of LoraConfig with their defaults, and what versions wrote them.

The script fails where a field of a row does not matter: where the logits are those of the base, or of the same adapter
without that field, if PEFT loads it at all.
"""

import argparse
import dataclasses
import json
import os
import shutil
import sys
import tempfile
import warnings
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"

import torch  # noqa: E402
import transformers  # noqa: E402
from adapter_rows import ROWS  # noqa: E402
from peft import LoraConfig, PeftModel, __version__, get_peft_model  # noqa: E402
from safetensors.torch import load_file, save_file  # noqa: E402
from training_models import load_base, logits_of  # noqa: E402

FIXTURES = Path(__file__).parent / "fixtures"
ADAPTERS = Path(__file__).parent / "fixtures-adapters"
PROMPT = [1, 17, 5, 60, 33, 5]
CHECK_TOLERANCE = 1e-5
# Logits that differ by less are the same but for rounding, those that differ by more are others.
SAME, OTHER = 2e-5, 1e-2


def draw(model, seed):
    """Draws all that is trained from scratch: what is there, and about as much again."""
    random = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.requires_grad:
                noise = torch.randn(parameter.shape, generator=random)
                # As large as what is there, so that logits stay as small as a model's.
                spread = {"magnitude": 0.3 * parameter.abs().mean(), "bias": 0.05}
                spread = next((spread[part] for part in spread if part in name), 0.3)
                parameter.add_(noise * spread)


def save(row, folder):
    """Writes PEFT's files of a row."""
    torch.manual_seed(0)
    config = LoraConfig(**{"task_type": "CAUSAL_LM", "r": 2, "lora_alpha": 6} | row.config)
    model = get_peft_model(load_base(FIXTURES / row.base), config)
    if row.converted:
        # PiSSA has changed the base: what is saved is the difference to what training began with.
        model.peft_config["default"].init_lora_weights = True
        model.save_pretrained(folder / "initial", save_embedding_layers=False)
        model.peft_config["default"].init_lora_weights = config.init_lora_weights
    draw(model, 1)
    model.peft_config["default"].base_model_name_or_path = row.base
    options = {"path_initial_model_for_weight_conversion": str(folder / "initial")} if row.converted else {}
    model.save_pretrained(folder, save_embedding_layers=row.embeddings, safe_serialization=not row.old, **options)
    shutil.rmtree(folder / "initial", ignore_errors=True)
    (folder / "README.md").unlink()
    path = folder / "adapter_config.json"
    saved = json.loads(path.read_text())
    for key, value in saved.items():
        # PEFT's sets come in any order.
        if key.endswith("_modules") and isinstance(value, list):
            saved[key] = sorted(value)
    path.write_text(json.dumps(saved | row.file, indent=2) + "\n")
    if row.tensors:
        tensors = load_file(folder / "adapter_model.safetensors")
        random = torch.Generator().manual_seed(2)
        for name in row.tensors:
            tensors[name] = tensors[name] + 0.3 * torch.randn(tensors[name].shape, generator=random)
        save_file(tensors, folder / "adapter_model.safetensors", metadata={"format": "pt"})


@torch.no_grad()
def loaded_logits(base, folder, merge=False):
    model = PeftModel.from_pretrained(load_base(FIXTURES / base), str(folder))
    if merge:
        model = model.merge_and_unload()
    return logits_of(model.eval(), PROMPT)


def merged(row, folder, logits):
    """What merging gives."""
    try:
        difference = (loaded_logits(row.base, folder, merge=True) - logits).abs().max().item()
    except RuntimeError as error:
        assert "Impossible to merge" in str(error), error
        return "PEFT refuses\n"
    if difference < SAME:
        return "same\n"
    assert difference > OTHER, f"{folder.name}: merged, the logits differ by {difference}"
    return "PEFT gives other numbers\n"


@torch.no_grad()
def check_matters(row, folder, logits):
    """Fails if the fields of a row could be left out of the file."""
    plain = logits_of(load_base(FIXTURES / row.base).eval(), PROMPT)
    assert (plain - logits).abs().max() > OTHER, f"{folder.name} is like the base"
    for field in row.matters:
        with tempfile.TemporaryDirectory() as other:
            shutil.copytree(folder, other, dirs_exist_ok=True)
            path = Path(other) / "adapter_config.json"
            config = json.loads(path.read_text())
            del config[field]
            path.write_text(json.dumps(config))
            try:
                without = loaded_logits(row.base, other)
            except (RuntimeError, ValueError, KeyError):
                continue
            assert (without - logits).abs().max() > OTHER, f"{folder.name}: `{field}` does not matter"


def build(name, folder):
    row = ROWS[name]
    folder.mkdir()
    save(row, folder)
    logits = loaded_logits(row.base, folder)
    check_matters(row, folder, logits)
    (folder / "merged.txt").write_text(merged(row, folder, logits))
    expected = {"ids": torch.tensor(PROMPT), "logits": logits.contiguous()}
    save_file(expected, folder / "expected.safetensors", metadata={"base": row.base})


def fields():
    """The fields of PEFT's configuration with their defaults."""
    defaults = {}
    for field in dataclasses.fields(LoraConfig):
        default = field.default
        if default is dataclasses.MISSING:
            default = field.default_factory()
        # The kind is set when a configuration is made.
        plain = default is None or isinstance(default, bool | int | float | str | dict | list)
        defaults[field.name] = default if plain else None
    versions = {"peft": __version__, "transformers": transformers.__version__, "torch": torch.__version__}
    return json.dumps({"versions": versions, "fields": defaults}, indent=2) + "\n"


def files(folder):
    return sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file())


def differences(built, there):
    """What differs between two folders, in words."""
    if files(built) != files(there):
        return [f"in one of the two only: {set(files(built)) ^ set(files(there))}"]
    found = []
    for file in files(built):
        if file.name == "expected.safetensors":
            ours, theirs = (load_file(folder / file) for folder in (built, there))
            off = (ours["logits"] - theirs["logits"]).abs().max().item()
            same = off <= CHECK_TOLERANCE and ours["ids"].equal(theirs["ids"])
        elif file.suffix == ".safetensors":
            ours, theirs = (load_file(folder / file) for folder in (built, there))
            same = ours.keys() == theirs.keys() and all(ours[name].equal(theirs[name]) for name in ours)
        elif file.suffix == ".bin":
            ours, theirs = (torch.load(folder / file) for folder in (built, there))
            same = ours.keys() == theirs.keys() and all(ours[name].equal(theirs[name]) for name in ours)
        else:
            same = (built / file).read_text() == (there / file).read_text()
        if not same:
            found.append(f"{file} differs")
    return found


def main():
    parser = argparse.ArgumentParser(description="Writes or checks the fixtures of adapters.")
    parser.add_argument("--check", action="store_true", help="compare with the fixtures instead of writing them")
    parser.add_argument("rows", nargs="*", metavar="ROW", help="all, if none is named")
    options = parser.parse_args()
    unknown = set(options.rows) - ROWS.keys()
    if unknown:
        parser.error(f"no such row: {', '.join(sorted(unknown))}")

    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    # Of tied weights, of saved embeddings, of patterns: what a row is about.
    warnings.filterwarnings("ignore")

    well, total = True, 0
    for name in options.rows or ROWS:
        with tempfile.TemporaryDirectory() as folder:
            built, there = Path(folder) / name, ADAPTERS / name
            build(name, built)
            size = sum((built / file).stat().st_size for file in files(built))
            total += size
            found = differences(built, there) if options.check else []
            well &= not found
            if not options.check:
                shutil.rmtree(there, ignore_errors=True)
                shutil.copytree(built, there)
            print(f"{name:<28}{ROWS[name].base:<18}{size / 1000:>7.1f}  {'; '.join(found)}", flush=True)
    path = ADAPTERS / "fields.json"
    if options.check:
        same = path.read_text() == fields()
        well &= same
        print("" if same else "fields.json differs")
    else:
        path.write_text(fields())
    versions = f"torch {torch.__version__}, transformers {transformers.__version__}, peft {__version__}"
    print(f"{total / 1e6:.2f} MB; {versions}")
    sys.exit(not well)


if __name__ == "__main__":
    main()
