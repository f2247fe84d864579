use crate::{FictionalRow, Row, TextRow};
use clika_core::LanguageCode;
use polars::prelude::*;

/// The path of a split in its dataset's folder, as `datasets` and the hub expect it.
pub(crate) fn file(language: &LanguageCode, split: &str) -> String {
    format!("data/{language}/{split}-00000-of-00001.parquet")
}

/// Encodes rows as one Parquet file with the columns of [`Row`], in its order.
pub(crate) fn encode(rows: &[Row]) -> PolarsResult<Vec<u8>> {
    let text = |name: &str, of: fn(&Row) -> &str| {
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
    clika_parquet::encode(&mut frame)
}

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
    clika_parquet::encode(&mut frame)
}

/// Encodes rows of a fictional world. All splits have the same columns, or `datasets` could not read them as
/// one config.
pub(crate) fn encode_fictional(rows: &[FictionalRow]) -> PolarsResult<Vec<u8>> {
    let text = |name: &str, of: fn(&FictionalRow) -> &str| {
        Column::new(name.into(), rows.iter().map(of).collect::<Vec<_>>())
    };
    let number = |name: &str, of: fn(&FictionalRow) -> Option<i64>| {
        Column::new(name.into(), rows.iter().map(of).collect::<Vec<_>>())
    };
    let mut frame = DataFrame::new(
        rows.len(),
        vec![
            text("id", |row| &row.id),
            text("kind", |row| row.kind.name()),
            text("language", |row| &row.language),
            Column::new(
                "relation".into(),
                rows.iter().map(|row| row.relation).collect::<Vec<_>>(),
            ),
            text("entity", |row| &row.entity),
            number("template", |row| Some(row.template)),
            number("type", |row| row.type_),
            text("prompt", |row| &row.prompt),
            text("query", |row| &row.query),
            text("response", |row| &row.response),
            text("answer", |row| &row.answer),
            texts("choices", rows.iter().map(|row| row.choices.as_deref())),
            number("label", |row| row.label),
            text("cluster_id", |row| &row.entity),
        ],
    )?;
    clika_parquet::encode(&mut frame)
}

/// A column of lists of texts.
fn texts<'a>(name: &str, lists: impl ExactSizeIterator<Item = Option<&'a [String]>>) -> Column {
    let mut builder = ListStringChunkedBuilder::new(name.into(), lists.len(), 4 * lists.len());
    for list in lists {
        match list {
            Some(list) => builder.append_values_iter(list.iter().map(String::as_str)),
            None => builder.append_null(),
        }
    }
    builder.finish().into_column()
}
