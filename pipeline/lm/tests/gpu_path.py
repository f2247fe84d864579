"""The tests of models, batches and training on a GPU, or on a Vulkan in software, as one table.

    gpu_path.py CLIKA DATASETS [--device vulkan:0]

CLIKA is a binary with the feature `wgpu` (or `cuda`, for a device cuda:0), DATASETS a folder with built datasets. The
tests are those that run on the processor, and so is what they expect: transformers' logits and continuations, PEFT's
losses. Last, `clika evaluate` answers the same questions on the device and on the processor. Needs pyarrow.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

import pyarrow.parquet

TESTS = ["device", "parity", "batching", "training", "trainer"]
FAMILIES = ["llama", "mistral", "qwen2", "qwen3", "gemma2", "gemma3", "olmo2", "cohere", "gpt-neox", "bloom", "baichuan2"]
FIXTURE = "pipeline/lm/tests/fixtures/llama-tokenizer"
# The largest difference of a log-probability between the device and the processor; some hundred tokens' f32 sums.
TOLERANCE = 1e-3


def run_tests(device):
    """What the tests print, and those that failed."""
    feature = "cuda" if device.startswith("cuda") else "wgpu"
    chosen = [word for test in TESTS for word in ("--test", test)]
    # Of the whole workspace, as the binary was built: other features would compile burn again.
    command = ["cargo", "test", "--locked", "--workspace", "--features", f"clika/{feature}", "--no-fail-fast"]
    # One at a time: what is printed of one test stays together.
    command += [*chosen, "--", "--nocapture", "--test-threads=1", "--format=pretty"]
    environment = dict(os.environ, CLIKA_TEST_DEVICE=device)
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    lines = []
    for line in process.stdout:
        print(line, end="", flush=True)
        lines.append(line.rstrip())
    return lines, process.wait()


def family(variant):
    (found,) = [name for name in FAMILIES if variant.startswith(name)]
    return found


def table(lines):
    """The largest differences of each family: of logits, and of losses and logits of a training."""
    logits, losses, trained = defaultdict(list), defaultdict(list), defaultdict(list)
    skipped = []
    for line in lines:
        if found := re.fullmatch(r"\| ([\w-]+) \| (f32|bf16) \| (\S+) \|", line):
            logits[family(found[1])].append(float(found[3]))
        elif found := re.fullmatch(r"\| ([\w-]+) \| (\S+e\S+) \| (\S+e\S+) \| (\S+e\S+) \|", line):
            losses[family(found[1])].append(float(found[2]))
            trained[family(found[1])].append(float(found[4]))
        elif "SKIPPED" in line:
            skipped.append(line[line.index("SKIPPED") :])
    if any(not rows[name] for rows in (logits, losses) for name in FAMILIES):
        sys.exit("error: a family has no row: the tests failed before they printed it")
    print("| family | variants | logits | trainings | losses of 50 steps | logits after them |")
    print("|---|---|---|---|---|---|")
    for name in FAMILIES:
        print(
            f"| {name} | {len(logits[name])} | {max(logits[name]):.1e} | {len(losses[name])} "
            f"| {max(losses[name]):.1e} | {max(trained[name]):.1e} |"
        )
    print()
    for line in dict.fromkeys(skipped):
        print(line)


def answers(clika, datasets, device, folder):
    """The choice and the scores of every question."""
    command = [clika, "evaluate", "--model", FIXTURE, "--datasets", datasets, "--device", device, "--limit", "4"]
    command += ["--languages", "en,ja,ru", "--name", "model", "--out", folder / "out", "--cache", folder / "cache"]
    subprocess.run(command, check=True)
    found = {}
    for path in sorted((folder / "out/model").glob("*/*.parquet")):
        for number, row in enumerate(pyarrow.parquet.read_table(path).to_pylist()):
            found[path.parent.name, path.stem, number] = row
    return found


def compare(clika, datasets, device):
    with tempfile.TemporaryDirectory() as folder:
        there = answers(clika, datasets, device, Path(folder, "device"))
        here = answers(clika, datasets, "cpu", Path(folder, "cpu"))
    if there.keys() != here.keys() or not here:
        sys.exit("error: other questions were answered on the device than on the processor")
    furthest = 0.0
    for key, row in here.items():
        other = there[key]
        if row["choice"] != other["choice"]:
            sys.exit(f"error: another answer to {key}: {other} on {device}, {row} on the processor")
        pairs = zip(row["choice_scores"], other["choice_scores"], strict=True)
        furthest = max([furthest, *(abs(a - b) for a, b in pairs)])
    print(f"clika evaluate: {len(here)} answers as on the processor, log-probabilities within {furthest:.1e}")
    if not 0.0 < furthest < TOLERANCE:
        sys.exit("error: 0 would be the processor itself, and more than 1e-3 another model")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clika", type=Path)
    parser.add_argument("datasets", type=Path)
    parser.add_argument("--device", default="vulkan:0")
    arguments = parser.parse_args()
    subprocess.run([arguments.clika, "devices"], check=True)
    lines, status = run_tests(arguments.device)
    table(lines)
    compare(arguments.clika, arguments.datasets, arguments.device)
    sys.exit(status)


if __name__ == "__main__":
    main()
