"""A first look at a GPU: are results right, and how fast are matrix products and a prefill beside PyTorch?

NOT YET RUN ON A GPU. What has run is the same code on a processor, with --device cpu --small.

    make bench-gpu                    # builds, packs target/bench-gpu.tar.gz, and runs it if there is a GPU

    tar xzf bench-gpu.tar.gz          # on an x86-64 Linux with a GPU, and no network
    python3 bench-gpu/bench_gpu.py [--device cuda:0]

The machine needs a driver for CUDA 13, Python with PyTorch and transformers, glibc 2.36 or newer, and CUDA's headers
and libnvrtc: from a toolkit, or those that PyTorch's wheels bring.

It compares, and prints one Markdown table at the end (to stdout; the rest goes to stderr):

- the parity fixtures in f32 and bf16 with the logits that transformers gave. In a fixture's own dtype the limits are
  those of tests/parity.rs, and to exceed them is a failure; an f32 fixture computed in bf16 is only reported (up to
  8.5e-2 of the largest logit on a processor).
- bf16 matrix products at the shapes of the layers of 7B and 13B models, in TFLOP/s, each checked at two corners.
- one pass of a random model of 7B parameters over 8 prompts of 512 tokens, in bf16, up to the logits behind each
  prompt's last token in the host's memory. PyTorch's side is transformers' LlamaForCausalLM with sdpa.

- steps of a LoRA training (rank 128 on queries and values, 128 rows a step, as long as those of a fictional world) of random
  models of 7B and 13B parameters in bf16, beside transformers + PEFT with micro-batches of 32, padded to the longest:
  tokens a second without padding, and the most memory that the GPU had in use meanwhile.

Times are medians behind a warm-up, which compiles and tunes kernels and is not counted.
"""

import argparse
import json
import os
import site
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
BINARY = HERE / "bench_gpu"
FIXTURES = HERE / "fixtures"

# As in tests/parity.rs: absolute in f32, a share of the largest logit in bf16.
F32_LIMIT = 1e-4
BF16_LIMIT = 2e-2
# Angles that depend on the whole sequence's length cannot be known when its beginning is run.
NOT_CACHED = "llama-rope-dynamic"
# Of a product's elements, which are about 1; bf16 keeps 8 bits.
PRODUCT_LIMIT = 5e-2

LAYERS = [(4096, 4096), (4096, 11008), (11008, 4096), (5120, 5120), (5120, 13824), (13824, 5120)]
FULL = {
    "tokens": [512, 2048, 8192],
    "layers": LAYERS,
    "seconds": 1.0,
    "config": "llama_7b.json",
    "prefill": (8, 512),
    "train": ["llama_7b.json", "llama_13b.json"],
    "rows": 128,
}
SMALL = {
    "tokens": [16, 64],
    "layers": [(64, 64), (64, 172)],
    "seconds": 0.1,
    "config": "llama_small.json",
    "prefill": (2, 16),
    "train": ["llama_small.json"],
    "rows": 8,
}
# Tokens that our trainer runs at a time, and rows of PyTorch's micro-batches.
BATCH_TOKENS = 8192
MICRO_BATCH = 32
TRAINING_STEPS = 5
# Products between two waits for the device, as in examples/bench_gpu/matmul.rs.
AT_A_TIME = 10


def environment():
    """Ours, with the CUDA headers and libnvrtc of PyTorch's wheels where there is no toolkit."""
    variables = dict(os.environ)
    toolkits = [Path(path) for path in ("/usr/local/cuda", "/opt/cuda") if Path(path).exists()]
    if "CUDA_PATH" in variables or toolkits:
        return variables
    for folder in [*site.getsitepackages(), site.getusersitepackages()]:
        wheels = Path(folder) / "nvidia" / "cu13"
        if wheels.is_dir():
            variables["CUDA_PATH"] = str(wheels)
            libraries = [str(wheels / "lib"), *filter(None, [variables.get("LD_LIBRARY_PATH")])]
            variables["LD_LIBRARY_PATH"] = ":".join(libraries)
    return variables


def ours(*arguments):
    """The results of our binary, and what went wrong if it broke off."""
    command = [str(BINARY), *map(str, arguments)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment())
    results = []
    for line in process.stdout:
        print("ours:", line, end="", file=sys.stderr)
        results.append(json.loads(line))
    if process.wait():
        return results, f"`{' '.join(arguments[:2])}` ended with {process.returncode}"
    return results, None


def median_seconds(torch, device, seconds, call):
    """As examples/bench_gpu/main.rs measures: at least five calls, and more until the time is over."""
    call()
    wait(torch, device)
    times, begin = [], time.perf_counter()
    while len(times) < 5 or time.perf_counter() - begin < seconds:
        start = time.perf_counter()
        call()
        wait(torch, device)
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def wait(torch, device):
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def torch_products(torch, device, settings):
    found = {}
    for inputs, outputs in settings["layers"]:
        weight = torch.randn(outputs, inputs, device=device, dtype=torch.bfloat16) * inputs**-0.5
        for tokens in settings["tokens"]:
            x = torch.randn(tokens, inputs, device=device, dtype=torch.bfloat16)
            batch = lambda: [torch.nn.functional.linear(x, weight) for _ in range(AT_A_TIME)]
            seconds = median_seconds(torch, device, settings["seconds"], batch) / AT_A_TIME
            found[f"{tokens}x{inputs}x{outputs}"] = 2 * tokens * inputs * outputs / seconds / 1e12
            print("torch:", tokens, inputs, outputs, seconds, file=sys.stderr)
    return found


