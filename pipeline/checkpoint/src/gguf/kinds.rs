//! The kinds of models in the format: what their keys and tensors are called here.

use super::{GgufFile, config::shortest};
use crate::CheckpointError;
use serde_json::{Value, json};

/// Keys of config.json.
type Keys = Vec<(&'static str, Value)>;

/// A kind of model in the format, and the class of transformers that computes the same.
pub(super) struct Kind {
    /// `general.architecture`.
    pub(super) name: &'static str,
    pub(super) model_type: &'static str,
    pub(super) class: &'static str,
    /// The keys of config.json that say which modules have biases.
    pub(super) biases: &'static [(&'static str, &'static [&'static str])],
    /// The norms' epsilon: the end of its key in the metadata, and its key in config.json.
    pub(super) epsilon: [&'static str; 2],
    /// The activation: its key in config.json, and its name.
    pub(super) activation: [&'static str; 2],
    /// Whether part of a head may stay as it is: `rope.dimension_count` is then any.
    pub(super) rotates_part: bool,
    /// Keys of the metadata that it has besides those that all have.
    pub(super) keys: &'static [&'static str],
    /// What it says in config.json besides what all say.
    pub(super) more: fn(&GgufFile, &Sizes) -> Result<Keys, CheckpointError>,
    pub(super) tensors: Tensors,
}

/// Numbers of the metadata that other keys of config.json follow from.
pub(super) struct Sizes {
    pub(super) hidden: usize,
    pub(super) layers: usize,
    pub(super) heads: usize,
    pub(super) head_dim: usize,
}

/// What the tensors are called in transformers, and how they differ there.
#[derive(Clone, Copy)]
pub(super) struct Tensors {
    /// Tensors outside the layers.
    pub(super) whole: &'static [(&'static str, &'static str)],
    /// Stands before a layer's number.
    pub(super) layer: &'static str,
    /// Modules of a layer.
    pub(super) of_layer: &'static [(&'static str, &'static str)],
    pub(super) rows: Rows,
    /// Whether norms hold `1 + weight`.
    pub(super) one_plus: bool,
}

/// Which rows lie in another order than in transformers.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Rows {
    /// None.
    AsThere,
    /// Of queries and keys: rotation pairs neighbouring dimensions, so that the first and the second half of a head take turns.
    Interleaved,
    /// Of the one matrix of queries, keys and values: all queries come first, instead of the first head's.
    Stacked,
}

/// Both Gemmas' names, of which the second has norms of queries and keys.
const GEMMA: Tensors = Tensors {
    of_layer: &[
        ("attn_norm", "input_layernorm"),
        ("attn_q", "self_attn.q_proj"),
        ("attn_k", "self_attn.k_proj"),
        ("attn_v", "self_attn.v_proj"),
        ("attn_output", "self_attn.o_proj"),
        ("attn_q_norm", "self_attn.q_norm"),
        ("attn_k_norm", "self_attn.k_norm"),
        ("post_attention_norm", "post_attention_layernorm"),
        ("ffn_norm", "pre_feedforward_layernorm"),
        ("ffn_gate", "mlp.gate_proj"),
        ("ffn_up", "mlp.up_proj"),
        ("ffn_down", "mlp.down_proj"),
        ("post_ffw_norm", "post_feedforward_layernorm"),
    ],
    one_plus: true,
    ..PLAIN
};

/// Names of most models.
const PLAIN: Tensors = Tensors {
    whole: &[
        ("token_embd", "model.embed_tokens"),
        ("output_norm", "model.norm"),
        ("output", "lm_head"),
    ],
    layer: "model.layers",
    of_layer: &[
        ("attn_norm", "input_layernorm"),
        ("attn_q", "self_attn.q_proj"),
        ("attn_k", "self_attn.k_proj"),
        ("attn_v", "self_attn.v_proj"),
        ("attn_output", "self_attn.o_proj"),
        ("attn_q_norm", "self_attn.q_norm"),
        ("attn_k_norm", "self_attn.k_norm"),
        ("ffn_norm", "post_attention_layernorm"),
        ("ffn_gate", "mlp.gate_proj"),
        ("ffn_up", "mlp.up_proj"),
        ("ffn_down", "mlp.down_proj"),
    ],
    rows: Rows::AsThere,
    one_plus: false,
};

