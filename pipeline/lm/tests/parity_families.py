"""What variants of one family share: the config.json of a published checkpoint, in the old spelling."""

from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from parity_checkpoint import SAFETENSORS

F32, F16, BF16 = torch.float32, torch.float16, torch.bfloat16


def as_named(weights):
    """The names that transformers gives."""
    return weights


@dataclass
class Variant:
    """One checkpoint folder."""

    name: str
    family: str
    config: dict
    # Changes of config.json that a loader amounts to which ignores an option: each must change the logits.
    ignoring: list[dict] = field(default_factory=list)
    new_spelling: bool = False
    stored: torch.dtype = F32
    # What the logits are computed in.
    dtype: torch.dtype = F32
    layout: str = SAFETENSORS
    rename: Callable = as_named
    # Whether a tokenizer lies next to the weights.
    tokenizer: bool = False


SIZES = {"hidden_size": 32, "num_attention_heads": 4, "num_hidden_layers": 2, "vocab_size": 96}
# Large enough that another epsilon shows.
EPSILON = 1e-3
OTHER_EPSILON = {"rms_norm_eps": 1e-6}
TOKENS = {"bos_token_id": 1, "eos_token_id": 2}


def spelled(name, family, defaults, changes, options):
    """A variant whose dtype key is spelled as its config is."""
    variant = Variant(name, family, {**defaults, **changes}, **options)
    dtype = str(variant.stored).removeprefix("torch.")
    if variant.new_spelling:
        variant.config = {key: value for key, value in variant.config.items() if key != "transformers_version"}
        variant.config["dtype"] = dtype
    else:
        variant.config["torch_dtype"] = dtype
    return variant


def llama(name, changes=(), **options):
    """LLaMA 1 in the old spelling, unless changed."""
    defaults = {
        "architectures": ["LlamaForCausalLM"],
        **TOKENS,
        "hidden_act": "silu",
        "initializer_range": 0.02,
        "intermediate_size": 48,
        "max_position_embeddings": 64,
        "model_type": "llama",
        "pad_token_id": 0,
        "rms_norm_eps": EPSILON,
        "tie_word_embeddings": False,
        "transformers_version": "4.31.0",
        "use_cache": True,
        **SIZES,
    }
    return spelled(name, "llama", defaults, dict(changes), options)


def mistral(name, changes=(), **options):
    """Mistral as published, with fewer heads for keys and values."""
    defaults = {
        "architectures": ["MistralForCausalLM"],
        **TOKENS,
        "hidden_act": "silu",
        "initializer_range": 0.02,
        "intermediate_size": 48,
        "max_position_embeddings": 64,
        "model_type": "mistral",
        "num_key_value_heads": 2,
        "rms_norm_eps": EPSILON,
        "tie_word_embeddings": False,
        "transformers_version": "4.36.0",
        "use_cache": True,
        **SIZES,
    }
    return spelled(name, "mistral", defaults, dict(changes), options)


def qwen2(name, changes=(), **options):
    """Qwen2 as published, with the sliding window's keys, which mean nothing unless `use_sliding_window`."""
    defaults = {
        "architectures": ["Qwen2ForCausalLM"],
        "attention_dropout": 0.0,
        **TOKENS,
        "hidden_act": "silu",
        "initializer_range": 0.02,
        "intermediate_size": 48,
        "max_position_embeddings": 64,
        "max_window_layers": 1,
        "model_type": "qwen2",
        "num_key_value_heads": 2,
        "rms_norm_eps": EPSILON,
        "sliding_window": 6,
        "tie_word_embeddings": False,
        "transformers_version": "4.43.1",
        "use_cache": True,
        "use_sliding_window": False,
        **SIZES,
    }
    return spelled(name, "qwen2", defaults, dict(changes), options)


def qwen3(name, changes=(), **options):
    """Qwen3 as published: normalized queries and keys, and heads that are wider than hidden_size / heads."""
    defaults = {
        "architectures": ["Qwen3ForCausalLM"],
        "attention_bias": False,
        "attention_dropout": 0.0,
        **TOKENS,
        "head_dim": 12,
        "hidden_act": "silu",
        "initializer_range": 0.02,
        "intermediate_size": 48,
        "max_position_embeddings": 64,
        "max_window_layers": 2,
        "model_type": "qwen3",
        "num_key_value_heads": 2,
        "rms_norm_eps": EPSILON,
        "sliding_window": None,
        "tie_word_embeddings": False,
        "transformers_version": "4.51.0",
        "use_cache": True,
        "use_sliding_window": False,
        **SIZES,
    }
    return spelled(name, "qwen3", defaults, dict(changes), options)


def bloom(name, sizes, changes=(), **options):
    """BLOOM as published, but for the keys of its sizes, which are spelled in three ways."""
    defaults = {
        "apply_residual_connection_post_layernorm": False,
        "architectures": ["BloomForCausalLM"],
        "attention_dropout": 0.0,
        **TOKENS,
        "hidden_dropout": 0.0,
        "initializer_range": 0.02,
        "layer_norm_epsilon": EPSILON,
        "model_type": "bloom",
        "pad_token_id": 3,
        "pretraining_tp": 1,
        "slow_but_exact": False,
        "transformers_version": "4.20.0",
        "use_cache": True,
        "vocab_size": 96,
        **sizes,
    }
    return spelled(name, "bloom", defaults, dict(changes), options)


def baichuan(name, changes=(), **options):
    """Baichuan2 with the keys that its two sizes share."""
    defaults = {
        "_from_model_config": True,
        "architectures": ["BaichuanForCausalLM"],
        **TOKENS,
        "hidden_act": "silu",
        "initializer_range": 0.02,
        "intermediate_size": 48,
        "model_max_length": 64,
        "model_type": "baichuan",
        "pad_token_id": 0,
        "rms_norm_eps": EPSILON,
        "tie_word_embeddings": False,
        "transformers_version": "4.29.2",
        "use_cache": True,
        **SIZES,
    }
    return spelled(name, "baichuan", defaults, dict(changes), options)
