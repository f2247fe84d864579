"""llama.cpp's side of `make bench-real`, through llama-cpp-python; bench_real.py beside this file runs it.

Usage: bench_lm_llama_cpp.py FILE.gguf PROMPTS [--batch N] [--search]

As the other sides: a JSON file of token ids in, one line of JSON on stdout out. Prompts are run in the order of their
tokens, and what one begins with as the one before it stays in the cache. A batch is the tokens that are run at a time.
With `--search` it prints instead the seconds that scoring some prompts takes with each size.
"""

import argparse
import json
import os
import resource
import time

import numpy
from llama_cpp import Llama, llama_get_logits_ith

THREADS = int(os.environ["OMP_NUM_THREADS"])
# llama.cpp's own default, and what is tried on so many prompts.
BATCH = 512
SIZES = [32, 64, 128, 256, 512, 1024]
PART = 24


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
    scores, before = [None] * len(prompts), []
    for number in sorted(range(len(prompts)), key=prompts.__getitem__):
        run(model, prompts[number], before)
        before = prompts[number]
        given = logits(model)
        largest = given.max()
        total = largest + numpy.log(numpy.exp(given - largest).sum())
        scores[number] = [float(given[letter] - total) for letter in letters]
    return scores


def generate(model, prompts, count):
    generated, before = [], []
    for prompt in prompts:
        run(model, prompt, before)
        before = prompt
        tokens = []
        while len(tokens) < count:
            tokens.append(int(logits(model).argmax()))
            model.eval(tokens[-1:])
        generated.append(tokens)
    return generated


def load(path, prompts, tokens, batch):
    """The model, ready, with room for so many tokens."""
    sizes = {"n_ctx": tokens, "n_batch": batch, "n_ubatch": batch}
    model = Llama(path, **sizes, n_threads=THREADS, n_threads_batch=THREADS, verbose=False)
    run(model, prompts[0][:1], [])
    logits(model)
    return model


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file")
    parser.add_argument("work")
    parser.add_argument("--batch", type=int, default=BATCH)
    parser.add_argument("--search", action="store_true")
    options = parser.parse_args()
    with open(options.work, encoding="utf-8") as file:
        work = json.load(file)
    prompts, letters = work["prompts"], work["letters"]
    longest = max(map(len, prompts)) + work["new_tokens"] + 1
    if options.search:
        seconds = {}
        for size in SIZES:
            model = load(options.file, prompts, longest, size)
            score(model, prompts[:2], letters)
            begin = time.perf_counter()
            score(model, prompts[:PART], letters)
            seconds[size] = time.perf_counter() - begin
        print(json.dumps({"seconds": seconds}))
        return
    begin = time.perf_counter()
    model = load(options.file, prompts, longest, options.batch)
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


main()
