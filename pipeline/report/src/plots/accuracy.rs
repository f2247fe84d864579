//! Accuracy by language, a panel for each task.

use super::{Plot, limits};
use crate::{
    figures::{Caption, Estimate, Grid, Panel, grid},
    sources::Sources,
    tables::{Cell, Column, Table},
};
use clika_datasets::Task;
use clika_scores::report::Score;
use std::collections::BTreeSet;

pub(super) fn accuracy(sources: &Sources) -> Option<Plot> {
    let (id, title) = ("accuracy-by-language", "Accuracy by language and task");
    let languages = sources.answered_languages();
    let models: Vec<_> = sources.models().collect();
    let tasks: BTreeSet<Task> = sources
        .answers
        .iter()
        .flat_map(|it| it.collection.tasks())
        .collect();
    let heads = [
        Column::text("task"),
        Column::text("language"),
        Column::text("model"),
        Column::number("accuracy"),
        Column::number("chance"),
        Column::number("items"),
    ];
    let mut numbers = Table::new(id, title, heads.into());
    let mut panels = Vec::new();
    for task in tasks {
        let chance = 1.0 / task.choices() as f64;
        let mut values = Vec::new();
        for language in &languages {
            let mut of_language = Vec::new();
            for (source, model, shown) in &models {
                let is_it = |it: &&Score| {
                    it.metric == "accuracy"
                        && it.model == *model
                        && it.task == task
                        && it.language == *language
                };
                let score = source.reproduction.scores.iter().find(is_it);
                of_language.push(score.and_then(|it| {
                    Some(Estimate {
                        value: it.value?,
                        interval: it.low.zip(it.high),
                    })
                }));
                let Some(score) = score else {
                    continue;
                };
                numbers.rows.push(vec![
                    Cell::text(task.name()),
                    Cell::text(*language),
                    Cell::text(shown.clone()),
                    Cell::Estimate(crate::tables::Estimate::new(
                        score.value,
                        score.low,
                        score.high,
                        3,
                    )),
                    Cell::Number(Some(chance), 2),
                    Cell::count(score.n),
                ]);
            }
            values.push(of_language);
        }
        panels.push(Panel {
            name: task.name().to_owned(),
            chance: Some(chance),
            values,
        });
    }
    if numbers.rows.is_empty() {
        return None;
    }
    let caption = format!(
        "The share of right answers with {}; the line is what a guess has right.",
        sources.interval_words()
    );
    let drawing = Grid {
        caption: Caption {
            prefix: id.to_owned(),
            title: title.to_owned(),
            description: caption.clone(),
        },
        value_name: "accuracy".to_owned(),
        range: Some((0.0, 1.0)),
        languages: languages.iter().map(|code| (*code).to_owned()).collect(),
        models: models.iter().map(|(_, _, shown)| shown.clone()).collect(),
        panels,
    };
    let mut limits = limits::of_answers(sources);
    limits.extend(limits::letters(sources));
    limits.push(
        "An interval that holds the line of chance shows no knowledge. One above it shows some, of the questions as they are \
         asked: an audit may have found defects in them."
            .to_owned(),
    );
    Some(Plot {
        id,
        title: title.to_owned(),
        caption,
        svg: grid(&drawing),
        numbers,
        limits,
    })
}
