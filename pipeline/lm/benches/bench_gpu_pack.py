"""Packs what `make bench-gpu` carries to a GPU into one file: program, scripts, fixtures and real rows as token ids.

Usage: bench_gpu_pack.py PROGRAM DATASETS HEADERS FOLDER

PROGRAM is examples/bench_gpu, built for release; DATASETS a folder that `clika datasets` wrote, with xgeo in ten
languages and fictional; HEADERS the `include` folder of CUDA, of which goes along what PyTorch's wheels lack. FOLDER is
made anew, and FOLDER.tar.gz with it. Rows are the whole German training set in a drawn order, as bench_train.py makes
them; prompts are those of bench_lm.py, in five languages. The ids come from byte-level BPE tokenizers that are trained
on these datasets, so that nothing need be fetched. Ends with an error if the file is too large to be carried.
"""

import json
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

from bench_lm import VOCABULARY, write_prompts
from bench_train import EPOCH_ROWS, write_rows

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
TESTS = HERE.parent / "tests"
LIMIT_MIB = 60
PROMPTS = 1000
LANGUAGES = ["en", "de", "fr", "ru", "zh"]
SCRIPTS = ["bench_gpu.py", "bench_gpu_parts.py", "bench_gpu_report.py", "bench_gpu_torch.py", "bench_gpu_worker.py"]
SCRIPTS += ["bench_gpu_cuda.py"]
HEADERS = ["crt", "cccl/cuda", "cccl/nv"]
# A step of PEFT's.
SCRIPTS += ["bench_train_torch.py"]


def check_ids(sequences, path):
    largest = max(max(tokens) for tokens in sequences)
    if largest >= VOCABULARY:
        sys.exit(f"error: {path.name} holds the token {largest}, beyond a vocabulary of {VOCABULARY}")


def commit():
    command = ["git", "-C", ROOT, "describe", "--always", "--dirty"]
    done = subprocess.run(command, capture_output=True, text=True)
    return done.stdout.strip() or "unknown"


def main(program, datasets, headers, folder):
    datasets, headers, folder = Path(datasets), Path(headers), Path(folder)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    shutil.copy2(program, folder / "bench_gpu")
    for file in [*SCRIPTS, *(path.name for path in HERE.glob("llama_*.json"))]:
        shutil.copy2(HERE / file, folder)
    shutil.copytree(TESTS / "fixtures", folder / "fixtures")
    # What PEFT trained is not compared.
    ignored = shutil.ignore_patterns("trained")
    shutil.copytree(TESTS / "fixtures-training", folder / "fixtures-training", ignore=ignored)
    for name in HEADERS:
        shutil.copytree(headers / name, folder / "headers" / name)
    (folder / "commit.txt").write_text(commit() + "\n")

    rows, prompts = folder / "train-rows.json", folder / "prompts.json"
    write_rows(datasets, ROOT / "templates/formats/alpaca.toml", EPOCH_ROWS, rows)
    check_ids([row["tokens"] for row in json.loads(rows.read_text())], rows)
    write_prompts(datasets, ROOT / "templates/prompts/paper.toml", prompts, LANGUAGES, PROMPTS)
    check_ids(json.loads(prompts.read_text())["prompts"], prompts)

    packed = folder.with_name(folder.name + ".tar.gz")
    with tarfile.open(packed, "w:gz") as archive:
        archive.add(folder, arcname=folder.name)
    mib = packed.stat().st_size / 2**20
    print(f"{packed}: {mib:.1f} MiB; the program has {(folder / 'bench_gpu').stat().st_size / 2**20:.1f} MiB unpacked")
    if mib >= LIMIT_MIB:
        sys.exit(f"error: that is not under {LIMIT_MIB} MiB; is the program built for release, and stripped?")


main(*sys.argv[1:])
