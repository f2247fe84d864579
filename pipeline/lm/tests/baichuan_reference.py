"""Baichuan2 in plain PyTorch, from its definition: transformers has no Baichuan.

What the two sizes share: RMSNorm before attention and before the MLP, a SwiGLU MLP, one matrix `W_pack` for queries,
keys and values (stacked in this order), no biases, and NormHead: the rows of `lm_head.weight` are scaled to length 1
before they are multiplied with the hidden states.

What differs is how a position is told. Both sizes have `architectures: ["BaichuanForCausalLM"]` and
`model_type: "baichuan"`, so a key of config.json decides:

- `max_position_embeddings` is there (the 7B has it, beside `model_max_length`): rotary embeddings, base 10000;
- only `model_max_length` is there (the 13B): ALiBi, added to the scaled scores;
- neither is there: an error.

A key that is null counts as absent.

In bf16 every step rounds as the published implementation does, as far as that is known: RMSNorm and the rotation are
computed in float32 and cast back; the lengths of `lm_head`'s rows, the scores and ALiBi are bf16; the softmax is
float32 inside. ALiBi is `slope · (key position − query position)`, rounded to bf16 after the product.
"""

import math

import torch
from torch.nn import functional

ROTARY_BASE = 10000.0


def tensor_shapes(config):
    """The names and shapes of a checkpoint's tensors."""
    hidden, inner, words = config["hidden_size"], config["intermediate_size"], config["vocab_size"]
    shapes = {"model.embed_tokens.weight": (words, hidden)}
    for layer in range(config["num_hidden_layers"]):
        prefix = f"model.layers.{layer}."
        shapes[prefix + "self_attn.W_pack.weight"] = (3 * hidden, hidden)
        shapes[prefix + "self_attn.o_proj.weight"] = (hidden, hidden)
        shapes[prefix + "mlp.gate_proj.weight"] = (inner, hidden)
        shapes[prefix + "mlp.up_proj.weight"] = (inner, hidden)
        shapes[prefix + "mlp.down_proj.weight"] = (hidden, inner)
        shapes[prefix + "input_layernorm.weight"] = (hidden,)
        shapes[prefix + "post_attention_layernorm.weight"] = (hidden,)
    shapes["model.norm.weight"] = (hidden,)
    shapes["lm_head.weight"] = (words, hidden)
    return shapes


def has_rotary_embeddings(config):
    """Whether positions are rotations (7B) or ALiBi (13B)."""
    if config.get("max_position_embeddings") is not None:
        return True
    if config.get("model_max_length") is not None:
        return False
    raise ValueError("neither max_position_embeddings nor model_max_length in Baichuan's config")


def alibi_slopes(heads):
    """One slope a head: 2^(−8i/n) for i = 1..n where n, the number of heads, is a power of two.

    Otherwise those of the next lower power p, then every other one of 2p heads, beginning with the first.
    """
    power = 2 ** math.floor(math.log2(heads))
    slopes = [2 ** (-8 * i / power) for i in range(1, power + 1)]
    between = [2 ** (-8 * i / (2 * power)) for i in range(1, 2 * power + 1, 2)]
    return torch.tensor(slopes + between[: heads - power])


class BaichuanReference:
    """A Baichuan2 model that runs one sequence at a time, in the dtype of its weights."""

    def __init__(self, config, weights):
        self.config = config
        self.weights = weights

    def forward(self, ids, cache=None):
        """Logits `[tokens, vocabulary]` in the model's dtype.

        `cache` holds the keys and values of the tokens before `ids`, a pair a layer, and grows by those of `ids`.
        """
        cache = {} if cache is None else cache
        hidden = functional.embedding(ids, self.weights["model.embed_tokens.weight"])
        for layer in range(self.config["num_hidden_layers"]):
            prefix = f"model.layers.{layer}."
            hidden = hidden + self._attention(layer, self._norm(prefix + "input_layernorm", hidden), cache)
            hidden = hidden + self._mlp(prefix + "mlp.", self._norm(prefix + "post_attention_layernorm", hidden))
        hidden = self._norm("model.norm", hidden)
        return functional.linear(hidden, functional.normalize(self.weights["lm_head.weight"]))

    def _norm(self, name, hidden):
        weight = self.weights[name + ".weight"]
        wide = hidden.float()
        wide = wide * torch.rsqrt(wide.pow(2).mean(-1, keepdim=True) + self.config["rms_norm_eps"])
        return weight * wide.to(weight.dtype)

    def _mlp(self, prefix, hidden):
        gate = functional.linear(hidden, self.weights[prefix + "gate_proj.weight"])
        up = functional.linear(hidden, self.weights[prefix + "up_proj.weight"])
        return functional.linear(functional.silu(gate) * up, self.weights[prefix + "down_proj.weight"])

    def _attention(self, layer, hidden, cache):
        prefix = f"model.layers.{layer}.self_attn."
        tokens, width = hidden.shape
        heads = self.config["num_attention_heads"]
        packed = functional.linear(hidden, self.weights[prefix + "W_pack.weight"])
        # [tokens, 3, heads, head] → three of [heads, tokens, head].
        query, key, value = packed.view(tokens, 3, heads, width // heads).permute(1, 2, 0, 3)

        past = cache[layer][0].shape[1] if layer in cache else 0
        positions = torch.arange(past, past + tokens)
        if has_rotary_embeddings(self.config):
            query, key = rotate(query, positions), rotate(key, positions)
        if layer in cache:
            key, value = (torch.cat(pair, dim=1) for pair in zip(cache[layer], (key, value)))
        cache[layer] = (key, value)

        scores = query @ key.transpose(1, 2) / math.sqrt(width // heads)
        distance = torch.arange(past + tokens)[None, :] - positions[:, None]
        if not has_rotary_embeddings(self.config):
            scores = scores + (alibi_slopes(heads)[:, None, None] * distance).to(scores.dtype)
        scores = scores.masked_fill(distance > 0, torch.finfo(scores.dtype).min)
        shares = scores.float().softmax(-1).to(scores.dtype)
        joined = (shares @ value).transpose(0, 1).reshape(tokens, width)
        return functional.linear(joined, self.weights[prefix + "o_proj.weight"])


def rotate(states, positions):
    """Rotates pairs of a head's first and second half by `position · base^(−2i/d)`.

    `states` is `[heads, tokens, d]`.
    """
    half = states.shape[-1] // 2
    frequencies = ROTARY_BASE ** (-torch.arange(half, dtype=torch.float32) / half)
    angles = positions.float()[:, None] * frequencies
    cos, sin = angles.cos(), angles.sin()
    first, second = states.float().split(half, dim=-1)
    return torch.cat((first * cos - second * sin, second * cos + first * sin), dim=-1).to(states.dtype)
