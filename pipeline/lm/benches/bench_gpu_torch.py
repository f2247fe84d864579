"""PyTorch's side of `make bench-gpu`: bench_gpu.py runs it and puts ours next to it.

    bench_gpu_torch.py versions DEVICE
    bench_gpu_torch.py products DEVICE DTYPE SECONDS             < a product a line: TOKENSxINxOUT
    bench_gpu_torch.py train DEVICE DTYPE CONFIG ROWS BATCH MICRO < a step a line: `given` or `grouped`
    bench_gpu_torch.py score DEVICE DTYPE CONFIG PROMPTS TOKENS  < how many prompts a line

Every line of stdin is answered by a line of JSON on stdout, as examples/bench_gpu/main.rs answers them. DEVICE is
PyTorch's; `vulkan:N`, which it has not, is its first GPU or the processor.

A training is as LLaMA-Factory does it: micro-batches are padded on the right to their longest row and have an attention
mask; padding and prompts have no loss. The steps of `grouped` are those of transformers' `group_by_length`, in a drawn
order. Prompts are scored in batches of like length, padded on the left, up to TOKENS tokens with the padding.
"""

import importlib.metadata
import json
import os
import random
import statistics
import sys
import time
import warnings
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"

# Products between two waits for the device, as in examples/bench_gpu/products.rs.
AT_A_TIME = 10
SEED = 0


def version(package):
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "missing"


def versions(name):
    found = {package: version(package) for package in ("torch", "transformers", "peft")}
    found["python"] = ".".join(map(str, sys.version_info[:3]))
    if found["torch"] != "missing":
        import torch

        found |= {"torch": torch.__version__, "cuda": torch.version.cuda, "cudnn": torch.backends.cudnn.version()}
        try:
            device = device_of(name)
            found["device"] = torch.cuda.get_device_name(device) if device.type == "cuda" else str(device)
        except RuntimeError as error:
            found["device"] = f"none: {error}"
    print(json.dumps(found))


def device_of(name):
    import torch

    if name.startswith("vulkan"):
        name = "cuda:0" if torch.cuda.is_available() else "cpu"
    device = torch.device(name)
    if device.type == "cuda":
        torch.cuda.set_device(device)
    return device


def wait(device):
    import torch

    if device.type == "cuda":
        torch.cuda.synchronize(device)


def dtype_of(name):
    import torch

    return {"f32": torch.float32, "bf16": torch.bfloat16}[name]


def answer(one):
    """Answers every line of stdin."""
    for line in sys.stdin:
        print(json.dumps(one(line.strip())), flush=True)


def timed(device, call):
    wait(device)
    begin = time.perf_counter()
    value = call()
    wait(device)
    return time.perf_counter() - begin, value


def products(name, dtype, least):
    import torch

    device, dtype, least = device_of(name), dtype_of(dtype), float(least)

    def product(shape):
        tokens, inputs, outputs = map(int, shape.split("x"))
        x = torch.randn(tokens, inputs, device=device, dtype=dtype)
        weight = torch.randn(outputs, inputs, device=device, dtype=dtype) * inputs**-0.5
        batch = lambda: [torch.nn.functional.linear(x, weight) for _ in range(AT_A_TIME)]
        first, _ = timed(device, lambda: torch.nn.functional.linear(x, weight))
        batch()
        # As examples/bench_gpu/products.rs measures.
        times, begin = [], time.perf_counter()
        while len(times) < 5 or time.perf_counter() - begin < least:
            times.append(timed(device, batch)[0])
        seconds = statistics.median(times) / AT_A_TIME
        return {"tflops": 2 * tokens * inputs * outputs / seconds / 1e12, "first_seconds": first}

    answer(product)


def quiet():
    import transformers

    transformers.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    # PEFT asks transformers for something that will have another name.
    warnings.filterwarnings("ignore", "`is_gradient_checkpointing` is deprecated")


def random_model(config_file, dtype, device):
    """A model of a configuration's shape with random weights, drawn on the device itself."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    quiet()
    keys = json.loads(Path(config_file).read_text())
    config = LlamaConfig(**keys, attn_implementation="sdpa", dtype=dtype)
    torch.manual_seed(SEED)
    previous = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    with device:
        model = LlamaForCausalLM(config)
    torch.set_default_dtype(previous)
    assert model.dtype == dtype and model.device.type == device.type
    return model


def steps_of(rows, batch):
    """The rows of every step, without end, in the given order and grouped by length."""
    import torch
    from transformers.trainer_pt_utils import get_length_grouped_indices

    def grouped():
        lengths = [len(row["tokens"]) for row in rows]
        generator = torch.Generator().manual_seed(SEED)
        while True:
            # What the trainer calls a batch is a step's.
            order = get_length_grouped_indices(lengths, batch, generator=generator)
            steps = [order[start : start + batch] for start in range(0, len(order) - batch + 1, batch)]
            # The longest come first, and a few steps are to stand for all.
            random.Random(SEED).shuffle(steps)
            yield from steps

    def given():
        while True:
            yield from (range(start, start + batch) for start in range(0, len(rows) - batch + 1, batch))

    return {"given": given(), "grouped": grouped()}


def train(name, dtype_name, config, rows_file, batch, micro):
    import torch
    from bench_train_torch import adapted, train_step

    device, dtype, micro = device_of(name), dtype_of(dtype_name), int(micro)
    rows = json.loads(Path(rows_file).read_text())
    model = adapted(random_model(config, dtype, device))
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=2e-4, weight_decay=0.0)
    orders = steps_of(rows, int(batch))

    def step(order):
        part = [rows[number] for number in next(orders[order])]
        with torch.autocast(device.type, dtype=torch.bfloat16, enabled=dtype == torch.bfloat16):
            seconds, loss = timed(device, lambda: train_step(model, optimizer, part, micro, device))
        reserved = torch.cuda.max_memory_reserved(device) / 2**20 if device.type == "cuda" else None
        tokens = sum(len(row["tokens"]) for row in part)
        return {"seconds": seconds, "tokens": tokens, "loss": loss, "reserved_mib": reserved}

    answer(step)


def score(name, dtype, config, prompts_file, budget):
    import torch

    device, budget = device_of(name), int(budget)
    model = random_model(config, dtype_of(dtype), device).eval()
    work = json.loads(Path(prompts_file).read_text())
    letters = torch.tensor(work["letters"], device=device)

    def batches(prompts):
        """Longest first, so that what does not fit fails at once."""
        left = sorted(prompts, key=len, reverse=True)
        while left:
            count = max(budget // len(left[0]), 1)
            yield left[:count]
            left = left[count:]

    def scores(batch):
        longest = len(batch[0])
        ids = torch.tensor([[0] * (longest - len(prompt)) + prompt for prompt in batch], device=device)
        mask = torch.tensor([[0] * (longest - len(prompt)) + [1] * len(prompt) for prompt in batch], device=device)
        positions = (mask.cumsum(1) - 1).clamp(min=0)
        logits = model(
            input_ids=ids, attention_mask=mask, position_ids=positions, use_cache=False, logits_to_keep=1
        ).logits
        return logits[:, 0].float().log_softmax(-1)[:, letters].cpu()

    @torch.inference_mode()
    def round_of(count):
        seconds, found = timed(device, lambda: [scores(batch) for batch in batches(work["prompts"][: int(count)])])
        found = torch.cat(found)
        assert found.isfinite().all()
        return {"seconds": seconds, "prompts": len(found)}

    answer(round_of)


COMMANDS = {"versions": versions, "products": products, "train": train, "score": score}

if __name__ == "__main__":
    COMMANDS[sys.argv[1]](*sys.argv[2:])
