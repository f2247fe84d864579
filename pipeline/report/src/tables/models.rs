//! Every model in the paper's layout: a table for each score, a column for each language.

use super::{
    paper::counts,
    table::{Cell, Column, Estimate, Table},
};
use crate::sources::Sources;
use clika_scores::report::{GroupScore, TaskGroup};

/// What the tables are of: file, score, group of tasks, title.
const TABLES: [(&str, &str, TaskGroup, &str); 4] = [
    (
        "models-basic-ra",
        "ra",
        TaskGroup::Basic,
        "RA on Basic knowledge (xCSQA and xCOPA)",
    ),
    (
        "models-factual-ra",
        "ra",
        TaskGroup::Factual,
        "RA on Factual knowledge (xGeo and xPeo)",
    ),
    (
        "models-basic-consistency",
        "en_co",
        TaskGroup::Basic,
        "en-CO on Basic knowledge",
    ),
    (
        "models-factual-consistency",
        "en_co",
        TaskGroup::Factual,
        "en-CO on Factual knowledge",
    ),
];

/// The tables of all models; none where nobody answered a group's tasks.
pub(crate) fn models(sources: &Sources) -> Vec<Table> {
    TABLES.iter().filter_map(|(id, metric, group, title)| {
        let languages = sources.paper.reference.languages.iter().map(|code| code.as_str());
        let columns: Vec<&str> = languages
            .filter(|code| *metric == "ra" || *code != "en")
            .chain(["others"])
            .collect();
        let mut heads = vec![Column::text("model")];
        heads.extend(columns.iter().map(|column| Column::number(*column)));
        heads.extend(["answers", "invalid"].map(Column::number));
        heads.push(Column::commands());
        let mut table = Table::new(*id, format!("All models: {title}"), heads);
        for (source, model, shown) in sources.models() {
            let scores: Vec<&GroupScore> = source.reproduction.groups.iter()
                .filter(|it| it.model == model && it.task_group == group.name() && it.metric == *metric)
                .collect();
            if scores.iter().all(|it| it.value.is_none()) {
                continue;
            }
            let mut cells = vec![Cell::text(shown)];
            let mut missing = Vec::new();
            for column in &columns {
                let score = scores.iter().find(|it| it.column == *column);
                cells.push(match score.filter(|it| it.value.is_some()) {
                    Some(it) => {
                        let estimate = Estimate::new(it.value, it.low, it.high, 3);
                        let above = *metric == "ra" && it.low.is_some_and(|low| low > 0.0);
                        Cell::Estimate(Estimate { mark: if above { "*" } else { "" }, ..estimate })
                    }
                    None => {
                        missing.extend((*column != "others").then_some(*column));
                        Cell::NotRun
                    }
                });
            }
            cells.extend(counts(source, model, *group));
            cells.push(Cell::command(command(model, *group, &missing)));
            table.rows.push(cells);
        }
        table.lead = format!(
            "As a fraction, with {}; others: the mean over the paper's languages but English.{}",
            sources.interval_words(),
            if *metric == "ra" { " * The interval lies above chance." } else { "" },
        );
        (!table.rows.is_empty()).then_some(table)
    }).collect()
}

/// The command that gives a model's scores in languages; `None` where none is missing.
fn command(model: &str, group: TaskGroup, languages: &[&str]) -> Option<String> {
    let tasks: Vec<&str> = group.tasks().iter().map(|task| task.name()).collect();
    (!languages.is_empty()).then(|| {
        format!(
            "clika evaluate {} --model FOLDER_OR_HUB_ID --name {model:?} --languages {}",
            tasks.join(" "),
            languages.join(",")
        )
    })
}
