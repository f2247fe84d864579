"""Writes fixtures/tokenizers/ids.json: the ids that llama.cpp gives with the vocabularies of vocabularies.py.

    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install llama-cpp-python==0.3.36
    /tmp/venv/bin/python pipeline/checkpoint/tests/gguf/tokenizer_reference.py [--check] [SMOLLM2.gguf] [--gemma3 GEMMA3.gguf]

`--check` writes nothing and compares. With the files of ../../../evaluate/tests/smollm2.py and gemma3.py it is about
smollm2.json and gemma3.json, the ids with these models' vocabularies, as well.

The texts are the lines of ../tokenizer/corpus.txt and then those of corpus.txt here, each a JSON string, so that odd
white space survives and can be read in a review. In both files a case has

- `file`, and `metadata` that stand in the place of the file's own;
- `before` and `after`: what llama.cpp puts around every text where it is asked to;
- `ids`: a list for each text, with special tokens in a text read as such. A case with a `base` has only those that are not
  its base's, by the text's number;
- `plain`: by the text's number, ids with special tokens read as text, where that makes a difference.
"""

import argparse
import json
import struct
import sys
import tempfile
from pathlib import Path

import llama_cpp

HERE = Path(__file__).parent
TOKENIZERS = HERE / "fixtures/tokenizers"
TEXTS = [
    json.loads(line)
    for path in [HERE.parent / "tokenizer/corpus.txt", HERE / "corpus.txt"]
    for line in path.read_text(encoding="utf-8").splitlines()
]

# It would warn of contexts, and of texts that begin with <s>.
quiet = llama_cpp.llama_log_callback(lambda *_: None)
llama_cpp.llama_log_set(quiet, None)

# Rules that cut texts differently, and other names of three of them.
BASE = "gpt-2"
RULES = ["default", "", "smollm", "llama-bpe", "llama3", "qwen2", "tekken", "gpt-4o", "falcon", "starcoder", "refact"]
RULES += ["command-r", "mpt", "olmo", "dbrx", "stablelm2", "deepseek-llm", "deepseek-coder", "deepseek-v3", "bloom"]
RULES += ["chatglm-bpe", "glm4", "qwen35", "deepseek-r1-qwen"]

# name, file, what is changed in it, base
CASES = [
    ("gpt-2", "words.gguf", {"pre": BASE}, None),
    *((rule or "unnamed", "words.gguf", {"pre": rule}, BASE) for rule in RULES),
    ("overlap", "overlap.gguf", {"pre": BASE}, None),
    ("pieces", "pieces.gguf", {}, None),
    ("pieces-no-space", "pieces.gguf", {"add_space_prefix": False}, "pieces"),
    ("pieces-end", "pieces.gguf", {"add_bos_token": False, "add_eos_token": True}, "pieces"),
    ("shuffled", "shuffled.gguf", {}, None),
    ("symbols", "symbols.gguf", {}, None),
    ("symbols-space", "symbols.gguf", {"add_space_prefix": True}, "symbols"),
]


def changed(data, key, value):
    """The bytes of a file with another text or truth value for a key; what has no tensors has nothing to move."""
    name = f"tokenizer.ggml.{key}".encode()
    start = data.index(struct.pack("<Q", len(name)) + name) + 8 + len(name) + 4
    if isinstance(value, bool):
        return data[:start] + bytes([value]) + data[start + 1 :]
    [length] = struct.unpack_from("<Q", data, start)
    text = value.encode()
    return data[:start] + struct.pack("<Q", len(text)) + text + data[start + 8 + length :]


def record(name, path, changes):
    """What llama.cpp makes of the texts."""
    with tempfile.TemporaryDirectory() as folder:
        data = path.read_bytes()
        if changes:
            for key, value in changes.items():
                data = changed(data, key, value)
            path = Path(folder) / path.name
            path.write_bytes(data)
        model = llama_cpp.Llama(str(path), vocab_only=True, verbose=False)

    def ids(text, around=False, special=True):
        return model.tokenize(text.encode(), add_bos=around, special=special)

    # A text that is not empty shows what comes first and what last.
    inner, whole = ids("x"), ids("x", around=True)
    start = next(n for n in range(len(whole)) if whole[n : n + len(inner)] == inner)
    found = [ids(text) for text in TEXTS]
    before, after = whole[:start], whole[start + len(inner) :]
    for text, there in zip(TEXTS, found, strict=True):
        assert ids(text, around=True) == before + there + after, (name, text)
    plain = {str(n): ids(text, special=False) for n, text in enumerate(TEXTS)}
    return {
        "name": name,
        "file": path.name,
        "metadata": {f"tokenizer.ggml.{key}": value for key, value in changes.items()},
        "before": before,
        "after": after,
        "ids": found,
        "plain": {n: there for n, there in plain.items() if there != found[int(n)]},
    }


def cases():
    """All cases, each with what is not its base's."""
    whole = {}
    for name, file, changes, base in CASES:
        case = record(name, TOKENIZERS / file, changes)
        whole[name] = case["ids"]
        if base:
            case["base"] = base
            case["ids"] = {str(n): ids for n, ids in enumerate(case["ids"]) if ids != whole[base][n]}
        print(f"{name:<18} {len(case['ids']):>4} texts, {len(case['plain']):>3} plain, {case['before']} {case['after']}")
        yield case


def text_of(found):
    """A case a line."""
    versions = {"llama-cpp-python": llama_cpp.__version__}
    lines = ",\n".join(json.dumps(case, ensure_ascii=False, separators=(",", ":")) for case in found)
    return f'{{"versions":{json.dumps(versions)},"cases":[\n{lines}\n]}}\n'


def main():
    parser = argparse.ArgumentParser(description="Writes or checks the ids of llama.cpp.")
    parser.add_argument("--check", action="store_true", help="compare with the fixtures instead of writing them")
    parser.add_argument("smollm2", nargs="?", type=Path, metavar="SMOLLM2.gguf")
    parser.add_argument("--gemma3", type=Path, metavar="GEMMA3.gguf")
    options = parser.parse_args()
    files = {"ids.json": text_of(cases())}
    for name, path in [("smollm2", options.smollm2), ("gemma3", options.gemma3)]:
        if path:
            files[f"{name}.json"] = text_of([record(name, path, {})])
    failed = False
    for name, text in files.items():
        if not options.check:
            (TOKENIZERS / name).write_text(text, encoding="utf-8")
        elif json.loads(text) != json.loads((TOKENIZERS / name).read_text(encoding="utf-8")):
            failed = True
            print(f"{name} differs")
    print(f"{len(TEXTS)} texts, {', '.join(files)}")
    sys.exit(failed)


if __name__ == "__main__":
    main()
