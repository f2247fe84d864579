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


def gemma2(name, changes=(), **options):
    """Gemma 2 as published, with bounds so low that they matter."""
    defaults = {
        "architectures": ["Gemma2ForCausalLM"],
        "attention_bias": False,
        "attention_dropout": 0.0,
        "attn_logit_softcapping": 3.0,
        "bos_token_id": 2,
        "cache_implementation": "hybrid",
        "eos_token_id": 1,
        "final_logit_softcapping": 4.0,
        "head_dim": 12,
        "hidden_act": "gelu_pytorch_tanh",
        "hidden_activation": "gelu_pytorch_tanh",
        "initializer_range": 0.02,
        "intermediate_size": 48,
        "max_position_embeddings": 64,
        "model_type": "gemma2",
        "num_key_value_heads": 2,
        "pad_token_id": 0,
        "query_pre_attn_scalar": 6,
        "rms_norm_eps": EPSILON,
        "rope_theta": 10000.0,
        "sliding_window": 6,
        "transformers_version": "4.42.4",
        "use_cache": True,
        **SIZES,
    }
    return spelled(name, "gemma2", defaults, dict(changes), options)


def gemma3(name, changes=(), **options):
    """Gemma 3's text model as published, in three layers: two with a window and one that sees everything."""
    defaults = {
        "architectures": ["Gemma3ForCausalLM"],
        "attention_bias": False,
        "attention_dropout": 0.0,
        "attn_logit_softcapping": None,
        "bos_token_id": 2,
        "cache_implementation": "hybrid",
        "eos_token_id": 1,
        "final_logit_softcapping": None,
        "head_dim": 12,
        "hidden_activation": "gelu_pytorch_tanh",
        "initializer_range": 0.02,
        "intermediate_size": 40,
        "max_position_embeddings": 64,
        "model_type": "gemma3_text",
        "num_key_value_heads": 1,
        "pad_token_id": 0,
        "query_pre_attn_scalar": 6,
        "rms_norm_eps": EPSILON,
        "rope_local_base_freq": 100.0,
        "rope_scaling": {"factor": 4.0, "rope_type": "linear"},
        "rope_theta": 1000.0,
        "sliding_window": 6,
        "sliding_window_pattern": 3,
        "transformers_version": "4.50.0",
        "use_cache": True,
        **SIZES,
        "num_hidden_layers": 3,
    }
    return spelled(name, "gemma3", defaults, dict(changes), options)


def olmo2(name, changes=(), **options):
    """OLMo 2 as published: norms after attention and MLP only, queries and keys normalized as whole rows."""
    defaults = {
        "architectures": ["Olmo2ForCausalLM"],
        "attention_bias": False,
        "attention_dropout": 0.0,
        "eos_token_id": 2,
        "hidden_act": "silu",
        "initializer_range": 0.02,
        "intermediate_size": 48,
        "max_position_embeddings": 64,
        "model_type": "olmo2",
        "num_key_value_heads": 2,
        "pad_token_id": 3,
        "rms_norm_eps": EPSILON,
        "rope_scaling": None,
        "rope_theta": 1000.0,
        "tie_word_embeddings": False,
        "transformers_version": "4.47.0",
        "use_cache": True,
        **SIZES,
    }
    return spelled(name, "olmo2", defaults, dict(changes), options)


def cohere(name, changes=(), **options):
    """Cohere as Aya has it."""
    defaults = {
        "architectures": ["CohereForCausalLM"],
        "attention_bias": False,
        "attention_dropout": 0.0,
        "bos_token_id": 5,
        "eos_token_id": 1,
        "hidden_act": "silu",
        "initializer_range": 0.02,
        "intermediate_size": 48,
        "layer_norm_eps": EPSILON,
        "logit_scale": 0.25,
        "max_position_embeddings": 64,
        "model_type": "cohere",
        "num_key_value_heads": 2,
        "pad_token_id": 0,
        "rope_theta": 1000.0,
        "transformers_version": "4.41.0",
        "use_cache": True,
        "use_qk_norm": False,
        **SIZES,
    }
    return spelled(name, "cohere", defaults, dict(changes), options)


def cohere2(name, changes=(), **options):
    """Cohere 2 as published: the layer that sees everything rotates nothing."""
    defaults = {
        "architectures": ["Cohere2ForCausalLM"],
        "attention_bias": False,
        "attention_dropout": 0.0,
        "bos_token_id": 5,
        "eos_token_id": 1,
        "head_dim": 8,
        "hidden_act": "silu",
        "initializer_range": 0.02,
        "intermediate_size": 48,
        "layer_norm_eps": EPSILON,
        "logit_scale": 0.25,
        "max_position_embeddings": 64,
        "model_type": "cohere2",
        "num_key_value_heads": 2,
        "order_of_interleaved_layers": "local_attn_first",
        "pad_token_id": 0,
        "position_embedding_type": "rope_gptj",
        "rope_theta": 1000.0,
        "rotary_pct": 1.0,
        "sliding_window": 6,
        "sliding_window_pattern": 2,
        "transformers_version": "4.48.0",
        "use_cache": True,
        "use_embedding_sharing": True,
        "use_gated_activation": True,
        "use_parallel_block": True,
        "use_parallel_embedding": False,
        **SIZES,
    }
    return spelled(name, "cohere2", defaults, dict(changes), options)


def gpt_neox(name, changes=(), **options):
    """GPT-NeoX as Pythia has it, with heads of which a half is rotated."""
    defaults = {
        "architectures": ["GPTNeoXForCausalLM"],
        "bos_token_id": 0,
        "eos_token_id": 0,
        "hidden_act": "gelu",
        "initializer_range": 0.02,
        "intermediate_size": 64,
        "layer_norm_eps": EPSILON,
        "max_position_embeddings": 64,
        "model_type": "gpt_neox",
        "rotary_emb_base": 1000,
        "rotary_pct": 0.5,
        "tie_word_embeddings": False,
        "transformers_version": "4.24.0",
        "use_cache": True,
        "use_parallel_residual": True,
        **SIZES,
    }
    return spelled(name, "gpt_neox", defaults, dict(changes), options)


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
