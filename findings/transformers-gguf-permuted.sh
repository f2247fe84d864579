#!/usr/bin/env bash
# transformers 5.23.0 leaves the rows of the queries' and keys' matrices in llama.cpp's order, if a GGUF file of a Llama has
# no `llama.attention.head_count_kv`.
#
# In GGUF the two halves of each head of these matrices are interleaved, and a reader puts them back. The key is optional:
# without it there are as many heads for keys as for queries, and llama.cpp's converter writes it only if config.json has
# `num_key_value_heads`, which those of LLaMA 1 do not. transformers takes the right number from its own default, but the
# code that orders the rows asks for the number that the file states, finds none and does nothing.
#
# Seen with the versions below on a tiny random Llama with as many heads for keys as for queries, written twice by the
# package gguf: with the key its logits are those of the original; without it they are not, and there is no warning and no
# entry in the loading report.
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
torch.manual_seed(0)
sizes = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": LAYERS, "num_attention_heads": HEADS}
model = LlamaForCausalLM(LlamaConfig(vocab_size=96, rms_norm_eps=1e-5, initializer_range=0.3, **sizes)).eval()
names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.LLAMA, LAYERS)
prompt = torch.tensor([[5, 17, 42, 8, 23, 61]])


class Said(logging.Handler):
    def emit(self, record):
        said.append(record.getMessage())


said = []
logging.getLogger("transformers").addHandler(Said(logging.WARNING))


def interleaved(weight):
    return weight.reshape(HEADS, 2, -1, weight.shape[1]).swapaxes(1, 2).reshape(weight.shape)


def write(name, keys):
    writer = gguf.GGUFWriter(folder / name, "llama")
    writer.add_name("tiny")
    writer.add_context_length(64)
    writer.add_embedding_length(32)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(64)
    writer.add_head_count(HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_vocab_size(96)
    for key, number in keys.items():
        writer.add_uint32(key, number)
    for name, weight in model.state_dict().items():
        weight = interleaved(weight) if ".q_proj." in name or ".k_proj." in name else weight
        writer.add_tensor(names.get_name(name, (".weight",)), weight.contiguous().numpy())
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


@torch.no_grad()
def off(name):
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        read, report = LlamaForCausalLM.from_pretrained(
            folder, gguf_file=name, dtype=torch.float32, output_loading_info=True
        )
    said.extend(str(warning.message) for warning in warned)
    said.extend(f"{kind}: {names}" for kind, names in report.items() if names)
    assert read.config.num_key_value_heads == HEADS
    return (read.eval()(prompt).logits - model(prompt).logits).abs().max().item()


write("stated.gguf", {"llama.attention.head_count_kv": HEADS})
write("left-out.gguf", {})
stated, left_out = off("stated.gguf"), off("left-out.gguf")
print(f"logits with llama.attention.head_count_kv: at most {stated:.1e} off")
print(f"logits without it:                         at most {left_out:.1e} off")
print(f"warnings and what the reports list: {said}")
if not (stated < 1e-5 and left_out > 0.1 and said == []):
    sys.exit("this has changed")
P
mkdir "$work/model"
export TMPDIR=$work
"$work/venv/bin/python" "$work/show.py" "$work/model" 2>"$work/errors" || { cat "$work/errors" >&2; exit 1; }
