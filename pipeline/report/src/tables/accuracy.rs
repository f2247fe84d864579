//! Accuracy of every model on every task in every language.

use super::table::{Cell, Column, Estimate, Table};
use crate::sources::Sources;
use clika_scores::report::Score;

/// A line for each model and task; `None` without predictions.
pub(crate) fn accuracy(sources: &Sources) -> Option<Table> {
    let languages = sources.answered_languages();
    let mut heads = vec![
        Column::text("model"),
        Column::text("task"),
        Column::number("chance"),
    ];
    heads.extend(languages.iter().map(|code| Column::number(*code)));
    heads.extend(["answers", "invalid"].map(Column::number));
    heads.push(Column::commands());
    let mut table = Table::new("accuracy", "Accuracy by task and language", heads);
    table.lead = format!(
        "As a fraction, with {}. * The interval lies above chance.",
        sources.interval_words()
    );
    for (source, model, shown) in sources.models() {
        for task in source.collection.tasks() {
            let scores = source.reproduction.scores.iter();
            let of_task: Vec<&Score> = scores
                .filter(|it| it.metric == "accuracy" && it.model == model && it.task == task)
                .collect();
            if of_task.is_empty() {
                continue;
            }
            let chance = 1.0 / task.choices() as f64;
            let mut missing = Vec::new();
            let mut cells = vec![
                Cell::text(shown.clone()),
                Cell::text(task.name()),
                Cell::Number(Some(chance), 2),
            ];
            for language in &languages {
                let score = of_task.iter().find(|it| it.language == *language);
                cells.push(match score {
                    Some(it) => {
                        let mark = if it.low.is_some_and(|low| low > chance) {
                            "*"
                        } else {
                            ""
                        };
                        Cell::Estimate(Estimate {
                            mark,
                            ..Estimate::new(it.value, it.low, it.high, 3)
                        })
                    }
                    None => {
                        missing.push(*language);
                        Cell::NotRun
                    }
                });
            }
            let (answers, invalid) = of_task
                .iter()
                .fold((0, 0), |(n, invalid), it| (n + it.n, invalid + it.invalid));
            let rate = (answers > 0).then(|| invalid as f64 / answers as f64);
            cells.extend([Cell::count(answers), Cell::Number(rate, 3)]);
            let command = (!missing.is_empty()).then(|| {
                format!(
                    "clika evaluate {} --model FOLDER_OR_HUB_ID --name {model:?} --languages {}",
                    task.name(),
                    missing.join(",")
                )
            });
            cells.push(Cell::command(command));
            table.rows.push(cells);
        }
    }
    (!table.rows.is_empty()).then_some(table)
}
