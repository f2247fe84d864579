"""Sends clika-lm through the stand-in for NVIDIA's driver: `make test-cuda-build`.

    check.py PROGRAM LIBRARY NVIDIA CONFIGS FOLDER

PROGRAM is the example cuda_shapes of a build with the feature `cuda`, LIBRARY the stand-in, NVIDIA the folder with `lib`
and `include` of NVIDIA's packages from PyPI, CONFIGS the folder of llama_*.json, FOLDER what may be written to.

What it shows: whether NVIDIA's NVRTC compiles every kernel for an H100 (sm_90a); which kernels are launched and how
often, whether their sizes are such that the driver launches them, and whether copies stay in memory that was given out;
where the host waits; the most bytes of the device that are taken. And that a missing or old library is an error with a
hint before a model is loaded.

What it cannot show, as nothing is executed: whether numbers are right, NaN checks included (all that is read is zero);
which kernels a real device finds fastest (every time is said to be the same, so the first candidate wins, and other
candidates may take other memory); how long anything takes. The driver itself takes some 500 MB of a card that are not
counted here.

Exit code 1 if a kernel cannot be compiled, a call would be refused, or an aim is missed.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import bad_input
from events import Record, read

GIB = 1 << 30
# What cards of these names leave to programs, about.
CARDS = {"80 GB": 79 * GIB, "48 GB": int(44.5 * GIB), "24 GB": int(23.5 * GIB)}
# More than any card has, to see what is taken where nothing is short.
PLENTY = 400 * GIB
# The paper's batch, and prompts and their tokens in a batch of `clika evaluate` on a GPU.
ROWS = 128
PROMPTS, PROMPT_TOKENS, SCORING_TOKENS = 64, 256, 16384
# Tokens at a time that hold the paper's whole batch.
WHOLE = 8192


@dataclass
class Run:
    """What one process is to do."""

    config: str
    what: list
    memory: int = PLENTY

    @property
    def name(self):
        return " ".join([self.config, *map(str, self.what)])


def score(config, memory=PLENTY):
    return Run(config, ["score", PROMPTS, PROMPT_TOKENS, SCORING_TOKENS], memory)


def train(config, weights, tokens, keep, memory=PLENTY):
    return Run(config, ["train", weights, ROWS, tokens, keep], memory)


class Bench:
    """Where runs are made, and what they have shown."""

    def __init__(self, program, library, nvidia, configs, folder):
        self.program, self.nvidia, self.configs, self.folder = program, nvidia, configs, folder
        self.driver, self.listener = folder / "driver", folder / "listener"
        for place, name in [(self.driver, "libcuda.so.1"), (self.listener, "libnvrtc.so")]:
            place.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(library, place / name)
        (folder / "ptx").mkdir(exist_ok=True)
        self.compiled, self.refused, self.failures = set(), set(), []

    def environment(self, log, **settings):
        """burn's caches go to the folder: what is chosen here by times that mean nothing is never used again."""
        libraries = [self.driver, self.listener, self.nvidia / "lib"]
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "LD_LIBRARY_PATH": ":".join(map(str, libraries)),
            "CUDA_PATH": str(self.nvidia),
            "CUDA_STANDIN_NVRTC": str(self.nvidia / "lib" / "libnvrtc.so.13"),
            "CUDA_STANDIN_PTX": str(self.folder / "ptx"),
            "CUDA_STANDIN_LOG": str(log),
            **{name: str(value) for name, value in settings.items()},
        }

    def run(self, run: Run) -> tuple[Record, dict] | None:
        """What the stand-in noted and what the program said; none if it broke off."""
        with tempfile.TemporaryDirectory(dir=self.folder) as folder:
            log = Path(folder) / "log"
            config = self.configs / f"{run.config}.json"
            command = [self.program, "cuda:0", config if config.is_file() else self.folder / config.name, *map(str, run.what)]
            environment = self.environment(log, CUDA_STANDIN_MEMORY=run.memory)
            done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
            record = read(log)
        print(f"{run.name}: {len(record.compiled)} kernels, NVRTC {record.seconds:.0f} s", file=sys.stderr)
        self.compiled |= record.compiled
        self.failures += [f"{run.name}: {name} cannot be compiled:\n{text}" for name, text in record.failed.items()]
        # A candidate that the driver refuses is passed over; anything else ends the program.
        self.refused |= set(record.refused)
        if done.returncode:
            self.failures.append(f"{run.name}: exit code {done.returncode}\n{done.stderr[-2000:]}")
            return None
        return record, json.loads(done.stdout)


