//! The dataset card: a README.md that Hugging Face's hub and `datasets` read.

use crate::{DatasetsConfig, builder::Builder, report::Report};
use clika_core::{Language, LanguageCode};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
};

/// Writes the card of a task. `rows` is the number of rows of each language.
pub(crate) fn card(
    builder: &Builder,
    languages: &[Language],
    config: &DatasetsConfig,
    report: &Report,
    source: &str,
) -> String {
    let mut card = String::new();
    write(&mut card, builder, languages, config, report, source)
        .expect("writing to memory succeeds");
    card
}

fn write(
    out: &mut String,
    builder: &Builder,
    languages: &[Language],
    config: &DatasetsConfig,
    report: &Report,
    source: &str,
) -> std::fmt::Result {
    let Builder {
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
    writeln!(out, "\n## How it was made\n")?;
    writeln!(
        out,
        "Built by {} with seed {} from {source}. Wrong choices: {}. `manifest.json` holds the \
         resolved configuration, the SHA-256 of every input and output, and every exception from \
         the rules.\n",
        crate::build::TOOL,
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

/// What the hub reads at the top of a card.
pub(crate) struct FrontMatter<'a> {
    pub(crate) name: &'a str,
    pub(crate) languages: &'a [&'a LanguageCode],
    /// The hub's name of the licence.
    pub(crate) license: &'a str,
    pub(crate) tags: &'a [&'a str],
    /// Rows of all languages together.
    pub(crate) rows: usize,
    /// The splits of a language, where it has others than `test`.
    pub(crate) splits: &'a BTreeMap<LanguageCode, Vec<&'static str>>,
}

/// Writes the YAML that makes every language a config of its own, English the default.
pub(crate) fn front_matter(out: &mut String, front: &FrontMatter) -> std::fmt::Result {
    writeln!(out, "---")?;
    writeln!(out, "pretty_name: CLiKA {}", front.name)?;
    writeln!(out, "language:")?;
    // A language under other names (`en-alias`) is still that language to the hub.
    let languages = front
        .languages
        .iter()
        .map(|code| code.as_str().trim_end_matches("-alias"));
    for code in languages.collect::<BTreeSet<_>>() {
        writeln!(out, "- {code}")?;
    }
    writeln!(out, "license: {}", front.license)?;
    writeln!(out, "multilinguality: multilingual")?;
    writeln!(
        out,
        "task_categories:\n- question-answering\n- multiple-choice"
    )?;
    writeln!(out, "tags:")?;
    for tag in front.tags {
        writeln!(out, "- {tag}")?;
    }
    writeln!(out, "size_categories:\n- {}", size_category(front.rows))?;
    writeln!(out, "configs:")?;
    for code in front.languages {
        writeln!(out, "- config_name: {code}")?;
        if code.as_str() == "en" {
            writeln!(out, "  default: true")?;
        }
        writeln!(out, "  data_files:")?;
        for split in front.splits.get(code).map_or(&["test"][..], Vec::as_slice) {
            writeln!(
                out,
                "  - split: {split}\n    path: data/{code}/{split}-*.parquet"
            )?;
        }
    }
    writeln!(out, "---\n")
}

/// The hub's name for a size.
fn size_category(rows: usize) -> &'static str {
    match rows {
        0..1_000 => "n<1K",
        1_000..10_000 => "1K<n<10K",
        10_000..100_000 => "10K<n<100K",
        _ => "100K<n<1M",
    }
}
