"""What a fixture has to fulfil, so that it can tell a wrong loader from a right one."""

import json
import tempfile
from pathlib import Path

import torch
from baichuan_reference import alibi_slopes, has_rotary_embeddings
from parity_checkpoint import read_weights
from parity_families import BF16, F32
from parity_models import load
from safetensors.torch import save_file
from torch.nn import functional
from transformers import AutoConfig, LlamaConfig, LlamaForCausalLM
from transformers.models.bloom.modeling_bloom import _get_alibi_slopes

PROMPTS = 3
# What two implementations may differ by: absolute in f32, relative to the largest logit in bf16.
TOLERANCE = {F32: 1e-4, BF16: 2e-2}
# How much more than that an option or a tensor must change, and a generated token lead.
CLEARLY = {F32: 10, BF16: 1}
# Keys of Baichuan's config that LLaMA's has not, or means otherwise.
OWN = ["_from_model_config", "architectures", "model_max_length", "model_type"]


def check(variant, folder, model, expected):
    """Fails unless all that follows holds."""
    check_cache(variant, expected)
    check_tensors(variant, folder, model, expected)
    check_options(variant, folder, expected)
    if variant.family == "baichuan":
        check_reference(variant, folder, expected)
    check_files(variant, folder, expected)


def tolerance(variant, logits):
    """What two implementations may differ by in these logits."""
    scale = logits.abs().max().item() if variant.dtype == BF16 else 1.0
    return TOLERANCE[variant.dtype] * scale


def clear_difference(variant, logits):
    """A difference of logits that is more than two implementations may differ by."""
    return CLEARLY[variant.dtype] * tolerance(variant, logits)


def check_cache(variant, expected):
    """The first generated token follows from the logits of the prompt, which were computed without a cache."""
    for k in range(PROMPTS):
        assert expected[f"logits_{k}"][-1].argmax() == expected[f"generated_{k}"][0], variant.name


def check_tensors(variant, folder, model, expected):
    """Every tensor matters: with its rows moved by one, the logits differ."""
    ids, logits = expected["ids_2"], expected["logits_2"]
    for name, tensor in model.parameters().items():
        before = tensor.detach().clone()
        with torch.no_grad():
            tensor.copy_(before.roll(1, 0))
            change = (model.logits(ids) - logits).abs().max().item()
            tensor.copy_(before)
        if change < clear_difference(variant, logits):
            raise ValueError(f"{variant.name}: {name} changes the logits by {change} only")
    assert torch.equal(model.logits(ids), logits), f"{variant.name}: not the same twice"
    in_files, in_model = read_weights(folder).keys(), dict(variant.rename(model.parameters())).keys()
    assert in_files == in_model, f"{variant.name}: {sorted(in_files ^ in_model)}"


def check_options(variant, folder, expected):
    """Every option matters, and transformers' own spelling of the config means the same."""
    with tempfile.TemporaryDirectory() as other:
        other = Path(other)
        for changes in variant.ignoring:
            config = json.loads((folder / "config.json").read_text())
            # transformers 5 writes down which layers slide, and believes that rather than the keys it comes from.
            config.pop("layer_types", None)
            (other / "config.json").write_text(json.dumps({**config, **changes}))
            model = load(folder, variant.dtype, other)
            change = (model.logits(expected["ids_2"]) - expected["logits_2"]).abs().max().item()
            if change < clear_difference(variant, expected["logits_2"]):
                raise ValueError(f"{variant.name}: {changes} changes the logits by {change} only")
        if variant.family == "baichuan":
            return
        (other / "config.json").unlink(missing_ok=True)
        AutoConfig.from_pretrained(folder).save_pretrained(other)
        model = load(folder, variant.dtype, other)
        for k in range(PROMPTS):
            assert torch.equal(model.logits(expected[f"ids_{k}"]), expected[f"logits_{k}"]), variant.name


def check_reference(variant, folder, expected):
    """Our Baichuan agrees with transformers where it can.

    The 7B is a LLaMA with other names and a scaled `lm_head`; ALiBi's slopes are BLOOM's.
    """
    for heads in range(1, 65):
        assert torch.allclose(alibi_slopes(heads), _get_alibi_slopes(heads, "cpu").flatten()), heads
    config = json.loads((folder / "config.json").read_text())
    if not has_rotary_embeddings(config) or variant.dtype != F32:
        return
    weights = read_weights(folder)
    weights["lm_head.weight"] = functional.normalize(weights["lm_head.weight"])
    for name in [name for name in weights if "W_pack" in name]:
        for kind, part in zip("qkv", weights.pop(name).chunk(3)):
            weights[name.replace("W_pack", f"{kind}_proj")] = part
    shared = LlamaConfig.from_dict({key: value for key, value in config.items() if key not in OWN})
    shared._attn_implementation = "eager"
    model = LlamaForCausalLM(shared).eval()
    model.load_state_dict(weights)
    for k in range(PROMPTS):
        with torch.no_grad():
            logits = model(expected[f"ids_{k}"][None]).logits[0]
        assert (logits - expected[f"logits_{k}"]).abs().max() < TOLERANCE[F32], variant.name


def check_files(variant, folder, expected):
    """What parity.rs makes of two variants means the same to transformers: F64, an embedding and a head that are tied by
    the configuration and differ, or do not differ, or of which only the head is there."""
    embedding, head = "model.embed_tokens.weight", "lm_head.weight"
    if variant.name not in ("llama", "llama-tied"):
        return
    weights = read_weights(folder)
    others = {
        "llama": lambda: [
            ({"tie_word_embeddings": True}, weights),
            ({}, {name: tensor.double() for name, tensor in weights.items()}),
        ],
        "llama-tied": lambda: [
            ({}, weights | {head: weights[embedding].clone()}),
            ({}, {head if name == embedding else name: tensor for name, tensor in weights.items()}),
        ],
    }
    for keys, tensors in others[variant.name]():
        with tempfile.TemporaryDirectory() as other:
            other = Path(other)
            config = json.loads((folder / "config.json").read_text())
            (other / "config.json").write_text(json.dumps(config | keys))
            save_file(tensors, other / "model.safetensors", metadata={"format": "pt"})
            model = load(other, variant.dtype)
            for k in range(PROMPTS):
                assert torch.equal(model.logits(expected[f"ids_{k}"]), expected[f"logits_{k}"]), (variant.name, keys)
