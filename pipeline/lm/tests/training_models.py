"""The models that are trained: a fixture of parity.py, with an adapter of PEFT on it or without."""

import json
from types import SimpleNamespace

import torch
from baichuan_reference import BaichuanReference, tensor_shapes
from parity_checkpoint import read_weights
from parity_models import load
from peft import LoraConfig, get_peft_model, get_peft_model_state_dict
from peft.tuners.lora import LoraLayer
from torch import nn
from transformers import PretrainedConfig

PACKED = {"paper": ["W_pack"], "attention": ["W_pack", "o_proj"], "mlp": ["gate_proj", "up_proj", "down_proj"]}
BY_HEAD = {
    "paper": ["query_key_value"],
    "attention": ["query_key_value", "dense"],
    "mlp": ["dense_h_to_4h", "dense_4h_to_h"],
}
OTHERS = {
    "paper": ["q_proj", "v_proj"],
    "attention": ["q_proj", "k_proj", "v_proj", "o_proj"],
    "mlp": ["gate_proj", "up_proj", "down_proj"],
}


def target_modules(base, targets):
    """The modules that get an adapter; none if all weights are trained."""
    named = {"bloom": BY_HEAD, "gpt-neox": BY_HEAD, "baichuan2-7b-like": PACKED}.get(base, OTHERS)
    return {**named, "all": named["attention"] + named["mlp"], "full": []}[targets]


def load_base(folder):
    """The model of a checkpoint folder, in f32."""
    config = json.loads((folder / "config.json").read_text())
    if config["model_type"] != "baichuan":
        return load(folder, torch.float32).model
    model = Baichuan(config)
    model.load_state_dict(read_weights(folder))
    return model


def add_adapter(model, settings):
    """Wraps a model with an adapter as PEFT initializes it, if the settings name modules for one."""
    if not settings["target_modules"]:
        return model
    torch.manual_seed(0)
    config = LoraConfig(
        task_type="CAUSAL_LM",
        r=settings["rank"],
        lora_alpha=settings["alpha"],
        lora_dropout=0.0,
        target_modules=settings["target_modules"],
    )
    model = get_peft_model(model, config)
    # PEFT has made a path of the name, and a set, which has no order, of the modules.
    model.peft_config["default"].base_model_name_or_path = settings["base"]
    model.peft_config["default"].target_modules = settings["target_modules"]
    return model


def save_adapter(model, folder):
    """Writes PEFT's two files."""
    # By itself it would look the base model up.
    model.save_pretrained(folder, save_embedding_layers=False)
    (folder / "README.md").unlink()


def adapter_tensors(model):
    """The tensors of an adapter with the names that they have in PEFT's file."""
    return get_peft_model_state_dict(model, save_embedding_layers=False)


def logits_of(model, ids):
    """Logits `[tokens, vocabulary]` of one sequence."""
    return model(input_ids=torch.tensor([ids]), use_cache=False).logits[0]


class Baichuan(nn.Module):
    """Our reference with a module where the published model has one, so that PEFT finds it.

    The reference multiplies with weights and calls no module: an adapter is added to the weight that it gets. That is
    the same, and gradients go through the sum.
    """

    def __init__(self, config):
        super().__init__()
        self.keys = config
        # What PEFT asks about a model.
        self.config = PretrainedConfig.from_dict(config)
        for name, shape in tensor_shapes(config).items():
            *path, last, _ = name.split(".")
            parent = self
            for part in path:
                if part not in parent._modules:
                    parent.add_module(part, nn.Module())
                parent = parent._modules[part]
            parent.add_module(last, empty_module(name, shape))

    def weight(self, name):
        module = self.get_submodule(name.removesuffix(".weight"))
        if not isinstance(module, LoraLayer):
            return module.weight
        return module.base_layer.weight + module.get_delta_weight("default")

    def forward(self, input_ids, **_):
        weights = {name: self.weight(name) for name in tensor_shapes(self.keys)}
        return SimpleNamespace(logits=BaichuanReference(self.keys, weights).forward(input_ids[0])[None])

    def prepare_inputs_for_generation(self, **_):
        """PEFT looks for it in a causal language model."""
        raise NotImplementedError


def empty_module(name, shape):
    """A module that holds one weight of this shape."""
    if len(shape) == 1:
        return nn.RMSNorm(shape[0])
    if "embed" in name:
        return nn.Embedding(*shape)
    return nn.Linear(shape[1], shape[0], bias=False)
