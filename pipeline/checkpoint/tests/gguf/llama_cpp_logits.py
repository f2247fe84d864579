"""Checks that llama.cpp reads fixtures/models as they are meant: its logits are those of the fixtures, nearly.

    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install llama-cpp-python==0.3.36
    /tmp/venv/bin/python pipeline/checkpoint/tests/gguf/llama_cpp_logits.py

It rounds what it multiplies quantized matrices with to eight bits. So logits may be off by 8 % of the largest one; what a reader
could leave out of a file changes them by more, but for the epsilon.
"""

import json
import sys
from pathlib import Path

import llama_cpp
import numpy

MODELS = Path(__file__).parent / "fixtures/models"
TOLERANCE = 0.08
F32 = 0

# It would warn of contexts.
quiet = llama_cpp.llama_log_callback(lambda *_: None)
llama_cpp.llama_log_set(quiet, None)


def tensors(path):
    """The tensors of a file of safetensors."""
    data = path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    for name, entry in json.loads(data[8 : 8 + length]).items():
        if name != "__metadata__":
            start, end = (8 + length + offset for offset in entry["data_offsets"])
            dtype = {"F32": "<f4", "I64": "<i8"}[entry["dtype"]]
            yield name, numpy.frombuffer(data[start:end], dtype).reshape(entry["shape"])


def main():
    failed = False
    for path in sorted(MODELS.glob("*.json")):
        record, expected = json.loads(path.read_text()), dict(tensors(path.with_suffix(".safetensors")))
        model = llama_cpp.Llama(
            str(MODELS / record["files"][0]),
            n_ctx=64,
            logits_all=True,
            verbose=False,
            n_threads=1,
            n_threads_batch=1,
            type_k=F32,
            type_v=F32,
        )
        off = largest = 0.0
        for k in range(len(record["prompts"])):
            ids, logits = expected[f"ids_{k}"].tolist(), expected[f"logits_{k}"]
            model.reset()
            model.eval(ids)
            off = max(off, float(numpy.abs(model.scores[: len(ids)] - logits).max()))
            largest = max(largest, float(numpy.abs(logits).max()))
        least = min(change for what, change in record["without"].items() if what != "the epsilon")
        # Not a number is not within it.
        well = off <= TOLERANCE * largest < least
        failed |= not well
        print(f"{record['name']:<18} largest {largest:6.2f}, off by {off:.3f}, left out {least:.3f}{'' if well else '  WRONG'}")
    sys.exit(failed)


main()
