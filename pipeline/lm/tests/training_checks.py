"""What a fixture has to fulfil, so that it can tell a wrong trainer from a right one."""

import torch
from training_models import adapter_tensors, add_adapter, load_base
from training_run import BATCHES, example_loss, train

# How much of the first loss has to be gone in the end, in the mean over all batches.
FALL = 0.1
# A loss changes clearly if it is so much off. Rounding makes up a fortieth of it at most.
CLEARLY = 1e-3


def losses_fall(losses):
    """The mean losses of the first and of the last run over all batches."""
    return sum(losses[:BATCHES]) / BATCHES, sum(losses[-BATCHES:]) / BATCHES


def difference(ours, theirs):
    """The largest difference of two lists."""
    return max(abs(one - other) for one, other in zip(ours, theirs, strict=True))


def check(folder, settings, initial, model, result):
    """Fails unless all that follows holds. Returns how much of losses and logits is rounding."""
    name = f"{settings['base']}-{settings['targets']}"
    first, last = losses_fall(result.losses)
    assert last < (1 - FALL) * first, f"{name}: the loss is {first}, then {last}"
    check_tensors(name, initial, tensors(model))
    check_mean(name, folder, settings, result)
    for changes in mistakes(settings):
        wrong = train(build(folder, settings | changes), settings | changes)
        if difference(wrong.losses, result.losses) < CLEARLY:
            raise ValueError(f"{name}: {next(iter(changes))} hardly changes the losses")
    wider = train(build(folder, settings).double(), settings)
    logits = (wider.logits - result.logits).abs().max().item()
    return max(difference(wider.losses, result.losses), logits)


def build(folder, settings):
    return add_adapter(load_base(folder), settings)


def tensors(model):
    """Copies of all that is trained."""
    return {name: tensor.detach().clone() for name, tensor in model.named_parameters() if tensor.requires_grad}


def check_tensors(name, initial, trained):
    """Every row of every tensor is trained; an embedding's, where a batch has its token."""
    for tensor, before in initial.items():
        moved = trained[tensor] != before
        rows = moved.any(1) if moved.dim() > 1 else moved
        assert rows.any() if "embed" in tensor else rows.all(), f"{name}: {tensor} stays as it was"


def check_mean(name, folder, settings, result):
    """The mean over a step's tokens is not that over its examples."""
    model, batch = build(folder, settings), settings["batches"][0]
    with torch.no_grad():
        means = [example_loss(model, it).item() / (len(it["tokens"]) - it["answer"]) for it in batch]
    assert abs(sum(means) / len(means) - result.losses[0]) > CLEARLY, name


def mistakes(settings):
    """Settings that a trainer amounts to which does something else."""
    yield {"max_gradient_norm": float("inf")}
    yield {"warmup_steps": settings["warmup_steps"] + 1}
    yield {"batches": [[{**example, "answer": 1} for example in batch] for batch in settings["batches"]]}
    if settings["weight_decay"]:
        yield {"weight_decay": 0.0}
    if settings["target_modules"]:
        yield {"alpha": settings["alpha"] / 2}


def check_adapter(model, settings):
    """The adapter is on every module that is named, and starts at zero."""
    weights = adapter_tensors(model)
    layers = model.config.num_hidden_layers
    assert len(weights) == 2 * layers * len(settings["target_modules"]), sorted(weights)
    assert all((tensor == 0).all() == ("lora_B" in name) for name, tensor in weights.items())
