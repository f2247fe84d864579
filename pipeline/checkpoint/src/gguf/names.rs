//! The format's names of tensors as Hugging Face's, and where the rows of a matrix stand in another order.

use super::{GgufFile, config::GgufArchitecture};
use crate::CheckpointError;

/// A tensor as Hugging Face has it.
pub(crate) struct Renamed {
    pub(crate) name: String,
    /// How its rows are arranged, if not as they are in the file.
    pub(crate) rows: Option<HeadRows>,
}

/// Rows of queries or keys that lie as interleaved rotation wants them: the first and the second half of a head take
/// turns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct HeadRows {
    /// How many heads the rows belong to.
    pub(crate) heads: usize,
}

/// Tensors outside the layers.
const WHOLE: [(&str, &str); 3] = [
    ("token_embd.weight", "model.embed_tokens.weight"),
    ("output_norm.weight", "model.norm.weight"),
    ("output.weight", "lm_head.weight"),
];

/// Modules of a layer.
const OF_LAYER: [(&str, &str); 11] = [
    ("attn_norm", "input_layernorm"),
    (QUERY, "self_attn.q_proj"),
    (KEY, "self_attn.k_proj"),
    ("attn_v", "self_attn.v_proj"),
    ("attn_output", "self_attn.o_proj"),
    ("attn_q_norm", "self_attn.q_norm"),
    ("attn_k_norm", "self_attn.k_norm"),
    ("ffn_norm", "post_attention_layernorm"),
    ("ffn_gate", "mlp.gate_proj"),
    ("ffn_up", "mlp.up_proj"),
    ("ffn_down", "mlp.down_proj"),
];

const QUERY: &str = "attn_q";
const KEY: &str = "attn_k";
/// Factors of the rotation's wavelengths, which the configuration has.
pub(super) const ROPE_FACTORS: &str = "rope_freqs.weight";

impl GgufFile {
    /// The tensor of a name of the format; `None` for one that the configuration holds.
    ///
    /// # Errors
    /// A name that the architecture has no use for: llama.cpp refuses such a file too.
    pub(crate) fn renamed(
        &self,
        architecture: &GgufArchitecture,
        name: &str,
    ) -> Result<Option<Renamed>, CheckpointError> {
        if name == ROPE_FACTORS {
            return Ok(None);
        }
        if let Some((_, whole)) = WHOLE.iter().find(|(ours, _)| *ours == name) {
            let name = (*whole).to_owned();
            return Ok(Some(Renamed { name, rows: None }));
        }
        let too_many = || {
            self.problem(format!(
                "it has the tensor `{name}`, which `{}` with a `block_count` of {} does not use",
                architecture.name, architecture.layers
            ))
        };
        let (layer, module, end) = in_layer(name).ok_or_else(too_many)?;
        let known = OF_LAYER.iter().find(|(ours, _)| *ours == module);
        let (Some((_, theirs)), true) = (known, layer < architecture.layers) else {
            return Err(too_many());
        };
        let heads = match module {
            QUERY => Some(architecture.heads),
            KEY => Some(architecture.kv_heads),
            _ => None,
        };
        let heads = heads.filter(|_| architecture.interleaved);
        Ok(Some(Renamed {
            name: format!("model.layers.{layer}.{theirs}.{end}"),
            rows: heads.map(|heads| HeadRows { heads }),
        }))
    }
}

/// The layer, the module and the end of a name such as `blk.3.attn_q.weight`.
fn in_layer(name: &str) -> Option<(usize, &str, &str)> {
    let (layer, rest) = name.strip_prefix("blk.")?.split_once('.')?;
    let (module, end) = rest.split_once('.')?;
    let number: usize = layer.parse().ok()?;
    let is_plain = number.to_string() == layer && matches!(end, "weight" | "bias");
    is_plain.then_some((number, module, end))
}
