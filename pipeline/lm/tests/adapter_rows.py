"""The rows of adapters.py."""

from dataclasses import dataclass, field

QV = ["q_proj", "v_proj"]
ALL = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
# Without these PEFT gives the same: it adapts more layers, with updates that are zero where the file has none for them,
# and loads whatever has a name of the base.
WIDER = {"exclude_modules", "layers_to_transform", "layers_pattern"}
NEEDLESS = WIDER | {"modules_to_save", "bias", "ensure_weight_tying"}


@dataclass
class Row:
    """An adapter."""

    # A folder of fixtures/.
    base: str
    # What LoraConfig gets.
    config: dict = field(default_factory=dict)
    # What is changed in the file after it; the order of its patterns stays.
    file: dict = field(default_factory=dict)
    # Fields without which the file gives other numbers, or none.
    matters: list[str] = field(default_factory=list)
    # save_embedding_layers
    embeddings: bool | str = False
    # Tensors of the file that are changed.
    tensors: list[str] = field(default_factory=list)
    # Whether it is saved as PyTorch's .bin.
    old: bool = False
    # Whether it is saved as the difference to its beginning.
    converted: bool = False


def llama(targets=QV, **config):
    """On Llama with an embedding and a head."""
    return of("llama-gqa", targets, **config)


def of(base, targets, **config):
    return Row(base, {"target_modules": targets} | config, matters=[name for name in config if name not in NEEDLESS])


def changed(row, **changes):
    for name, value in changes.items():
        setattr(row, name, value)
    return row


