"""models/: tiny random models as GGUF files, written as llama.cpp's converter writes them, with their logits.

A model's numbers are drawn, stored in the types of its row, and read back with the package gguf: these are the weights of
the model of transformers that gives the logits. So the expected values depend neither on how transformers reads GGUF nor on
what a type loses. What transformers makes of the file itself is recorded beside them.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from block_types import Type, generator, quants
from gguf import GGUFValueType, GGUFWriter, TokenType
from transformers import AutoConfig, AutoModelForCausalLM

TOKENIZER = Path(__file__).parents[3] / "lm/tests/fixtures/llama-tokenizer"
VOCABULARY = 300
PROMPT_TOKENS = [6, 12]
# Ids below are special tokens.
FIRST_ID = 3
# Numbers that no option of a file may leave as they are.
TOLERANCE = 2e-4

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
# Blocks that gguf does not write are random bytes, with scales that make numbers of the usual size.
K_TYPES = [(Type.Q4_K, 144, {0: 8e-4, 2: 6e-3}), (Type.Q6_K, 210, {208: 1.2e-4}), (Type.Q5_K, 176, {0: 4e-4, 2: 6e-3})]


def draw(model, name, shape):
    """One random tensor; scales are such that attention is peaked and logits are not flat."""
    noise = generator(model.name, name).standard_normal(shape, dtype=np.float32)
    if name.endswith(".bias"):
        return np.float32(0.4) * noise
    if len(shape) == 1:
        mean = np.float32(1.6 if "q_norm" in name or "k_norm" in name else 1.0)
        return mean - np.float32(one_plus(model, name)) + np.float32(0.2) * noise
    if "embed" in name and not model.family.startswith("gemma"):
        return noise
    return np.float32(0.3) * noise


def one_plus(model, name):
    """Whether the file has 1 more than transformers: the norms of Gemma."""
    return model.family.startswith("gemma") and name.endswith("norm.weight")


def gguf_name(model, name):
    """The name of a tensor in the file."""
    names = NAMES | OWN_NAMES.get(model.family, {})
    stem, suffix = name.rsplit(".", 1)
    if ".layers." not in stem:
        return f"{names[stem]}.{suffix}"
    number, stem = stem.split(".layers.")[1].split(".", 1)
    return f"blk.{number}.{names[stem]}.{suffix}"


def pairs(model, name, rows):
    """In which order the file has the rows of a tensor: of q and k of llama, a head's two halves in turn; of the one matrix
    of GPT-NeoX, all queries before all keys."""
    config = model.config
    if model.family == "gpt_neox" and "query_key_value" in name:
        return np.arange(rows).reshape(config["num_attention_heads"], 3, -1).transpose(1, 0, 2).reshape(rows)
    heads = {"q": config["num_attention_heads"], "k": config["num_key_value_heads"]}
    order = np.arange(rows)
    for part, count in heads.items():
        if model.family == "llama" and f".{part}_proj." in name:
            halves = order.reshape(count, 2, rows // count // 2)
            order = np.stack([halves[:, 0], halves[:, 1]], axis=-1).reshape(rows)
    return order


def random_blocks(model, name, shape, number):
    kind, width, scales = K_TYPES[number]
    rng = generator(model.name, name)
    raw = rng.integers(0, 256, (shape[0] * shape[1] // 256, width), dtype=np.uint8)
    for offset, scale in scales.items():
        value = scale * rng.uniform(0.5, 1.5, len(raw))
        raw[:, offset : offset + 2] = value.astype("<f2").view(np.uint8).reshape(-1, 2)
    return kind, raw.reshape(shape[0], -1)


def stored(model, name, shape, number):
    """A tensor's type and bytes as the writer wants them; matrices go through the types in turn."""
    if model.name == "llama-k" and name.endswith("down_proj.weight"):
        return random_blocks(model, name, shape, int(name.split(".")[2]))
    data = draw(model, name, shape)[pairs(model, name, shape[0])]
    if len(shape) == 1:
        return Type.F32, data + np.float32(one_plus(model, name))
    kind = Type.Q4_0 if model.name == "llama-k" else model.types[number % len(model.types)]
    if kind in (Type.F32, Type.F16):
        return kind, data.astype(np.float32 if kind == Type.F32 else np.float16)
    return kind, quants.quantize(data, kind)


def numbers(model, name, kind, data):
    """The weights that transformers has of a tensor of the file."""
    values = data.astype(np.float32) if data.dtype != np.uint8 else quants.dequantize(data, kind)
    whole = np.empty_like(values)
    whole[pairs(model, name, len(values))] = values - np.float32(one_plus(model, name))
    return torch.from_numpy(np.ascontiguousarray(whole))


