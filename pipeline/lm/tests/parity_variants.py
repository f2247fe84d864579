"""The variants of each family: what is in their config.json, and how their weights are stored.

config.json comes in two spellings. `old` is what checkpoints of the paper's time have, written here by hand:
`torch_dtype`, `rope_theta` and `rope_scaling` at the top, BLOOM with `n_embed` or `n_head`. `new` is what transformers
5 writes: `dtype`, `rope_parameters`, `layer_types`. RoPE scaling is in the old spelling for linear and dynamic (`type`)
and for llama3 (`rope_type`, as LLaMA 3.1 has it), in the new one for yarn.

Dynamic RoPE in transformers: as soon as the length n of the sequence exceeds M, that is `max_position_embeddings`, the
base grows to `base · (factor · n/M − (factor − 1))^(d/(d−2))`, and every position of one call uses it. A key in the
cache keeps the rotation that it got when it was computed. So with a cache the prompt is rotated by the base of the
prompt's length and each further token by the base of its own, while without a cache all would be rotated by the last.
`logits_k` are of one call over the prompt, `generated_k` are with the cache.
"""

import torch
from parity_checkpoint import BIN, BIN_SHARDED, SHARDED
from parity_families import (
    BF16,
    F16,
    OTHER_EPSILON,
    baichuan,
    bloom,
    cohere,
    cohere2,
    gemma2,
    gemma3,
    gpt_neox,
    llama,
    mistral,
    olmo2,
    qwen2,
    qwen3,
)

# Spellings of BLOOM's sizes: BLOOM-560M's, and that of larger BLOOMs and of transformers 5.
EMBED = {"n_embed": 32, "num_attention_heads": 4, "n_layer": 2}
HIDDEN = {"hidden_size": 32, "n_head": 4, "n_layer": 2}

NEW = {"new_spelling": True}
# The weights are float16 and the logits float32.
FROM_F16 = {"stored": F16}
IN_BF16 = {"stored": BF16, "dtype": BF16}
NO_SCALING = [{"rope_scaling": None}]


def theta(base):
    """A base of RoPE in transformers 5's spelling."""
    return {"rope_parameters": {"rope_theta": base, "rope_type": "default"}}


def with_frequencies(weights):
    """LLaMA as it was saved while RoPE's frequencies were a buffer of every layer. A loader does not need it."""
    for name, tensor in weights.items():
        yield name, tensor
        if name.endswith("self_attn.o_proj.weight"):
            frequencies = 1 / 10000 ** (torch.arange(0, 8, 2) / 8)
            yield name.replace("o_proj.weight", "rotary_emb.inv_freq"), frequencies


def without_prefix(weights):
    """BLOOM as it was published: `h.0…` instead of `transformer.h.0…`."""
    return {name.removeprefix("transformer."): tensor for name, tensor in weights.items()}


def as_pythia(weights):
    """The head's name in files of GPT-NeoX; transformers 5 calls the module `lm_head`."""
    return {name.replace("lm_head.", "embed_out."): tensor for name, tensor in weights.items()}


def by_layer_type(full, sliding):
    """Gemma 3's two bases in transformers 5's spelling."""
    kinds = [("full_attention", full), ("sliding_attention", sliding)]
    return {"rope_parameters": {kind: {"rope_theta": base, "rope_type": "default"} for kind, base in kinds}}


