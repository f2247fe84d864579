"""PyTorch's side of `make bench-lm`: the work of examples/bench_lm.rs with transformers, as its users write it.

Usage: bench_lm_torch.py MODEL PROMPTS [--batch N] [--margins | --search]   Prints one line of JSON.

Prompts are scored in batches of like length with attention by `sdpa`, and logits only of the last position. With
`--margins` it prints instead how far each generated token is above the next one, with `--search` the seconds that
scoring a part of the prompts takes with each batch size.
"""

import argparse
import json
import os
import time
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"

import torch  # noqa: E402
import transformers  # noqa: E402
from transformers import LlamaForCausalLM  # noqa: E402

BATCH = 32
# Sizes that are tried on so many prompts in the middle of the order of lengths, where batches are as padded as most are.
SIZES = [1, 4, 8, 16, 32, 64]
PART = 64


def padded(prompts):
    """A batch of prompts, padded on the left, as the keywords that a model takes."""
    longest = max(map(len, prompts))
    ids = torch.tensor([[0] * (longest - len(prompt)) + prompt for prompt in prompts])
    mask = torch.tensor([[0] * (longest - len(prompt)) + [1] * len(prompt) for prompt in prompts])
    return {"input_ids": ids, "attention_mask": mask}


def score(model, prompts, letters, size):
    """Log-probabilities of the letters after each prompt: batches of like length, logits of the last position."""
    scores = [None] * len(prompts)
    order = sorted(range(len(prompts)), key=lambda number: len(prompts[number]))
    for start in range(0, len(order), size):
        numbers = order[start : start + size]
        batch = padded([prompts[number] for number in numbers])
        positions = (batch["attention_mask"].cumsum(-1) - 1).clamp(min=0)
        logits = model(**batch, position_ids=positions, use_cache=False, logits_to_keep=1).logits[:, -1]
        found = logits.log_softmax(-1)[:, letters].tolist()
        for number, of_prompt in zip(numbers, found):
            scores[number] = of_prompt
    return scores


def search(model, prompts, letters):
    """The seconds of each batch size, each measured after a batch of its own."""
    begin = max(0, len(prompts) - PART) // 2
    part = sorted(prompts, key=len)[begin : begin + PART]
    seconds = {}
    for size in SIZES:
        if size == SIZES[0] or size <= len(part):
            score(model, part[:size], letters, size)
            seconds[size], _ = timed(lambda: score(model, part, letters, size))
    return seconds


def generate(model, prompts, new_tokens, **options):
    """Greedy continuations of so many tokens."""
    batch = padded(prompts)
    limits = {"min_new_tokens": new_tokens, "max_new_tokens": new_tokens, "do_sample": False, "pad_token_id": 0}
    return model.generate(**batch, **limits, eos_token_id=None, **options)


def new_ids(output, prompts):
    return output[:, max(map(len, prompts)) :].tolist()


def timed(call):
    begin = time.perf_counter()
    value = call()
    return time.perf_counter() - begin, value


def peak_mib():
    """The most memory that the process held at a time, as Linux counts it."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:"))


def load(folder):
    """The model, ready: weights that are mapped lazily are read by a first token."""
    model = LlamaForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="sdpa")
    model.eval()
    model(input_ids=torch.tensor([[0]]), use_cache=False)
    return model


@torch.inference_mode()
def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("work", type=Path)
    parser.add_argument("--batch", type=int, default=BATCH)
    parser.add_argument("--margins", action="store_true")
    parser.add_argument("--search", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    transformers.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    work = json.loads(options.work.read_text())
    prompts, letters = work["prompts"], work["letters"]
    continued = prompts[: work["generate"]]
    load_seconds, model = timed(lambda: load(options.model))
    if options.margins:
        details = {"output_logits": True, "return_dict_in_generate": True}
        steps = generate(model, continued, work["new_tokens"], **details).logits
        best = torch.stack(steps, 1).topk(2).values
        print(json.dumps((best[..., 0] - best[..., 1]).tolist()))
        return
    if options.search:
        print(json.dumps({"seconds": search(model, prompts, letters)}))
        return
    score(model, prompts[:2], letters, options.batch)
    score_seconds, scores = timed(lambda: score(model, prompts, letters, options.batch))
    generate_seconds, generated = timed(lambda: generate(model, continued, work["new_tokens"]))
    result = {
        "load_seconds": load_seconds,
        "score_seconds": score_seconds,
        "generate_seconds": generate_seconds,
        "peak_mib": peak_mib(),
        "scores": scores,
        "generated": new_ids(generated, continued),
    }
    print(json.dumps(result))


main()