def table(head, rows):
    lines = [head, ["---"] * len(head), *rows]
    print("\n" + "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines), flush=True)


def gib(count):
    return f"{count / GIB:.1f}"


def fewer_layers(bench, config, layers):
    """The shape of a model with so many layers, for what one layer adds."""
    keys = json.loads((bench.configs / f"{config}.json").read_text()) | {"num_hidden_layers": layers}
    name = f"{config}_{layers}_layers"
    (bench.folder / f"{name}.json").write_text(json.dumps(keys))
    return name


def steady(done):
    """The phase after the first one of its kind: kernels are chosen."""
    record, result = done
    return record.of("score 2" if "scores" in result else "step 3")


def launches(bench):
    """Launches of a step, and those that each layer adds."""
    rows = []
    kinds = {
        "scoring": score,
        "LoRA": lambda config: train(config, "lora", WHOLE, "keep"),
        "LoRA, recompute": lambda config: train(config, "lora", WHOLE, "recompute"),
        "full": lambda config: train(config, "full", WHOLE, "keep"),
    }
    for name, kind in kinds.items():
        done = [bench.run(kind(fewer_layers(bench, "llama_7b", layers))) for layers in (2, 3)]
        if None in done:
            continue
        two, three = ((sum(phase.launches.values()), phase.drained) for phase in map(steady, done))
        measured = sum(steady(one).measured for one in done)
        rows.append([name, two[0] - 2 * (three[0] - two[0]), three[0] - two[0], three[1], measured])
    table(["7B shapes, bf16", "launches beside layers", "launches a layer", "waits until the device is idle", "times measured"], rows)


def memory(bench):
    """The most bytes that are taken where nothing is short, and on cards."""
    runs = [score("llama_7b"), score("llama_13b")]
    for config in ("llama_7b", "llama_13b"):
        runs += [train(config, "lora", tokens, keep) for keep in ("keep", "recompute") for tokens in (WHOLE, 2048)]
    runs += [train("llama_7b", "full", tokens, keep) for keep in ("keep", "recompute") for tokens in (WHOLE, 2048)]
    runs += [train("llama_13b", "lora", WHOLE, "keep", CARDS["80 GB"])]
    runs += [train("llama_13b", "lora", WHOLE, "recompute", CARDS["48 GB"])]
    runs += [train("llama_7b", "lora", WHOLE, "recompute", CARDS[card]) for card in ("48 GB", "24 GB")]
    rows = []
    for run in runs:
        done = bench.run(run)
        limit = next((name for name, limit in CARDS.items() if limit == run.memory), "no limit")
        if done is None:
            rows.append([run.name, limit, "failed", "", "", "", "", ""])
            continue
        record, result = done
        phase = steady(done)
        kept = result.get("kept") or [result["weights"]]
        rows.append(
            [run.name, limit, gib(record.peak), gib(result["weights"]), gib(kept[-1]), sum(phase.launches.values())]
            + [phase.drained, f"{phase.copies['host'] / 1e6:.3f}"]
        )
    head = ["run", "card", "peak GiB", "weights GiB", "after a step GiB", "launches a step", "waits until idle", "MB to the host"]
    table(head, rows)


def main():
    bench = Bench(*(Path(argument).resolve() for argument in sys.argv[1:]))
    table(["missing", "what is said"], bad_input.check(bench))
    launches(bench)
    memory(bench)
    print(f"\n{len(bench.compiled)} kernels compiled for sm_90a, {len(bench.failures)} failures")
    print(__doc__.split("\n\n")[4])
    for candidate in sorted(bench.refused):
        print("refused while kernels were chosen:", candidate)
    for failure in bench.failures:
        print("FAILED", failure)
    sys.exit(bool(bench.failures))


if __name__ == "__main__":
    main()
