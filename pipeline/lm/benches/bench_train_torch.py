"""PyTorch's side of `make bench-train`: the work of examples/bench_train.rs with transformers and PEFT.

Usage: bench_train_torch.py MODEL ROWS --steps N --batch N --accumulation N --threads N [--dropout P]
         [--micro-batch N | --search]

ROWS is a JSON list of `{"tokens": [...], "answer": n}`: ids, and where the answer begins. Prints one line of JSON. As
LLaMA-Factory does it: a batch is padded on the right to its longest row and has an attention mask; padding and prompts
have no loss. A step's loss is the mean over all tokens of its answers.

The rows of a step, --batch times --accumulation of them, are run in the order of their lengths, which changes neither
loss nor gradient, --micro-batch at a time instead of --batch. With --search it prints instead the seconds that some
rows take with each size.
"""

import argparse
import json
import os
import time
import warnings
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"

import torch  # noqa: E402
import transformers  # noqa: E402
from peft import LoraConfig, get_peft_model  # noqa: E402
from transformers import LlamaForCausalLM  # noqa: E402

RANK, ALPHA, DROPOUT = 128, 16, 0.1
TARGETS = ["q_proj", "v_proj"]
LEARNING_RATE = 2e-4
MAX_GRADIENT_NORM = 1.0
# Micro-batches that are tried on so many rows.
SIZES = [1, 2, 4, 8, 16, 32]
PART = 32
# The label of what has no loss.
IGNORED = -100


def padded(rows, device):
    """A batch as the keywords that a model takes."""
    longest = max(len(row["tokens"]) for row in rows)
    ids, mask, labels = [], [], []
    for row in rows:
        tokens, answer = row["tokens"], row["answer"]
        padding = longest - len(tokens)
        ids.append(tokens + [0] * padding)
        mask.append([1] * len(tokens) + [0] * padding)
        labels.append([IGNORED] * answer + tokens[answer:] + [IGNORED] * padding)
    return {
        "input_ids": torch.tensor(ids, device=device),
        "attention_mask": torch.tensor(mask, device=device),
        "labels": torch.tensor(labels, device=device),
    }


def train_step(model, optimizer, rows, batch, device="cpu"):
    """One step over all rows, `batch` of them at a time. Returns the loss."""
    answers = sum(len(row["tokens"]) - row["answer"] for row in rows)
    total = 0.0
    for start in range(0, len(rows), batch):
        part = padded(rows[start : start + batch], device)
        loss = model(**part, use_cache=False, num_items_in_batch=answers).loss
        loss.backward()
        # Read once, so that a GPU need not be waited for.
        total += loss.detach()
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    torch.nn.utils.clip_grad_norm_(trained, MAX_GRADIENT_NORM)
    optimizer.step()
    optimizer.zero_grad()
    return total.item()


def adapted(model, dropout=DROPOUT):
    """The model with a new adapter, ready to train."""
    adapter = LoraConfig(task_type="CAUSAL_LM", r=RANK, lora_alpha=ALPHA, lora_dropout=dropout, target_modules=TARGETS)
    return get_peft_model(model, adapter).train()


def load(folder, dropout):
    """The model in f32 with an adapter, ready to train."""
    model = LlamaForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="sdpa")
    model = adapted(model, dropout)
    # Weights that are mapped lazily are read by a first token.
    with torch.no_grad():
        model(input_ids=torch.tensor([[0]]), use_cache=False)
    return model


def peak_mib():
    """The most memory that the process held at a time, as Linux counts it."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:"))


def search(model, optimizer, rows):
    """The seconds of a step with each size of micro-batches, each measured after one micro-batch."""
    part = sorted(rows[:PART], key=row_length)
    seconds = {}
    for size in SIZES:
        if size <= len(part):
            train_step(model, optimizer, part[-size:], size)
            begin = time.perf_counter()
            train_step(model, optimizer, part, size)
            seconds[size] = time.perf_counter() - begin
    return seconds


def row_length(row):
    return len(row["tokens"])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("rows", type=Path)
    for name in ("--steps", "--batch", "--accumulation", "--threads"):
        parser.add_argument(name, type=int, required=True)
    parser.add_argument("--dropout", type=float, default=DROPOUT)
    parser.add_argument("--micro-batch", type=int)
    parser.add_argument("--search", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    transformers.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    # PEFT asks transformers for something that will have another name.
    warnings.filterwarnings("ignore", "`is_gradient_checkpointing` is deprecated")
    rows = json.loads(options.rows.read_text())
    rows_per_step = options.batch * options.accumulation
    model = load(options.model, options.dropout)
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=LEARNING_RATE, weight_decay=0.0)
    if options.search:
        print(json.dumps({"seconds": search(model, optimizer, rows[:rows_per_step])}))
        return
    losses, seconds, tokens = [], [], []
    for step in range(options.steps):
        part = rows[step * rows_per_step : (step + 1) * rows_per_step]
        begin = time.perf_counter()
        part = sorted(part, key=row_length)
        losses.append(train_step(model, optimizer, part, options.micro_batch or options.batch))
        seconds.append(time.perf_counter() - begin)
        tokens.append(sum(len(row["tokens"]) for row in part))
    print(json.dumps({"losses": losses, "seconds": seconds, "tokens": tokens, "peak_mib": peak_mib()}))


if __name__ == "__main__":
    main()
