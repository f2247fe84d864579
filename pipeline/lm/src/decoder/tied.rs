use super::load::prefix;
use crate::{LmError, TensorNames};
use clika_base::types::Progress;
use clika_checkpoint::Checkpoint;

/// The name of the output matrix in this file.
pub(super) fn stored_head(names: &TensorNames, checkpoint: &Checkpoint) -> String {
    let both = [names.stored_head, names.head].map(|name| format!("{name}.weight"));
    let [stored, head] = both;
    if checkpoint.has(&stored) {
        stored
    } else {
        head
    }
}

/// Whether a file has an output matrix that is not the embedding. The two are not tied then, whatever config.json says, as
/// in transformers 5.
pub(super) fn has_own_head(
    names: &TensorNames,
    checkpoint: &mut Checkpoint,
    progress: &dyn Progress,
) -> Result<bool, LmError> {
    let embedding = format!("{}{}.weight", prefix(names, checkpoint), names.embedding);
    let head = stored_head(names, checkpoint);
    match checkpoint.alike(&embedding, &head)? {
        Some(true) => {
            checkpoint.pass_over(&head);
            Ok(false)
        }
        Some(false) => {
            progress.note(&format!(
                "config.json ties the output matrix to the embedding, but `{head}` differs from `{embedding}`: each is \
                 used as it is in the file, as transformers 5 does"
            ));
            Ok(true)
        }
        None => Ok(false),
    }
}
