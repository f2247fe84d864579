//! From rows to what is learned.

use crate::FinetuneError;
use clika_datasets::FictionalRow;
use clika_evaluate::LocalModel;
use clika_lm::TrainingExample;

/// The prompt of a row: what it asks, and on a line of its own the name to translate, as LLaMA-Factory joins them.
pub fn row_prompt(row: &FictionalRow) -> String {
    if row.query.is_empty() {
        row.prompt.clone()
    } else {
        format!("{}\n{}", row.prompt, row.query)
    }
}

/// A row in the model's format: the loss is on its response and on what ends it.
///
/// The tokens before it are those that the model is asked with.
pub fn example(
    model: &LocalModel,
    space: &str,
    row: &FictionalRow,
) -> Result<TrainingExample, FinetuneError> {
    let turn = model.encode_turn(&row_prompt(row), space, &row.response)?;
    Ok(TrainingExample {
        answer: turn.prompt.len(),
        tokens: [turn.prompt, turn.answer, turn.end].concat(),
    })
}

/// The examples of rows, in their order.
pub(crate) fn examples(
    model: &LocalModel,
    space: &str,
    rows: &[FictionalRow],
) -> Result<Vec<TrainingExample>, FinetuneError> {
    rows.iter().map(|row| example(model, space, row)).collect()
}

/// Tokens of the longest right answer to any of the rows, its end included.
pub(crate) fn longest_answer<'a>(
    model: &LocalModel,
    space: &str,
    rows: impl IntoIterator<Item = &'a FictionalRow>,
) -> Result<usize, FinetuneError> {
    let mut longest = 0;
    for row in rows {
        let turn = model.encode_turn(&row_prompt(row), space, &row.response)?;
        longest = longest.max(turn.answer.len() + turn.end.len());
    }
    Ok(longest)
}
