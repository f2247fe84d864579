"""Writes fixtures-training/<base>-<targets>/: what PyTorch, transformers and PEFT make of the fixtures in 50 steps.

    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install torch==2.11.0 transformers==5.23.0 peft==0.21.2
    /tmp/venv/bin/python pipeline/lm/tests/training.py [--check] [--load FOLDER] [NAME ...]

`--check` writes nothing and compares what it would write with what is there: settings exactly, numbers within 1e-4, an
adapter's within 2e-3. Another processor adds in another order, which 50 steps of AdamW make larger; the same one gives the
same numbers. Without it, the script fails if a fixture
could not tell a wrong trainer from a right one (training_checks.py).

`--load` compares what another program wrote into FOLDER. For each NAME, all by default, there is `NAME/logits.json`,
its logits of a prompt, and `NAME/adapter`, PEFT's files, or `NAME/merged`, a checkpoint, or both.

A folder has training.json: the settings; `batches`, of which step k trains the one at k modulo their number; `losses`
and `gradient_norms` of each step, before its update, the norms before clipping; and all `logits` of `prompt` after the
last step. A step's loss is the mean over all `tokens[answer:]` of its examples. AdamW (0.9, 0.999, 1e-8) decays
matrices only. The rate grows from 0, in the first step, to `learning_rate` and falls as a cosine. There is no dropout.

`initial` and `trained`, where modules are named, are the adapter as PEFT saves it before the first step and after the
last one. Else all weights are trained.

The table's columns: mean loss over the first and the last run through the batches, the least and largest gradient norm,
what computing in float64 changes in losses or logits, the folder's size, and with `--check` the largest difference from
the fixture's losses, norms and logits.
"""

import argparse
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
from peft import PeftModel, __version__  # noqa: E402
from safetensors.torch import load_file  # noqa: E402
from training_checks import check, check_adapter, losses_fall, tensors  # noqa: E402
from training_models import adapter_tensors, add_adapter, load_base, logits_of, save_adapter  # noqa: E402
from training_run import LEARNING_RATES, settings, train  # noqa: E402

FIXTURES = Path(__file__).parent / "fixtures"
TRAINED = Path(__file__).parent / "fixtures-training"
BASES = ["llama-gqa", "qwen2", "qwen3", "mistral-sliding", "bloom", "baichuan2-7b-like"]
# Of these a LoRA that has every kind of module, and all weights, are enough.
OTHER_BASES = ["gemma2", "gemma3", "olmo2", "cohere2", "gpt-neox"]
PAIRS = [(base, targets) for base in BASES for targets in LEARNING_RATES]
PAIRS += [(base, targets) for base in OTHER_BASES for targets in ["all", "full"]]
NAMES = {f"{base}-{targets}": (base, targets) for base, targets in PAIRS}

# How far losses, norms and logits may be from the fixture's with `--check`, and an adapter's numbers; and logits of loaded
# adapters from the other program's.
CHECK_TOLERANCE = 1e-4
ADAPTER_TOLERANCE = 2e-3
LOAD_TOLERANCE = 1e-4


# What of training.json is computed.
NUMBERS = ["losses", "gradient_norms", "logits"]


def text_of(record):
    """JSON that is read line by line: a key a line, and of lists of lists an item a line."""
    lines = []
    for key, value in record.items():
        text = json.dumps(value)
        if isinstance(value, list) and value and isinstance(value[0], list):
            text = "[\n" + ",\n".join(f"    {json.dumps(item)}" for item in value) + "\n  ]"
        lines.append(f"  {json.dumps(key)}: {text}")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def short(values):
    """Numbers with nine digits, which tell all of float32 apart."""
    return [float(f"{value:.9g}") for value in values]


def build(base, targets, folder, checked):
    """Writes a whole fixture; returns its record and, if it is checked, how much of it is rounding."""
    record = settings(base, targets)
    model = add_adapter(load_base(FIXTURES / base), record)
    initial = tensors(model)
    if record["target_modules"]:
        check_adapter(model, record)
        save_adapter(model, folder / "initial")
    result = train(model, record)
    if record["target_modules"]:
        save_adapter(model, folder / "trained")
    rounding = check(FIXTURES / base, record, initial, model, result) if checked else None
    prompt = record.pop("prompt")
    record["losses"], record["gradient_norms"] = short(result.losses), short(result.gradient_norms)
    record |= {"prompt": prompt, "logits": [short(row) for row in result.logits.tolist()]}
    (folder / "training.json").write_text(text_of(record))
    return record, rounding


def files(folder):
    return sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file())


