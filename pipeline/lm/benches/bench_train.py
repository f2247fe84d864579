"""Our trainer compared with PyTorch + transformers + PEFT on a processor: seconds a step, tokens a second, memory.

Usage: bench_train.py PROGRAM DATASETS FORMAT CACHE [--steps N] [--rounds N] [--dropout P] [--small]

PROGRAM is examples/bench_train.rs, built for release; DATASETS a folder that `clika datasets` wrote, with fictional;
FORMAT a file of templates/formats; CACHE a folder for the model and the rows, which bench_lm.py shares. Both sides
(PyTorch's is bench_train_torch.py beside this file) train a LoRA of rank 128 on the query and value projections of one
random model, with AdamW, 128 rows a step, in turn, each run a process of two threads. Either is
given the same token ids: shuffled rows of the German training set, a prompt and its answer. PEFT's micro-batches are of
the size that a search on a part of the rows finds to be the fastest, and of rows of like length. Prints what differs,
and last a table; roofline.py beside this file says how FLOP are counted and what the rates are a share of.

A step in front, which warms up, is not counted; neither is loading. Tokens are those of rows, without padding. Ours and
PyTorch's numbers are medians over rounds, and PyTorch / ours is the median of the rounds' ratios. Either side computes
the first step's loss before anything is trained, and an adapter changes nothing then. So they have to agree, whatever
the dropout, which later differs.
"""

import argparse
import json
import os
import random
import statistics
import sys
import tomllib
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"

import pyarrow.parquet  # noqa: E402
import roofline  # noqa: E402
from bench_lm import (  # noqa: E402
    MODELS,
    ROUNDS,
    THREADS,
    VOCABULARY,
    fastest,
    machine_rates,
    run,
    table_row,
    train_tokenizer,
    write_model,
)

LANGUAGE = "de"
# The rows of a whole training set.
EPOCH_ROWS = 10_200
SEED = 0
# As LlamaConfig names them by default.
SPECIAL = ["<unk>", "<s>", "</s>"]
BEGIN, END = 1, 2

# The model's name in CACHE and its shape, as LlamaConfig takes it; rows of a batch, and batches of a step.
FULL = {"name": "512x8", "shape": MODELS["512x8"], "batch": 32, "accumulation": 4}
SMALL = {
    "name": "32x2",
    "shape": {
        "vocab_size": VOCABULARY,
        "hidden_size": 32,
        "intermediate_size": 48,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
    },
    "batch": 2,
    "accumulation": 2,
}

# Largest difference of the first step's losses.
TOLERANCE = 1e-3

MEASURES = {
    "step_seconds": "a step, s",
    "tokens_per_second": "trained tokens a second",
    "epoch_seconds": f"an epoch of {EPOCH_ROWS:,} rows, s",
    "peak_mib": "peak memory, MiB",
}


def prompt_of(row, form):
    """What stands before the answer: the prompt and, on a line of its own, the query."""
    content = "\n".join(filter(None, (row["prompt"], row["query"])))
    system = form["prefix"].replace("{system}", form["system"])
    return system + form["user"].replace("{content}", content) + form["assistant"].split("{answer}")[0]


def write_rows(datasets, template, count, path):
    """Token ids of the rows that both sides are given, and where the answer begins.

    Prompt and answer are encoded one by one, and the answer ends with the token that ends a text.
    """
    form = tomllib.loads(template.read_text(encoding="utf-8"))
    if form["assistant"].split("{answer}")[1:] != ["{eos}"] or not form["bos"]:
        sys.exit(f"error: {template} does not begin and end an answer as alpaca does")
    file = datasets / "fictional" / "data" / LANGUAGE / "train-00000-of-00001.parquet"
    rows = pyarrow.parquet.read_table(file).to_pylist()
    if len(rows) < count:
        sys.exit(f"error: {file} has {len(rows)} rows, and {count} are needed")
    random.Random(SEED).shuffle(rows)
    tokenizer = train_tokenizer(datasets, form["system"] + form["user"] + form["assistant"], SPECIAL)
    encoded = []
    for row in rows[:count]:
        prompt = [BEGIN, *tokenizer.encode(prompt_of(row, form)).ids]
        answer = [*tokenizer.encode(row["response"]).ids, END]
        encoded.append({"tokens": prompt + answer, "answer": len(prompt)})
    path.write_text(json.dumps(encoded))
    lengths = sorted(len(row["tokens"]) for row in encoded)
    answers = sum(len(row["tokens"]) - row["answer"] for row in encoded)
    print(f"{count} rows of {lengths[0]} to {lengths[-1]} tokens, {sum(lengths)} in all, {answers} of them answers")


