//! Two models or runs on the same items: before and after a training, for instance.

use super::table::{Cell, Column, Estimate, Table};
use crate::sources::{ComparedModels, Sources};
use clika_scores::report::{GroupScore, TaskGroup};

/// RA on Basic and Factual knowledge of both, a line for each language: what was gained, and what forgotten.
pub(crate) fn before_and_after(
    sources: &Sources,
    number: usize,
    it: &ComparedModels,
) -> Option<Table> {
    let groups = [TaskGroup::Basic, TaskGroup::Factual];
    let names = [&it.comparison.a, &it.comparison.b];
    let mut heads = vec![Column::text("language")];
    for group in groups {
        heads.extend(names.map(|name| Column::number(format!("{}, {name}", group.name()))));
        heads.push(Column::number(format!("{}, change", group.name())));
    }
    let mut table = Table::new(
        format!("comparison-{number}-knowledge"),
        format!(
            "Basic and Factual knowledge of {} and {}",
            names[0], names[1]
        ),
        heads,
    );
    table.lead = format!(
        "RA as a fraction, with {}; others: the mean over the paper's languages but English. The table before has tests.",
        sources.interval_words()
    );
    let languages = sources
        .paper
        .reference
        .languages
        .iter()
        .map(|code| code.as_str());
    for language in languages.chain(["others"]) {
        let mut cells = vec![Cell::text(language)];
        for group in groups {
            let of = |(source, model): &(usize, String)| {
                let scores = sources.answers[*source].reproduction.groups.iter();
                let is_it = |it: &&GroupScore| {
                    it.model == *model
                        && it.task_group == group.name()
                        && it.metric == "ra"
                        && it.column == language
                };
                scores.clone().find(is_it).filter(|it| it.value.is_some())
            };
            let scores = [of(&it.models[0]), of(&it.models[1])];
            cells.extend(scores.map(|score| match score {
                Some(it) => Cell::Estimate(Estimate::new(it.value, it.low, it.high, 3)),
                None => Cell::NotRun,
            }));
            let change = scores[0]
                .zip(scores[1])
                .and_then(|(a, b)| Some(b.value? - a.value?));
            cells.push(Cell::Number(change, 3));
        }
        table.rows.push(cells);
    }
    let is_empty = |row: &Vec<Cell>| !row.iter().any(|cell| matches!(cell, Cell::Estimate(_)));
    (!table.rows.iter().all(is_empty)).then_some(table)
}

/// A line for each task and language that both have.
pub(crate) fn comparison(number: usize, it: &ComparedModels) -> Table {
    let it = &it.comparison;
    let heads = vec![
        Column::text("task"),
        Column::text("language"),
        Column::number("items"),
        Column::number(it.a.clone()),
        Column::number(it.b.clone()),
        Column::number("difference"),
        Column::number("Holm p"),
        Column::number("detectable"),
    ];
    let mut table = Table::new(
        format!("comparison-{number}"),
        format!("{} and {} on the same items", it.a, it.b),
        heads,
    );
    table.lead = format!(
        "Accuracies, and {} minus {} with {:.0} % intervals. * Holm's p over the {} tests is below 0.05. Detectable: the \
         smallest difference that a test at 5 % finds with 80 % power.",
        it.b,
        it.a,
        100.0 * it.uncertainty.level,
        it.rows.len()
    );
    for row in &it.rows {
        // A comparison is of the first minus the second; here it is what the second changed.
        let change = Estimate {
            mark: if row.holm_p.is_some_and(|p| p < 0.05) {
                "*"
            } else {
                ""
            },
            ..Estimate::new(
                row.difference.map(|it| -it),
                row.high.map(|it| -it),
                row.low.map(|it| -it),
                3,
            )
        };
        table.rows.push(vec![
            Cell::text(row.task.name()),
            Cell::text(row.language.as_str()),
            Cell::count(row.n),
            Cell::Number(row.accuracy_a, 3),
            Cell::Number(row.accuracy_b, 3),
            Cell::Estimate(change),
            Cell::Number(row.holm_p, 4),
            Cell::Number(row.detectable, 3),
        ]);
    }
    let unshared = it.unshared.iter();
    let unshared: Vec<String> = unshared
        .map(|it| format!("{} on {} in {}", it.run, it.task, it.language))
        .collect();
    if !unshared.is_empty() {
        table.notes.push(format!(
            "Not compared, because only one has it: {}.",
            unshared.join("; ")
        ));
    }
    if !it.left_out.is_empty() {
        let left_out = it.left_out.iter();
        let counts: Vec<String> = left_out
            .map(|it| format!("{}: {}", it.task, it.items.len()))
            .collect();
        table.notes.push(format!(
            "Items not compared, because a run set them aside for its exemplars: {}.",
            counts.join(", ")
        ));
    }
    if let Some([a, b]) = &it.other_shots {
        table.notes.push(format!(
            "Asked in two ways: {} after {a}, {} after {b}.",
            it.a, it.b
        ));
    }
    for other in &it.other_scoring {
        table.notes.push(format!(
            "{} in {} was scored by two versions of clika, so that a part of the difference may be theirs.",
            other.task, other.language
        ));
    }
    if !it.unverified.is_empty() {
        table.notes.push(format!(
            "Recorded without hashes of the questions: {}.",
            it.unverified.join(", ")
        ));
    }
    table
}
