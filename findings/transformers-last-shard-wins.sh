#!/usr/bin/env bash
# transformers 5.23.0 reads a tensor that stands in two shards from the last one, whatever the index says.
#
# `model.safetensors.index.json` names for each tensor the file that holds it (`weight_map`). `from_pretrained` takes
# only the set of files from it, sorts them by name and loads every tensor of each; a later file replaces what an
# earlier one gave. So a second copy of a tensor, left in another shard when a checkpoint was put together from parts,
# is the one that counts if its file comes last.
#
# A program that follows the index loads other weights from the same files, so that two measurements of one checkpoint
# are of two models, and transformers says nothing.
#
# Seen with the versions below on a tiny random Llama whose last norm is all 1 in the first file and all 2 in the last:
# it is 2 after loading whether the index names the first or the last, with no warning and nothing missing, unexpected
# or mismatched in the loading report. Without the second copy it is 1.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet torch==2.11.0 transformers==5.23.0 safetensors==0.8.0
cat > "$work/show.py" <<'P'
import json
import logging
import os
import sys
import warnings
from pathlib import Path

os.environ.update(HF_HUB_OFFLINE="1")

import torch
from safetensors.torch import save_file
from transformers import LlamaConfig, LlamaForCausalLM

FIRST, LAST = "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"
NORM = "model.norm.weight"

folder = Path(sys.argv[1])
torch.manual_seed(0)
sizes = {"hidden_size": 8, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
model = LlamaForCausalLM(LlamaConfig(vocab_size=16, **sizes))
model.config.save_pretrained(folder)
weights = {name: weight for name, weight in model.state_dict().items() if name != NORM}
first = {name: weight for name, weight in weights.items() if name.startswith("model.layers.")}
last = {name: weight for name, weight in weights.items() if name not in first}
size = sum(weight.nbytes for weight in weights.values()) + 8 * 4


class Said(logging.Handler):
    def emit(self, record):
        said.append(record.getMessage())


said = []
logging.getLogger("transformers").addHandler(Said(logging.WARNING))


def norm(named, copies):
    """The norm that is loaded where the index names this file for it and these files hold it."""
    for file, tensors in [(FIRST, first), (LAST, last)]:
        copy = {NORM: torch.full([8], copies[file])} if file in copies else {}
        save_file(tensors | copy, folder / file, metadata={"format": "pt"})
    # The last file is mentioned first: the order is that of the names.
    weight_map = dict.fromkeys(last, LAST) | dict.fromkeys(first, FIRST) | {NORM: named}
    index = {"metadata": {"total_size": size}, "weight_map": weight_map}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        loaded, report = LlamaForCausalLM.from_pretrained(folder, output_loading_info=True)
    said.extend(str(warning.message) for warning in warned)
    said.extend(f"{kind}: {names}" for kind, names in report.items() if names)
    return loaded.model.norm.weight.unique().tolist()


both = {FIRST: 1.0, LAST: 2.0}
index_first = norm(FIRST, both)
index_last = norm(LAST, both)
only_first = norm(FIRST, {FIRST: 1.0})
print(f"1 in the first file and 2 in the last, the index names the first: {index_first}")
print(f"1 in the first file and 2 in the last, the index names the last:  {index_last}")
print(f"1 in the first file alone, the index names it:                    {only_first}")
print(f"warnings and what the reports list: {said}")
if [index_first, index_last, only_first, said] != [[2.0], [2.0], [1.0], []]:
    sys.exit("this has changed")
P
export TMPDIR=$work
"$work/venv/bin/python" "$work/show.py" "$work/model" 2>"$work/errors" || { cat "$work/errors" >&2; exit 1; }
