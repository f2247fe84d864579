"""Writes fixtures/defaults.json: what transformers makes of configurations that lack keys, or have them as null, or have
them twice. `defaults.rs` holds ours to it.

    pip install torch==2.11.0 transformers==5.23.0
    python defaults.py [--check]

A case is a `config` and either the `error` of transformers, or what it builds: the sizes, the layers' windows, which linear
layers have a bias, the `factors` that scores, embeddings and logits are multiplied by and the bounds of scores and logits,
and of each rotary embedding the `angles` of the last position of some lengths, as sines and cosines.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path

import torch
import transformers
from transformers import AutoConfig, AutoModelForCausalLM

FIXTURE = Path(__file__).parent / "fixtures" / "defaults.json"
SMALL = {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4, "vocab_size": 96}
BLOOM = {"model_type": "bloom", "hidden_size": 32, "n_layer": 2, "n_head": 4, "vocab_size": 96}
YARN = {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 16, "rope_theta": 1000.0}
LLAMA3 = {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0}


# Their key-value heads follow from the size.
ALL_HEADS = ["llama", "olmo2", "cohere", "cohere2", "gpt_neox"]


def of(kind, **keys):
    """A small model."""
    heads = {} if kind in ALL_HEADS else {"num_key_value_heads": 2}
    return {"model_type": kind, **SMALL, **heads, **keys}


def without(parameters, *keys):
    return {key: value for key, value in parameters.items() if key not in keys}


def rope(parameters, key="rope_parameters", **keys):
    return of("llama", max_position_embeddings=96, **{key: parameters}, **keys)


def configs():
    kinds = ["llama", "mistral", "qwen2", "qwen3", "gemma2", "gemma3_text", "olmo2", "cohere", "cohere2", "gpt_neox"]
    # Nothing but the type: every default.
    yield from ({"model_type": kind} for kind in [*kinds, "bloom"])
    yield from (of(kind) for kind in kinds)
    # A null where the class takes one, and where it does not.
    for key in [*SMALL, "num_key_value_heads", "head_dim", "hidden_act", "max_position_embeddings", "rms_norm_eps"]:
        yield of("llama", **{key: None})
    for key in ["tie_word_embeddings", "attention_bias", "mlp_bias", "rope_theta", "rope_scaling", "rope_parameters"]:
        yield of("llama", **{key: None})
    yield from (of("mistral", **{key: None}) for key in ["num_key_value_heads", "sliding_window", "head_dim"])
    qwen = ["num_key_value_heads", "sliding_window", "use_sliding_window", "max_window_layers", "layer_types"]
    yield from (of("qwen2", **{key: None}) for key in qwen)
    yield from (of("qwen3", **{key: None}) for key in ["head_dim", "attention_bias"])
    for key in ["n_embed", "hidden_size", "num_attention_heads", "layer_norm_epsilon", "tie_word_embeddings"]:
        # transformers fails later on a null of `num_attention_heads`, where `n_head` says the same.
        if key != "num_attention_heads":
            yield BLOOM | {key: None}
    # Another type.
    for key, value in [("rms_norm_eps", "1e-6"), ("hidden_size", 32.0), ("tie_word_embeddings", "true")]:
        yield of("llama", **{key: value})
    # Keys that a class does not look at, and those that count twice.
    yield of("llama", sliding_window=6)
    yield of("mistral", attention_bias=True, mlp_bias=True)
    yield of("qwen2", attention_bias=False)
    yield of("qwen2", head_dim=16)
    yield of("qwen3", attention_bias=True)
    yield of("llama", attention_bias=True, mlp_bias=True)
    yield BLOOM | {"n_embed": 64}
    yield BLOOM | {"num_attention_heads": 8, "num_hidden_layers": 3}
    # Windows.
    yield of("qwen2", use_sliding_window=True, num_hidden_layers=30)
    yield of("qwen2", use_sliding_window=True, max_window_layers=1)
    yield of("qwen2", use_sliding_window=True, max_window_layers=1, sliding_window=None)
    yield of("qwen3", use_sliding_window=True, layer_types=["sliding_attention", "full_attention"], sliding_window=6)
    yield of("qwen2", layer_types=["sliding_attention", "full_attention"])
    yield of("qwen2", layer_types=["attention", "attention"])
    yield of("qwen2", layer_types=["full_attention"])
    yield of("qwen2", layer_types=["full_attention", "no such attention"])
    # RoPE: the old key before the new one, the type's two names, theta's two places.
    linear = {"type": "linear", "factor": 2.0}
    yield rope(linear, "rope_scaling", rope_parameters=YARN)
    yield rope({}, "rope_scaling", rope_parameters=linear)
    yield rope({"factor": 2.0}, "rope_scaling")
    yield rope(YARN | {"type": "linear"})
    yield rope(without(YARN, "rope_theta"), rope_theta=500.0)
    yield rope(YARN, rope_theta=500.0)
    for key, value in [("rope_type", None), ("rope_theta", None), ("rope_type", "no such type")]:
        yield rope(YARN | {key: value})
    yield rope("linear", "rope_scaling")
    yield rope(without(linear, "factor"), "rope_scaling")
    yield rope(linear | {"factor": None}, "rope_scaling")
    yield of("llama", head_dim=7)
    # The context of the pretraining, whose place next to the parameters counts before that among them.
    yield rope(YARN, original_max_position_embeddings=32)
    yield rope(YARN, original_max_position_embeddings=None)
    yield rope(without(YARN, "original_max_position_embeddings"))
    yield rope(YARN | {"original_max_position_embeddings": None})
    yield rope(LLAMA3)
    yield rope(LLAMA3 | {"original_max_position_embeddings": 32})
    yield rope(LLAMA3 | {"original_max_position_embeddings": 32}, original_max_position_embeddings=64)
    yield rope(LLAMA3 | {"low_freq_factor": None})
    # YaRN's nulls and zeros.
    yield rope(YARN)
    yield rope(YARN | {"factor": None})
    yield rope(without(YARN, "factor"))
    for key in ["beta_fast", "beta_slow", "attention_factor", "mscale", "truncate"]:
        yield rope(YARN | {key: None})
    wide = YARN | {"original_max_position_embeddings": 64}
    for keys in [{"truncate": None}, {"truncate": False}, {"truncate": True}, {"beta_fast": 0}, {"beta_fast": 2}]:
        yield rope(wide | keys, head_dim=16)
    for keys in [{"mscale": 0.7}, {"mscale": 0.7, "mscale_all_dim": 1.0}, {"mscale": 0.0, "mscale_all_dim": 1.0}]:
        yield rope(YARN | keys)
    for factor in [1.5, 1, 0.0]:
        yield rope(YARN | {"attention_factor": factor})
    # Dynamic: from `max_position_embeddings` on, whatever the context of the pretraining was.
    dynamic = {"type": "dynamic", "factor": 2.0}
    yield of("llama", rope_scaling=dynamic, max_position_embeddings=16)
    yield of("llama", rope_scaling=dynamic | {"original_max_position_embeddings": 8}, max_position_embeddings=16)
    yield of("llama", rope_scaling=dynamic, max_position_embeddings=16, original_max_position_embeddings=8)
    yield of("llama", rope_scaling=dynamic)
    yield of("llama", rope_scaling=dynamic | {"factor": None}, max_position_embeddings=16)
    yield of("llama", rope_scaling=dynamic, head_dim=2)
    # Gemma: bounds, windows by the layer's number or by its type, two rotations in either spelling.
    for key in ["attn_logit_softcapping", "final_logit_softcapping", "sliding_window", "layer_types", "head_dim"]:
        yield of("gemma2", **{key: None})
    yield of("gemma2", query_pre_attn_scalar=144, head_dim=16, sliding_window=6, num_hidden_layers=3)
    yield of("gemma2", hidden_act="silu", attention_bias=True)
    yield of("gemma2", hidden_size=36, num_attention_heads=8)
    yield of("gemma2", sliding_window_pattern=3, num_hidden_layers=4)
    yield of("gemma3_text", final_logit_softcapping=30.0, sliding_window=6, num_hidden_layers=7)
    yield of("gemma3_text", sliding_window_pattern=2, num_hidden_layers=5)
    yield of("gemma3_text", layer_types=["full_attention", "sliding_attention"])
    yield of("gemma3_text", rope_theta=500.0, rope_local_base_freq=50.0)
    yield of("gemma3_text", rope_scaling={"rope_type": "linear", "factor": 8.0})
    both = {"full_attention": {"rope_theta": 500.0}, "sliding_attention": {"rope_theta": 50.0, "rope_type": "default"}}
    yield of("gemma3_text", rope_parameters=both)
    yield of("gemma3_text", rope_parameters=both, rope_scaling=linear)
    yield of("gemma3_text", rope_parameters={"full_attention": None}, rope_theta=500.0)
    # OLMo 2, Cohere, GPT-NeoX: what follows from what, and which key counts.
    yield of("olmo2", num_key_value_heads=2, attention_bias=True, rope_theta=500.0)
    yield of("cohere", num_key_value_heads=2, attention_bias=True, rope_theta=500.0, logit_scale=0.5)
    yield of("cohere", layer_types=["sliding_attention", "full_attention"], sliding_window=6)
    yield of("cohere2", num_hidden_layers=5, sliding_window=6)
    yield of("cohere2", num_hidden_layers=4, sliding_window_pattern=2, logit_scale=0.5)
    yield of("cohere2", layer_types=["full_attention", "sliding_attention"])
    yield of("gpt_neox", rotary_pct=0.5, rotary_emb_base=500)
    yield of("gpt_neox", rotary_pct=1.0, rope_theta=500.0)
    yield of("gpt_neox", rope_parameters={"rope_type": "default", "rope_theta": 500.0, "partial_rotary_factor": 0.5})
    yield of("gpt_neox", rope_scaling={"type": "linear", "factor": 2.0}, hidden_size=64)
    yield of("gpt_neox", attention_bias=False, tie_word_embeddings=True)
    # Two kinds of models in one file.
    yield of("qwen2", rope_parameters={"full_attention": linear | {"rope_theta": 5.0}})


# Below, at and above the context of the dynamic cases.
LENGTHS = [2, 16, 17, 40]


def lengths(read):
    """One is enough where nothing depends on it; a full-sized head has many angles."""
    if read.rope_parameters.get("rope_type") == "dynamic":
        return LENGTHS
    return LENGTHS[:1] if read.hidden_size > 100 else LENGTHS[::3]


def angles(rotary, length, *layer_type):
    """Of the last position, in f32. A module that saw a longer text keeps its angles, so each length has its own."""
    cos, sin = rotary(torch.zeros(1, dtype=torch.float32), torch.arange(length)[None], *layer_type)
    half = cos.shape[-1] // 2
    # Cohere repeats each angle, the others all of them.
    once = slice(0, None, 2) if "Cohere" in type(rotary).__name__ else slice(half)
    return {name: [round(x, 7) for x in of[0, -1, once].tolist()] for name, of in [("cos", cos), ("sin", sin)]}


def all_angles(read, rotary):
    """By the layer's type where it decides, and by length."""
    types = list(dict.fromkeys(read.layer_types)) if read.model_type == "gemma3_text" else [None]
    of_type = lambda kind: {str(n): angles(rotary(read), n, *([kind] if kind else [])) for n in lengths(read)}  # noqa: E731
    return [of_type(kind) for kind in types]


