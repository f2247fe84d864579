use crate::Row;
use polars::prelude::*;
use polars_arrow::datatypes::{ArrowDataType, ArrowSchema, Field};
use polars_parquet::write::schema_to_metadata_key;

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
    let mut bytes = Vec::new();
    ParquetWriter::new(&mut bytes)
        .with_compression(ParquetCompression::Snappy)
        .with_key_value_metadata(Some(plain_arrow_schema(frame.schema())))
        .finish(&mut frame)?;
    Ok(bytes)
}

/// The Arrow types that readers shall give the columns: `string` and `list<string>`.
///
/// Left alone, polars asks for `string_view` and `large_list`, which older readers do not know and
/// which make features that differ from everybody else's datasets.
fn plain_arrow_schema(schema: &Schema) -> KeyValueMetadata {
    let field = |name: &str, dtype| Field::new(name.into(), dtype, true);
    let schema: ArrowSchema = schema
        .iter()
        .map(|(name, dtype)| {
            let dtype = match dtype {
                DataType::String => ArrowDataType::Utf8,
                DataType::Int64 => ArrowDataType::Int64,
                DataType::List(_) => {
                    ArrowDataType::List(Box::new(field("element", ArrowDataType::Utf8)))
                }
                other => unreachable!("a row has no column of type {other}"),
            };
            (name.clone(), field(name, dtype))
        })
        .collect();
    let entry = schema_to_metadata_key(&schema);
    KeyValueMetadata::from_static(vec![(
        entry.key,
        entry.value.expect("a schema has a value"),
    )])
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
