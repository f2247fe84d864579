"""SmolLM2-135M-Instruct in clika, in PyTorch + transformers + PEFT, and in llama.cpp, on two threads of a processor.

Usage: bench_real.py LM TRAIN DATASETS TEMPLATES CACHE FOLDER FILE.gguf LLAMA_PYTHON [--rounds N]

LM and TRAIN are examples/bench_lm.rs and bench_train.rs, built for release; DATASETS a folder that `clika datasets`
wrote, with xgeo in English and Japanese and fictional in German; TEMPLATES the folder of that name; CACHE a folder for
what is made here. FOLDER and FILE.gguf are the model as ../../evaluate/tests/smollm2.py writes it: PyTorch reads the
dequantized one, clika and llama.cpp the GGUF file. LLAMA_PYTHON is a Python that has llama-cpp-python.

All sides are given the same token ids, run in turn, each run a process, and are held to each other's results: clika to
PyTorch's within rounding. llama.cpp rounds activations to 8 bits, so that its choices are only counted. The peers' batch
sizes are searched first, on a part of the work. roofline.py beside this file says how FLOP are counted and what the
rates are a share of; llama.cpp's products are of integers, so that it has none. Scoring is that
of the log-probabilities of four letters after each of 200 prompts; what prompts have in common is kept by clika, and by
llama.cpp from one prompt to the next. A step of training is 32 rows of the format alpaca, LoRA of rank 128 on queries
and values. Seconds to load are those until the first token has run, from files that are in memory already.
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

import bench_lm  # noqa: E402
import bench_train  # noqa: E402
import pyarrow.parquet  # noqa: E402
import roofline  # noqa: E402
from transformers import AutoTokenizer  # noqa: E402

HERE = Path(__file__).parent
LANGUAGES = {"en": "English", "ja": "Japanese"}
ROWS, STEPS = 32, 3
SIDES = ["clika", "PyTorch", "llama.cpp"]


def write_prompts(datasets, template, tokenizer, language, path):
    """The ids of 200 prompts, as `clika evaluate` writes them for a model without a chat format."""
    form = tomllib.loads(template.read_text(encoding="utf-8"))["question"]
    file = datasets / "xgeo" / "data" / language / "test-00000-of-00001.parquet"
    rows = pyarrow.parquet.read_table(file).to_pylist()[: bench_lm.ITEMS]
    prompts = []
    for row in rows:
        lines = "\n".join(f"{letter}. {text}" for letter, text in zip(bench_lm.LETTERS, row["choices"]))
        item = form["item"].replace("{question}", row["question"]).replace("{choices}", lines)
        text = form["instruction"] + form["examples"]["4"] + item
        prompts.append(tokenizer.encode(text, add_special_tokens=False))
    letters = [tokenizer.convert_tokens_to_ids(letter) for letter in bench_lm.LETTERS]
    work = {"prompts": prompts, "letters": letters, "generate": bench_lm.GENERATE, "new_tokens": bench_lm.NEW_TOKENS}
    path.write_text(json.dumps(work))
    shared = len(os.path.commonprefix(prompts))
    print(f"{LANGUAGES[language]}: {sum(map(len, prompts))} tokens in {len(prompts)} prompts, the first {shared} are alike")


def write_rows(datasets, template, tokenizer, path):
    """The ids of shuffled German rows."""
    form = tomllib.loads(template.read_text(encoding="utf-8"))
    file = datasets / "fictional" / "data" / "de" / "train-00000-of-00001.parquet"
    rows = pyarrow.parquet.read_table(file).to_pylist()
    random.Random(0).shuffle(rows)
    encoded = []
    for row in rows[: ROWS * (STEPS + 1)]:
        prompt = tokenizer.encode(bench_train.prompt_of(row, form), add_special_tokens=False)
        answer = tokenizer.encode(row["response"], add_special_tokens=False) + [tokenizer.eos_token_id]
        encoded.append({"tokens": prompt + answer, "answer": len(prompt)})
    path.write_text(json.dumps(encoded))
    print(f"training: {sum(len(row['tokens']) for row in encoded)} tokens in {len(encoded)} rows of {STEPS + 1} steps")


def scoring(name, work, commands, folder, rounds):
    """The lines of one language's prompts."""
    commands = {side: [*command, work] for side, command in commands.items()}
    for side in SIDES[1:]:
        commands[side] += ["--batch", str(bench_lm.fastest(f"{name}: {side}'s batches", commands[side]))]
    results, rates = {side: [] for side in SIDES}, []
    for number in range(rounds):
        rates.append(bench_lm.machine_rates(folder))
        for side in SIDES:
            results[side].append(bench_lm.run(commands[side]))
        seconds = ", ".join(f"{side} {results[side][-1]['score_seconds']:.1f} s" for side in SIDES)
        print(f"{name}, round {number + 1}: {seconds}", flush=True)
    ours, peer, llama = (results[side][0] for side in SIDES)
    bench_lm.compare(ours, peer, lambda: bench_lm.run([*commands["PyTorch"], "--margins"]))
    same = sum(bench_lm.best(a) == bench_lm.best(b) for a, b in zip(ours["scores"], llama["scores"], strict=True))
    print(f"llama.cpp makes {same} of {bench_lm.ITEMS} choices alike")
    for key, measure in bench_lm.MEASURES.items():
        yield line(name, measure, bench_lm.medians([results[side] for side in SIDES], key))
    pair = [results[side] for side in SIDES[:2]]
    for measure, numbers in bench_lm.of_rates(roofline.Shape.read(folder), json.loads(work.read_text()), pair, rates):
        yield bench_lm.table_row(name, measure, *numbers, None, None, None)


