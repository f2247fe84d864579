"""The rows of tiny_models.py: what is in each file, and what its metadata and tensors are called."""

from dataclasses import dataclass, field

from block_types import Type

VOCABULARY = 300

SIZES = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "vocab_size": VOCABULARY,
    "max_position_embeddings": 64,
    # Large enough that another epsilon shows.
    "rms_norm_eps": 1e-3,
    "rope_theta": 10000.0,
    "tie_word_embeddings": False,
}
LEGACY = [Type.Q8_0, Type.Q4_0, Type.Q4_1, Type.Q5_0, Type.Q5_1, Type.F16, Type.BF16, Type.F32]

NAMES = {
    "model.embed_tokens": "token_embd",
    "model.norm": "output_norm",
    "lm_head": "output",
    "input_layernorm": "attn_norm",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "self_attn.q_norm": "attn_q_norm",
    "self_attn.k_norm": "attn_k_norm",
    "post_attention_layernorm": "ffn_norm",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}
# Where norms stand after attention and MLP too, these are other ones.
AFTER = {
    "post_attention_layernorm": "post_attention_norm",
    "pre_feedforward_layernorm": "ffn_norm",
    "post_feedforward_layernorm": "post_ffw_norm",
}
OWN_NAMES = {
    "gemma2": AFTER,
    "gemma3_text": AFTER,
    "olmo2": AFTER,
    "gpt_neox": {
        "gpt_neox.embed_in": "token_embd",
        "gpt_neox.final_layer_norm": "output_norm",
        "attention.query_key_value": "attn_qkv",
        "attention.dense": "attn_output",
        "mlp.dense_h_to_4h": "ffn_up",
        "mlp.dense_4h_to_h": "ffn_down",
    },
}
# `general.architecture`, where it is not transformers' type.
ARCHITECTURES = {"gemma3_text": "gemma3", "cohere": "command-r", "gpt_neox": "gptneox"}
# The format's keys after the architecture's name, and the configuration's.
KEYS = {
    "context_length": "max_position_embeddings",
    "embedding_length": "hidden_size",
    "block_count": "num_hidden_layers",
    "feed_forward_length": "intermediate_size",
    "attention.head_count": "num_attention_heads",
    "attention.head_count_kv": "num_key_value_heads",
    "attention.layer_norm_rms_epsilon": "rms_norm_eps",
    "rope.freq_base": "rope_theta",
    "vocab_size": "vocab_size",
}
# Keys of config.json that a family has instead of those above.
OWN_KEYS = {
    "cohere": {"rms_norm_eps": "layer_norm_eps"},
    "cohere2": {"rms_norm_eps": "layer_norm_eps"},
    "gpt_neox": {"rms_norm_eps": "layer_norm_eps", "rope_theta": "rotary_emb_base"},
}
FLOATS = [
    "attention.layer_norm_epsilon",
    "attention.layer_norm_rms_epsilon",
    "attn_logit_softcapping",
    "final_logit_softcapping",
    "logit_scale",
    "rope.freq_base",
    "rope.freq_base_swa",
    "rope.scaling.factor",
]


@dataclass
class Model:
    """One file, or several."""

    name: str
    family: str
    note: str
    changes: dict = field(default_factory=dict)
    # Keys that the file does not have.
    without: list[str] = field(default_factory=list)
    # Keys that it has besides.
    besides: dict = field(default_factory=dict)
    types: list = field(default_factory=lambda: LEGACY)
    # What each of two rotations is slowed by.
    rope_factors: list[float] | None = None
    files: int = 1
    # What transformers does with the file, if it does not read it as it is meant.
    transformers: str | None = None

    @property
    def config(self):
        """A config.json of the same model."""
        own = OWN_KEYS.get(self.family, {})
        sizes = {own.get(key, key): value for key, value in SIZES.items()}
        return {"model_type": self.family, **sizes, **self.changes}

    @property
    def architecture(self):
        return ARCHITECTURES.get(self.family, self.family)

    @property
    def head_dim(self):
        config = self.config
        return config.get("head_dim") or config["hidden_size"] // config["num_attention_heads"]


