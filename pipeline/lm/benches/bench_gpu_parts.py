"""The parts of `make bench-gpu`. Each asks ours and PyTorch's side line by line and adds rows to the table."""

import json
import os
import statistics
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import bench_gpu_cuda
from bench_gpu_worker import Broken, CardMemory, Worker

HERE = Path(__file__).resolve().parent
BINARY = HERE / "bench_gpu"
FIXTURES = HERE / "fixtures"
TRAININGS = HERE / "fixtures-training"
TORCH = HERE / "bench_gpu_torch.py"
ROWS, PROMPTS = HERE / "train-rows.json", HERE / "prompts.json"

# As in tests/parity.rs: absolute in f32, a share of the largest logit in bf16.
F32_LIMIT = 1e-4
BF16_LIMIT = 2e-2
# Angles that depend on the whole sequence's length cannot be known when its beginning is run.
NOT_CACHED = "llama-rope-dynamic"
# As in tests/training.rs.
LOSS_LIMIT, GRADIENT_LIMIT, LOGITS_LIMIT = 1e-4, 1e-2, 1e-3
# Of a product's elements, which are about 1; bf16 keeps 8 bits.
PRODUCT_LIMIT = 5e-2
# Either side draws its own weights, and a thousand answer tokens are averaged.
FIRST_LOSS_LIMIT = 0.25

# One of each family comes first, in case that time is short.
FIRST_FIXTURES = ["llama", "bloom", "mistral-sliding", "qwen2", "qwen3", "baichuan2-7b-like", "baichuan2-13b-like"]
FIRST_FIXTURES += ["gemma2", "gemma3", "olmo2", "cohere", "cohere2", "gpt-neox"]

LAYERS = [(4096, 4096), (4096, 11008), (11008, 4096), (5120, 5120), (5120, 13824), (13824, 5120)]
FULL = {
    "tokens": [2048, 8192, 512],
    "layers": LAYERS,
    "seconds": 0.2,
    "models": {"lora-7b": "llama_7b.json", "lora-13b": "llama_13b.json", "scoring": "llama_7b.json"},
    # Rows of a step and of PyTorch's micro-batches, and tokens that ours runs at a time.
    "batch": 128,
    "micro_batch": 32,
    "batch_tokens": {"lora-7b": 8192, "lora-13b": 4096, "scoring": 8192},
    "steps": 10,
    "prompts": 1000,
    "trainings": None,
}
SMALL = {
    "tokens": [16],
    "layers": [(64, 64), (64, 172)],
    "seconds": 0.02,
    "models": dict.fromkeys(["lora-7b", "lora-13b", "scoring"], "llama_tiny.json"),
    "batch": 4,
    "micro_batch": 2,
    "batch_tokens": dict.fromkeys(["lora-7b", "lora-13b", "scoring"], 512),
    "steps": 2,
    "prompts": 20,
    "trainings": 2,
}
# A part does not begin anything else with less.
LEAST_SECONDS = 0.5
# Steps and prompts before those that are timed: kernels are compiled and tuned.
WARM_UP = 2
WARM_UP_PROMPTS = 64
# Address space in bytes in which either side begins, and in which no model of 7B is held.
STARVED = {"ours": 1 << 29, "theirs": 6 << 30}
# Of the time of a training: the rest is PyTorch's.
OUR_SHARE = 0.55


class Side:
    """One of the two programs of a part: started when it is first asked, and again after it broke off."""

    def __init__(self, run, name, command, environment, patience=2):
        self.run, self.name, self.command, self.environment = run, name, command, environment
        # As many times as it may break off before it has answered anything.
        self.patience = patience
        self.worker, self.answered, self.broken = None, 0, 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.worker:
            self.worker.kill()
        self.worker = None

    @property
    def given_up(self):
        return self.answered == 0 and self.broken >= self.patience

    def ask(self, line, until):
        """The answer, or `None` if none came: the reason has been reported."""
        if self.given_up:
            return None
        try:
            if self.worker is None:
                starved = self.run.report.part == self.run.starved
                limit = STARVED[self.name] if starved else None
                self.worker = Worker(self.command, self.environment, self.run.report.errors, limit)
            answer = self.worker.ask(line, until)
        except Broken as error:
            self.__exit__()
            self.broken += 1
            self.run.report.fail(f"{self.name}, {line}: {error}")
            if self.given_up and self.patience > 1:
                self.run.report.say(f"{self.name} has broken off {self.broken} times and is not asked again")
            return None
        self.answered += 1
        self.run.report.result(self.name, line, answer)
        return answer