def training(rows, train, folder, file, rounds):
    """The lines of a training."""
    work = [rows, "--steps", str(STEPS + 1), "--batch", str(ROWS), "--accumulation", "1"]
    work += ["--threads", str(bench_lm.THREADS), "--dropout", "0"]
    peer_command = [sys.executable, HERE / "bench_train_torch.py", folder, *work]
    peer_command += ["--micro-batch", str(bench_lm.fastest("PEFT's micro-batches", peer_command))]
    ours, peer, rates = [], [], []
    for number in range(rounds):
        rates.append(bench_lm.machine_rates(folder))
        ours.append(bench_lm.run([train, file, *work]))
        peer.append(bench_lm.run(peer_command))
        print(f"training, round {number + 1}", flush=True)
    bench_train.compare(ours[0], peer[0])
    found = [[bench_train.measures(result, ROWS) for result in side] for side in (ours, peer)]
    for key in ["step_seconds", "peak_mib"]:
        yield line("LoRA, 32 rows", bench_train.MEASURES[key], [*bench_lm.medians(found, key), None])
    seconds = bench_lm.medians(found, "step_seconds")
    trained = json.loads(rows.read_text())
    for measure, numbers in bench_train.of_rates(roofline.Shape.read(folder), trained, ROWS, seconds, rates):
        yield bench_lm.table_row("LoRA, 32 rows", measure, *numbers, None, None, None)


def line(work, measure, numbers):
    ratios = [f"{number / numbers[0]:.2f}" if number is not None else None for number in numbers[1:]]
    return bench_lm.table_row(work, measure, *numbers, *ratios)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ["lm", "train", "datasets", "templates", "cache", "folder", "file", "llama_python"]:
        parser.add_argument(name, type=Path)
    parser.add_argument("--rounds", type=int, default=bench_lm.ROUNDS, help="how often each side runs")
    options = parser.parse_args()
    options.cache.mkdir(parents=True, exist_ok=True)
    tokenizer = AutoTokenizer.from_pretrained(options.folder)
    commands = {
        "clika": [options.lm, options.file],
        "PyTorch": [sys.executable, HERE / "bench_lm_torch.py", options.folder],
        "llama.cpp": [options.llama_python, HERE / "bench_lm_llama_cpp.py", options.file],
    }
    lines = []
    for language, name in LANGUAGES.items():
        work = options.cache / f"real-{language}.json"
        write_prompts(options.datasets, options.templates / "prompts/paper.toml", tokenizer, language, work)
        roofline.describe(name, json.loads(work.read_text())["prompts"], "scoring")
        lines += scoring(name, work, commands, options.folder, options.rounds)
    rows = options.cache / "real-rows.json"
    write_rows(options.datasets, options.templates / "formats/alpaca.toml", tokenizer, rows)
    lines += training(rows, options.train, options.folder, options.file, options.rounds)
    print("\n| work | measure | clika | PyTorch | llama.cpp | PyTorch / clika | llama.cpp / clika |")
    print("|---|---|---|---|---|---|---|")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
