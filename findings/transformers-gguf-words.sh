#!/usr/bin/env bash
# transformers 5.23.0 cuts words by GPT-2's rule for most rules that a GGUF file can name, and says nothing.
#
# `tokenizer.ggml.pre` names how a byte-level tokenizer cuts a text before it merges. transformers knows the rules of Llama 3,
# Qwen 2 and 3.5, Tekken and GPT-4o. All others are GPT-2's to it: `smollm`, `starcoder`, `command-r` and `refact`, which cut
# every digit off first, and names that do not exist.
#
# So SmolLM2's GGUF gives other ids than llama.cpp for a blank line before a digit: where the digit is cut off first, the two
# line breaks stay together; GPT-2's rule takes them apart, since a visible character follows. llama-cpp-python 0.3.36 gives
# what is called "digits first" below for those four, and refuses the name that does not exist. It does not run here, because
# it takes a quarter of an hour to compile.
#
# Seen with the versions below on a vocabulary of 256 bytes and two merges, of two line breaks and of "1" and "2".
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet torch==2.11.0 transformers==5.23.0 gguf==0.19.0 tokenizers==0.23.3
cat > "$work/show.py" <<'P'
import logging
import os
import sys
import warnings
from pathlib import Path

os.environ.update(HF_HUB_OFFLINE="1")

import gguf
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import AutoTokenizer

TEXTS = ["a\n\n1", "a12"]
OTHERS = ["smollm", "starcoder", "command-r", "refact", "no-such-rule"]
folder = Path(sys.argv[1])
tokens = [*sorted(pre_tokenizers.ByteLevel.alphabet()), "ĊĊ", "12"]
merges = [("Ċ", "Ċ"), ("1", "2")]


class Said(logging.Handler):
    def emit(self, record):
        said.append(record.getMessage())


said = []
logging.getLogger("transformers").addHandler(Said(logging.WARNING))


def from_gguf(rule):
    writer = gguf.GGUFWriter(folder / f"{rule}.gguf", "llama")
    writer.add_name("tiny")
    writer.add_vocab_size(len(tokens))
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(rule)
    writer.add_token_list(tokens)
    writer.add_token_types([gguf.TokenType.NORMAL] * len(tokens))
    writer.add_token_merges([" ".join(pair) for pair in merges])
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        tokenizer = AutoTokenizer.from_pretrained(folder, gguf_file=f"{rule}.gguf")
    said.extend(str(warning.message) for warning in warned)
    return [tokenizer.convert_ids_to_tokens(tokenizer.encode(text, add_special_tokens=False)) for text in TEXTS]


def digits_first():
    tokenizer = Tokenizer(models.BPE(vocab={token: id for id, token in enumerate(tokens)}, merges=merges))
    cut = [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(cut)
    return [tokenizer.encode(text).tokens for text in TEXTS]


plain, first = from_gguf("gpt-2"), digits_first()
print(f"digits first:  {first}")
print(f"gpt-2:         {plain}")
found = {rule: from_gguf(rule) for rule in OTHERS}
for rule, ids in found.items():
    print(f"{rule + ':':<14} {ids}")
print(f"warnings: {said}")
as_expected = first == [["a", "ĊĊ", "1"], ["a", "1", "2"]] and plain == [["a", "Ċ", "Ċ", "1"], ["a", "12"]]
if not (as_expected and all(ids == plain for ids in found.values()) and said == []):
    sys.exit("this has changed")
P
mkdir "$work/model"
export TMPDIR=$work
"$work/venv/bin/python" "$work/show.py" "$work/model" 2>"$work/errors" || { cat "$work/errors" >&2; exit 1; }
