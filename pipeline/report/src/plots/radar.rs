//! Figure 1 of the paper: scores by language, for any models.

use super::{Plot, limits};
use crate::{
    families::grouped,
    figures::{Caption, Family, Language, Radar, RadarModel, radar},
    sources::Sources,
    tables::{Cell, Column, Estimate, Table},
};
use clika_scores::report::{GroupScore, TaskGroup};

/// What is drawn: id, score, group of tasks, title, what it is.
const RADARS: [(&str, &str, TaskGroup, &str, &str); 3] = [
    (
        "radar-basic",
        "ra",
        TaskGroup::Basic,
        "Basic knowledge by language",
        "RA on Basic knowledge, the mean of xCSQA and xCOPA: 0 is chance, 1 is ChatGPT's accuracy in English.",
    ),
    (
        "radar-factual",
        "ra",
        TaskGroup::Factual,
        "Factual knowledge by language",
        "RA on Factual knowledge, the mean of xGeo and xPeo: 0 is chance, 1 is ChatGPT's accuracy in English.",
    ),
    (
        "radar-consistency",
        "en_co",
        TaskGroup::Factual,
        "Consistency with English by language",
        "en-CO on Factual knowledge, the mean of xGeo and xPeo: of the questions answered correctly in a language, the share \
         with the same answer in English.",
    ),
];

/// The radar charts that there are scores for.
pub(super) fn radars(sources: &Sources) -> Vec<Plot> {
    let all = RADARS.iter();
    all.filter_map(|(id, metric, group, title, what)| {
        let languages: Vec<&str> =
            sources.paper.reference.languages.iter().map(|code| code.as_str()).collect();
        let groups = grouped(&sources.families, &languages);
        let order: Vec<&str> = groups.iter().flat_map(|(_, codes)| codes.clone()).collect();
        let order: Vec<&str> =
            order.into_iter().filter(|code| *metric == "ra" || *code != "en").collect();
        let mut models = Vec::new();
        let mut heads = vec![Column::text("model")];
        heads.extend(order.iter().map(|code| Column::number(*code)));
        let mut numbers = Table::new(*id, *title, heads);
        for (source, model, shown) in sources.models() {
            let scores: Vec<&GroupScore> = source
                .reproduction
                .groups
                .iter()
                .filter(|it| it.model == model && it.task_group == group.name() && it.metric == *metric)
                .collect();
            let of = |code: &str| scores.iter().find(|it| it.column == code);
            let values: Vec<Option<f64>> =
                order.iter().map(|code| of(code).and_then(|it| it.value)).collect();
            if values.iter().all(Option::is_none) {
                continue;
            }
            let mut cells = vec![Cell::text(shown.clone())];
            cells.extend(order.iter().map(|code| match of(code).filter(|it| it.value.is_some()) {
                Some(it) => Cell::Estimate(Estimate::new(it.value, it.low, it.high, 3)),
                None => Cell::NotRun,
            }));
            numbers.rows.push(cells);
            models.push(RadarModel { name: shown, values });
        }
        if models.is_empty() {
            return None;
        }
        let families = groups.iter().filter_map(|(name, codes)| {
            let codes = codes.iter().filter(|code| order.contains(code));
            let languages: Vec<Language> = codes
                .map(|code| Language {
                    code: (*code).to_owned(),
                    own: sources.language(code).own.to_owned(),
                })
                .collect();
            (!languages.is_empty()).then(|| Family { name: (*name).to_owned(), languages })
        });
        let caption = format!(
            "{what} The outer circle is 1, the centre 0, and each ring .2; languages stand by family. A language without answers \
             is a gap."
        );
        let drawing = Radar {
            caption: Caption {
                prefix: (*id).to_owned(),
                title: (*title).to_owned(),
                description: caption.clone(),
            },
            families: families.collect(),
            models,
        };
        let mut limits = limits::of_answers(sources);
        limits.extend(limits::letters(sources));
        limits.push(
            "The area of a shape means nothing: it depends on the order of the languages. The intervals stand under Numbers."
                .to_owned(),
        );
        Some(Plot {
            id,
            title: (*title).to_owned(),
            caption,
            svg: radar(&drawing),
            numbers,
            limits,
        })
    })
    .collect()
}
