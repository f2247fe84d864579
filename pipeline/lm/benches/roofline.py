"""How fast matrix products and copies are on this machine, and how many additions and multiplications a work has.

Usage: roofline.py FOLDER   Prints one line of JSON: what PyTorch's products of a model's shapes and a copy reach.

FOLDER holds the model's config.json. Products are `x @ w.T` in f32, as PyTorch's linear layers compute them, of 1024
tokens and each matrix of a layer, on as many threads as OMP_NUM_THREADS says; the rate is that of the whole layer. The
copy is NumPy's, of 256 MiB, on as many threads; bytes are counted as they are read and as they are written.

The other benchmarks import what counts: a multiplication and an addition are two FLOP. Counted are the linear layers
(two for each weight and token), attention's two products over the tokens that a token sees, a LoRA, and the head.
Norms, activations, rotations and the softmax are not. Each side's count is what it runs: clika runs once what sequences
begin with alike, as CLIKA_SHARES says, and its last layer beyond keys and values only for the tokens that are read;
transformers runs all tokens in all layers, and in training the head too. Padding is not counted. Backward, a product
counts once for the gradient of its input, and a LoRA's twice; below the first adapter nothing is counted.
"""

import json
import os
import statistics
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

# What clika runs once: "nothing", the "beginning" that all sequences share, or a "tree" of all shared beginnings.
# Of training the tree of a step; its parts of 512 tokens run what they share once each.
CLIKA_SHARES = {"scoring": "tree", "generation": "beginning", "training": "tree"}
# A shorter beginning of all is not run apart.
MIN_BEGINNING = 8

# Of a measured product, and how long each shape is measured.
TOKENS = 1024
SECONDS = 0.3
COPY_BYTES = 256 << 20
COPIES = 8

RANK = 128
BYTES_OF_WEIGHT = 4
GIGA = 1e9


@dataclass(frozen=True)
class Shape:
    """A decoder with a gated MLP, as Llama's and Qwen2's."""

    hidden: int
    intermediate: int
    layers: int
    queries: int
    keys: int
    vocabulary: int

    @classmethod
    def read(cls, folder):
        config = json.loads((Path(folder) / "config.json").read_text(encoding="utf-8"))
        heads = config["num_attention_heads"]
        width = config.get("head_dim") or config["hidden_size"] // heads
        return cls(
            hidden=config["hidden_size"],
            intermediate=config["intermediate_size"],
            layers=config["num_hidden_layers"],
            queries=heads * width,
            keys=(config.get("num_key_value_heads") or heads) * width,
            vocabulary=config["vocab_size"],
        )

    def matrices(self):
        """Inputs and outputs of a layer's matrices."""
        return {
            "query": (self.hidden, self.queries),
            "key": (self.hidden, self.keys),
            "value": (self.hidden, self.keys),
            "output": (self.queries, self.hidden),
            "gate": (self.hidden, self.intermediate),
            "up": (self.hidden, self.intermediate),
            "down": (self.intermediate, self.hidden),
        }

    def weights(self, *names):
        """How many weights a layer has, or its matrices of these names."""
        matrices = self.matrices()
        return sum(matrices[name][0] * matrices[name][1] for name in names or matrices)

    def head(self):
        return self.hidden * self.vocabulary

    def bytes_of_pass(self):
        """Of the weights that any run of the model reads: all but the embedding, in f32."""
        return (self.layers * self.weights() + self.head()) * BYTES_OF_WEIGHT


@dataclass(frozen=True)
class Run:
    """Some tokens of a sequence: `new` ones that are run after `past` ones; the states of the last `read` are used."""

    past: int
    new: int
    read: int

    def seen(self, tokens):
        """Tokens that the last `tokens` of the new ones see, in all."""
        before = self.past + self.new - tokens
        return tokens * before + tokens * (tokens + 1) // 2


def runs(sequences, reads, sharing):
    """What is run of sequences of tokens, of which the last `reads` are used of each."""
    if sharing == "nothing":
        return [Run(0, len(tokens), read) for tokens, read in zip(sequences, reads, strict=True)]
    if sharing == "beginning":
        shared = min(len(os.path.commonprefix(sequences)), min(map(len, sequences)) - 1)
        if shared < MIN_BEGINNING or len(sequences) < 2:
            return runs(sequences, reads, "nothing")
        rest = [Run(shared, len(tokens) - shared, read) for tokens, read in zip(sequences, reads, strict=True)]
        return [Run(0, shared, 0), *rest]
    if sharing != "tree":
        raise ValueError(sharing)
    found, before = [], []
    for tokens, read in sorted(zip(sequences, reads, strict=True)):
        shared = len(os.path.commonprefix([tokens, before]))
        found.append(Run(shared, len(tokens) - shared, min(read, len(tokens) - shared)))
        before = tokens
    return found


def new_tokens(parts):
    return sum(part.new for part in parts)


