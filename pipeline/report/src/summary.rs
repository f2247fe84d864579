//! What stands first: what the report is of, and what a reader has to know.

use crate::{browser::BrowserData, plots::letters, sources::Sources, tables::modes};
use clika_scores::predictions::weak_letters;
use std::collections::BTreeSet;

/// The beginning of a report.
pub(crate) struct Summary {
    /// The page's title.
    pub(crate) title: String,
    /// What it is of, a sentence or more each.
    pub(crate) paragraphs: Vec<String>,
    /// What a reader has to know before trusting a number.
    pub(crate) notices: Vec<String>,
    /// How intervals are made.
    pub(crate) intervals: String,
}

/// More names than these are counted.
const NAMES: usize = 12;

impl Summary {
    pub(crate) fn new(sources: &Sources, browser: &BrowserData) -> Self {
        let mut paragraphs = Vec::new();
        let models: Vec<String> = sources.models().map(|(_, _, shown)| shown).collect();
        if !models.is_empty() {
            let collections = sources.answers.iter().map(|it| &it.collection);
            let answers: usize = collections
                .flat_map(|it| it.iter())
                .map(|(_, answers)| answers.len())
                .sum();
            let tasks: BTreeSet<&str> = sources
                .answers
                .iter()
                .flat_map(|it| it.collection.tasks())
                .map(|task| task.name())
                .collect();
            paragraphs.push(format!(
                "Answers of {}: {} recorded answers on {} in {} languages.",
                listed(&models),
                answers,
                tasks.into_iter().collect::<Vec<_>>().join(", "),
                sources.answered_languages().len(),
            ));
        }
        if !sources.experiments.is_empty() {
            let names: Vec<String> = sources
                .experiments
                .iter()
                .map(|it| it.name.clone())
                .collect();
            let all = modes(sources).count();
            let passed = modes(sources)
                .filter(|(_, _, mode)| mode.gate.passed)
                .count();
            let runs: usize = sources
                .experiments
                .iter()
                .map(|it| it.recorded.runs.len())
                .sum();
            paragraphs.push(format!(
                "Fine-tuning runs of {}: {runs} runs; the gate passed in {passed} of {all} ways of asking them.",
                listed(&names)
            ));
        }
        if !sources.audits.is_empty() {
            let names: Vec<String> = sources.audits.iter().map(|it| it.name.clone()).collect();
            paragraphs.push(format!("Audited: {}.", listed(&names)));
        }
        Self {
            title: title(&models, sources),
            paragraphs,
            notices: notices(sources, browser),
            intervals: sources.interval_rule(),
        }
    }
}

fn title(models: &[String], sources: &Sources) -> String {
    let experiments = sources.experiments.iter().map(|it| it.name.clone());
    let names: BTreeSet<String> = models.iter().cloned().chain(experiments).collect();
    match names.len() {
        0 => "Audit of datasets".to_owned(),
        1..=3 => {
            let names: Vec<String> = names.into_iter().collect();
            format!("What crosses languages in {}", listed(&names))
        }
        count => format!("What crosses languages in {count} models"),
    }
}

fn notices(sources: &Sources, browser: &BrowserData) -> Vec<String> {
    let mut notices: Vec<String> = letters(sources).into_iter().collect();
    for source in &sources.answers {
        let reproduction = &source.reproduction;
        // Every language's share of the letters is in a table of its own.
        let models = source.collection.models().into_iter();
        let weak: Vec<String> = models
            .filter_map(|it| weak_letters(&source.collection, it))
            .collect();
        let others = reproduction.notices.iter().filter(|it| !weak.contains(it));
        notices.extend(others.cloned());
        if !reproduction.unverified.is_empty() {
            notices.push(format!(
                "Recorded without hashes of the questions, so that nobody can tell whether all answered the same version of a \
                 dataset: {}.",
                listed(&reproduction.unverified)
            ));
        }
        if !reproduction.missing.is_empty() {
            notices.push(format!(
                "Not run, although another model or language has it: {}. The tables say \"not run\" there.",
                listed(&reproduction.missing)
            ));
        }
    }
    let failed: Vec<String> = modes(sources)
        .filter(|(_, _, mode)| !mode.gate.passed)
        .map(|(name, run, mode)| format!("{name} {} by {}", run.folder(), mode.mode.name()))
        .collect();
    if !failed.is_empty() {
        notices.push(format!(
            "Gate failed, so that XRR says nothing: {}.",
            listed(&failed)
        ));
    }
    let known: Vec<String> = sources
        .experiments
        .iter()
        .flat_map(|it| it.recorded.runs.iter().map(move |run| (it, run)))
        .filter(|(_, run)| !run.result.recall.is_chance())
        .map(|(it, run)| format!("{} {}", it.name, run.result.folder()))
        .collect();
    if !known.is_empty() {
        notices.push(format!(
            "The base knew more of the world than a guess would before training, so that scores are not of what was taught: {}.",
            listed(&known)
        ));
    }
    if browser.unknown > 0 {
        notices.push(format!(
            "The questions of {} of {} items are not known in some language: name their datasets with --datasets.",
            browser.unknown, browser.items
        ));
    }
    if browser.cut < 200 {
        notices.push(format!(
            "What models wrote is cut at {} characters, so that the page stays small.",
            browser.cut
        ));
    }
    notices
}

/// Names, or the first of them and how many there are.
fn listed(names: &[String]) -> String {
    if names.len() <= NAMES {
        return names.join(", ");
    }
    format!(
        "{} and {} more",
        names[..NAMES].join(", "),
        names.len() - NAMES
    )
}
