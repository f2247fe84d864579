//! The format's names of tensors as Hugging Face's, and what of them stands in another order or is another number.

use super::{GgufFile, config::GgufArchitecture, kinds::Rows};
use crate::CheckpointError;

/// A tensor as Hugging Face has it.
pub(crate) struct Renamed {
    pub(crate) name: String,
    /// What its numbers are there, if not what they are in the file.
    pub(crate) change: Option<GgufChange>,
}

/// How a tensor in the file differs from Hugging Face's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum GgufChange {
    /// Rows of so many heads of queries or keys, of each of which the first and the second half take turns.
    HalvesInTurn { heads: usize },
    /// Rows of all queries, then all keys, then all values, of so many heads each, which take turns there.
    PartsOfHeads { heads: usize },
    /// 1 was added.
    OnePlus,
}

const QUERY: &str = "attn_q";
const KEY: &str = "attn_k";
const ALL: &str = "attn_qkv";
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
        let tensors = &architecture.tensors;
        let one_plus = |name: &str| {
            (tensors.one_plus && name.ends_with("norm.weight")).then_some(GgufChange::OnePlus)
        };
        let whole = name.rsplit_once('.').and_then(|(module, end)| {
            let known = tensors.whole.iter().find(|(ours, _)| *ours == module);
            known.map(|(_, theirs)| format!("{theirs}.{end}"))
        });
        if let Some(theirs) = whole {
            let change = one_plus(&theirs);
            return Ok(Some(Renamed {
                name: theirs,
                change,
            }));
        }
        let too_many = || {
            self.problem(format!(
                "it has the tensor `{name}`, which `{}` with a `block_count` of {} does not use",
                architecture.name, architecture.layers
            ))
        };
        let (layer, module, end) = in_layer(name).ok_or_else(too_many)?;
        let known = tensors.of_layer.iter().find(|(ours, _)| *ours == module);
        let (Some((_, theirs)), true) = (known, layer < architecture.layers) else {
            return Err(too_many());
        };
        let heads = match (tensors.rows, module) {
            (Rows::Interleaved, QUERY) => Some(architecture.heads),
            (Rows::Interleaved, KEY) => Some(architecture.kv_heads),
            (Rows::Interleaved | Rows::Stacked | Rows::AsThere, _) => None,
        };
        let name = format!("{}.{layer}.{theirs}.{end}", tensors.layer);
        let change = match (heads, tensors.rows, module) {
            (Some(heads), _, _) => Some(GgufChange::HalvesInTurn { heads }),
            (None, Rows::Stacked, ALL) => Some(GgufChange::PartsOfHeads {
                heads: architecture.heads,
            }),
            (None, _, _) => one_plus(&name),
        };
        Ok(Some(Renamed { name, change }))
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