def forward_flop(shape, parts, everywhere=False):
    """Of runs through all layers and of the head for what is read; `everywhere` runs the last layer for all tokens."""
    tokens = new_tokens(parts)
    read = sum(part.read for part in parts)
    rest = tokens if everywhere else read
    linear = tokens * ((shape.layers - 1) * shape.weights() + shape.weights("key", "value"))
    linear += rest * shape.weights("query", "output", "gate", "up", "down")
    seen = sum(part.seen(part.new) for part in parts)
    last = seen if everywhere else sum(part.seen(part.read) for part in parts)
    attention = 2 * shape.queries * ((shape.layers - 1) * seen + last)
    return 2 * (linear + attention + read * shape.head())


def scoring_flop(shape, prompts, side):
    ours = side == "clika"
    parts = runs(prompts, [1] * len(prompts), CLIKA_SHARES["scoring"] if ours else "nothing")
    return forward_flop(shape, parts, everywhere=not ours)


def generation_flop(shape, prompts, count, side):
    """Of continuing prompts by `count` tokens each: the last of these is not run."""
    ours = side == "clika"
    parts = runs(prompts, [1] * len(prompts), CLIKA_SHARES["generation"] if ours else "nothing")
    parts += [Run(len(prompt) + number, 1, 1) for prompt in prompts for number in range(count - 1)]
    return forward_flop(shape, parts, everywhere=not ours)


def generation_bytes(shape, count):
    """Of weights, read once for all prompts and once for each further token of all texts."""
    return shape.bytes_of_pass() * count


def training_flop(shape, rows, side):
    """Of the forward and backward pass of rows with a LoRA on queries and values; answers alone have a loss."""
    ours = side == "clika"
    sequences = [row["tokens"][:-1] for row in rows] if ours else [row["tokens"] for row in rows]
    answers = [len(row["tokens"]) - row["answer"] for row in rows]
    parts = runs(sequences, answers, CLIKA_SHARES["training"] if ours else "nothing")
    tokens, read = new_tokens(parts), sum(part.read for part in parts)
    forward = forward_flop(shape, parts, everywhere=not ours)
    if not ours:
        forward += 2 * (tokens - read) * shape.head()
    # The first layer needs no gradient of its input, and its keys, which have no adapter, none at all.
    backward = forward - 2 * tokens * shape.weights("query", "key", "value")
    # Attention has four products backward: gradients of weights, values, queries and keys.
    seen = sum(part.seen(part.new) for part in parts)
    last = sum(part.seen(part.read) for part in parts) if ours else seen
    backward += 4 * shape.queries * ((shape.layers - 1) * seen + last)
    adapters = RANK * (2 * shape.hidden + shape.queries + shape.keys)
    return forward + backward + 6 * tokens * shape.layers * adapters


def describe(name, sequences, work):
    """Says how many tokens there are, how many with what is alike run once, and how clika's are counted."""
    counts = [
        f"{new_tokens(runs(sequences, [1] * len(sequences), sharing))} with the {sharing} run once"
        for sharing in ("beginning", "tree")
    ]
    shares = CLIKA_SHARES[work]
    tokens = sum(map(len, sequences))
    print(f"{name}: {tokens} tokens, {', '.join(counts)}; clika's FLOP are counted with the {shares} run once")


def product_rate(shape, threads):
    """Of PyTorch's products of a layer, in FLOP a second: of all, and of each."""
    import torch

    torch.set_num_threads(threads)
    seconds = {}
    with torch.inference_mode():
        for name, (inputs, outputs) in shape.matrices().items():
            x, w = torch.randn(TOKENS, inputs), torch.randn(outputs, inputs)
            x @ w.T
            times = []
            while sum(times) < SECONDS or len(times) < 3:
                begin = time.perf_counter()
                x @ w.T
                times.append(time.perf_counter() - begin)
            seconds[name] = statistics.median(times)
    rates = {name: 2 * TOKENS * shape.weights(name) / seconds[name] for name in seconds}
    return 2 * TOKENS * shape.weights() / sum(seconds.values()), rates


def copy_rate(threads):
    """Of copies, in bytes a second that are read or written: the best of some."""
    import numpy

    source, target = (numpy.ones(COPY_BYTES // 8) for _ in range(2))
    parts = list(zip(numpy.array_split(source, threads), numpy.array_split(target, threads), strict=True))
    best = 0.0
    with ThreadPoolExecutor(threads) as pool:
        for _ in range(COPIES):
            begin = time.perf_counter()
            list(pool.map(lambda pair: numpy.copyto(pair[1], pair[0]), parts))
            best = max(best, 2 * COPY_BYTES / (time.perf_counter() - begin))
    return best


def reached(work, flop, seconds, rate):
    """Rows of a table: what each side runs, how fast, and the share of a product rate."""
    rates = [count / taken for count, taken in zip(flop, seconds, strict=True)]
    yield f"GFLOP of {work}", [count / GIGA for count in flop]
    yield f"GFLOP/s reached in {work}", [value / GIGA for value in rates]
    yield f"share of the product rate in {work}, %", [100 * value / rate for value in rates]


def main(folder):
    threads = int(os.environ["OMP_NUM_THREADS"])
    rate, rates = product_rate(Shape.read(folder), threads)
    print(json.dumps({"product_rate": rate, "rates": rates, "copy_rate": copy_rate(threads)}))


if __name__ == "__main__":
    main(*sys.argv[1:])
