"""Writes fixtures/<variant>/: tiny random checkpoints of every model family, with the logits that transformers gives.

    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install torch==2.11.0 transformers==5.23.0
    /tmp/venv/bin/python pipeline/lm/tests/parity.py [--check] [VARIANT ...]

`--check` writes nothing and compares what it would write with what is there. Either prints a table, and fails if a
fixture could not tell a wrong loader from a right one: every tensor, and every option that a variant is about, has to
change the logits.

A folder has config.json and weights as published checkpoints have them (parity_variants.py says in which spelling), and
expected.safetensors. For the prompts k = 0, 1, 2 it holds

- `ids_k`, int64 [tokens];
- `logits_k`, float32 [tokens, vocabulary]: with eager attention, one prompt at a time, in the dtype that the metadata
  name, then cast;
- `generated_k`, int64 [8]: the greedy continuation with a KV cache, whether or not a token ends the text;
- `margins_k`, float32 [8]: how far the logit of each of these tokens is above the next one.

A prompt is the first of a seed's that two implementations have to agree on: the margins exceed what they may differ by,
and computing in a wider dtype changes the logits by less than half of that.

The table's columns: the largest logit, how many different tokens win at how many positions, the smallest margin, what
the wider dtype changes, the folder's size, and with `--check` the largest difference from the fixture's logits.
"""

import argparse
import json
import shutil
import sys
import tempfile
from pathlib import Path

import torch
import transformers
from parity_checks import PROMPTS, TOLERANCE, check, clear_difference, tolerance
from parity_checkpoint import generator, read_weights, write_checkpoint
from parity_families import BF16, F32
from parity_models import load
from parity_variants import VARIANTS
from safetensors import safe_open
from safetensors.torch import load_file, save
from tiny_tokenizer import write_tokenizer

FIXTURES = Path(__file__).parent / "fixtures"
PROMPT_TOKENS = [5, 12, 21]
GENERATED_TOKENS = 8
# Ids below are special tokens.
FIRST_ID = 4

# What shows how much of the logits is rounding.
WIDER = {F32: torch.float64, BF16: F32}
# How far numbers may be from the fixture's with `--check`, relative to a tensor's largest if that exceeds 1. Another
# processor adds in another order, which bf16 rounds to something else.
CHECK_TOLERANCE = {F32: 1e-5, BF16: TOLERANCE[BF16]}
# A prompt that is clear enough is found among the first hundred or so.
MOST_PROMPTS = 5000


def rounding(model, wider, ids):
    """How much the dtype alone changes the logits."""
    return (model.logits(ids) - wider.logits(ids)).abs().max().item()


def find_prompt(variant, model, wider, k):
    """The prompt k, its greedy continuation and the continuation's margins."""
    rng = generator(variant.name, "prompt", k)
    for _ in range(MOST_PROMPTS):
        ids = torch.randint(FIRST_ID, variant.config["vocab_size"], (PROMPT_TOKENS[k],), generator=rng)
        generated, steps = model.greedy(ids, GENERATED_TOKENS)
        best = steps.topk(2).values
        margins = best[:, 0] - best[:, 1]
        if margins.min() < clear_difference(variant, steps):
            continue
        if rounding(model, wider, ids) < tolerance(variant, model.logits(ids)) / 2:
            return ids, generated, margins
    raise ValueError(f"{variant.name}: no prompt of {PROMPT_TOKENS[k]} tokens is clear enough")


def compute(variant, folder, model):
    """What expected.safetensors holds, and how much of the logits is rounding."""
    wider = load(folder, WIDER[variant.dtype])
    expected, largest = {}, 0.0
    for k in range(PROMPTS):
        ids, generated, margins = find_prompt(variant, model, wider, k)
        largest = max(largest, rounding(model, wider, ids))
        expected[f"ids_{k}"] = ids
        expected[f"logits_{k}"] = model.logits(ids).contiguous()
        expected[f"generated_{k}"] = generated.contiguous()
        expected[f"margins_{k}"] = margins.contiguous()
    return expected, largest


def write_expected(variant, program, expected, path):
    """Writes the tensors; the metadata's keys are sorted, since safetensors keeps them in any order."""
    metadata = {
        "dtype": str(variant.dtype).removeprefix("torch."),
        "program": program,
        "torch": torch.__version__,
        "transformers": transformers.__version__,
    }
    data = save(expected)
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    header = json.dumps({"__metadata__": metadata, **header}, separators=(",", ":")).encode()
    header += b" " * (-len(header) % 8)
    path.write_bytes(len(header).to_bytes(8, "little") + header + data[8 + length :])
    with safe_open(path, "pt") as read:
        assert read.metadata() == metadata
        assert all(torch.equal(read.get_tensor(name), tensor) for name, tensor in expected.items())


