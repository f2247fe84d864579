"""The data of a fixture, and its training."""

from dataclasses import dataclass

import torch
from parity_checkpoint import generator
from torch.nn import functional
from training_models import logits_of, target_modules
from transformers import get_cosine_schedule_with_warmup

STEPS = 50
BATCHES = 10
EXAMPLES = 4
PROMPT_TOKENS = 8
# Ids below are special tokens; transformers gives the embedding of padding no gradient.
FIRST_ID = 4
VOCABULARY = 96

# The numbers of tokens between which the lengths of examples lie, of mistral-sliding all beyond its window of 6.
LENGTHS = {"mistral-sliding": (8, 20)}
USUAL_LENGTHS = (6, 16)
WEIGHT_DECAY = {"llama-gqa": 0.1}
# As large as leaves the rounding of 50 steps below 3e-5 in all losses and logits.
LEARNING_RATES = {"paper": 1e-2, "attention": 1e-2, "all": 5e-3, "full": 1e-3}


def draw_example(rng, shortest, longest):
    """Random tokens, at least half of which are the answer."""
    length = draw(rng, shortest, longest)
    return {"tokens": draw_tokens(rng, length), "answer": draw(rng, 1, length // 2)}


def draw(rng, least, most):
    return torch.randint(least, most + 1, (), generator=rng).item()


def draw_tokens(rng, count):
    return torch.randint(FIRST_ID, VOCABULARY, (count,), generator=rng).tolist()


def settings(base, targets):
    """What training.json says of a training before it has run. The data depend on the base only."""
    lengths = LENGTHS.get(base, USUAL_LENGTHS)
    rng = generator(base, "training")
    return {
        "base": base,
        "targets": targets,
        "target_modules": target_modules(base, targets),
        "rank": 4,
        "alpha": 8,
        "learning_rate": LEARNING_RATES[targets],
        "warmup_steps": 5,
        "weight_decay": WEIGHT_DECAY.get(base, 0.0),
        "max_gradient_norm": 1.0,
        "batches": [[draw_example(rng, *lengths) for _ in range(EXAMPLES)] for _ in range(BATCHES)],
        "steps": STEPS,
        "prompt": draw_tokens(rng, PROMPT_TOKENS),
    }


@dataclass
class Trained:
    """What a training gives."""

    losses: list[float]
    gradient_norms: list[float]
    logits: torch.Tensor


def example_loss(model, example):
    """The sum of the cross-entropy over the answer's tokens, each predicted from the position before it."""
    tokens, answer = example["tokens"], example["answer"]
    logits = logits_of(model, tokens)[answer - 1 : -1]
    return functional.cross_entropy(logits, torch.tensor(tokens[answer:]), reduction="sum")


def answer_tokens(batch):
    return sum(len(example["tokens"]) - example["answer"] for example in batch)


def parameter_groups(model, weight_decay):
    """What is trained, with weight decay on matrices only."""
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    return [
        {"params": [parameter for parameter in trained if parameter.dim() >= 2], "weight_decay": weight_decay},
        {"params": [parameter for parameter in trained if parameter.dim() < 2], "weight_decay": 0.0},
    ]


def train(model, settings):
    """Trains all that is not frozen.

    The gradient of a step is that of the mean over all tokens of its answers, an example at a time.
    """
    model.train()
    groups = parameter_groups(model, settings["weight_decay"])
    trained = [parameter for group in groups for parameter in group["params"]]
    optimizer = torch.optim.AdamW(groups, lr=settings["learning_rate"], betas=(0.9, 0.999), eps=1e-8)
    schedule = get_cosine_schedule_with_warmup(optimizer, settings["warmup_steps"], settings["steps"])
    batches, losses, norms = settings["batches"], [], []
    for step in range(settings["steps"]):
        batch = batches[step % len(batches)]
        count, total = answer_tokens(batch), 0.0
        for example in batch:
            loss = example_loss(model, example) / count
            loss.backward()
            total += loss.item()
        losses.append(total)
        norms.append(torch.nn.utils.clip_grad_norm_(trained, settings["max_gradient_norm"]).item())
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
    model.eval()
    with torch.no_grad():
        return Trained(losses, norms, logits_of(model, settings["prompt"]))