def factors(read, attention):
    """What scores, embeddings and logits are multiplied by, and the bounds of scores and logits."""
    gemma = read.model_type.startswith("gemma")
    numbers = [
        getattr(attention, "scaling", None) or attention.inv_norm_factor,
        read.hidden_size**0.5 if gemma else None,
        getattr(read, "logit_scale", None),
        # Gemma 3 has the key and does not compute with it.
        getattr(read, "attn_logit_softcapping", None),
        getattr(read, "final_logit_softcapping", None),
    ]
    return [None if number is None else f"{number:.6f}" for number in numbers]


def built(config):
    """What transformers builds of a configuration."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "config.json").write_text(json.dumps(config))
        read = AutoConfig.from_pretrained(folder)
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(read, dtype=torch.float32)
    base = model.base_model
    bloom, neox = (read.model_type == kind for kind in ["bloom", "gpt_neox"])
    by_head = bloom or neox
    layers = base.h if bloom else base.layers
    attention = getattr(layers[0], "self_attention" if bloom else "attention" if neox else "self_attn")
    linear = attention.query_key_value if by_head else attention.q_proj
    output = attention.dense if by_head else attention.o_proj
    inner = layers[0].mlp.dense_h_to_4h if by_head else layers[0].mlp.up_proj
    norm = base.ln_f if bloom else base.final_layer_norm if neox else base.norm
    result = {
        "vocabulary": read.vocab_size,
        "hidden": read.hidden_size,
        "intermediate": inner.out_features,
        "layers": len(layers),
        "heads": read.num_attention_heads,
        "kv_heads": read.num_attention_heads if by_head else read.num_key_value_heads,
        "head_dim": attention.head_size if neox else attention.head_dim,
        "epsilon": norm.eps if hasattr(norm, "eps") else norm.variance_epsilon,
        "tied": model.config.tie_word_embeddings,
        "query_key_norm": hasattr(attention, "q_norm"),
        "biases": [module.bias is not None for module in (linear, output, inner)],
        "windows": [windows(read, number) for number in range(len(layers))],
        "factors": factors(read, attention),
    }
    if not bloom:
        rotary = type(base.rotary_emb)
        result["angles"] = all_angles(read, rotary)
        # What is computed is a sequence, so that a configuration that fails there is known.
        small = AutoModelForCausalLM.from_config(read, dtype=torch.float32) if read.hidden_size < 100 else None
        if small is not None:
            with torch.no_grad():
                small(torch.arange(5)[None])
    return result


def windows(read, number):
    """What a layer sees. Most look at no window, Mistral's layers at the same one."""
    if read.model_type in ("llama", "bloom", "olmo2", "cohere", "gpt_neox"):
        return None
    if read.model_type == "mistral" or read.layer_types[number] == "sliding_attention":
        return read.sliding_window
    return None