def build(variant, folder):
    """Writes a whole variant and returns what is expected of it, and how much of the logits is rounding."""
    write_checkpoint(variant, folder)
    if variant.tokenizer:
        write_tokenizer(folder)
    model = load(folder, variant.dtype)
    expected, largest = compute(variant, folder, model)
    check(variant, folder, model, expected)
    write_expected(variant, model.program, expected, folder / "expected.safetensors")
    return expected, largest


def differences(variant, built, there):
    """What differs between two folders, in words, and the largest difference of logits."""
    names = [{path.name for path in folder.glob("*")} for folder in (built, there)]
    if names[0] != names[1]:
        return [f"in one of the two only: {', '.join(sorted(names[0] ^ names[1]))}"], float("nan")
    found, largest = [], 0.0
    for name in sorted(name for name in names[0] if name.endswith(".json")):
        if json.loads((built / name).read_text()) != json.loads((there / name).read_text()):
            found.append(f"{name} differs")
    weights = [read_weights(folder) for folder in (built, there)]
    expected = [load_file(folder / "expected.safetensors") for folder in (built, there)]
    for (ours, theirs), bound in [(weights, CHECK_TOLERANCE[F32]), (expected, CHECK_TOLERANCE[variant.dtype])]:
        if ours.keys() != theirs.keys():
            found.append(f"other tensors: {sorted(ours.keys() ^ theirs.keys())}")
            continue
        for name, tensor in ours.items():
            if (tensor.dtype, tensor.shape) != (theirs[name].dtype, theirs[name].shape):
                found.append(f"{name} has another dtype or shape")
                continue
            difference = (tensor.double() - theirs[name].double()).abs().max().item()
            if name.startswith("logits_"):
                largest = max(largest, difference)
            exact = not tensor.is_floating_point()
            if difference > (0 if exact else bound * max(1.0, theirs[name].abs().max().item())):
                found.append(f"{name} differs by {difference:.2e}")
    return found, largest


def row(variant, expected, rounded, size, result):
    """One line of the table."""
    logits = torch.cat([expected[f"logits_{k}"] for k in range(PROMPTS)])
    margin = min(expected[f"margins_{k}"].min().item() for k in range(PROMPTS))
    winners = len(logits.argmax(-1).unique())
    assert winners > len(logits) / 10, f"{variant.name}: one token wins nearly everywhere"
    stored, dtype = (str(dtype).removeprefix("torch.") for dtype in (variant.stored, variant.dtype))
    largest = logits.abs().max().item()
    return (
        f"{variant.family:<9} {variant.name:<21} {variant.layout:<20} {stored:<9} {dtype:<9}"
        f"{largest:>7.2f} {winners:>4}/{len(logits)} {margin:>7.3f} {rounded:>9.1e} {size / 1000:>6.1f}  {result}"
    )


def main():
    parser = argparse.ArgumentParser(description="Writes or checks the fixtures of clika-lm.")
    parser.add_argument("--check", action="store_true", help="compare with the fixtures instead of writing them")
    parser.add_argument("variants", nargs="*", metavar="VARIANT", help="all, if none is named")
    options = parser.parse_args()
    unknown = set(options.variants) - {variant.name for variant in VARIANTS}
    if unknown:
        parser.error(f"no such variant: {', '.join(sorted(unknown))}")

    # One thread adds in one order.
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()

    total, failed = 0, False
    print(
        f"{'family':<9} {'variant':<21} {'files':<20} {'stored':<9} {'computed':<9}"
        f"{'largest':>7} {'argmax':>7} {'margin':>7} {'rounding':>9} {'kB':>6}  {'difference' if options.check else ''}"
    )
    for variant in VARIANTS:
        if options.variants and variant.name not in options.variants:
            continue
        with tempfile.TemporaryDirectory() as folder:
            built = Path(folder) / variant.name
            built.mkdir()
            expected, rounded = build(variant, built)
            size = sum(path.stat().st_size for path in built.iterdir())
            total += size
            there, result = FIXTURES / variant.name, ""
            if options.check:
                found, largest = differences(variant, built, there)
                failed |= bool(found)
                result = "\n  ".join([f"{largest:.1e}", *found])
            else:
                shutil.rmtree(there, ignore_errors=True)
                shutil.copytree(built, there)
            print(row(variant, expected, rounded, size, result), flush=True)
    print(f"{total / 1e6:.2f} MB; torch {torch.__version__}, transformers {transformers.__version__}")
    sys.exit(failed)


if __name__ == "__main__":
    main()