const OLMO: Tensors = Tensors {
    of_layer: &[
        ("attn_q", "self_attn.q_proj"),
        ("attn_k", "self_attn.k_proj"),
        ("attn_v", "self_attn.v_proj"),
        ("attn_output", "self_attn.o_proj"),
        ("attn_q_norm", "self_attn.q_norm"),
        ("attn_k_norm", "self_attn.k_norm"),
        ("post_attention_norm", "post_attention_layernorm"),
        ("ffn_gate", "mlp.gate_proj"),
        ("ffn_up", "mlp.up_proj"),
        ("ffn_down", "mlp.down_proj"),
        ("post_ffw_norm", "post_feedforward_layernorm"),
    ],
    ..PLAIN
};

const NEOX: Tensors = Tensors {
    whole: &[
        ("token_embd", "gpt_neox.embed_in"),
        ("output_norm", "gpt_neox.final_layer_norm"),
        ("output", "embed_out"),
    ],
    layer: "gpt_neox.layers",
    of_layer: &[
        ("attn_norm", "input_layernorm"),
        ("attn_qkv", "attention.query_key_value"),
        ("attn_output", "attention.dense"),
        ("ffn_norm", "post_attention_layernorm"),
        ("ffn_up", "mlp.dense_h_to_4h"),
        ("ffn_down", "mlp.dense_4h_to_h"),
    ],
    rows: Rows::Stacked,
    one_plus: false,
};

const ATTENTION_BIAS: (&str, &[&str]) = (
    "attention_bias",
    &["attn_q", "attn_k", "attn_v", "attn_output"],
);
const MLP_BIAS: (&str, &[&str]) = ("mlp_bias", &["ffn_gate", "ffn_up", "ffn_down"]);
const RMS_EPSILON: [&str; 2] = ["attention.layer_norm_rms_epsilon", "rms_norm_eps"];
const LAYER_EPSILON: [&str; 2] = ["attention.layer_norm_epsilon", "layer_norm_eps"];

const fn plain(name: &'static str, class: &'static str) -> Kind {
    Kind {
        name,
        model_type: name,
        class,
        biases: &[],
        epsilon: RMS_EPSILON,
        activation: ["hidden_act", "silu"],
        rotates_part: false,
        keys: &[],
        more: |_, _| Ok(Vec::new()),
        tensors: PLAIN,
    }
}

pub(super) const KINDS: [Kind; 9] = [
    Kind {
        biases: &[ATTENTION_BIAS, MLP_BIAS],
        tensors: Tensors {
            rows: Rows::Interleaved,
            ..PLAIN
        },
        ..plain("llama", "LlamaForCausalLM")
    },
    plain("qwen2", "Qwen2ForCausalLM"),
    Kind {
        biases: &[ATTENTION_BIAS],
        ..plain("qwen3", "Qwen3ForCausalLM")
    },
    Kind {
        activation: ["hidden_activation", "gelu_pytorch_tanh"],
        keys: &[
            "attention.sliding_window",
            "attn_logit_softcapping",
            "final_logit_softcapping",
        ],
        more: gemma2,
        tensors: GEMMA,
        ..plain("gemma2", "Gemma2ForCausalLM")
    },
    Kind {
        model_type: "gemma3_text",
        activation: ["hidden_activation", "gelu_pytorch_tanh"],
        keys: &[
            "attention.sliding_window",
            "attention.sliding_window_pattern",
            "final_logit_softcapping",
            "rope.freq_base_swa",
        ],
        more: gemma3,
        tensors: GEMMA,
        ..plain("gemma3", "Gemma3ForCausalLM")
    },
    Kind {
        biases: &[ATTENTION_BIAS],
        tensors: OLMO,
        ..plain("olmo2", "Olmo2ForCausalLM")
    },
    Kind {
        model_type: "cohere",
        epsilon: LAYER_EPSILON,
        keys: &["logit_scale"],
        more: cohere,
        ..plain("command-r", "CohereForCausalLM")
    },
    Kind {
        epsilon: LAYER_EPSILON,
        keys: &["attention.sliding_window", "logit_scale"],
        more: cohere2,
        ..plain("cohere2", "Cohere2ForCausalLM")
    },
    Kind {
        model_type: "gpt_neox",
        biases: &[("attention_bias", &["attn_qkv", "attn_output"])],
        epsilon: LAYER_EPSILON,
        activation: ["hidden_act", "gelu"],
        rotates_part: true,
        keys: &["use_parallel_residual"],
        more: gpt_neox,
        tensors: NEOX,
        ..plain("gptneox", "GPTNeoXForCausalLM")
    },
];

