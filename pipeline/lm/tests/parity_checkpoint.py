"""Random weights, and the files that published checkpoints keep them in."""

import json
import zlib
from collections import OrderedDict

import torch
from baichuan_reference import tensor_shapes
from safetensors.torch import load_file, save_file
from transformers import AutoConfig, AutoModelForCausalLM

# Layouts of files.
SAFETENSORS, SHARDED, BIN, BIN_SHARDED = "safetensors", "safetensors, sharded", "bin", "bin, sharded"

# As few bytes as make several shards.
SHARD_BYTES = 40_000
BIN_SHARDS = 3


def generator(*purpose):
    """A random generator that depends on nothing but the words of its purpose."""
    return torch.Generator().manual_seed(zlib.crc32("/".join(map(str, purpose)).encode()))


def draw(name, shape, variant):
    """One random tensor.

    Scales are such that attention is peaked, logits are not flat, and no tensor is too small to matter. For bf16 they
    are smaller: with the others, rounding alone moves the logits by 5% of the largest one.
    """
    narrow = variant.dtype == torch.bfloat16
    noise = torch.randn(shape, generator=generator(variant.name, name))
    if name.endswith(".bias"):
        return 0.2 * noise
    if len(shape) == 1:
        # Without a larger scale, normalized queries and keys of 8 dimensions would leave attention nearly flat.
        mean = 1.6 if ("q_norm" in name or "k_norm" in name) and not narrow else 1.0
        # Gemma adds 1.
        return mean - (1.0 if variant.family.startswith("gemma") else 0.0) + 0.2 * noise
    if "embed" in name:
        # What is multiplied by √hidden would drown the layers.
        return (0.3 if variant.family.startswith("gemma") else 1.0) * noise
    if name == "lm_head.weight":
        # Rows of different lengths: NormHead changes which token wins.
        lengths = torch.empty(shape[0], 1).uniform_(0.6, 1.6, generator=generator(variant.name, name, "lengths"))
        return 0.3 * lengths * noise
    return (0.18 if narrow else 0.3) * noise


def write_checkpoint(variant, folder):
    """Writes config.json and the weights."""
    text = json.dumps(variant.config, indent=2) + "\n"
    (folder / "config.json").write_text(text)
    if variant.family == "baichuan":
        shapes = tensor_shapes(variant.config)
        write_weights(variant, folder, {name: draw(name, shape, variant) for name, shape in shapes.items()})
        return

    config = AutoConfig.from_pretrained(folder)
    model = AutoModelForCausalLM.from_config(config, dtype=variant.stored)
    # Tied weights are here once.
    weights = {name: draw(name, tuple(old.shape), variant) for name, old in model.named_parameters()}
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.copy_(weights[name])
    if variant.layout in (BIN, BIN_SHARDED):
        write_weights(variant, folder, weights)
        return
    model.save_pretrained(folder, max_shard_size=SHARD_BYTES if variant.layout == SHARDED else "1GB")
    (folder / "generation_config.json").unlink()
    if not variant.new_spelling:
        (folder / "config.json").write_text(text)


def write_weights(variant, folder, weights):
    """Writes what transformers does not: Baichuan, and everything of `torch.save`."""
    weights = OrderedDict((name, tensor.to(variant.stored)) for name, tensor in weights.items())
    if variant.layout == SAFETENSORS:
        save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
        return
    weights = OrderedDict(variant.rename(weights))
    if variant.layout == BIN:
        torch.save(weights, folder / "pytorch_model.bin")
        return
    # As published shards are: in the order of the model, cut anywhere.
    names, places = list(weights), {}
    for shard in range(BIN_SHARDS):
        file = f"pytorch_model-{shard + 1:05}-of-{BIN_SHARDS:05}.bin"
        part = names[len(names) * shard // BIN_SHARDS : len(names) * (shard + 1) // BIN_SHARDS]
        torch.save(OrderedDict((name, weights[name]) for name in part), folder / file)
        places.update(dict.fromkeys(part, file))
    size = sum(tensor.numel() * tensor.element_size() for tensor in weights.values())
    index = {"metadata": {"total_size": size}, "weight_map": dict(sorted(places.items()))}
    (folder / "pytorch_model.bin.index.json").write_text(json.dumps(index, indent=2) + "\n")


def read_weights(folder):
    """All tensors of a checkpoint, whatever its files."""
    weights = {}
    for file in sorted(folder.glob("model*.safetensors")):
        weights.update(load_file(file))
    for file in sorted(folder.glob("pytorch_model*.bin")):
        weights.update(torch.load(file, weights_only=True))
    return weights
