//! The columns of a fictional world.

use super::{FictionalRow, RowKind, WorldRelation};
use crate::parquet::{encode_frame, texts};
use polars::prelude::*;
use std::io::Cursor;

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
    encode_frame(&mut frame)
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
        let kind = [RowKind::Qa, RowKind::Translation]
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
                "has a `kind`, `template` or `relation` that clika does not write",
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
