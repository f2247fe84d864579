#!/usr/bin/env bash
# transformers 5.23.0 reads `attn_logit_softcapping` from the config.json of a Gemma 3 and computes without it.
#
# The class keeps the number in `attn_logit_softcapping` of its attention, and its eager attention has a parameter for it, but
# nobody passes it on; the same key in a Gemma 2 bounds the scores. The published Gemma 3 models have null there. Who sets it, or
# converts a model that was trained with a bound, gets other numbers than those of the configuration, and no warning.
#
# Seen with the versions below on tiny random models with eager attention: a bound of 0.5 changes no logit of a Gemma 3 and
# changes those of a Gemma 2; `final_logit_softcapping` changes those of both.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
export TMPDIR=$work
"$work/venv/bin/pip" install --quiet torch==2.11.0 transformers==5.23.0
cat > "$work/show.py" <<'P'
import logging
import os
import sys
import warnings

os.environ["HF_HUB_OFFLINE"] = "1"

import torch
from transformers import AutoConfig, AutoModelForCausalLM

SIZES = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4, "vocab_size": 96}
MORE = {"num_key_value_heads": 2, "head_dim": 16, "query_pre_attn_scalar": 16, "initializer_range": 0.3}
BOUNDS = ["attn_logit_softcapping", "final_logit_softcapping"]
ids = torch.tensor([[5, 17, 42, 8, 23, 61, 33, 9, 80, 71]])
said = []


class Said(logging.Handler):
    def emit(self, record):
        said.append(record.getMessage())


logging.getLogger("transformers").addHandler(Said(logging.WARNING))


@torch.no_grad()
def logits(kind, **bounds):
    torch.manual_seed(0)
    keys = SIZES | MORE | dict.fromkeys(BOUNDS) | bounds
    config = AutoConfig.for_model(kind, **keys)
    model = AutoModelForCausalLM.from_config(config, dtype=torch.float32, attn_implementation="eager")
    return model.eval()(ids).logits


found = {}
with warnings.catch_warnings(record=True) as warned:
    warnings.simplefilter("always")
    for kind in ["gemma2", "gemma3_text"]:
        for bound in BOUNDS:
            found[kind, bound] = (logits(kind) - logits(kind, **{bound: 0.5})).abs().max().item()
            print(f"{kind:<12} {bound:<24} changes logits by {found[kind, bound]:.1e}")
said += [str(warning.message) for warning in warned]
print(f"warnings: {said}")
ignored = found.pop(("gemma3_text", BOUNDS[0]))
if not (ignored == 0 and all(change > 1e-3 for change in found.values()) and said == []):
    sys.exit("this has changed")
P
"$work/venv/bin/python" "$work/show.py" 2>"$work/errors" || { cat "$work/errors" >&2; exit 1; }