def measures(result, rows_per_step):
    """The measures of one run, without the step that warms up."""
    seconds, tokens = result["seconds"][1:], result["tokens"][1:]
    step = sum(seconds) / len(seconds)
    return {
        "step_seconds": step,
        "tokens_per_second": sum(tokens) / sum(seconds),
        "epoch_seconds": step * EPOCH_ROWS / rows_per_step,
        "peak_mib": result["peak_mib"],
    }


def compare(ours, peer):
    """Ends unless both sides trained the same tokens and began with the same loss."""
    first, other = ours["losses"][0], peer["losses"][0]
    print(f"losses of the first step, ours : PyTorch: {first:.6f} : {other:.6f}, of the last one: ", end="")
    print(f"{ours['losses'][-1]:.4f} : {peer['losses'][-1]:.4f}", flush=True)
    if ours["tokens"] != peer["tokens"]:
        sys.exit(f"error: not the same tokens: {ours['tokens']} : {peer['tokens']}")
    if not abs(first - other) <= TOLERANCE:
        sys.exit("error: that is more than rounding")


def of_rates(shape, rows, rows_per_step, seconds, rates):
    """Measures of how near to the machine's limits two sides come, and their numbers.

    `rows` are those of all steps, `seconds` the medians of a step without the first, `rates` of every round.
    """
    rate = statistics.median(each["product_rate"] for each in rates)
    yield "product rate of PyTorch, GFLOP/s", [None, rate / roofline.GIGA]
    starts = range(rows_per_step, len(rows), rows_per_step)
    flop = [
        sum(roofline.training_flop(shape, rows[start : start + rows_per_step], side) for start in starts) / len(starts)
        for side in ("clika", "PyTorch")
    ]
    yield from roofline.reached("a step", flop, seconds, rate)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("datasets", type=Path)
    parser.add_argument("format", type=Path)
    parser.add_argument("cache", type=Path)
    parser.add_argument("--steps", type=int, default=3, help="how many are counted")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="how often each side runs")
    parser.add_argument("--dropout", type=float, help="of both sides instead of 0.1")
    parser.add_argument("--small", action="store_true", help="tiny shapes, to try this script")
    options = parser.parse_args()
    if min(options.steps, options.rounds) < 1:
        parser.error("there has to be a step and a round")
    settings = SMALL if options.small else FULL
    batch, accumulation = settings["batch"], settings["accumulation"]
    steps, rows_per_step = options.steps + 1, batch * accumulation

    options.cache.mkdir(parents=True, exist_ok=True)
    rows = options.cache / "train-rows.json"
    write_rows(options.datasets, options.format, steps * rows_per_step, rows)
    folder = options.cache / settings["name"]
    if not folder.is_dir():
        write_model(settings["shape"], folder)

    script = Path(__file__).with_name("bench_train_torch.py")
    numbers = {"--steps": steps, "--batch": batch, "--accumulation": accumulation, "--threads": THREADS}
    if options.dropout is not None:
        numbers["--dropout"] = options.dropout
    work = [folder, rows, *(str(part) for pair in numbers.items() for part in pair)]
    ours_command, peer_command = [options.program, *work], [sys.executable, script, *work]
    peer_command += ["--micro-batch", str(fastest("PEFT's micro-batches", peer_command))]
    ours, peer, rates = [], [], []
    for number in range(options.rounds):
        rates.append(machine_rates(folder))
        results = [run(ours_command), run(peer_command)]
        compare(*results)
        ours.append(measures(results[0], rows_per_step))
        peer.append(measures(results[1], rows_per_step))
        pairs = [f"{measure} {ours[-1][key]:.4g} : {peer[-1][key]:.4g}" for key, measure in MEASURES.items()]
        print(f"round {number + 1}, ours : PyTorch: {'; '.join(pairs)}", flush=True)

    print("\n| measure | ours | PyTorch | PyTorch / ours |\n|---|---|---|---|")
    for key, measure in MEASURES.items():
        mine, theirs = (statistics.median(result[key] for result in results) for results in (ours, peer))
        ratio = statistics.median(theirs[key] / mine[key] for mine, theirs in zip(ours, peer, strict=True))
        print(table_row(measure, mine, theirs, f"{ratio:.2f}"))
    seconds = [statistics.median(result["step_seconds"] for result in results) for results in (ours, peer)]
    trained = json.loads(rows.read_text())
    for measure, numbers in of_rates(roofline.Shape.read(folder), trained, rows_per_step, seconds, rates):
        print(table_row(measure, *numbers, None))


if __name__ == "__main__":
    main()
