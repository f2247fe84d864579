"""Where the processor's time goes in scoring, generation and a training step, and how near to its limits they come.

Usage: bench_profile.py LM TRAIN DATASETS TEMPLATES CACHE FOLDER FILE.gguf
         [--work scoring ...] [--models SmolLM2 ...] [--language en] [--items N] [--batch-tokens N] [--functions N]

LM and TRAIN are examples/bench_lm.rs and bench_train.rs, built for release with names and lines; the other arguments are
those of bench_real.py. Needs perf. Each program runs once under it, on two threads; only the work itself counts, not
loading. Prints, for each model and work, the functions that no part of profile_samples.py knows, and last a table:
shares of the processor time that the program had, then what the system counted (page faults that read nothing from a
disk, times a thread gave its core up or had to), and what roofline.py says of the rates.

A step of training has 32 rows and LoRA of rank 128 on queries and values, without dropout; two are measured.
"""

import argparse
import json
import os
import shutil
import sys
import tempfile
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"

import bench_lm  # noqa: E402
import bench_real  # noqa: E402
import bench_train  # noqa: E402
import profile_samples  # noqa: E402
import roofline  # noqa: E402
from transformers import AutoTokenizer  # noqa: E402

REAL = "SmolLM2"
MODELS = [REAL, *bench_lm.MODELS]
WORKS = ["scoring", "generation", "training"]
ROWS, STEPS = 32, 2
# A share of less is not worth a name.
LEAST_SHARE = 0.5


def inputs(model, options):
    """A model's folder, what clika opens, and the files of its prompts and rows, which are made here."""
    prompts = options.cache / f"profile-{model}-prompts.json"
    rows = options.cache / f"profile-{model}-rows.json"
    paper, alpaca = options.templates / "prompts/paper.toml", options.templates / "formats/alpaca.toml"
    if model == REAL:
        tokenizer = AutoTokenizer.from_pretrained(options.folder)
        bench_real.write_prompts(options.datasets, paper, tokenizer, options.language, prompts)
        bench_real.write_rows(options.datasets, alpaca, tokenizer, rows)
        folder, opened = options.folder, options.file
    else:
        folder = opened = options.cache / model
        if not folder.is_dir():
            bench_lm.write_model(bench_lm.MODELS[model], folder)
        bench_lm.write_prompts(options.datasets, paper, prompts)
        bench_train.write_rows(options.datasets, alpaca, ROWS * (STEPS + 1), rows)
    work = json.loads(prompts.read_text())
    work["prompts"] = work["prompts"][: options.items]
    prompts.write_text(json.dumps(work))
    trained = json.loads(rows.read_text())[: ROWS * (STEPS + 1)]
    rows.write_text(json.dumps(trained))
    return folder, opened, prompts, rows


def command(work, opened, prompts, rows, options):
    """The command line of a work."""
    if work == "training":
        line = [options.train, opened, rows, "--steps", str(STEPS + 1), "--batch", str(ROWS), "--accumulation", "1"]
        line += ["--threads", str(bench_lm.THREADS), "--dropout", "0"]
    else:
        line = [options.lm, opened, prompts, "--only", work]
    if options.batch_tokens:
        line += ["--batch-tokens", str(options.batch_tokens)]
    return line


def spans(work, result):
    """What the program says of each measured part of its run: the first step of a training warms up."""
    return result["usage"][1:] if work == "training" else [result["usage"][work]]


def flop(work, shape, prompts, rows):
    """Of the measured part."""
    given = json.loads(prompts.read_text())
    if work == "scoring":
        return roofline.scoring_flop(shape, given["prompts"], "clika")
    if work == "generation":
        continued = given["prompts"][: given["generate"]]
        return roofline.generation_flop(shape, continued, given["new_tokens"], "clika")
    trained = json.loads(rows.read_text())
    return sum(
        roofline.training_flop(shape, trained[step * ROWS : (step + 1) * ROWS], "clika") for step in range(1, STEPS + 1)
    )


