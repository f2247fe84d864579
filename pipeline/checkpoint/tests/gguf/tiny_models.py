"""models/: tiny random models as GGUF files, written as llama.cpp's converter writes them, with their logits.

A model's numbers are drawn, stored in the types of its row, and read back with the package gguf: these are the weights of
the model of transformers that gives the logits. So the expected values depend neither on how transformers reads GGUF nor on
what a type loses. What transformers makes of the file itself is recorded beside them.
"""

import json
from pathlib import Path

import numpy as np
import torch
from block_types import Type, generator, quants
from gguf import GGUFValueType, GGUFWriter, TokenType
from tiny_rows import FLOATS, KEYS, MODELS, NAMES, OWN_KEYS, OWN_NAMES, VOCABULARY
from transformers import AutoConfig, AutoModelForCausalLM

TOKENIZER = Path(__file__).parents[3] / "lm/tests/fixtures/llama-tokenizer"
PROMPT_TOKENS = [6, 12]
# Ids below are special tokens.
FIRST_ID = 3
# Numbers that no option of a file may leave as they are.
TOLERANCE = 2e-4

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