def torch_prefill(torch, device, settings):
    """Tokens per second."""
    from transformers import LlamaConfig, LlamaForCausalLM

    keys = json.loads((HERE / settings["config"]).read_text())
    config = LlamaConfig(**keys, attn_implementation="sdpa", dtype=torch.bfloat16)
    with device:
        previous = torch.get_default_dtype()
        torch.set_default_dtype(torch.bfloat16)
        model = LlamaForCausalLM(config).eval()
        torch.set_default_dtype(previous)
    assert model.dtype == torch.bfloat16 and model.device.type == device.type
    sequences, tokens = settings["prefill"]
    ids = torch.arange(sequences * tokens, device=device) * 7919 % config.vocab_size
    ids = ids.reshape(sequences, tokens)

    def prefill():
        logits = model(input_ids=ids, use_cache=False, logits_to_keep=1).logits.float().cpu()
        assert logits.shape == (sequences, 1, config.vocab_size) and logits.isfinite().all()

    with torch.inference_mode():
        prefill()
        seconds = median_seconds(torch, device, settings["seconds"], prefill)
    print("torch: prefill", seconds, file=sys.stderr)
    return sequences * tokens / seconds


class MostMemory:
    """The most memory in use on the first GPU while a block runs, in MiB; `None` where nvidia-smi says nothing."""

    def __enter__(self):
        self.most, self.ended = None, threading.Event()
        self.thread = threading.Thread(target=self.watch)
        self.thread.start()
        return self

    def watch(self):
        command = ["nvidia-smi", "--id=0", "--query-gpu=memory.used", "--format=csv,noheader,nounits"]
        while not self.ended.wait(0.2):
            try:
                used = float(subprocess.run(command, capture_output=True, text=True, timeout=10).stdout)
            except (OSError, ValueError, subprocess.TimeoutExpired):
                return
            self.most = max(self.most or 0.0, used)

    def __exit__(self, *_):
        self.ended.set()
        self.thread.join()


def training_rows(rows, vocabulary):
    """Token ids and where the answer begins, as examples/bench_gpu/train.rs has them."""
    for row in range(rows):
        length = 44 + row * 7 % 24
        yield [(row * 31 + at * 7919) % vocabulary for at in range(length)], length - 9


def torch_train(torch, device, config_file, rows):
    """Tokens per second without padding, and the losses."""
    from peft import LoraConfig, get_peft_model
    from transformers import LlamaConfig, LlamaForCausalLM

    keys = json.loads((HERE / config_file).read_text())
    config = LlamaConfig(**keys, attn_implementation="sdpa", dtype=torch.bfloat16)
    with device:
        previous = torch.get_default_dtype()
        torch.set_default_dtype(torch.bfloat16)
        model = LlamaForCausalLM(config)
        torch.set_default_dtype(previous)
    lora = LoraConfig(r=128, lora_alpha=16, lora_dropout=0.1, target_modules=["q_proj", "v_proj"], task_type="CAUSAL_LM")
    model = get_peft_model(model, lora).train()
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=2e-4, weight_decay=0.0)
    examples = list(training_rows(rows, config.vocab_size))
    answers = sum(len(ids) - answer for ids, answer in examples)
    losses, seconds = [], []
    for step in range(TRAINING_STEPS + 2):
        begin = time.perf_counter()
        loss = 0.0
        for start in range(0, rows, MICRO_BATCH):
            part = examples[start : start + MICRO_BATCH]
            longest = max(len(ids) for ids, _ in part)
            ids = torch.tensor([ids + [0] * (longest - len(ids)) for ids, _ in part], device=device)
            mask = torch.tensor([[1] * len(ids) + [0] * (longest - len(ids)) for ids, _ in part], device=device)
            labels = [[-100] * answer + ids[answer:] + [-100] * (longest - len(ids)) for ids, answer in part]
            labels = torch.tensor(labels, device=device)
            with torch.autocast(device.type, dtype=torch.bfloat16):
                logits = model(input_ids=ids, attention_mask=mask, use_cache=False).logits
            of_part = torch.nn.functional.cross_entropy(
                logits[:, :-1].float().flatten(0, 1), labels[:, 1:].flatten(), reduction="sum", ignore_index=-100
            )
            (of_part / answers).backward()
            loss += of_part.item() / answers
        torch.nn.utils.clip_grad_norm_(trained, 1.0)
        optimizer.step()
        optimizer.zero_grad()
        wait(torch, device)
        losses.append(loss)
        if step >= 2:
            seconds.append(time.perf_counter() - begin)
    print("torch: train", seconds, losses, file=sys.stderr)
    return sum(len(ids) for ids, _ in examples) / statistics.median(seconds)