def measure(model, work, files, rates, options):
    """A column of the table: names of measures and their numbers."""
    folder, opened, prompts, rows = files
    with tempfile.TemporaryDirectory(dir=options.cache) as scratch:
        samples = Path(scratch) / "perf.data"
        line = command(work, opened, prompts, rows, options)
        parts = spans(work, bench_lm.run(profile_samples.record(line, samples)))
        begin, end = parts[0]["begin"], parts[-1]["begin"] + parts[-1]["seconds"]
        profile = profile_samples.read(samples, line[0], begin, end)
    report(f"{model}, {work}", profile, options.functions)
    column = {f"{part}, %": profile.share(part) for part in profile_samples.ALL}
    total = {key: sum(part[key] for part in parts) for key in parts[0]}
    seconds, used = total["seconds"], total["user_seconds"] + total["system_seconds"]
    column |= {
        "samples": profile.parts.total(),
        "seconds": seconds,
        "user seconds": total["user_seconds"],
        "system seconds": total["system_seconds"],
        f"busy cores of {bench_lm.THREADS}": used / seconds,
        "page faults": total["page_faults"],
        "switches, voluntary": total["voluntary_switches"],
        "switches, forced": total["forced_switches"],
    }
    shape, rate = roofline.Shape.read(folder), rates["product_rate"]
    count = flop(work, shape, prompts, rows)
    column |= {
        "GFLOP": count / roofline.GIGA,
        "GFLOP/s reached": count / seconds / roofline.GIGA,
        "product rate of PyTorch, GFLOP/s": rate / roofline.GIGA,
        "share of the product rate, %": 100 * count / seconds / rate,
        "copy, GB/s read and written": rates["copy_rate"] / roofline.GIGA,
    }
    given = json.loads(prompts.read_text())
    if work == "generation":
        read = roofline.generation_bytes(shape, given["new_tokens"])
        column["weights read, GB/s"] = read / seconds / roofline.GIGA
    return column


def report(name, profile, functions):
    """Prints what no part knows, and the functions that take the most."""
    total = max(1, profile.parts.total())
    unknown = [(of, 100 * number / total) for of, number in profile.unknown.most_common()]
    unknown = [f"  {share:5.1f} % {of}" for of, share in unknown if share >= LEAST_SHARE]
    if not profile.parts.total():
        print(f"\n{name}: no samples")
        return
    print(f"\n{name}: {len(unknown)} functions of {LEAST_SHARE} % or more that no part knows")
    print("\n".join(unknown), end="\n" if unknown else "")
    if functions:
        print("the functions that take the most:")
        for (part, of), number in profile.functions.most_common(functions):
            print(f"  {100 * number / total:5.1f} % {part}: {of}")
    sys.stdout.flush()


def print_table(columns):
    measures = list(dict.fromkeys(measure for column in columns.values() for measure in column))
    print(f"\n| of the processor time | {' | '.join(columns)} |\n|{'---|' * (len(columns) + 1)}")
    for measure in measures:
        print(bench_lm.table_row(measure, *(shown(column.get(measure)) for column in columns.values())))


def shown(number):
    """A number in a table: whole ones whole, others with few digits."""
    if number is None:
        return None
    return f"{number:,}" if isinstance(number, int) else f"{number:,.0f}" if number >= 1000 else f"{number:.3g}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ["lm", "train", "datasets", "templates", "cache", "folder", "file"]:
        parser.add_argument(name, type=Path)
    parser.add_argument("--work", nargs="+", choices=WORKS, default=WORKS)
    parser.add_argument("--models", nargs="+", choices=MODELS, default=MODELS)
    parser.add_argument("--language", choices=bench_real.LANGUAGES, default="en", help=f"of {REAL}'s prompts")
    parser.add_argument("--items", type=int, default=bench_lm.ITEMS, help="how many prompts are scored")
    parser.add_argument("--batch-tokens", type=int, help="tokens that are run at a time")
    parser.add_argument("--functions", type=int, default=0, help="how many functions of each work are named")
    options = parser.parse_args()
    if not shutil.which("perf"):
        sys.exit("error: perf is missing; on Debian: apt-get install linux-perf libc6-dbg")
    if options.items < bench_lm.GENERATE:
        parser.error(f"there have to be {bench_lm.GENERATE} prompts")
    options.cache.mkdir(parents=True, exist_ok=True)
    columns = {}
    for model in options.models:
        files = inputs(model, options)
        for work in options.work:
            columns[f"{model} {work}"] = measure(model, work, files, bench_lm.machine_rates(files[0]), options)
    print_table(columns)


if __name__ == "__main__":
    main()
