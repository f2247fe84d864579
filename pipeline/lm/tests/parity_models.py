"""How a checkpoint folder becomes logits: by transformers, or by our reference for Baichuan.

Both kinds of model have `logits(ids)`, `greedy(ids, count)` and `parameters()`; ids are int64 `[tokens]`.
"""

import json

import torch
from baichuan_reference import BaichuanReference
from parity_checkpoint import read_weights
from transformers import AutoConfig, AutoModelForCausalLM


def load(folder, dtype, config_folder=None):
    """The model of `folder` in `dtype`, with the config.json of `config_folder` if that is another one."""
    config = json.loads(((config_folder or folder) / "config.json").read_text())
    if config["model_type"] == "baichuan":
        return Baichuan(config, {name: tensor.to(dtype) for name, tensor in read_weights(folder).items()})
    return Transformers(folder, dtype, AutoConfig.from_pretrained(config_folder or folder))


class Transformers:
    """A model of transformers with eager attention."""

    program = "transformers"

    def __init__(self, folder, dtype, config):
        self.model, report = AutoModelForCausalLM.from_pretrained(
            folder, config=config, dtype=dtype, attn_implementation="eager", output_loading_info=True
        )
        if report["missing_keys"] or report["mismatched_keys"]:
            raise ValueError(f"{folder}: {report}")
        self.model.eval()
        self.model.generation_config.eos_token_id = None
        self.model.generation_config.pad_token_id = 0

    def parameters(self):
        return dict(self.model.named_parameters())

    def _forget(self, ids):
        """Dynamic RoPE keeps the longest length that it has seen until a short sequence comes: a single token."""
        self.model(ids[None, :1])

    @torch.no_grad()
    def logits(self, ids):
        self._forget(ids)
        return self.model(ids[None], use_cache=False).logits[0].float()

    @torch.no_grad()
    def greedy(self, ids, count):
        """The next `count` tokens, and the logits `[count, vocabulary]` that each was chosen by."""
        self._forget(ids)
        found = self.model.generate(
            ids[None],
            attention_mask=torch.ones_like(ids[None]),
            max_new_tokens=count,
            do_sample=False,
            use_cache=True,
            output_logits=True,
            return_dict_in_generate=True,
        )
        return found.sequences[0, len(ids) :], torch.cat(found.logits).float()


class Baichuan:
    """The reference of this project."""

    program = "baichuan_reference.py"

    def __init__(self, config, weights):
        self.model = BaichuanReference(config, weights)

    def parameters(self):
        return self.model.weights

    @torch.no_grad()
    def logits(self, ids):
        return self.model.forward(ids).float()

    @torch.no_grad()
    def greedy(self, ids, count):
        cache, steps = {}, []
        for _ in range(count):
            steps.append(self.model.forward(ids, cache)[-1].float())
            ids = steps[-1].argmax()[None]
        steps = torch.stack(steps)
        return steps.argmax(-1), steps
