//! Where every number comes from: what was asked, how, of which files, by which versions.

use crate::{
    sources::{AnswerSource, ExperimentSource, Sources},
    tables::{Cell, Column, Table},
};
use clika_audit::Finding;
use serde_json::Value;
use std::collections::BTreeMap;

/// What the section on provenance shows.
pub(crate) struct Provenance {
    /// Tables: what was asked, trainings, findings of audits.
    pub(crate) tables: Vec<Table>,
    /// Everything that was recorded of a run, whole, by name.
    pub(crate) records: Vec<(String, String)>,
}

impl Provenance {
    pub(crate) fn new(sources: &Sources) -> Self {
        let mut records = Vec::new();
        for source in &sources.answers {
            records.extend(run_records(source));
        }
        for experiment in &sources.experiments {
            let config = serde_json::to_string_pretty(&experiment.recorded.results.config);
            let config = config.expect("a configuration is plain data");
            records.push((format!("Training of {}", experiment.name), config));
            if let Some(manifest) = &experiment.recorded.manifest {
                records.push((
                    format!("Manifest of {}", experiment.name),
                    manifest.to_json(),
                ));
            }
        }
        let tables = [
            answers(sources),
            trainings(sources),
            datasets(sources),
            findings(sources),
        ];
        Self {
            tables: tables.into_iter().flatten().collect(),
            records,
        }
    }
}

/// A line for each model and task.
fn answers(sources: &Sources) -> Option<Table> {
    let heads = [
        Column::text("model"),
        Column::text("task"),
        Column::number("languages"),
        Column::number("answers"),
        Column::text("read from"),
        Column::text("prompt"),
        Column::text("format"),
        Column::text("dataset"),
        Column::text("device"),
        Column::number("least letters"),
    ];
    let mut table = Table::new("provenance-answers", "Recorded answers", heads.into());
    table.lead = "Dataset: the beginning of the SHA-256 of its rows. Least letters: the smallest share of probability, over the \
                  languages, that the option letters had where the answer was read; below 0.5 they are not what the model would \
                  have written. Empty where nothing was recorded."
        .to_owned();
    for (source, model, shown) in sources.models() {
        for task in source.collection.tasks() {
            let sets = source.collection.iter();
            let sets: Vec<_> = sets
                .filter(|(key, _)| key.model == model && key.task == task)
                .collect();
            let Some((first, _)) = sets.first() else {
                continue;
            };
            let run = source.collection.run(first).cloned().unwrap_or(Value::Null);
            let letters = sets
                .iter()
                .filter_map(|(key, _)| source.collection.run(key)?["letters_probability"].as_f64());
            table.rows.push(vec![
                Cell::text(shown.clone()),
                Cell::text(task.name()),
                Cell::count(sets.len()),
                Cell::count(sets.iter().map(|(_, answers)| answers.len()).sum()),
                Cell::text(text(&run["answer"])),
                Cell::text(text(&run["prompt"])),
                Cell::text(text(&run["format"])),
                Cell::text(
                    text(&run["dataset_sha256"])
                        .chars()
                        .take(12)
                        .collect::<String>(),
                ),
                Cell::text(text(&run["device"])),
                match letters.reduce(f64::min) {
                    Some(least) => Cell::Number(Some(least), 2),
                    None => Cell::text(""),
                },
            ]);
        }
    }
    (!table.rows.is_empty()).then_some(table)
}