class Run:
    """What all parts share."""

    def __init__(self, report, device, small, rounds, nvrtc, starved):
        self.report, self.device, self.rounds, self.starved = report, device, rounds, starved
        self.settings = SMALL if small else FULL
        # WGSL has no bf16.
        self.dtype = "f32" if device.startswith("vulkan") else "bf16"
        # Last lines are to say what happened, not where.
        variables = bench_gpu_cuda.environment(report.folder) if nvrtc else bench_gpu_cuda.without(os.environ)
        self.our_environment = variables | {"RUST_BACKTRACE": "0"}
        # TFLOP/s of the fastest product of each width, whose ever it was.
        self.fastest = {}

    def ours(self, *arguments, patience=2):
        return Side(self, "ours", [BINARY, self.device, *arguments], self.our_environment, patience)

    def theirs(self, command, *arguments, patience=2):
        command = [sys.executable, TORCH, command, self.device, *arguments]
        return Side(self, "theirs", command, dict(os.environ), patience)

    def config(self):
        """The shape of the part's model."""
        settings = FULL if self.report.part == self.starved else self.settings
        return HERE / settings["models"][self.report.part]

    @property
    def card(self):
        return int(self.device.partition(":")[2] or 0)


def devices(run, until):
    """What is compared, on what. Returns whether there is anything to run on."""
    report = run.report
    smi = ["nvidia-smi", "--query-gpu=name,driver_version,memory.total,compute_cap", "--format=csv,noheader"]
    try:
        done = subprocess.run(smi, capture_output=True, text=True, timeout=10)
        report.fact(f"nvidia-smi: {'; '.join((done.stdout or done.stderr).split(chr(10))).strip('; ')}")
    except FileNotFoundError:
        report.fact("nvidia-smi: not there; memory is that of the processes")
    except (OSError, subprocess.TimeoutExpired) as error:
        report.fact(f"nvidia-smi: {error}")

    def output(name, command, environment):
        try:
            return Worker(command, environment, report.errors).all(until)
        except Broken as error:
            report.fail(f"{name}: {error}")
            return []

    commit = (HERE / "commit.txt").read_text().strip()
    there = {place["device"]: place["name"] for place in output("ours", [BINARY, "devices"], run.our_environment)}
    names = "; ".join(f"{device} {name}" for device, name in there.items())
    report.fact(f"Ours: commit {commit}, computing in {run.dtype} on {run.device}; there are: {names or 'none'}")
    nvrtc = output("NVRTC", [sys.executable, HERE / "bench_gpu_cuda.py"], run.our_environment)
    cuda = run.our_environment.get("CUDA_PATH", "none")
    report.fact(f"NVRTC for ours: {nvrtc[0]['nvrtc'] if nvrtc else 'unknown'}; CUDA's headers: {cuda}")
    versions = output("theirs", [sys.executable, TORCH, "versions", run.device], dict(os.environ))
    if versions:
        report.fact("Theirs: " + ", ".join(f"{key} {value}" for key, value in versions[0].items()))
        missing = [name for name in ("torch", "transformers", "peft") if versions[0][name] == "missing"]
        if missing:
            report.fail(f"theirs: no {', '.join(missing)} for {sys.executable}")
    if run.device not in there:
        report.fail(f"ours: no {run.device} on this machine; there are: {names or 'none'}")


def each(run, side, lines, until):
    """The answers to lines, of those that were answered. One that hangs leaves the others half of the time."""
    found = {}
    for done, line in enumerate(lines):
        if until - time.monotonic() < LEAST_SECONDS or side.given_up:
            run.report.fail(f"{side.name}: {len(lines) - done} of {len(lines)} were not asked")
            break
        now = time.monotonic()
        answer = side.ask(line, now + (until - now) / 2)
        if answer is not None:
            found[line] = answer
    return found


def parity(run, until):
    names = [path.name for path in sorted(FIXTURES.iterdir())]
    of_bf16 = [name for name in names if name.endswith("bf16")]
    rest = [name for name in names if name not in [*of_bf16, *FIRST_FIXTURES]]
    lines = []
    for wide, narrow in ((FIRST_FIXTURES, of_bf16), (rest, [])):
        lines += [f"{name} f32" for name in wide]
        if run.dtype == "bf16":
            lines += [f"{name} bf16" for name in [*narrow, *wide]]
    with run.ours("parity", FIXTURES, patience=3) as ours:
        found = each(run, ours, lines, until)
    families = {}
    for line, result in found.items():
        name, dtype = line.split()
        difference = result["difference"] if name == NOT_CACHED else max(result["difference"], result["cached"])
        own = name.endswith("bf16") == (dtype == "bf16")
        share = difference if dtype == "f32" else difference / result["largest"]
        limit = F32_LIMIT if dtype == "f32" else BF16_LIMIT
        # An f32 checkpoint in bf16 is only reported: its reference has more bits.
        if own and not share <= limit:
            run.report.fail(f"{name} in {dtype} is off by {share:.1e}, more than {limit:.0e}")
        kind = "f32" if dtype == "f32" else "bf16" if own else "f32's fixtures in bf16"
        family = families.setdefault(name.split("-")[0], {}).setdefault(kind, [])
        family.append(share)
    for family, kinds in sorted(families.items()):
        worst = "; ".join(f"{kind}: {max(shares):.1e} of {len(shares)}" for kind, shares in kinds.items())
        run.report.text_row(f"logits of {family}, largest difference (in bf16 as a share of the largest)", worst)


