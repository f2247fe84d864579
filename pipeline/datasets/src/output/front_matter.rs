//! The beginning of a dataset card, which Hugging Face's hub and `datasets` read.

use super::scalar;
use clika_base::types::LanguageCode;
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
};

/// What the hub reads at the top of a card.
pub(crate) struct FrontMatter<'a> {
    pub(crate) name: &'a str,
    pub(crate) languages: &'a [&'a LanguageCode],
    /// The hub's name of the licence.
    pub(crate) license: &'a str,
    pub(crate) tags: &'a [&'a str],
    /// Rows of all languages together.
    pub(crate) rows: usize,
    /// What changes with the data: `datasets` takes rows that it has read before where a card's configs are as they were.
    pub(crate) mark: &'a str,
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
        writeln!(out, "- {}", scalar(code))?;
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
        writeln!(out, "- config_name: {}", scalar(code.as_str()))?;
        if code.as_str() == "en" {
            writeln!(out, "  default: true")?;
        }
        writeln!(out, "  description: {}", front.mark)?;
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