ROWS = {
    # What `r`, `lora_alpha` and `target_modules` say, in all ways of saying it.
    "plain": llama(lora_alpha=9, r=3),
    "rslora": llama(use_rslora=True),
    "all-linear": changed(llama(ALL), file={"target_modules": "all-linear"}),
    "targets-null": changed(llama(), file={"target_modules": None}),
    "targets-pattern": llama(r"(?!.*\.0\.).*self_attn\.(q|k)_proj|model\.layers\.0\.mlp\.up_proj"),
    "rank-pattern": llama(rank_pattern={"v_proj": 3, r"layers\.0\.self_attn\.q_proj": 1}),
    "alpha-pattern": llama(alpha_pattern={"0.self_attn.q_proj": 20, "v_proj": 1}),
    "alpha-pattern-order": changed(
        llama(),
        # In the order of letters, the second would win for layer 0.
        file={"alpha_pattern": {"q_proj": 20, "layers.0.self_attn.q_proj": 2}},
        matters=["alpha_pattern"],
    ),
    "patterns-rslora": llama(use_rslora=True, rank_pattern={"v_proj": 4}, alpha_pattern={"v_proj": 16}),
    "exclude-modules": llama(QV + ["o_proj"], exclude_modules=["v_proj", "model.layers.0.self_attn.o_proj"]),
    "exclude-pattern": llama(QV + ["o_proj"], exclude_modules=r".*\.1\..*"),
    "layers-to-transform": llama(layers_to_transform=[1]),
    "layer-to-transform": llama(layers_to_transform=0),
    "layers-pattern": of("bloom", ["query_key_value"], layers_to_transform=[1], layers_pattern=["h"]),
    "fan-in-fan-out": changed(llama(), file={"fan_in_fan_out": True}),
    "init-gaussian": changed(llama(init_lora_weights="gaussian"), matters=[]),
    "init-orthogonal": changed(llama(init_lora_weights="orthogonal"), matters=[]),
    "init-mica": changed(llama(init_lora_weights="mica"), matters=[]),
    "pissa-converted": changed(llama(init_lora_weights="pissa"), converted=True, matters=[]),
    # What the file is like.
    "bin": changed(llama(), old=True),
    # More than the update of a weight.
    "dora": llama(QV + ["down_proj"], use_dora=True),
    "dora-biases": of("qwen2", QV + ["o_proj"], use_dora=True),
    "dora-patterns": of(
        "bloom", ["query_key_value", "dense"], use_dora=True, rank_pattern={"dense": 3}, use_rslora=True
    ),
    "dora-qwen3": of("qwen3", ["q_proj", "k_proj", "down_proj"], use_dora=True),
    "dora-embeddings": llama(["embed_tokens", "lm_head", "q_proj"], use_dora=True),
    "lora-bias": of("qwen2", ["q_proj", "k_proj"], lora_bias=True),
    "lora-bias-alone": llama(lora_bias=True),
    "bias-lora-only": of("qwen2", QV + ["o_proj"], bias="lora_only"),
    "bias-all": of("bloom", ["query_key_value"], bias="all"),
    "bias-all-saved": of("qwen2", ["q_proj"], bias="all", modules_to_save=["k_proj"]),
    "bias-all-lora-bias": of("qwen2", QV, bias="all", lora_bias=True),
    # Modules as a whole.
    "modules-to-save-head": llama(modules_to_save=["lm_head"]),
    "modules-to-save-embedding": llama(modules_to_save=["embed_tokens"]),
    "modules-to-save-norms": llama(modules_to_save=["norm", "layers.0.input_layernorm"]),
    "modules-to-save-biases": of("bloom", ["dense"], modules_to_save=["ln_f", "0.self_attention.query_key_value"]),
    "modules-to-save-baichuan": of(
        "baichuan2-7b-like", ["W_pack", "o_proj"], modules_to_save=["lm_head", "model.norm"]
    ),
    "modules-to-save-layer": of("qwen2", ["q_proj", "k_proj"], modules_to_save=["k_proj"]),
    "modules-to-save-container": llama(QV, modules_to_save=["layers.1.self_attn"]),
    "modules-to-save-empty": changed(llama(), file={"modules_to_save": []}),
    # Embedding and head.
    "embedding": llama(["embed_tokens", "q_proj"]),
    "embedding-saved": changed(llama(["embed_tokens", "q_proj"]), embeddings="auto"),
    "embedding-bloom": of("bloom", ["word_embeddings"]),
    # Embeddings that the model multiplies, and modules of other names, in parallel or without a norm before them.
    "embedding-gemma3": of("gemma3", ["embed_tokens", "q_proj"]),
    "olmo2": of("olmo2", ["k_proj", "down_proj"]),
    "cohere2": of("cohere2", ["q_proj", "up_proj"]),
    "gpt-neox": of("gpt-neox", ["query_key_value", "dense_h_to_4h"]),
    # transformers 5 calls its head so, which is embed_out in files.
    "head-gpt-neox": of("gpt-neox", ["lm_head", "dense"]),
    "dora-gpt-neox": of("gpt-neox", ["query_key_value", "dense"], use_dora=True),
    "head": llama(["lm_head", "q_proj"]),
    "embeddings-saved": changed(
        llama(),
        embeddings=True,
        tensors=["base_model.model.model.embed_tokens.weight", "base_model.model.lm_head.weight"],
    ),
    "tokens": llama(trainable_token_indices=[5, 33]),
    "tokens-by-module": llama(trainable_token_indices={"lm_head": [7, 8], "embed_tokens": [33]}),
    # A head that is tied to the embedding.
    "tied-embedding": of("llama-tied", ["embed_tokens", "q_proj"]),
    "tied-head": of("llama-tied", ["lm_head", "q_proj"]),
    "tied-modules-to-save": of("llama-tied", QV, modules_to_save=["embed_tokens"]),
    "tied-modules-to-save-both": of("llama-tied", QV, modules_to_save=["embed_tokens", "lm_head"]),
    "tied-embedding-saved": changed(
        of("llama-tied", ["embed_tokens", "q_proj"]),
        embeddings="auto",
        tensors=["base_model.model.model.embed_tokens.base_layer.weight"],
    ),
    "ensured-embedding": of("llama-tied", ["embed_tokens", "q_proj"], ensure_weight_tying=True),
    "ensured-head-bin": changed(of("llama-tied", ["lm_head", "q_proj"], ensure_weight_tying=True), old=True),
    "ensured-modules-to-save": of("llama-tied", QV, modules_to_save=["embed_tokens"], ensure_weight_tying=True),
    "ensured-tokens": of("llama-tied", QV, trainable_token_indices=[5, 33], ensure_weight_tying=True),
    "tied-tokens": of("llama-tied", QV, trainable_token_indices=[5, 33]),
    "tied-tokens-both": of("llama-tied", QV, trainable_token_indices={"lm_head": [33], "embed_tokens": [33]}),
    "tied-tokens-apart": of("llama-tied", QV, trainable_token_indices={"lm_head": [17, 8], "embed_tokens": [33]}),
    "tied-tokens-head": of("llama-tied", QV, trainable_token_indices={"lm_head": [17, 8]}),
}