/// A line for each training.
fn trainings(sources: &Sources) -> Option<Table> {
    let heads = [
        Column::text("model"),
        Column::text("run"),
        Column::text("strategy"),
        Column::text("format"),
        Column::text("device"),
        Column::text("weights"),
        Column::number("rows"),
        Column::number("steps"),
        Column::number("tokens"),
        Column::number("minutes"),
        Column::number("final loss"),
        Column::text("fingerprint of the base"),
    ];
    let mut table = Table::new("provenance-trainings", "Trainings", heads.into());
    table.lead = "Minutes: from the first logged step to the last.".to_owned();
    for ExperimentSource { name, recorded } in &sources.experiments {
        let results = &recorded.results;
        for run in &recorded.runs {
            let times = run.log.first().zip(run.log.last());
            let minutes = times.map(|(first, last)| (last.time - first.time) / 60.0);
            let trained = run.result.training.as_ref();
            let count = |of: fn(&clika_finetune::TrainingSummary) -> usize| match trained {
                Some(it) => Cell::count(of(it)),
                None => Cell::text(""),
            };
            table.rows.push(vec![
                Cell::text(name.clone()),
                Cell::text(run.result.folder()),
                Cell::text(results.config.strategy.name()),
                Cell::text(results.format.clone()),
                Cell::text(results.device.clone()),
                Cell::text(results.dtype.clone()),
                count(|it| it.examples),
                count(|it| it.steps),
                count(|it| it.tokens),
                Cell::Number(minutes, 1),
                Cell::Number(trained.and_then(|it| it.final_loss), 4),
                Cell::text(results.fingerprint.chars().take(12).collect::<String>()),
            ]);
        }
    }
    (!table.rows.is_empty()).then_some(table)
}

/// A line for each dataset.
fn datasets(sources: &Sources) -> Option<Table> {
    let heads = [
        Column::text("dataset"),
        Column::text("written by"),
        Column::text("fingerprint"),
        Column::text("Wikidata snapshot"),
        Column::number("inputs"),
        Column::number("files"),
    ];
    let mut table = Table::new("provenance-datasets", "Datasets", heads.into());
    table.lead = "The beginnings of SHA-256: over the program, the configuration and all inputs, and of the snapshot.".to_owned();
    let short = |digest: &str| digest.chars().take(12).collect::<String>();
    for manifest in &sources.datasets {
        let snapshot = manifest
            .inputs
            .iter()
            .find(|(name, _)| name.ends_with(".ttl"));
        table.rows.push(vec![
            Cell::text(manifest.stage.trim_start_matches("datasets ")),
            Cell::text(manifest.tool.clone()),
            Cell::text(short(&manifest.fingerprint)),
            Cell::text(snapshot.map_or_else(String::new, |(_, digest)| short(digest))),
            Cell::count(manifest.inputs.len()),
            Cell::count(manifest.files.len()),
        ]);
    }
    (!table.rows.is_empty()).then_some(table)
}

/// What audits found.
fn findings(sources: &Sources) -> Option<Table> {
    let heads = [
        Column::text("severity"),
        Column::text("folder"),
        Column::text("dataset"),
        Column::text("check"),
        Column::number("found"),
        Column::number("of"),
        Column::text("what"),
        Column::text("effect"),
    ];
    let mut table = Table::new(
        "audit-findings",
        "What an audit of the datasets found",
        heads.into(),
    );
    for audit in &sources.audits {
        for finding in &audit.audit.findings {
            let Finding {
                check,
                severity,
                dataset,
                count,
                of,
                message,
                effect,
                ..
            } = finding;
            table.rows.push(vec![
                Cell::text(severity.name()),
                Cell::text(audit.name.clone()),
                Cell::text(dataset.clone()),
                Cell::text(*check),
                Cell::count(*count),
                Cell::count(*of),
                Cell::text(message.clone()),
                Cell::text(*effect),
            ]);
        }
    }
    if sources.audits.is_empty() {
        return None;
    }
    if table.rows.is_empty() {
        table.lead = "Nothing.".to_owned();
    }
    Some(table)
}

/// Everything that was recorded of a source's runs; what is equal for several sets stands once.
fn run_records(source: &AnswerSource) -> Vec<(String, String)> {
    let mut records: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
    for (key, _) in source.collection.iter() {
        if let Some(run) = source.collection.run(key) {
            let mut run = run.clone();
            // It differs by language, and stands in the table and with the items.
            if let Some(fields) = run.as_object_mut() {
                fields.remove("letters_probability");
                fields.remove("separator");
                fields.remove("pilot");
            }
            let text = serde_json::to_string_pretty(&run).expect("a run is plain data");
            let name = format!("{} on {}", source.shown(&key.model), key.task);
            records
                .entry((name, text))
                .or_default()
                .push(key.language.to_string());
        }
    }
    let records = records.into_iter();
    records
        .map(|((name, text), languages)| (format!("{name} in {}", languages.join(", ")), text))
        .collect()
}

/// A value of a run as a text: empty where nothing was recorded.
fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}