def tensors(model, shapes):
    """For each tensor its name in transformers and in the file, its type and its bytes."""
    number = 0
    for name, shape in shapes.items():
        kind, data = stored(model, name, shape, number)
        number += len(shape) > 1
        yield name, gguf_name(model, name), kind, data


def metadata(model):
    """The keys of the file, with their types."""
    config, keys = model.config, {}
    own = OWN_KEYS.get(model.family, {})
    values = {key: config[own.get(name, name)] for key, name in KEYS.items()}
    if "layer_norm_eps" in config:
        values["attention.layer_norm_epsilon"] = values.pop("attention.layer_norm_rms_epsilon")
    values["rope.dimension_count"] = model.head_dim
    if "head_dim" in config:
        values |= {"attention.key_length": model.head_dim, "attention.value_length": model.head_dim}
    if model.family != "llama":
        # The converter writes these for llama only.
        del values["rope.dimension_count"], values["vocab_size"]
    values |= model.besides
    for key, value in values.items():
        if key in model.without:
            continue
        kind = GGUFValueType.FLOAT32 if key in FLOATS else GGUFValueType.UINT32
        kind = {str: GGUFValueType.STRING, bool: GGUFValueType.BOOL}.get(type(value), kind)
        keys[f"{model.architecture}.{key}"] = (kind, value)
    return keys


def tokenizer():
    """The byte-level vocabulary of 300 tokens as metadata."""
    read = json.loads((TOKENIZER / "tokenizer.json").read_text(encoding="utf-8"))
    settings = json.loads((TOKENIZER / "tokenizer_config.json").read_text(encoding="utf-8"))
    ids = dict(read["model"]["vocab"])
    special = {token["content"]: token["id"] for token in read["added_tokens"]}
    ids |= special
    tokens = sorted(ids, key=ids.get)
    merges = [pair if isinstance(pair, str) else " ".join(pair) for pair in read["model"]["merges"]]
    text, array = GGUFValueType.STRING, GGUFValueType.ARRAY
    return {
        "tokenizer.ggml.model": (text, "gpt2"),
        "tokenizer.ggml.pre": (text, "gpt-2"),
        "tokenizer.ggml.tokens": (array, tokens),
        "tokenizer.ggml.token_type": (
            array,
            [int(TokenType.CONTROL if token in special else TokenType.NORMAL) for token in tokens],
        ),
        "tokenizer.ggml.merges": (array, merges),
        "tokenizer.ggml.bos_token_id": (GGUFValueType.UINT32, ids["<s>"]),
        "tokenizer.ggml.eos_token_id": (GGUFValueType.UINT32, ids["</s>"]),
        "tokenizer.ggml.unknown_token_id": (GGUFValueType.UINT32, ids["<unk>"]),
        "tokenizer.ggml.add_bos_token": (GGUFValueType.BOOL, True),
        "tokenizer.chat_template": (text, settings["chat_template"]),
    }


