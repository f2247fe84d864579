#!/usr/bin/env bash
# transformers 5.23.0 ignores tensors and keys of a Llama's GGUF file that change its logits, without a word:
# `rope_freqs.weight`, `llama.rope.scaling.*`, and the biases of attention.
#
# - `rope_freqs.weight` holds what each frequency of the rotation is divided by. It is all that a file of Llama 3.1 or later
#   says of their scaling: llama.cpp's converter computes it from `rope_scaling` in config.json and writes no key.
# - `llama.rope.scaling.type` and `.factor` are what it writes for linear scaling.
# - `blk.N.attn_q.bias` and the like stand in files of models with `attention_bias`.
#
# So a model read from its GGUF is another one than that read from its safetensors.
#
# Seen with the versions below on tiny random Llamas that the package gguf wrote: each model's logits are off, those of one
# without any of the three are not, and there is no warning and no entry in the loading report.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet torch==2.11.0 transformers==5.23.0 gguf==0.19.0
cat > "$work/show.py" <<'P'
import logging
import os
import sys
import warnings
from pathlib import Path

os.environ.update(HF_HUB_OFFLINE="1", TQDM_DISABLE="1")

import gguf
import torch
from transformers import LlamaConfig, LlamaForCausalLM

HEADS, LAYERS = 4, 2
folder = Path(sys.argv[1])
sizes = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": LAYERS, "num_attention_heads": HEADS}
settings = {"vocab_size": 96, "rms_norm_eps": 1e-5, "initializer_range": 0.3, **sizes}
names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.LLAMA, LAYERS)
prompt = torch.tensor([[5, 17, 42, 8, 23, 61, 33, 9, 80, 71]])


class Said(logging.Handler):
    def emit(self, record):
        said.append(record.getMessage())


said = []
logging.getLogger("transformers").addHandler(Said(logging.WARNING))


def interleaved(weight):
    return weight.reshape(HEADS, 2, -1, *weight.shape[1:]).swapaxes(1, 2).reshape(weight.shape)


def build(**more):
    torch.manual_seed(0)
    model = LlamaForCausalLM(LlamaConfig(**settings, **more)).eval()
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if name.endswith(".bias"):
                weight.normal_()
    return model


def write(name, model, scaling=None, factors=None):
    writer = gguf.GGUFWriter(folder / name, "llama")
    writer.add_name("tiny")
    writer.add_context_length(64)
    writer.add_embedding_length(32)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(64)
    writer.add_head_count(HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_vocab_size(96)
    writer.add_head_count_kv(HEADS)
    if scaling:
        writer.add_rope_scaling_type(gguf.RopeScalingType.LINEAR)
        writer.add_rope_scaling_factor(scaling)
    if factors is not None:
        writer.add_tensor("rope_freqs.weight", factors.numpy())
    for name, weight in model.state_dict().items():
        weight = interleaved(weight) if ".q_proj." in name or ".k_proj." in name else weight
        writer.add_tensor(names.get_name(name, (".weight", ".bias")), weight.contiguous().numpy())
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


@torch.no_grad()
def off(name, model):
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        read, report = LlamaForCausalLM.from_pretrained(
            folder, gguf_file=name, dtype=torch.float32, output_loading_info=True
        )
    said.extend(str(warning.message) for warning in warned)
    said.extend(f"{kind}: {names}" for kind, names in report.items() if names)
    return (read.eval()(prompt).logits - model(prompt).logits).abs().max().item()


llama3 = {"rope_type": "llama3", "rope_theta": 10000.0, "factor": 8.0, "low_freq_factor": 1.0}
llama3 |= {"high_freq_factor": 4.0, "original_max_position_embeddings": 32}
linear = {"rope_type": "linear", "rope_theta": 10000.0, "factor": 4.0}
models = {
    "neither": build(),
    "rope_freqs.weight": build(rope_parameters=llama3),
    "rope.scaling": build(rope_parameters=linear),
    "biases": build(attention_bias=True),
}
frequencies = {name: model.model.rotary_emb.inv_freq for name, model in models.items()}
found = {}
for name, model in models.items():
    slower = frequencies["neither"] / frequencies[name] if name == "rope_freqs.weight" else None
    write(f"{name}.gguf", model, linear["factor"] if name == "rope.scaling" else None, slower)
    found[name] = off(f"{name}.gguf", model)
    print(f"{name + ':':<19} logits at most {found[name]:.1e} off")
print(f"warnings and what the reports list: {said}")
neither = found.pop("neither")
if not (neither < 1e-5 and all(value > 0.1 for value in found.values()) and said == []):
    sys.exit("this has changed")
P
mkdir "$work/model"
export TMPDIR=$work
"$work/venv/bin/python" "$work/show.py" "$work/model" 2>"$work/errors" || { cat "$work/errors" >&2; exit 1; }
