use crate::{FictionalRow, Kind, Row, TextRow, WorldRelation};
use clika_core::LanguageCode;
use polars::prelude::*;
use std::io::Cursor;

/// The path of a split in its dataset's folder, as `datasets` and the hub expect it.
pub(crate) fn file(language: &LanguageCode, split: &str) -> String {
    file_name(language.as_str(), split)
}

/// The same of a config, which may be another than a language.
pub(crate) fn file_name(config: &str, split: &str) -> String {
    format!("data/{config}/{split}-00000-of-00001.parquet")
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

/// Reads what [`encode_fictional`] encoded; says what is wrong with a file that it did not.
pub(crate) fn decode_fictional(bytes: Vec<u8>) -> Result<Vec<FictionalRow>, String> {
    let said = |error: PolarsError| error.to_string();
    let frame = ParquetReader::new(Cursor::new(bytes))
        .finish()
        .map_err(said)?;
    let text = |name: &str| frame.column(name).and_then(Column::str).map_err(said);
    let number = |name: &str| frame.column(name).and_then(Column::i64).map_err(said);
    let (ids, kinds, languages) = (text("id")?, text("kind")?, text("language")?);
    let (relations, entities) = (text("relation")?, text("entity")?);
    let (templates, types, labels) = (number("template")?, number("type")?, number("label")?);
    let (prompts, queries) = (text("prompt")?, text("query")?);
    let (responses, answers) = (text("response")?, text("answer")?);
    let choices = frame
        .column("choices")
        .and_then(Column::list)
        .map_err(said)?;
    let mut rows = Vec::with_capacity(frame.height());
    for row in 0..frame.height() {
        let wrong = |problem: &str| format!("row {} {problem}", row + 1);
        let cell = |column: &StringChunked| {
            let text = column.get(row).map(str::to_owned);
            text.ok_or_else(|| wrong(&format!("has no `{}`", column.name())))
        };
        let kind = kinds.get(row);
        let kind = [Kind::Qa, Kind::Translation]
            .into_iter()
            .find(|it| kind == Some(it.name()));
        let relation = relations.get(row).map(|name| {
            let known = [WorldRelation::Continent, WorldRelation::Founding];
            known.into_iter().find(|it| it.name() == name)
        });
        let (Some(kind), Some(template), None | Some(Some(_))) =
            (kind, templates.get(row), relation)
        else {
            return Err(wrong(
                "has another `kind`, `template` or `relation` than ours have",
            ));
        };
        let list = match choices.get_as_series(row) {
            None => None,
            Some(list) => {
                let list = list.str().map_err(said)?.iter();
                let list: Option<Vec<_>> = list.map(|text| text.map(str::to_owned)).collect();
                Some(list.ok_or_else(|| wrong("has an empty choice"))?)
            }
        };
        rows.push(FictionalRow {
            id: cell(ids)?,
            kind,
            language: cell(languages)?,
            relation: relation.flatten().map(WorldRelation::name),
            entity: cell(entities)?,
            template,
            type_: types.get(row),
            prompt: cell(prompts)?,
            query: cell(queries)?,
            response: cell(responses)?,
            answer: cell(answers)?,
            choices: list,
            label: labels.get(row),
        });
    }
    Ok(rows)
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
