#!/usr/bin/env bash
# PEFT 0.21.2 merges an adapter of tied embeddings twice where `ensure_weight_tying` is set.
#
# With `tie_word_embeddings` one matrix E is the embedding and the head. `ensure_weight_tying=True` gives the head the
# embedding's adapter, transposed, so that both are E + delta while it is attached. `merge_and_unload()` visits both and
# adds delta to the one matrix each time: it leaves E + 2 delta. E + delta there would give the attached model's logits.
# A warning says that tied layers in an adapter "can lead to complications" when merged, not that the sum is wrong.
#
# Whoever trains embeddings with this setting, merges the adapter and then measures or publishes the result has another
# model than the trained one.
#
# Seen with the versions below on a small random Llama and a random adapter: the merged matrix is E + 2 delta up to
# rounding, and the logits are others; with E + delta written there by hand they are the attached model's. Without the
# setting delta is added once (the logits differ there too: the head had no adapter and now shares the merged matrix, of
# which PEFT warns). In an untied model it is added once and the logits stay.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet torch==2.11.0 transformers==5.23.0 peft==0.21.2
cat > "$work/show.py" <<'P'
import os
import sys

os.environ.update(HF_HUB_OFFLINE="1")

import torch
from peft import LoraConfig, get_peft_model
from transformers import LlamaConfig, LlamaForCausalLM


def apart(a, b):
    return (a - b).abs().max().item()


@torch.no_grad()
def merge(tied, ensure):
    torch.manual_seed(0)
    sizes = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
    model = LlamaForCausalLM(LlamaConfig(vocab_size=32, tie_word_embeddings=tied, **sizes)).eval()
    before = model.model.embed_tokens.weight.clone()
    tokens = torch.arange(8).unsqueeze(0)

    # A new adapter is 0 otherwise.
    random = {"init_lora_weights": False, "r": 4, "lora_alpha": 1}
    targets = ["embed_tokens", "q_proj"]
    attached = get_peft_model(model, LoraConfig(target_modules=targets, ensure_weight_tying=ensure, **random))
    delta = model.model.embed_tokens.get_delta_weight("default").clone()
    logits = attached(tokens).logits

    merged = attached.merge_and_unload()
    weight = merged.model.embed_tokens.weight
    seen = {
        "|delta|": delta.abs().max().item(),
        "|W - E - delta|": apart(weight, before + delta),
        "|W - E - 2 delta|": apart(weight, before + 2 * delta),
        "|logits - attached|": apart(merged(tokens).logits, logits),
    }
    weight.copy_(before + delta)
    seen["|by hand - attached|"] = apart(merged(tokens).logits, logits)
    print(f"tie_word_embeddings={tied}, ensure_weight_tying={ensure}, largest of each:")
    for name, value in seen.items():
        print(f"  {name:<20} {value:.6f}")
    return seen.values()


def is_zero(difference):
    return difference < 1e-4


changed = False
delta, once, twice, logits, by_hand = merge(tied=True, ensure=True)
changed |= is_zero(once) or not is_zero(twice) or is_zero(logits) or not is_zero(by_hand)
delta, once, twice, logits, by_hand = merge(tied=True, ensure=False)
changed |= not is_zero(once) or is_zero(twice)
delta, once, twice, logits, by_hand = merge(tied=False, ensure=False)
changed |= not is_zero(once) or is_zero(twice) or not is_zero(logits)
if changed:
    sys.exit("this has changed")
P
TMPDIR=$work "$work/venv/bin/python" "$work/show.py" 2>"$work/errors" || { cat "$work/errors" >&2; exit 1; }