/// `query_pre_attn_scalar`, which the format does not have: llama.cpp takes the width of a head, but for the model of 27 billion
/// parameters, which it knows by its layers.
fn scalar(sizes: &Sizes, layers_of_27b: usize) -> usize {
    if sizes.layers == layers_of_27b {
        sizes.hidden / sizes.heads.max(1)
    } else {
        sizes.head_dim
    }
}

fn gemma2(file: &GgufFile, sizes: &Sizes) -> Result<Keys, CheckpointError> {
    let bound = |key: &str, default: f64| {
        Ok::<_, CheckpointError>(shortest(file.number(key)?.unwrap_or(default)))
    };
    // The defaults are llama.cpp's.
    let window = file.count("gemma2.attention.sliding_window")?;
    Ok(vec![
        ("query_pre_attn_scalar", json!(scalar(sizes, 46))),
        ("sliding_window", json!(window.unwrap_or(4096))),
        (
            "attn_logit_softcapping",
            json!(bound("gemma2.attn_logit_softcapping", 50.0)?),
        ),
        (
            "final_logit_softcapping",
            json!(bound("gemma2.final_logit_softcapping", 30.0)?),
        ),
    ])
}

fn gemma3(file: &GgufFile, sizes: &Sizes) -> Result<Keys, CheckpointError> {
    let local = file.number("gemma3.rope.freq_base_swa")?;
    let mut more = vec![
        ("query_pre_attn_scalar", json!(scalar(sizes, 62))),
        (
            "rope_local_base_freq",
            json!(shortest(local.unwrap_or(10_000.0))),
        ),
    ];
    match file.count("gemma3.attention.sliding_window")? {
        Some(window) if window > 0 => {
            let period = file.count("gemma3.attention.sliding_window_pattern")?;
            more.push(("sliding_window", json!(window)));
            more.push(("sliding_window_pattern", json!(period.unwrap_or(6))));
        }
        // Without a window all layers see everything.
        Some(_) | None => {
            more.push(("layer_types", json!(vec!["full_attention"; sizes.layers])));
        }
    }
    if let Some(bound) = file.number("gemma3.final_logit_softcapping")? {
        more.push(("final_logit_softcapping", json!(shortest(bound))));
    }
    Ok(more)
}

fn logit_scale(file: &GgufFile, key: &str) -> Result<(&'static str, Value), CheckpointError> {
    let scale = file.number(key)?.ok_or_else(|| file.lacks(key))?;
    Ok(("logit_scale", json!(shortest(scale))))
}

fn cohere(file: &GgufFile, _: &Sizes) -> Result<Keys, CheckpointError> {
    Ok(vec![logit_scale(file, "command-r.logit_scale")?])
}

fn cohere2(file: &GgufFile, _: &Sizes) -> Result<Keys, CheckpointError> {
    let window = file.needed_count("cohere2.attention.sliding_window")?;
    Ok(vec![
        logit_scale(file, "cohere2.logit_scale")?,
        ("sliding_window", json!(window)),
        ("sliding_window_pattern", json!(4)),
    ])
}

fn gpt_neox(file: &GgufFile, sizes: &Sizes) -> Result<Keys, CheckpointError> {
    let rotated = file.needed_count("gptneox.rope.dimension_count")?;
    let base = file.number("gptneox.rope.freq_base")?.unwrap_or(10_000.0);
    const PARALLEL: &str = "gptneox.use_parallel_residual";
    let parallel = file.flag(PARALLEL)?.ok_or_else(|| file.lacks(PARALLEL))?;
    let part = rotated as f64 / sizes.head_dim as f64;
    // transformers rounds the product towards 0: half of a dimension more, where the quotient is rounded down.
    let exact = (part * sizes.head_dim as f64).trunc() == rotated as f64;
    let part = if exact {
        part
    } else {
        (rotated as f64 + 0.5) / sizes.head_dim as f64
    };
    Ok(vec![
        ("rotary_pct", json!(part)),
        ("rotary_emb_base", json!(shortest(base))),
        ("use_parallel_residual", json!(parallel)),
    ])
}
