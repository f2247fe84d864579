"""Writes fixtures/: GGUF files, and what programs that are not ours make of them.

    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install gguf==0.19.0 torch==2.11.0 transformers==5.23.0
    /tmp/venv/bin/python pipeline/checkpoint/tests/gguf/reference.py [--check]

`--check` writes nothing and compares what it would write with what is there: files byte for byte, logits within 1e-5.

- `types.gguf` has a tensor of each type that we read, named as the type is in lower case, and metadata of every type of
  value; types.safetensors the numbers that gguf's dequantize gives, float32 [4, 512], and types.json the metadata.
- `alignment.gguf`: `general.alignment` is 256. The other files are to be refused: `refused-type.gguf` (IQ4_NL),
  `big-endian.gguf`, `adapter.gguf` (a LoRA adapter).
- `models/NAME.gguf`, or three files for the split one: a tiny random model; `models/NAME.json` says what is in it, the
  `config` of the same model as Hugging Face's config.json, its prompts, how far the logits are off if a reader leaves
  something out (`without`), and what transformers makes of the file; `models/NAME.safetensors` has `ids_k`, int64 [tokens],
  and `logits_k`, float32 [tokens, vocabulary], of transformers with the numbers of the file (tiny_models.py).
- `tokenizers/*.gguf`: vocabularies without tensors (vocabularies.py). Their ids are in JSON beside them, which
  tokenizer_reference.py writes.
"""

import argparse
import json
import logging
import os
import shutil
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_VERBOSITY="error", TQDM_DISABLE="1")

import block_types  # noqa: E402
import tiny_models  # noqa: E402
import torch  # noqa: E402
import transformers  # noqa: E402
import vocabularies  # noqa: E402
from safetensors.torch import load_file, save  # noqa: E402

FIXTURES = Path(__file__).parent / "fixtures"
# Another processor adds in another order.
CHECK_TOLERANCE = 1e-5
# Without what a build of PyTorch is for.
VERSIONS = {name: version(name).split("+")[0] for name in ["gguf", "torch", "transformers"]}


def text_of(record):
    """JSON with a key a line."""
    lines = [f"  {json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}" for key, value in record.items()]
    return "{\n" + ",\n".join(lines) + "\n}\n"


def saved(tensors, program):
    """A file of safetensors; the library would keep the metadata in any order."""
    data = save(tensors)
    length = int.from_bytes(data[:8], "little")
    header = {"__metadata__": VERSIONS | {"program": program}, **json.loads(data[8 : 8 + length])}
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + data[8 + length :]


def build(folder):
    """Writes everything; prints a line a model."""
    numbers = block_types.write_all(folder)
    tensors = {name: torch.from_numpy(values.copy()) for name, values in numbers.items()}
    (folder / "types.safetensors").write_bytes(saved(tensors, "gguf"))
    metadata = {key: value for key, (_, value) in block_types.METADATA.items()}
    (folder / "types.json").write_text(text_of({"versions": VERSIONS, "metadata": metadata}))
    (folder / "tokenizers").mkdir()
    vocabularies.write_all(folder / "tokenizers")
    models = folder / "models"
    models.mkdir()
    for model in tiny_models.MODELS:
        record, found = tiny_models.build(model, models)
        (models / f"{model.name}.json").write_text(text_of({**record, "versions": VERSIONS}))
        (models / f"{model.name}.safetensors").write_bytes(saved(found, "transformers"))
        size = sum((models / name).stat().st_size for name in record["files"])
        top = max(found[f"logits_{k}"].abs().max().item() for k in range(len(record["prompts"])))
        print(f"{model.name:<20}{size / 1000:>7.1f} kB{top:>7.2f}  {record['transformers']}  {record['without']}", flush=True)


def files(folder):
    """What a folder holds, but for the ids in tokenizers/."""
    names = [path.relative_to(folder) for path in folder.rglob("*") if path.is_file()]
    return sorted(name for name in names if name.suffix != ".json" or name.parts[0] != "tokenizers")


def same(one, other):
    """Whether two files say the same."""
    if one.suffix == ".json":
        return json.loads(one.read_text()) == json.loads(other.read_text())
    if one.suffix != ".safetensors":
        return one.read_bytes() == other.read_bytes()
    ours, theirs = load_file(one), load_file(other)
    if ours.keys() != theirs.keys():
        return False
    for name, tensor in ours.items():
        there = theirs[name]
        if (tensor.dtype, tensor.shape) != (there.dtype, there.shape):
            return False
        if not name.startswith("logits_"):
            # Zeros of the two signs are different numbers here.
            if tensor.numpy().tobytes() != there.numpy().tobytes():
                return False
        # Not a number is not within it.
        elif not (tensor - there).abs().max().item() <= CHECK_TOLERANCE * max(1.0, there.abs().max().item()):
            return False
    return True


def main():
    parser = argparse.ArgumentParser(description="Writes or checks the GGUF fixtures.")
    parser.add_argument("--check", action="store_true", help="compare with the fixtures instead of writing them")
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    logging.getLogger("gguf.gguf_writer").setLevel(logging.ERROR)
    transformers.utils.logging.disable_progress_bar()
    with tempfile.TemporaryDirectory() as folder:
        built = Path(folder) / "fixtures"
        built.mkdir()
        build(built)
        if not options.check:
            for name in files(FIXTURES):
                (FIXTURES / name).unlink()
            shutil.copytree(built, FIXTURES, dirs_exist_ok=True)
            print(f"{sum((built / name).stat().st_size for name in files(built)) / 1e6:.2f} MB")
            return
        names = set(files(built)), set(files(FIXTURES))
        found = [f"in one of the two only: {name}" for name in sorted(names[0] ^ names[1])]
        found += [f"{name} differs" for name in sorted(names[0] & names[1]) if not same(built / name, FIXTURES / name)]
    print("\n".join(found) or f"{len(names[0])} files as recorded")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
