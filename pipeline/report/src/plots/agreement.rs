//! Ours against the printed numbers.

use super::Plot;
use crate::{
    figures::{Agreement, AgreementPoint, Caption, agreement as drawn},
    sources::Sources,
    tables::{Cell, Column, Table},
};
use clika_scores::report::PaperCell;
use std::collections::BTreeSet;

pub(super) fn agreement(sources: &Sources) -> Option<Plot> {
    let (id, title) = ("agreement", "Ours against the paper's printed numbers");
    let heads = [
        Column::text("table"),
        Column::text("model"),
        Column::text("column"),
        Column::number("ours"),
        Column::number("printed"),
        Column::number("difference"),
        Column::text("agrees"),
    ];
    let mut numbers = Table::new(id, title, heads.into());
    let mut points = Vec::new();
    let mut seen = BTreeSet::new();
    let cells = sources.answers.iter().flat_map(|it| &it.reproduction.cells);
    for cell in cells {
        let Some(value) = cell.value else {
            continue;
        };
        // Tables repeat rows.
        if !seen.insert((cell.table, &cell.printed_model, &cell.column)) {
            continue;
        }
        let agrees = cell.agrees == Some(true);
        let scale = scale(sources, cell);
        points.push(AgreementPoint {
            label: format!(
                "Table {}: {}, {}",
                cell.table, cell.printed_model, cell.column
            ),
            printed: cell.printed / scale,
            ours: Some(value / scale),
            agrees,
        });
        numbers.rows.push(vec![
            Cell::text(format!("Table {}", cell.table)),
            Cell::text(cell.printed_model.clone()),
            Cell::text(cell.column.clone()),
            Cell::Number(Some(value), 4),
            Cell::Printed(cell.printed_text.clone()),
            Cell::Number(cell.difference, 4),
            Cell::text(if agrees { "yes" } else { "no" }),
        ]);
    }
    if points.is_empty() {
        return None;
    }
    let agree = points.iter().filter(|it| it.agrees).count();
    let caption = format!(
        "Every printed number that these answers give again, once, as a fraction: {agree} of {} agree to the printed digit.",
        points.len()
    );
    let drawing = Agreement {
        caption: Caption {
            prefix: id.to_owned(),
            title: title.to_owned(),
            description: caption.clone(),
        },
        printed_name: "printed".to_owned(),
        ours_name: "ours".to_owned(),
        digits: 4,
        listed: 8,
        points,
    };
    let mut limits = vec![
        "Agreement shows that answers are scored as in the paper, not that the paper's conclusions hold for other models."
            .to_owned(),
    ];
    for source in &sources.answers {
        limits.extend(source.reproduction.findings.iter().cloned());
    }
    limits.dedup();
    Some(Plot {
        id,
        title: title.to_owned(),
        caption,
        svg: drawn(&drawing),
        numbers,
        limits,
    })
}

/// What a cell is divided by to be a fraction.
fn scale(sources: &Sources, cell: &PaperCell) -> f64 {
    let table = sources
        .paper
        .tables
        .iter()
        .find(|it| it.number == cell.table);
    match table {
        Some(table) if !cell.column.ends_with("/en") => table.unit.scale(),
        Some(_) | None => 1.0,
    }
}