def main():
    parser = argparse.ArgumentParser(description="Writes or checks fixtures/defaults.json.")
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    transformers.utils.logging.set_verbosity_error()
    cases = []
    for config in configs():
        # The configuration is changed when it is read.
        case = {"config": json.loads(json.dumps(config))}
        try:
            case |= built(config)
        except Exception as error:
            case["error"] = type(error).__name__
        cases.append(case)
    lines = ",\n".join(json.dumps(case) for case in cases)
    text = f'{{"transformers": "{transformers.__version__}", "cases": [\n{lines}\n]}}\n'
    if options.check:
        sys.exit(close(json.loads(FIXTURE.read_text()), json.loads(text)))
    FIXTURE.parent.mkdir(exist_ok=True)
    FIXTURE.write_text(text)
    print(f"{len(cases)} cases, {sum('error' in case for case in cases)} of them errors")


def close(there, new):
    """Whether two fixtures are alike but for the rounding of another processor; as an exit status."""
    if isinstance(there, dict) and isinstance(new, dict) and there.keys() == new.keys():
        return max((close(there[key], new[key]) for key in there), default=0)
    if isinstance(there, list) and isinstance(new, list) and len(there) == len(new):
        return max((close(*pair) for pair in zip(there, new)), default=0)
    if isinstance(there, float) and isinstance(new, float) and abs(there - new) < 1e-5:
        return 0
    if there != new:
        print(f"{there} is there, and {new} is new")
    return int(there != new)


if __name__ == "__main__":
    main()
