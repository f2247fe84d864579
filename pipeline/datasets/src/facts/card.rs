//! The dataset card: a README.md that Hugging Face's hub and `datasets` read.

use super::dataset::FactColumns;
use crate::{
    BuildReport, DatasetsConfig, Task,
    output::{FrontMatter, TOOL, front_matter},
};
use clika_base::types::Language;
use std::{collections::BTreeMap, fmt::Write};

/// Writes the card of a task. `source` is what it was built from, and a mark that changes with its files.
pub(crate) fn card(
    task: Task,
    languages: &[Language],
    config: &DatasetsConfig,
    report: &BuildReport,
    source: (&str, &str),
) -> String {
    let mut card = String::new();
    write(&mut card, task, languages, config, report, source).expect("writing to memory succeeds");
    card
}

fn write(
    out: &mut String,
    task: Task,
    languages: &[Language],
    config: &DatasetsConfig,
    report: &BuildReport,
    (source, mark): (&str, &str),
) -> std::fmt::Result {
    let dataset = task.dataset();
    let facts = task
        .facts()
        .expect("a dataset of facts is built from facts");
    let (name, content) = (dataset.title, dataset.content);
    let rows: usize = report.rows.values().copied().max().unwrap_or(0);

    let codes: Vec<_> = languages.iter().map(|language| &language.code).collect();
    front_matter(
        out,
        &FrontMatter {
            name,
            languages: &codes,
            license: "cc0-1.0",
            tags: &["cross-lingual", "factual-knowledge", "wikidata"],
            rows: rows * languages.len(),
            mark,
            splits: &BTreeMap::new(),
        },
    )?;
    writeln!(out, "# CLiKA {name}\n")?;
    writeln!(
        out,
        "Multiple-choice questions on {content}, in {} languages. Every language has the same {rows} \
         items: equal `id`, equal order of choices, equal `label`. The knowledge comes evenly from \
         {} origin languages (`origin_language`).\n",
        languages.len(),
        report.items.len(),
    )?;
    writeln!(
        out,
        "```python\nfrom datasets import load_dataset\n\nload_dataset(\"path/to/{task}\", \"de\", split=\"test\")\n```\n"
    )?;
    origins(out, report)?;
    columns(out, &facts.columns)?;
    let distractors = (facts.distractors)(config.distractors);
    made(out, distractors, config, report, source)
}

fn origins(out: &mut String, report: &BuildReport) -> std::fmt::Result {
    writeln!(
        out,
        "| origin language | items | usable entities | chosen by |\n|---|---|---|---|"
    )?;
    for (code, items) in &report.items {
        writeln!(
            out,
            "| {code} | {items} | {} | {} |",
            report.candidates[code], report.ranking[code]
        )?;
    }
    Ok(())
}

fn columns(out: &mut String, columns: &FactColumns) -> std::fmt::Result {
    writeln!(out, "\n## Columns\n")?;
    for (column, meaning) in [
        ("id", "stable over builds and equal in every language"),
        ("question", "the question"),
        ("choices", "the choices in the order shown"),
        (
            "label",
            "position of the right choice, from 0; the manifest counts how often each is right",
        ),
        ("answer", "the right choice"),
        (
            "origin_language",
            "the language that the knowledge comes from",
        ),
        ("relation", columns.relation),
        ("qid", columns.qid),
        ("answer_qid", columns.answer_qid),
        ("country_qid", columns.country_qid),
        ("cluster_id", columns.cluster_id),
        (
            "entity_label_source",
            "Wikidata's label language of the name in the question",
        ),
        ("choice_label_sources", columns.choice_label_sources),
    ] {
        writeln!(out, "- `{column}`: {meaning}")?;
    }
    Ok(())
}

fn made(
    out: &mut String,
    distractors: &str,
    config: &DatasetsConfig,
    report: &BuildReport,
    source: &str,
) -> std::fmt::Result {
    writeln!(out, "\n## How it was made\n")?;
    writeln!(
        out,
        "Built by {} with seed {} from {source}. Wrong choices: {}. `manifest.json` holds the \
         resolved configuration, the SHA-256 of every input and output, and every exception from \
         the rules.\n",
        TOOL, config.seed, distractors,
    )?;
    if !report.exceptions.is_empty() {
        writeln!(out, "Exceptions from the rules:\n")?;
        for exception in &report.exceptions {
            writeln!(
                out,
                "- {} ({}, {}): {}",
                exception.name,
                exception.language,
                exception
                    .qid
                    .map_or_else(String::new, |qid| qid.to_string()),
                exception.reason
            )?;
        }
        writeln!(out)?;
    }
    writeln!(
        out,
        "The datasets follow *Multilingual Pretraining and Instruction Tuning Improve Cross-Lingual \
         Knowledge Alignment, But Only Shallowly* (Gao et al., 2024), section 3.1; they are drawn \
         anew and hold none of its files. Facts and labels are Wikidata's, under CC0.\n"
    )
}
