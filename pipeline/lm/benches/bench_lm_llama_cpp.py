"""llama.cpp's side of `make bench-real`, through llama-cpp-python; bench_real.py beside this file runs it.

Usage: bench_lm_llama_cpp.py FILE.gguf PROMPTS

As the other sides: a JSON file of token ids in, one line of JSON on stdout out. What a prompt begins with as the one
before it stays in the cache.
"""

import json
import os
import resource
import sys
import time

import numpy
from llama_cpp import Llama, llama_get_logits_ith

THREADS = int(os.environ["OMP_NUM_THREADS"])


def logits(model):
    """Those after the last token."""
    pointer = llama_get_logits_ith(model.ctx, -1)
    return numpy.ctypeslib.as_array(pointer, shape=(model.n_vocab(),)).astype(numpy.float64)


def run(model, prompt, before):
    """Runs a prompt of which the cache has the beginning that it shares with `before`."""
    kept = min(len(os.path.commonprefix([prompt, before])), len(prompt) - 1)
    model.n_tokens = kept
    model.eval(prompt[kept:])


def score(model, prompts, letters):
    scores, before = [], []
    for prompt in prompts:
        run(model, prompt, before)
        before = prompt
        given = logits(model)
        largest = given.max()
        total = largest + numpy.log(numpy.exp(given - largest).sum())
        scores.append([float(given[letter] - total) for letter in letters])
    return scores


def generate(model, prompts, count):
    generated = []
    for prompt in prompts:
        run(model, prompt, [])
        tokens = []
        while len(tokens) < count:
            tokens.append(int(logits(model).argmax()))
            model.eval(tokens[-1:])
        generated.append(tokens)
    return generated


def main(path, work):
    work = json.load(open(work, encoding="utf-8"))
    prompts, letters = work["prompts"], work["letters"]
    longest = max(map(len, prompts)) + work["new_tokens"] + 1
    begin = time.perf_counter()
    model = Llama(path, n_ctx=longest, n_threads=THREADS, n_threads_batch=THREADS, verbose=False)
    run(model, prompts[0][:1], [])
    logits(model)
    load_seconds = time.perf_counter() - begin
    score(model, prompts[:2], letters)
    begin = time.perf_counter()
    scores = score(model, prompts, letters)
    score_seconds = time.perf_counter() - begin
    begin = time.perf_counter()
    generated = generate(model, prompts[: work["generate"]], work["new_tokens"])
    generate_seconds = time.perf_counter() - begin
    result = {
        "load_seconds": load_seconds,
        "score_seconds": score_seconds,
        "generate_seconds": generate_seconds,
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "scores": scores,
        "generated": generated,
    }
    print(json.dumps(result))


main(*sys.argv[1:])