# `old` or `new`: the spelling of config.json.
VARIANTS = [
    # old: LLaMA 1's keys, without num_key_value_heads, rope_theta and rope_scaling.
    llama("llama", ignoring=[OTHER_EPSILON]),
    # new
    llama("llama-gqa", {"num_key_value_heads": 2, **theta(500.0)}, ignoring=[theta(10000.0)], **NEW),
    # new
    llama("llama-tied", {"tie_word_embeddings": True, **theta(10000.0)}, **NEW),
    # new
    llama("llama-attention-bias", {"attention_bias": True, "mlp_bias": True, **theta(10000.0)}, **NEW),
    # new
    llama("llama-head-dim", {"head_dim": 12, **theta(10000.0)}, **NEW),
    # old
    llama(
        "llama-rope-linear",
        {"num_key_value_heads": 4, "rope_theta": 1000.0, "rope_scaling": {"type": "linear", "factor": 2.0}},
        ignoring=[*NO_SCALING, {"rope_theta": 10000.0}],
    ),
    # old: the longest prompt exceeds max_position_embeddings.
    llama(
        "llama-rope-dynamic",
        {"max_position_embeddings": 16, "rope_scaling": {"type": "dynamic", "factor": 2.0}},
        ignoring=NO_SCALING,
    ),
    # old: wavelengths 6.3, 30, 140 and 660 against bounds 8 and 32, so one frequency is kept and one is mixed.
    llama(
        "llama-rope-llama3",
        {
            "num_key_value_heads": 2,
            "rope_theta": 500.0,
            "rope_scaling": {
                "factor": 8.0,
                "high_freq_factor": 4.0,
                "low_freq_factor": 1.0,
                "original_max_position_embeddings": 32,
                "rope_type": "llama3",
            },
        },
        ignoring=NO_SCALING,
    ),
    # new: 8 frequencies; the first is kept, the second mixed, the others interpolated.
    llama(
        "llama-rope-yarn",
        {
            "num_key_value_heads": 2,
            "head_dim": 16,
            "rope_parameters": {
                "factor": 4.0,
                "original_max_position_embeddings": 16,
                "rope_theta": 1000.0,
                "rope_type": "yarn",
            },
        },
        ignoring=[theta(1000.0)],
        **NEW,
    ),
    # old
    llama("llama-bf16", {"num_key_value_heads": 2}, **IN_BF16),
    # old
    llama("llama-f16", {"num_key_value_heads": 2}, **FROM_F16),
    # new
    llama("llama-sharded", theta(10000.0), layout=SHARDED, **NEW),
    # old
    llama("llama-bin", layout=BIN, rename=with_frequencies),
    # old
    llama("llama-bin-sharded", layout=BIN_SHARDED, rename=with_frequencies, **FROM_F16),
    # new
    llama(
        "llama-tokenizer",
        {
            "num_key_value_heads": 2,
            "intermediate_size": 24,
            "max_position_embeddings": 2048,
            "tie_word_embeddings": True,
            "vocab_size": 300,
            **theta(10000.0),
        },
        tokenizer=True,
        **NEW,
    ),
    # old
    mistral("mistral", {"rope_theta": 1000.0, "sliding_window": None}, ignoring=[{"sliding_window": 6}]),
    # new
    mistral("mistral-sliding", {"sliding_window": 6, **theta(1000.0)}, ignoring=[{"sliding_window": None}], **NEW),
    # old: the sliding window's keys are there and must be ignored.
    qwen2("qwen2", {"rope_theta": 1000.0}, ignoring=[OTHER_EPSILON, {"rope_theta": 10000.0}]),
    # new
    qwen2("qwen2-tied", {"tie_word_embeddings": True, **theta(1000.0)}, **NEW),
    # old: the second layer slides, the first does not.
    qwen2(
        "qwen2-sliding",
        {"rope_theta": 1000.0, "use_sliding_window": True},
        ignoring=[{"use_sliding_window": False}, {"max_window_layers": 0}],
    ),
    # new
    qwen3("qwen3", theta(1000.0), ignoring=[theta(10000.0)], **NEW),
    # old
    qwen3("qwen3-bf16", {"rope_scaling": None, "rope_theta": 1000.0}, **IN_BF16),
    # old
    gemma2(
        "gemma2",
        ignoring=[
            OTHER_EPSILON,
            {"attn_logit_softcapping": None},
            {"final_logit_softcapping": None},
            {"query_pre_attn_scalar": 12},
            {"sliding_window": 64},
        ],
    ),
    # old
    gemma2("gemma2-bf16", {"attn_logit_softcapping": None}, **IN_BF16),
    # old
    gemma3(
        "gemma3",
        ignoring=[
            OTHER_EPSILON,
            {"rope_scaling": None},
            {"rope_theta": 10000.0},
            {"rope_local_base_freq": 1000.0},
            {"sliding_window": 64},
            {"sliding_window_pattern": 2},
        ],
    ),
    # new
    gemma3(
        "gemma3-rope-parameters",
        {
            **by_layer_type(1000.0, 100.0),
            "final_logit_softcapping": 4.0,
            "layer_types": ["full_attention", "sliding_attention"],
            "num_hidden_layers": 2,
            "rope_local_base_freq": None,
            "rope_scaling": None,
            "rope_theta": None,
        },
        ignoring=[by_layer_type(1000.0, 1000.0), by_layer_type(100.0, 100.0), {"final_logit_softcapping": None}],
        **NEW,
    ),
    # old
    olmo2("olmo2", ignoring=[OTHER_EPSILON, {"rope_theta": 10000.0}]),
    # old
    olmo2("olmo2-bf16", **IN_BF16),
    # old
    cohere("cohere", ignoring=[{"layer_norm_eps": 1e-5}, {"logit_scale": 1.0}, {"rope_theta": 10000.0}]),
    # old
    cohere2(
        "cohere2",
        ignoring=[{"layer_norm_eps": 1e-5}, {"sliding_window": 64}, {"sliding_window_pattern": 3}],
    ),
    # old
    cohere2("cohere2-bf16", **IN_BF16),
    # old
    gpt_neox(
        "gpt-neox",
        rename=as_pythia,
        ignoring=[
            {"hidden_act": "gelu_pytorch_tanh"},
            {"layer_norm_eps": 1e-5},
            {"rotary_emb_base": 10000},
            {"rotary_pct": 1.0},
            {"use_parallel_residual": False},
        ],
    ),
    # old
    gpt_neox(
        "gpt-neox-sequential",
        {"attention_bias": False, "use_parallel_residual": False},
        rename=as_pythia,
        ignoring=[{"use_parallel_residual": True}],
    ),
    # old
    gpt_neox("gpt-neox-bf16", rename=as_pythia, **IN_BF16),
    # new
    bloom("bloom", HIDDEN, ignoring=[{"layer_norm_epsilon": 1e-5}], **NEW),
    # old: as many slopes as no power of two. One layer, for its size.
    bloom("bloom-5-heads", {"n_embed": 40, "num_attention_heads": 5, "n_layer": 1}),
    # new
    bloom("bloom-bf16", HIDDEN, **IN_BF16, **NEW),
    # old
    bloom("bloom-bin", EMBED, layout=BIN, rename=without_prefix),
    # old
    bloom(
        "bloom-post-residual",
        HIDDEN,
        {"apply_residual_connection_post_layernorm": True},
        ignoring=[{"apply_residual_connection_post_layernorm": False}],
    ),
    # old: max_position_embeddings makes it rotary.
    baichuan(
        "baichuan2-7b-like",
        {"max_position_embeddings": 64},
        ignoring=[OTHER_EPSILON, {"max_position_embeddings": None}],
    ),
    # old: no max_position_embeddings, so ALiBi.
    baichuan(
        "baichuan2-13b-like",
        {"gradient_checkpointing": False, "hidden_size": 40, "intermediate_size": 32, "num_attention_heads": 5},
        ignoring=[{"max_position_embeddings": 64}],
    ),
    # old
    baichuan("baichuan2-bf16", {"max_position_embeddings": 64}, layout=BIN, **IN_BF16),
]
