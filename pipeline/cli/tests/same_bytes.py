"""Everything that clika writes for a fixed list of commands, as one list of SHA-256 sums.

    same_bytes.py BINARY SOURCE FOLDER [--reference DIR] [--no-demo]
    diff before/sums.txt after/sums.txt

For changes that must not change what a user gets: run it with the program and the checkout before the change and after
it, and compare. SOURCE is the checkout whose inputs (templates, queries, experiments, printed numbers) are copied into
FOLDER/project, where the commands run, so that neither caches nor earlier outputs count. DIR holds the authors' release;
without it the commands that read it are left out, and a line says so. What goes to standard output as JSON is kept too.

It builds the datasets in several variants, evaluates a fixture's model in every way of asking, exports, audits,
reproduces, and teaches the demo (ten minutes; --no-demo leaves it out).
"""

import argparse
import hashlib
import re
import shutil
import subprocess
import sys
from pathlib import Path

# Inputs, wherever a checkout has them.
INPUTS = ["templates", "sparql", "experiments", "pipeline/experiments", "reference", "artifacts/paper"]
MODEL = "pipeline/lm/tests/fixtures/llama-tokenizer"
FEW = ["--languages", "en,de,zh", "--limit", "5"]

COMMANDS = [
    ["datasets", "--json"],
    ["datasets", "xgeo", "xpeo", "--distractors", "paper", "--seed", "7", "--out", "artifacts/other", "--json"],
    ["datasets", "fictional", "--seed", "7", "--targets", "de,ru", "--relation", "founding", "--direction", "both",
     "--out", "artifacts/founding"],
    ["datasets", "fictional", "--control", "alias", "--out", "artifacts/alias"],
    ["datasets", "fictional", "--targets", "de,ru", "--control", "random-label", "--out", "artifacts/random-label"],
    ["audit", "artifacts/datasets", "--json"],
    ["export", "lm-eval", "--json"],
    ["export", "llama-factory", "--json"],
    ["logits", "--model", "model", "--prompt", "Answer:", "--json"],
    ["evaluate", "--model", "model", "--name", "letters", *FEW, "--json"],
    ["evaluate", "--model", "model", "--name", "permuted", "--permute", *FEW, "--json"],
    ["evaluate", "--model", "model", "--name", "texts", "--answer", "texts-per-byte", *FEW, "--json"],
    ["evaluate", "--model", "model", "--name", "free", "--answer", "free", "--max-tokens", "8", *FEW, "--json"],
    ["evaluate", "--model", "model", "--name", "vicuna", "--format", "vicuna", *FEW, "--json"],
    ["compare", "letters", "vicuna", "--predictions", "artifacts/predictions", "--resamples", "200", "--json"],
    ["finetune", "--model", "model", "--languages", "de", "--max-steps", "2", "--places", "20", "--json"],
]  # fmt: skip
DEMO = [["finetune", "--model", "demo", "--json"], ["evaluate", "--model", "demo", *FEW, "--json"]]


def released(reference):
    return [
        ["datasets", "xcopa", "xcsqa", "--from-release", reference, "--out", "artifacts/release", "--json"],
        ["audit", reference, "--json"],
        ["reproduce", "--predictions", reference, "--resamples", "200", "--out", "artifacts/report", "--json"],
        ["reproduce", "--predictions", reference, "--resamples", "200", "--format", "markdown"],
        ["reproduce", "--predictions", reference, "--resamples", "200", "--format", "csv"],
        ["reproduce", "--predictions", reference, "--resamples", "200", "--save", "artifacts/saved", "--json"],
        ["compare", "llama2_13b", "llama_13b", "--predictions", reference, "--resamples", "200", "--format", "csv"],
    ]


def prepare(source, project):
    for name in INPUTS:
        if (source / name).is_dir():
            shutil.copytree(source / name, project / name)
    shutil.copytree(source / MODEL, project / "model")


def content(path):
    """A file's bytes; of a training's log those without times, which TensorBoard's file has too and nothing else."""
    if path.name == "log.jsonl":
        return re.sub(r',"(?:tokens_per_second|time)":[^,}]+', "", path.read_text()).encode()
    return path.read_bytes()


def sums(folder):
    for path in sorted(path for path in folder.rglob("*") if path.is_file() and "tfevents" not in path.name):
        yield f"{hashlib.sha256(content(path)).hexdigest()}  {path.relative_to(folder)}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binary", type=Path)
    parser.add_argument("source", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--reference", type=Path, help="the authors' release")
    parser.add_argument("--no-demo", action="store_true")
    options = parser.parse_args()
    project = options.folder / "project"
    project.mkdir(parents=True)
    prepare(options.source, project)
    commands = COMMANDS + ([] if options.no_demo else DEMO)
    if options.reference:
        # By a name that does not depend on the machine.
        (project / "release").symlink_to(options.reference.resolve())
        commands = commands + released("release")
    else:
        print("SKIPPED the commands that read the authors' release: no --reference")
    for command in commands:
        print("clika", *command, flush=True)
        result = subprocess.run([options.binary.resolve(), "--quiet", *command], cwd=project, stdout=subprocess.PIPE)
        (project / "artifacts" / ("stdout " + " ".join(command).replace("/", "_"))).write_bytes(result.stdout)
        if result.returncode != 0:
            sys.exit(f"error: exit code {result.returncode}")
    shutil.rmtree(project / "artifacts" / "paper", ignore_errors=True)
    lines = list(sums(project / "artifacts"))
    (options.folder / "sums.txt").write_text("\n".join(lines) + "\n")
    print(f"{len(lines)} files in {options.folder / 'sums.txt'}")


if __name__ == "__main__":
    main()