NO_KV = {"num_key_value_heads": 4}
TIED = {"tie_word_embeddings": True}
UNKNOWN = "does not know the architecture and raises"
PERMUTED = "leaves the rows of q and k permuted, without a warning"
MODELS = [
    Model("llama", "llama", "fewer heads for keys and values, a head of its own, all types that gguf can write"),
    Model(
        "llama-optional",
        "llama",
        "tied, and none of the keys that have a default: as many heads for keys as for queries, 10,000 as base",
        {**NO_KV, "tie_word_embeddings": True},
        ["attention.head_count_kv", "rope.freq_base", "rope.dimension_count", "vocab_size"],
        transformers=PERMUTED,
    ),
    Model(
        "llama-head-dim",
        "llama",
        "heads of 16 where 32 / 4 would be 8: attention.key_length and value_length; another base",
        {"head_dim": 16, "rope_theta": 500000.0},
    ),
    Model(
        "llama-rope-freqs",
        "llama",
        "rope_freqs.weight, what Llama 3.1's scaling divides its frequencies by, and no key that says so",
        {"rope_theta": 500000.0},
        rope_factors=[1.0, 2.3958333, 8.0, 8.0],
        transformers="ignores rope_freqs.weight, without a warning",
    ),
    Model(
        "llama-rope-linear",
        "llama",
        "rope.scaling.type linear with rope.scaling.factor",
        {"rope_scaling": {"rope_type": "linear", "factor": 4.0}},
        besides={"rope.scaling.type": "linear", "rope.scaling.factor": 4.0},
        transformers="ignores rope.scaling, without a warning",
    ),
    Model(
        "llama-bias",
        "llama",
        "biases of attention, those of q and k permuted as their rows are",
        {"attention_bias": True},
        transformers="ignores the biases, without a warning",
    ),
    Model(
        "llama-k",
        "llama",
        "Q4_K, Q5_K and Q6_K, whose blocks are 256 numbers wide",
        {"intermediate_size": 256, "num_hidden_layers": 3},
    ),
    Model("llama-split", "llama", "three files, of which the first alone has the metadata", files=3),
    Model("qwen2", "qwen2", "biases for q, k and v; no permutation", {"rope_theta": 1000000.0}),
    Model(
        "qwen2-tied",
        "qwen2",
        "tied; matrices in F16, BF16 and F32",
        {"tie_word_embeddings": True},
        types=[Type.F16, Type.BF16, Type.F32],
    ),
    Model(
        "qwen3",
        "qwen3",
        "norms of queries and keys, heads of 16; no permutation",
        {"head_dim": 16, "rope_theta": 1000000.0},
        transformers="takes 128 for the length of a head, whatever attention.key_length says, and raises",
    ),
    Model(
        "gemma2",
        "gemma2",
        "norms of 1 + weight, after attention and MLP too; bounds of scores and logits; every second layer with a window",
        {
            **TIED,
            "rms_norm_eps": 1e-2,
            "head_dim": 16,
            "query_pre_attn_scalar": 16,
            "sliding_window": 4,
            "attn_logit_softcapping": 3.0,
            "final_logit_softcapping": 4.0,
        },
        besides={"attention.sliding_window": 4, "attn_logit_softcapping": 3.0, "final_logit_softcapping": 4.0},
        transformers="takes 256 for query_pre_attn_scalar and its own defaults for the bounds, without a warning",
    ),
    Model(
        "gemma3",
        "gemma3_text",
        "norms of 1 + weight, of queries and keys too; six layers, of which the last has no window and another base",
        {
            **TIED,
            "num_hidden_layers": 6,
            "rms_norm_eps": 1e-2,
            "head_dim": 16,
            "query_pre_attn_scalar": 16,
            "sliding_window": 4,
            "rope_theta": 1000000.0,
        },
        besides={"attention.sliding_window": 4},
        types=[Type.Q8_0, Type.Q4_0, Type.F16],
        transformers="takes 256 for query_pre_attn_scalar, however wide a head is, without a warning",
    ),
    Model(
        "olmo2",
        "olmo2",
        "norms after attention and MLP only, and of queries and keys as whole rows",
        {"rope_theta": 500000.0, "rms_norm_eps": 1e-2},
        transformers=UNKNOWN,
    ),
    Model(
        "command-r",
        "cohere",
        "attention and MLP beside each other, norms without a bias, a scale of logits; no permutation",
        {**TIED, "layer_norm_eps": 1e-2, "logit_scale": 0.25},
        besides={"logit_scale": 0.25},
        transformers=UNKNOWN,
    ),
    Model(
        "cohere2",
        "cohere2",
        "the same with three layers with a window before each without one, which does not rotate",
        {**TIED, "layer_norm_eps": 1e-2, "num_hidden_layers": 4, "logit_scale": 0.25, "sliding_window": 4},
        besides={"logit_scale": 0.25, "attention.sliding_window": 4, "rope.dimension_count": 8},
        types=[Type.Q8_0, Type.Q4_0, Type.F16],
        transformers=UNKNOWN,
    ),
    Model(
        "gptneox",
        "gpt_neox",
        "half of a head rotated, biases everywhere, rows of queries, keys and values one after the other",
        {**NO_KV, "layer_norm_eps": 1e-2, "rotary_pct": 0.5, "use_parallel_residual": True},
        without=["attention.head_count_kv", "rope.freq_base"],
        besides={"rope.dimension_count": 4, "use_parallel_residual": True},
        transformers=UNKNOWN,
    ),
]