def losses(run, until):
    names = [path.name for path in sorted(TRAININGS.iterdir())]
    # Those of the paper's targets of every family first.
    order = ["paper", "full", "all", "attention"]
    names.sort(key=lambda name: order.index(name.rpartition("-")[2]))
    names = names[: run.settings["trainings"]]
    lines = [f"{name} f32" for name in names]
    if run.dtype == "bf16":
        lines += [f"{name} bf16" for name in names if name.endswith("paper")]
    with run.ours("losses", FIXTURES, TRAININGS, patience=3) as ours:
        found = each(run, ours, lines, until)
    limits = {"loss": LOSS_LIMIT, "gradient": GRADIENT_LIMIT, "logits": LOGITS_LIMIT}
    kinds = {}
    for line, result in found.items():
        name, dtype = line.split()
        over = [f"{what} {result[what]:.1e}" for what, limit in limits.items() if not result[what] < limit]
        # PEFT computed in f32: other types are only reported.
        if dtype == "f32" and over:
            run.report.fail(f"{name} is off: {', '.join(over)}")
        kinds.setdefault((name.rpartition("-")[2], dtype), []).append(result)
    for (targets, dtype), results in kinds.items():
        loss, logits = (max(result[key] for result in results) for key in ("loss", "logits"))
        what = f"losses of 50 steps in {dtype}, {targets}, {len(results)} families: largest difference"
        run.report.text_row(what, f"{loss:.1e}; of the trained model's logits {logits:.1e}")


def products(run, until):
    settings = run.settings
    shapes = [f"{tokens}x{inputs}x{outputs}" for tokens in settings["tokens"] for inputs, outputs in settings["layers"]]
    arguments = ["products", run.dtype, settings["seconds"]]
    rates = {shape: ([], []) for shape in shapes}
    with ExitStack() as stack:
        both = [stack.enter_context(side) for side in (run.ours(*arguments), run.theirs(*arguments))]
        for _ in range(run.rounds):
            begin = time.monotonic()
            for shape in shapes:
                if time.monotonic() >= until:
                    break
                for side, found in zip(both, rates[shape]):
                    answer = side.ask(shape, until)
                    if answer is None:
                        continue
                    found.append(answer["tflops"])
                    if not answer.get("error", 0.0) <= PRODUCT_LIMIT:
                        run.report.fail(f"{side.name}, {shape} is off by {answer['error']:.1e}")
            if time.monotonic() + (time.monotonic() - begin) > until:
                break
    unmeasured = [shape for shape, found in rates.items() if not any(found)]
    if unmeasured:
        run.report.fail(f"not measured: {', '.join(unmeasured)}")
    for shape in (shape for shape in shapes if shape not in unmeasured):
        tokens, inputs, outputs = map(int, shape.split("x"))
        ours, theirs = map(median, rates[shape])
        run.report.row(f"product in {run.dtype}, {tokens} × {inputs} → {outputs}", ours, theirs, "TFLOP/s")
        width = min(inputs, outputs)
        run.fastest[width] = max(run.fastest.get(width, 0.0), ours or 0.0, theirs or 0.0)


def median(numbers):
    return statistics.median(numbers) if numbers else None


class Training:
    """What one side's steps gave, all rounds together."""

    def __init__(self):
        self.rates, self.first_loss = {}, None
        self.memory, self.reserved = None, None

    def take(self, run, side, orders, until):
        """Steps in each order by turns; those that warm up are not counted."""
        with CardMemory(run.card) as card, side:
            for number in range(WARM_UP + run.settings["steps"]):
                for order in orders:
                    begin = time.monotonic()
                    answer = side.ask(order, until)
                    if answer is None:
                        return
                    if self.first_loss is None:
                        self.first_loss = answer["loss"]
                    self.reserved = most(self.reserved, answer["reserved_mib"])
                    if number >= WARM_UP:
                        self.rates.setdefault(order, []).append(answer["tokens"] / answer["seconds"])
                    memory = side.worker.peak_rss() if card.most is None else card.most
                    self.memory = most(self.memory, memory)
                    if 2 * time.monotonic() - begin > until:
                        return

    def rate(self, order):
        return median(self.rates.get(order))


