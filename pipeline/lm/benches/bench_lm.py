"""Our decoder compared with PyTorch + transformers on a processor: load, scoring, generation, memory.

Usage: bench_lm.py PROGRAM DATASETS PROMPT CACHE [MODEL ...] [--rounds N]

PROGRAM is examples/bench_lm.rs, built for release; DATASETS a folder that `clika datasets` wrote, with xgeo; PROMPT a
file of templates/prompts; CACHE a folder for models and prompts, which are made once. Of MODELS, all by default, ours
and PyTorch's (bench_lm_torch.py beside this file) run in turn, each run a process of two threads. Either is given the
same token ids. PyTorch's batch size is searched first, on a part of the prompts. Prints what differs, and last a table
of medians; roofline.py beside this file says how FLOP are counted and what the rates are a share of.

Seconds to load are those until the first token has run, without the start of the program. The scoring of 200 prompts is
that of the log-probabilities of four letters behind each; generation is greedy, of 8 prompts at a time. The random
models are no worse for this than trained ones: time does not depend on what weights say.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tomllib
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"

import pyarrow.parquet  # noqa: E402
import roofline  # noqa: E402
import tokenizers  # noqa: E402

LANGUAGE = "de"
# Of each side.
THREADS = 2
ITEMS = 200
LETTERS = "ABCD"
GENERATE = 8
NEW_TOKENS = 32
# Every model has at least so many: the ids are in all vocabularies.
VOCABULARY = 32_000

ROUNDS = 5

# The shapes of models, as LlamaConfig takes them.
MODELS = {
    "512x8": {
        "vocab_size": VOCABULARY,
        "hidden_size": 512,
        "intermediate_size": 1376,
        "num_hidden_layers": 8,
        "num_attention_heads": 8,
    },
    # Qwen2.5-0.5B's shape.
    "0.5B": {
        "vocab_size": 151_936,
        "hidden_size": 896,
        "intermediate_size": 4864,
        "num_hidden_layers": 24,
        "num_attention_heads": 14,
        "num_key_value_heads": 2,
        "tie_word_embeddings": True,
    },
}

# Largest difference of a log-probability, and of two logits that rounding may put into either order.
TOLERANCE = 1e-3

MEASURES = {
    "load_seconds": "load, s",
    "score_seconds": f"scoring of {ITEMS} prompts, s",
    "generate_seconds": f"generation of {GENERATE} × {NEW_TOKENS} tokens, s",
    "peak_mib": "peak memory, MiB",
}


def texts(rows):
    """All texts of some rows, those in lists too."""
    for row in rows:
        for value in row.values():
            yield from (text for text in (value if isinstance(value, list) else [value]) if isinstance(text, str))


def train_tokenizer(datasets, words, special=()):
    """A byte-level BPE tokenizer of the texts of all datasets and of the prompt's own words.

    A published model knows both; a prompt in pieces of a letter each would have too long a beginning.
    """
    tokenizer = tokenizers.ByteLevelBPETokenizer()
    files = sorted(datasets.glob("*/data/*/*.parquet"))
    corpus = [text for file in files for text in texts(pyarrow.parquet.read_table(file).to_pylist())]
    sizes = {"vocab_size": VOCABULARY, "special_tokens": list(special)}
    # Pairs that occur once are not merged.
    tokenizer.train_from_iterator([*corpus, words, words], **sizes, show_progress=False)
    return tokenizer


def write_prompts(datasets, template, path, languages=(LANGUAGE,), count=ITEMS):
    """Token ids of the prompts that both sides are given: the first `count` of some languages."""
    form = tomllib.loads(template.read_text(encoding="utf-8"))["question"]
    rows = []
    for language in languages:
        file = datasets / "xgeo" / "data" / language / "test-00000-of-00001.parquet"
        rows += pyarrow.parquet.read_table(file).to_pylist()
    if len(rows) < count:
        sys.exit(f"error: {datasets} has {len(rows)} xGeo items, and {count} are needed")
    tokenizer = train_tokenizer(datasets, form["instruction"] + form["examples"]["4"] + form["item"])
    prompts = []
    for row in rows[:count]:
        lines = "\n".join(f"{letter}. {text}" for letter, text in zip(LETTERS, row["choices"]))
        item = form["item"].replace("{question}", row["question"]).replace("{choices}", lines)
        prompts.append(tokenizer.encode(form["instruction"] + form["examples"]["4"] + item).ids)
    letters = [tokenizer.token_to_id(letter) for letter in LETTERS]
    work = {"prompts": prompts, "letters": letters, "generate": GENERATE, "new_tokens": NEW_TOKENS}
    path.write_text(json.dumps(work))
    shared = len(os.path.commonprefix(prompts))
    lengths = sorted(map(len, prompts))
    print(f"{count} prompts of {lengths[0]} to {lengths[-1]} tokens, {sum(lengths)} in all; the first {shared} are alike")


def write_model(shape, folder):
    """A model with random weights; the folder appears when it is whole."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    unfinished = folder.with_suffix(".unfinished")
    LlamaForCausalLM(LlamaConfig(**shape)).save_pretrained(unfinished)
    unfinished.rename(folder)


