//! The dataset card: a README.md that Hugging Face's hub and `datasets` read.

use super::builder::TaskBuilder;
use crate::{
    BuildReport, DatasetsConfig,
    output::{FrontMatter, TOOL, front_matter},
};
use clika_base::types::Language;
use std::{collections::BTreeMap, fmt::Write};

/// Writes the card of a task. `rows` is the number of rows of each language.
pub(crate) fn card(
    builder: &TaskBuilder,
    languages: &[Language],
    config: &DatasetsConfig,
    report: &BuildReport,
    source: &str,
) -> String {
    let mut card = String::new();
    write(&mut card, builder, languages, config, report, source)
        .expect("writing to memory succeeds");
    card
}

fn write(
    out: &mut String,
    builder: &TaskBuilder,
    languages: &[Language],
    config: &DatasetsConfig,
    report: &BuildReport,
    source: &str,
) -> std::fmt::Result {
    let TaskBuilder {
        task,
        name,
        content,
        ..
    } = builder;
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
    columns(out)?;
    made(out, builder, config, report, source)
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

fn columns(out: &mut String) -> std::fmt::Result {
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
        ("relation", "what is asked: `division`, `birth` or `death`"),
        ("qid", "Wikidata item of the city or person"),
        (
            "answer_qid",
            "Wikidata item of the right division; null for years",
        ),
        (
            "country_qid",
            "Wikidata item of the city's country or the person's state",
        ),
        (
            "cluster_id",
            "rows that share it are not independent: one division, one person",
        ),
        (
            "entity_label_source",
            "Wikidata's label language of the name in the question",
        ),
        (
            "choice_label_sources",
            "the same for every choice; null for years",
        ),
    ] {
        writeln!(out, "- `{column}`: {meaning}")?;
    }
    Ok(())
}

fn made(
    out: &mut String,
    builder: &TaskBuilder,
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
        TOOL,
        config.seed,
        (builder.distractors)(config.distractors),
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