def report_unmeasured(run, sides):
    """That nothing was timed is a failure, also where nothing broke off: the time was over before."""
    for side, found in sides.items():
        if not found and not run.report.has_failed(side):
            run.report.fail(f"{side}: nothing was timed within its time")


def most(one, other):
    return max(filter(None, (one, other)), default=None)


def lora(run, until):
    settings, report = run.settings, run.report
    config_file = run.config()
    ours, theirs = Training(), Training()
    arguments = ["train", run.dtype, config_file, ROWS, settings["batch"]]
    batch_tokens = settings["batch_tokens"][report.part]
    for _ in range(run.rounds):
        begin = time.monotonic()
        until_ours = begin + OUR_SHARE * (until - begin)
        ours.take(run, run.ours(*arguments, batch_tokens, patience=1), ["given"], until_ours)
        if ours.first_loss is None and time.monotonic() < until_ours:
            batch_tokens //= 4
            report.say(f"ours tries again with {batch_tokens} tokens at a time")
            ours.take(run, run.ours(*arguments, batch_tokens, patience=1), ["given"], until_ours)
        side = run.theirs(*arguments, settings["micro_batch"], patience=1)
        theirs.take(run, side, ["given", "grouped"], until)
        if time.monotonic() + (time.monotonic() - begin) > until or not (ours.rates and theirs.rates):
            break
    shape = json.loads(config_file.read_text())
    name = f"{report.part} ({config_file.stem}, {run.dtype})"
    report_unmeasured(run, {"ours": ours.rates, "theirs": theirs.rates})
    report.fact(
        f"{name}: {settings['batch']} rows a step; ours runs {batch_tokens} tokens at a time, "
        f"theirs {settings['micro_batch']} rows, padded; tokens are counted without padding"
    )
    for order, words in {"given": "in the given order", "grouped": "grouped by length"}.items():
        report.row(f"{name}, theirs {words}", ours.rate("given"), theirs.rate(order), "tokens/s")
    report.row(f"{name}: most memory, the system says", ours.memory, theirs.memory, "MiB")
    report.row(f"{name}: most memory, the program says", ours.reserved, theirs.reserved, "MiB")
    report.row(f"{name}: loss of the first step", ours.first_loss, theirs.first_loss, "")
    first = [ours.first_loss, theirs.first_loss]
    if None not in first and not abs(first[0] - first[1]) <= FIRST_LOSS_LIMIT:
        report.fail(f"the first losses differ: {first[0]:.3f} and {first[1]:.3f}")
    fastest = run.fastest.get(shape["hidden_size"])
    if fastest:
        teraflop = 4e-12 * weights(shape)
        rates = (ours.rate("given"), theirs.rate("given"))
        shares = [None if rate is None else 100 * teraflop * rate / fastest for rate in rates]
        report.row(f"{name}: 4 FLOP a weight and token, of the best product's {fastest:.4g} TFLOP/s", *shares, "%")


def weights(shape):
    """Of the linear layers that a token goes through."""
    hidden, inner = shape["hidden_size"], shape["intermediate_size"]
    layer = 4 * hidden * hidden + 3 * hidden * inner
    return shape["num_hidden_layers"] * layer + shape["vocab_size"] * hidden


def scoring(run, until):
    settings = run.settings
    config_file = run.config()
    arguments = ["score", run.dtype, config_file, PROMPTS, settings["batch_tokens"]["scoring"]]
    rates = ([], [])
    with ExitStack() as stack:
        sides = run.ours(*arguments, patience=1), run.theirs(*arguments, patience=1)
        both = [stack.enter_context(side) for side in sides]
        for side in both:
            side.ask(min(WARM_UP_PROMPTS, settings["prompts"]), until)
        for _ in range(run.rounds):
            begin = time.monotonic()
            for side, found in zip(both, rates):
                answer = side.ask(settings["prompts"], until) if side.answered else None
                if answer is not None:
                    found.append(answer["prompts"] / answer["seconds"])
            if time.monotonic() + (time.monotonic() - begin) > until or not any(rates):
                break
    run.report.fact("scoring: ours runs once what all prompts begin with; theirs is padded to like lengths")
    report_unmeasured(run, {"ours": rates[0], "theirs": rates[1]})
    what = f"scoring ({config_file.stem}, {run.dtype}), {settings['prompts']:,} prompts"
    run.report.row(what, *map(median, rates), "prompts/s")


# In order, with the share of time that each is planned for; what one leaves is the next one's. The first is long, for Python
# reads PyTorch from a cold disk then.
PARTS = {
    "devices": (devices, 45),
    "parity": (parity, 75),
    "losses": (losses, 45),
    "products": (products, 60),
    "lora-7b": (lora, 90),
    "lora-13b": (lora, 90),
    "scoring": (scoring, 65),
}