def training_table(torch, device, settings, device_name, failures):
    rows = []
    for config_file in settings["train"]:
        name = config_file.removesuffix(".json")
        with MostMemory() as memory:
            results, problem = ours(device_name, "train", HERE / config_file, settings["rows"], BATCH_TOKENS)
        failures += [problem] if problem else []
        found, most = (results[0]["tokens_per_second"] if results else None), memory.most
        try:
            with MostMemory() as memory:
                other = torch_train(torch, device, config_file, settings["rows"])
        except (ImportError, RuntimeError) as error:
            failures.append(f"PyTorch's training of {name}: {error}")
            other = None
        rows.append(row(f"LoRA of {name} in bf16, {settings['rows']} rows a step", found, other, "tokens/s"))
        rows.append(row("its most memory", most, memory.most, "MiB"))
        if device.type == "cuda":
            torch.cuda.empty_cache()
    return rows


def parity_rows(results, failures):
    """One row for each pair of dtypes, with its worst fixture."""
    if not results:
        failures.append("no parity fixture was compared")
    groups = {}
    for result in results:
        groups.setdefault((result["dtype"], result["reference"]), []).append(result)
    rows = []
    for (dtype, reference), group in groups.items():
        worst, worst_name = 0.0, None
        for result in group:
            name = result["variant"]
            if "error" in result:
                failures.append(f"parity of {name} in {dtype}: {result['error']}")
                continue
            difference = result["difference"]
            if name != NOT_CACHED:
                difference = max(difference, result["cached_difference"])
            share = difference if dtype == "f32" else difference / result["largest"]
            limit = F32_LIMIT if dtype == "f32" else BF16_LIMIT
            if dtype == reference and share > limit:
                failures.append(f"parity of {name} in {dtype}: {share:.1e} is more than {limit:.0e}")
            if worst_name is None or share > worst:
                worst, worst_name = share, name
        kind = "largest difference" if dtype == "f32" else "largest difference / largest logit"
        found = "–" if worst_name is None else f"{worst:.1e} ({worst_name})"
        rows.append([f"parity of {len(group)} fixtures of {reference} in {dtype}: {kind}", found, "", ""])
    return rows


def row(what, found, other, unit):
    """A row of the table; what was not measured is a dash."""
    show = lambda number: "–" if number is None else f"{number:,.{1 if number < 1000 else 0}f} {unit}"
    ratio = "–" if found is None or not other else f"{found / other:.2f}"
    return [what, show(found), show(other), ratio]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cuda:0", help="as `bench_gpu devices` lists it")
    parser.add_argument("--small", action="store_true", help="tiny shapes, to try this script without a GPU")
    arguments = parser.parse_args()
    settings = SMALL if arguments.small else FULL

    there, problem = ours("devices")
    if problem:
        sys.exit(f"error: {problem}")
    names = {place["device"]: place["name"] for place in there}
    if arguments.device not in names:
        sys.exit(
            f"error: no {arguments.device} on this machine; there are {', '.join(names)}\n"
            f"hint: carry {HERE}.tar.gz to a machine with a GPU, unpack it and run {HERE.name}/{Path(__file__).name} there"
        )
    import torch
    import transformers

    device = torch.device(arguments.device)
    failures = []
    seconds, device_name = settings["seconds"], arguments.device

    parity, problem = ours(device_name, "parity", FIXTURES)
    failures += [problem] if problem else []
    rows = parity_rows(parity, failures)

    layers = settings["layers"]
    shapes = [f"{tokens}x{inputs}x{outputs}" for inputs, outputs in layers for tokens in settings["tokens"]]
    products, problem = ours(device_name, "matmul", seconds, *shapes)
    failures += [problem] if problem else []
    products = {result["shape"]: result for result in products}
    theirs = torch_products(torch, device, settings)
    for shape in shapes:
        product = products.get(shape)
        if product and not product["error"] <= PRODUCT_LIMIT:
            failures.append(f"the product {shape} is off by {product['error']:.1e}")
        tokens, inputs, outputs = shape.split("x")
        what = f"product in bf16, {tokens} tokens × {inputs} → {outputs}"
        rows.append(row(what, product and product["tflops"], theirs[shape], "TFLOP/s"))

    sequences, tokens = settings["prefill"]
    config = settings["config"]
    prefill, problem = ours(device_name, "prefill", seconds, HERE / config, sequences, tokens)
    failures += [problem] if problem else []
    rate = prefill[0]["tokens_per_second"] if prefill else None
    what = f"prefill of {config.removesuffix('.json')} in bf16, {sequences} × {tokens} tokens"
    rows.append(row(what, rate, torch_prefill(torch, device, settings), "tokens/s"))

    rows += training_table(torch, device, settings, device_name, failures)

    for failure in failures:
        print(f"FAILED: {failure}", file=sys.stderr)
    versions = f"PyTorch {torch.__version__}, transformers {transformers.__version__}"
    print(f"| {names[device_name]} | ours | {versions} | ours / PyTorch |")
    print("|---|---|---|---|")
    for cells in rows:
        print(f"| {' | '.join(cells)} |")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
