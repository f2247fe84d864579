//! The columns of xCOPA and xCSQA.

use super::build::TextRow;
use crate::parquet::{encode_frame, texts};
use polars::prelude::*;

/// Encodes rows of texts; xCOPA's have a premise and what is asked about it.
pub(crate) fn encode_texts(rows: &[TextRow]) -> PolarsResult<Vec<u8>> {
    let text = |name: &str, of: fn(&TextRow) -> &str| {
        Column::new(name.into(), rows.iter().map(of).collect::<Vec<_>>())
    };
    let optional = |name: &str, of: fn(&TextRow) -> Option<&str>| {
        let values: Option<Vec<_>> = rows.iter().map(of).collect();
        values.map(|values| Column::new(name.into(), values))
    };
    let columns = [
        Some(text("id", |row| &row.id)),
        optional("premise", |row| row.premise.as_deref()),
        Some(text("question", |row| &row.question)),
        Some(texts(
            "choices",
            rows.iter().map(|row| Some(row.choices.as_slice())),
        )),
        Some(Column::new(
            "label".into(),
            rows.iter().map(|row| row.label).collect::<Vec<_>>(),
        )),
        Some(text("answer", |row| &row.answer)),
        optional("relation", |row| row.relation.as_deref()),
        Some(text("cluster_id", |row| &row.cluster_id)),
    ];
    let mut frame = DataFrame::new(rows.len(), columns.into_iter().flatten().collect())?;
    encode_frame(&mut frame)
}
