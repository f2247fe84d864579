//! The columns of a dataset of facts.

use super::render::FactRow;
use crate::parquet::{encode_frame, texts};
use polars::prelude::*;

/// Encodes rows as one Parquet file with the columns of [`FactRow`], in its order.
pub(crate) fn encode_rows(rows: &[FactRow]) -> PolarsResult<Vec<u8>> {
    let text = |name: &str, of: fn(&FactRow) -> &str| {
        Column::new(name.into(), rows.iter().map(of).collect::<Vec<_>>())
    };
    let mut frame = DataFrame::new(
        rows.len(),
        vec![
            text("id", |row| &row.id),
            text("question", |row| &row.question),
            texts(
                "choices",
                rows.iter().map(|row| Some(row.choices.as_slice())),
            ),
            Column::new(
                "label".into(),
                rows.iter().map(|row| row.label).collect::<Vec<_>>(),
            ),
            text("answer", |row| &row.answer),
            text("origin_language", |row| &row.origin_language),
            text("relation", |row| &row.relation),
            text("qid", |row| &row.qid),
            Column::new(
                "answer_qid".into(),
                rows.iter()
                    .map(|row| row.answer_qid.as_deref())
                    .collect::<Vec<_>>(),
            ),
            text("country_qid", |row| &row.country_qid),
            text("cluster_id", |row| &row.cluster_id),
            text("entity_label_source", |row| &row.entity_label_source),
            texts(
                "choice_label_sources",
                rows.iter().map(|row| row.choice_label_sources.as_deref()),
            ),
        ],
    )?;
    encode_frame(&mut frame)
}