def write(model, folder, content):
    """Writes the model's files."""
    each = -(-len(content) // model.files) if model.files > 1 else 0
    writer = GGUFWriter(folder / f"{model.name}.gguf", model.architecture, split_max_tensors=each)
    writer.add_type("model")
    writer.add_name(f"tiny {model.name}")
    writer.add_quantization_version(2)
    for key, (kind, value) in (metadata(model) | tokenizer()).items():
        writer.add_key_value(key, value, kind)
    for name, kind, data in content:
        writer.add_tensor(name, data, raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def prompts(model):
    """Ids of the prompts."""
    rng = generator(model.name, "prompts")
    return [rng.integers(FIRST_ID, VOCABULARY, count).tolist() for count in PROMPT_TOKENS]


@torch.no_grad()
def logits(program, ids):
    return program(torch.tensor([ids]), use_cache=False).logits[0].float().contiguous()


def from_config(config):
    """An empty model of transformers in f32 with eager attention."""
    config = dict(config)
    kind = config.pop("model_type")
    config = AutoConfig.for_model(kind, **config)
    return AutoModelForCausalLM.from_config(config, dtype=torch.float32, attn_implementation="eager").eval()


def fill(program, weights, factors=None):
    """The same model with these weights, its rotations slowed by the factors."""
    missing = program.load_state_dict(weights, strict=False)
    assert not missing.unexpected_keys and missing.missing_keys in ([], ["lm_head.weight"]), missing
    program.tie_weights()
    if factors:
        program.model.rotary_emb.inv_freq /= torch.tensor(factors)
    return program


def largest(one, other):
    return max((a - b).abs().max().item() for a, b in zip(one, other, strict=True))


def build(model, folder):
    """Writes a model's files; returns what its JSON says and its tensors."""
    program = from_config(model.config)
    shapes = {name: tuple(weight.shape) for name, weight in program.named_parameters()}
    read = list(tensors(model, shapes))
    content = [(name, kind, data) for _, name, kind, data in read]
    if model.rope_factors:
        content.insert(0, ("rope_freqs.weight", Type.F32, np.array(model.rope_factors, dtype=np.float32)))
    write(model, folder, content)
    weights = {name: numbers(model, name, kind, data) for name, _, kind, data in read}
    fill(program, weights, model.rope_factors)
    ids = prompts(model)
    expected = [logits(program, prompt) for prompt in ids]

    record = {
        "name": model.name,
        "note": model.note,
        "files": sorted(path.name for path in folder.glob(f"{model.name}*.gguf") if is_of(model, path)),
        "config": model.config,
        "rope_factors": model.rope_factors,
        "types": {name: kind.name for name, kind, _ in content},
        "prompts": ids,
        "without": {
            what: round(largest(expected, [logits(other, prompt) for prompt in ids]), 3)
            for what, other in ignoring(model, weights)
        },
        "transformers": by_transformers(model, folder, ids, expected),
    }
    assert all(value > 20 * TOLERANCE for value in record["without"].values()), record["without"]
    found = {}
    for number, prompt in enumerate(ids):
        found[f"ids_{number}"] = torch.tensor(prompt)
        found[f"logits_{number}"] = expected[number]
    return record, found


def is_of(model, path):
    rest = path.stem.removeprefix(model.name)
    return not rest or rest.endswith(f"-of-{model.files:05}")


def ignoring(model, weights):
    """Models of readers that leave something out, each of which has to give other logits."""
    config = model.config
    if model.family in ("llama", "gpt_neox"):
        mixed = {name: weight[pairs(model, name, len(weight))] for name, weight in weights.items()}
        yield "the permutation", fill(from_config(config), mixed, model.rope_factors)
    biases = [name for name in weights if name.endswith(".bias")]
    if biases:
        none = weights | {name: torch.zeros_like(weights[name]) for name in biases}
        yield "biases", fill(from_config(config), none)
    if model.rope_factors:
        yield "rope_freqs.weight", fill(from_config(config), weights)
    if "rope_scaling" in config:
        plain = {key: value for key, value in config.items() if key != "rope_scaling"}
        yield "rope.scaling", fill(from_config(plain), weights)
    if model.family.startswith("gemma"):
        more = {name: weight + 1 if one_plus(model, name) else weight for name, weight in weights.items()}
        yield "the 1 that norms have more", fill(from_config(config), more)
    # Each with what a reader has instead that does not know the key.
    for key, other in [
        ("attn_logit_softcapping", None),
        ("final_logit_softcapping", None),
        ("logit_scale", 1.0),
        ("rotary_pct", 1.0),
        ("sliding_window", 64),
        ("use_parallel_residual", False),
    ]:
        if key in config:
            yield key, fill(from_config(config | {key: other}), weights)
    if config.get("rope_theta", 10000.0) != 10000.0:
        yield "rope.freq_base", fill(from_config(config | {"rope_theta": 10000.0}), weights, model.rope_factors)
    epsilon = "layer_norm_eps" if "layer_norm_eps" in config else "rms_norm_eps"
    yield "the epsilon", fill(from_config(config | {epsilon: 1e-6}), weights, model.rope_factors)


def by_transformers(model, folder, ids, expected):
    """What transformers makes of the file itself: how far its logits are off, and what is known of it."""
    if model.files > 1:
        return {"reads": None, "said": "reads one file only"}
    try:
        program = AutoModelForCausalLM.from_pretrained(
            folder, gguf_file=f"{model.name}.gguf", dtype=torch.float32, attn_implementation="eager"
        ).eval()
    except (RuntimeError, ValueError) as error:
        assert model.transformers and model.transformers.endswith("raises"), error
        return {"reads": False, "said": model.transformers}
    off = largest(expected, [logits(program, prompt) for prompt in ids])
    assert (off > 100 * TOLERANCE) if model.transformers else (off < 1e-5), (model.name, off)
    return {"reads": model.transformers is None, "said": model.transformers, "difference": round(off, 4)}