def run(command):
    """What one run of a side printed."""
    threads = {"RAYON_NUM_THREADS": str(THREADS), "OMP_NUM_THREADS": str(THREADS)}
    done = subprocess.run(command, env=os.environ | threads, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(f"error: {' '.join(map(str, command))} failed")
    return json.loads(done.stdout.splitlines()[-1])


def fastest(name, command):
    """The size that a side's search finds to be the fastest. Prints what every size takes."""
    seconds = {int(size): taken for size, taken in run([*command, "--search"])["seconds"].items()}
    best = min(seconds, key=seconds.__getitem__)
    found = ", ".join(f"{size}: {taken:.2f} s" for size, taken in seconds.items())
    print(f"{name} of {best} are the fastest ({found})", flush=True)
    return best


def machine_rates(folder):
    """What PyTorch's products of a model's shapes and a copy reach at this moment."""
    return run([sys.executable, Path(__file__).with_name("roofline.py"), folder])


def compare(ours, peer, margins):
    """Says how far results differ, and ends where rounding does not explain it."""
    pairs = list(zip(ours["scores"], peer["scores"], strict=True))
    largest = max(abs(a - b) for mine, theirs in pairs for a, b in zip(mine, theirs, strict=True))
    other = [number for number, (mine, theirs) in enumerate(pairs) if best(mine) != best(theirs)]
    print(f"log-probabilities differ by {largest:.1e} at most; {ITEMS - len(other)} of {ITEMS} choices are the same")
    close = all(abs(max(pairs[n][1]) - sorted(pairs[n][1])[-2]) < TOLERANCE for n in other)
    if largest > TOLERANCE or not close:
        sys.exit("error: that is more than rounding")
    sequences = enumerate(zip(ours["generated"], peer["generated"], strict=True))
    differing = [(n, a, b) for n, (a, b) in sequences if a != b]
    print(f"{GENERATE - len(differing)} of {GENERATE} generated texts are the same")
    if not differing:
        return
    margins = margins()
    for number, mine, theirs in differing:
        place = next(i for i, (a, b) in enumerate(zip(mine, theirs, strict=True)) if a != b)
        margin = margins[number][place]
        print(f"text {number} differs from token {place} on, where the two best logits differ by {margin:.1e}")
        if margin > TOLERANCE:
            sys.exit("error: that is more than rounding")


def best(scores):
    return max(range(len(scores)), key=scores.__getitem__)


def of_rates(shape, work, results, rates):
    """Measures of how near to the machine's limits two sides come, and their numbers.

    `results` and `rates` have an entry for each round; what neither has is None.
    """
    rate, copy = (statistics.median(each[key] for each in rates) for key in ("product_rate", "copy_rate"))
    yield "product rate of PyTorch, GFLOP/s", [None, rate / roofline.GIGA]
    prompts, new_tokens = work["prompts"], work["new_tokens"]
    continued = prompts[: work["generate"]]
    sides = ["clika", "PyTorch"]
    flop = [roofline.scoring_flop(shape, prompts, side) for side in sides]
    yield from roofline.reached("scoring", flop, medians(results, "score_seconds"), rate)
    seconds = medians(results, "generate_seconds")
    flop = [roofline.generation_flop(shape, continued, new_tokens, side) for side in sides]
    yield from roofline.reached("generation", flop, seconds, rate)
    read = roofline.generation_bytes(shape, new_tokens)
    yield "weights read in generation, GB/s", [read / taken / roofline.GIGA for taken in seconds]
    yield "bytes that a copy reads and writes, GB/s", [None, copy / roofline.GIGA]


def medians(results, key):
    """Of a number of every round, of each side."""
    return [statistics.median(result[key] for result in side) for side in results]


def table_row(*cells):
    """A line of a table; a number that is missing is a dash."""
    shown = ["–" if cell is None else cell if isinstance(cell, str) else f"{cell:.4g}" for cell in cells]
    return f"| {' | '.join(shown)} |"


def measure(name, shape, rounds, program, path, cache):
    """The lines of one model in the table."""
    folder = cache / name
    if not folder.is_dir():
        write_model(shape, folder)
    script = Path(__file__).with_name("bench_lm_torch.py")
    ours_command = [program, folder, path]
    peer_command = [sys.executable, script, folder, path]
    ours, peer, rates = [], [], []
    print(f"\n{name}:")
    peer_command += ["--batch", str(fastest("PyTorch's batches", peer_command))]
    for number in range(rounds):
        rates.append(machine_rates(folder))
        ours.append(run(ours_command))
        peer.append(run(peer_command))
        seconds = [f"{key.split('_')[0]} {ours[-1][key]:.2f} : {peer[-1][key]:.2f}" for key in MEASURES]
        print(f"round {number + 1}, ours : PyTorch: {', '.join(seconds)}", flush=True)
    compare(ours[0], peer[0], lambda: run([*peer_command, "--margins"]))
    for key, measure in MEASURES.items():
        mine, theirs = medians([ours, peer], key)
        yield table_row(name, measure, mine, theirs, f"{theirs / mine:.2f}")
    work = json.loads(path.read_text())
    for measure, numbers in of_rates(roofline.Shape.read(folder), work, [ours, peer], rates):
        yield table_row(name, measure, *numbers, None)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    for name in ["datasets", "prompt", "cache"]:
        parser.add_argument(name, type=Path)
    parser.add_argument("models", nargs="*", help=f"of {', '.join(MODELS)}; all by default")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="how often each side runs")
    options = parser.parse_args()
    if unknown := set(options.models) - set(MODELS):
        parser.error(f"no model is called {', '.join(unknown)}")
    if options.rounds < 1:
        parser.error("there has to be a round")
    options.cache.mkdir(parents=True, exist_ok=True)
    work = options.cache / "prompts.json"
    write_prompts(options.datasets, options.prompt, work)
    roofline.describe("scoring", json.loads(work.read_text())["prompts"], "scoring")
    lines = []
    for name in options.models or MODELS:
        lines += measure(name, MODELS[name], options.rounds, options.program, work, options.cache)
    print("\n| model | measure | ours | PyTorch | PyTorch / ours |\n|---|---|---|---|---|")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