def differences(built, there):
    """What differs between two folders, in words, and the largest difference of losses, norms or logits."""
    if files(built) != files(there):
        names = set(files(built)) ^ set(files(there))
        return [f"in one of the two only: {', '.join(sorted(map(str, names)))}"], float("nan")
    found, largest = [], 0.0
    for file in files(built):
        if file.suffix == ".safetensors":
            ours, theirs = (load_file(folder / file) for folder in (built, there))
            same = ours.keys() == theirs.keys() and all(near(ours[name], theirs[name]) for name in ours)
        else:
            ours, theirs = (json.loads((folder / file).read_text()) for folder in (built, there))
            for key in NUMBERS if file.name == "training.json" else ():
                off = (torch.tensor(ours.pop(key)) - torch.tensor(theirs.pop(key))).abs().max().item()
                largest = max(largest, off)
            same = ours == theirs
        if not same:
            found.append(f"{file} differs")
    # Not a number is not within it.
    if not largest <= CHECK_TOLERANCE:
        found.append(f"losses, norms or logits differ by {largest:.1e}")
    return found, largest


def near(one, other):
    return one.shape == other.shape and ((one - other).abs() <= ADAPTER_TOLERANCE).all()


def write(names, compared):
    """Writes or compares fixtures and prints the table. Whether all is well."""
    total, well = 0, True
    print(f"{'name':<27}{'losses':>13}{'norms':>13}{'rounding':>10}{'kB':>7}  {'difference' if compared else ''}")
    for name in names:
        with tempfile.TemporaryDirectory() as folder:
            built, there, result = Path(folder) / name, TRAINED / name, ""
            built.mkdir()
            record, rounding = build(*NAMES[name], built, not compared)
            size = sum((built / file).stat().st_size for file in files(built))
            total += size
            if compared:
                found, largest = differences(built, there)
                well &= not found
                result = "\n  ".join([f"{largest:.1e}", *found])
            else:
                shutil.rmtree(there, ignore_errors=True)
                shutil.copytree(built, there)
        first, last = losses_fall(record["losses"])
        norms = record["gradient_norms"]
        rounded = "" if rounding is None else f"{rounding:.1e}"
        print(
            f"{name:<27}{first:>6.2f} {last:>6.2f}{min(norms):>6.2f} {max(norms):>6.2f}{rounded:>10}"
            f"{size / 1000:>7.1f}  {result}",
            flush=True,
        )
    versions = f"torch {torch.__version__}, transformers {transformers.__version__}, peft {__version__}"
    print(f"{total / 1e6:.2f} MB; {versions}")
    return well


def load_adapter(base, folder):
    """The base with an adapter on it, whose file has exactly the tensors that PEFT looks for."""
    model = PeftModel.from_pretrained(load_base(base), folder)
    ours, theirs = load_file(folder / "adapter_model.safetensors"), adapter_tensors(model)
    if ours.keys() != theirs.keys():
        raise ValueError(f"{folder}: these are missing or too many: {sorted(ours.keys() ^ theirs.keys())}")
    return model


def written(name, folder):
    """What another program wrote, by its kind."""
    if (folder / "adapter").is_dir():
        yield "adapter", load_adapter(FIXTURES / NAMES[name][0], folder / "adapter")
    if (folder / "merged").is_dir():
        yield "merged", load_base(folder / "merged")


@torch.no_grad()
def load(names, folder):
    """Compares the logits of what another program wrote. Whether all agree."""
    well = True
    for name in names:
        expected = json.loads((folder / name / "logits.json").read_text())
        results = []
        for kind, model in written(name, folder / name):
            logits = logits_of(model.eval(), expected["prompt"])
            largest = (logits - torch.tensor(expected["logits"])).abs().max().item()
            # Not a number is not within it.
            well &= largest <= LOAD_TOLERANCE
            results.append(f"{kind} {largest:.1e}")
        if not results:
            raise ValueError(f"{folder / name} has neither adapter nor merged")
        print(f"{name:<27}{', '.join(results)}", flush=True)
    return well


def main():
    parser = argparse.ArgumentParser(description="Writes or checks the fixtures of training.")
    modes = parser.add_mutually_exclusive_group()
    modes.add_argument("--check", action="store_true", help="compare with the fixtures instead of writing them")
    modes.add_argument("--load", type=Path, metavar="FOLDER", help="compare what another program wrote")
    parser.add_argument("names", nargs="*", metavar="NAME", help="all, if none is named")
    options = parser.parse_args()
    unknown = set(options.names) - NAMES.keys()
    if unknown:
        parser.error(f"no such fixture: {', '.join(sorted(unknown))}")

    # One thread adds in one order.
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    # PEFT asks transformers for something that will have another name.
    warnings.filterwarnings("ignore", "`is_gradient_checkpointing` is deprecated")

    if options.load:
        there = [name for name in NAMES if (options.load / name).is_dir()]
        if not there:
            parser.error(f"{options.load} has no folder that is named as a fixture")
        sys.exit(not load(options.names or there, options.load))
    sys.exit(not write(options.names or list(NAMES), options.check))


if __name__ == "__main__":
    main()
