//! The card of a dataset of texts.

use super::{build::TextOrigin, parallel_texts::ParallelTexts};
use crate::{
    BuildReport,
    output::{FrontMatter, TOOL, front_matter},
};
use serde_json::Value;
use std::{collections::BTreeMap, fmt::Write};

/// Writes the card.
pub(crate) fn card(
    parallel: &ParallelTexts,
    origin: &TextOrigin,
    report: &BuildReport,
    mark: &str,
) -> String {
    let mut card = String::new();
    write(&mut card, parallel, origin, report, mark).expect("writing to memory succeeds");
    card
}

fn write(
    out: &mut String,
    parallel: &ParallelTexts,
    origin: &TextOrigin,
    report: &BuildReport,
    mark: &str,
) -> std::fmt::Result {
    let task = parallel.task;
    let dataset = task.dataset();
    let texts = task
        .texts()
        .expect("a dataset of texts is built from texts");
    let languages: Vec<_> = report.rows.keys().collect();
    let rows = report.rows.values().copied().max().unwrap_or(0);
    front_matter(
        out,
        &FrontMatter {
            name: dataset.title,
            languages: &languages,
            license: texts.license,
            tags: &["cross-lingual", "commonsense"],
            rows: rows * languages.len(),
            mark,
            splits: &BTreeMap::new(),
        },
    )?;
    writeln!(out, "# CLiKA {}\n", dataset.title)?;
    writeln!(
        out,
        "Multiple-choice items, {}, in {} languages. Every language has the same {rows} items: equal `id`, \
         equal order of choices, equal `label`.\n",
        dataset.content,
        languages.len(),
    )?;
    writeln!(
        out,
        "```python\nfrom datasets import load_dataset\n\nload_dataset(\"path/to/{task}\", \"de\", split=\"test\")\n```\n"
    )?;
    let positions: Vec<_> = report.positions.iter().map(usize::to_string).collect();
    writeln!(
        out,
        "Right choices by position, from the first: {}.\n",
        positions.join(", ")
    )?;
    columns(out, task.has_premise())?;
    writeln!(out, "## How it was made\n")?;
    made(out, origin)?;
    for (title, entries) in [
        ("Left out in every language", &report.left_out),
        ("Found by the checks and kept", &report.exceptions),
    ] {
        if !entries.is_empty() {
            let mut counts = BTreeMap::<_, usize>::new();
            for entry in entries {
                *counts.entry((&entry.reason, &entry.language)).or_default() += 1;
            }
            writeln!(out, "{title} (`manifest.json` names the items):\n")?;
            for ((reason, language), count) in counts {
                writeln!(out, "- {language}, {count} items: {reason}")?;
            }
            writeln!(out)?;
        }
    }
    writeln!(
        out,
        "Built by {TOOL}. `manifest.json` holds the resolved configuration and the SHA-256 of every input \
         and output.\n"
    )?;
    writeln!(out, "## Licence\n\n{}\n", texts.licence)?;
    writeln!(
        out,
        "The dataset follows *Multilingual Pretraining and Instruction Tuning Improve Cross-Lingual \
         Knowledge Alignment, But Only Shallowly* (Gao et al., 2024), section 3.1."
    )
}

fn columns(out: &mut String, premise: bool) -> std::fmt::Result {
    writeln!(out, "## Columns\n")?;
    writeln!(out, "- `id`: equal in every language")?;
    if premise {
        writeln!(out, "- `premise`: what happened")?;
        writeln!(
            out,
            "- `question`: asks for the cause or the effect, in the language"
        )?;
    } else {
        writeln!(out, "- `question`: the question")?;
    }
    writeln!(out, "- `choices`: the choices in the order shown")?;
    writeln!(out, "- `label`: position of the right choice, from 0")?;
    writeln!(out, "- `answer`: the right choice")?;
    if premise {
        writeln!(out, "- `relation`: what is asked, `cause` or `effect`")?;
    }
    writeln!(
        out,
        "- `cluster_id`: rows that share it are not independent; here every item is on its own\n"
    )
}

fn made(out: &mut String, origin: &TextOrigin) -> std::fmt::Result {
    match origin {
        TextOrigin::Original => writeln!(
            out,
            "The items were written for clika, by language models under instructions and checked by \
             programs and by further passes of language models; no native speaker has reviewed them. Each \
             item was written in all languages at once, natural in each rather than word for word, on everyday \
             matters that do not depend on a culture. They are no items of COPA or CommonsenseQA, and easier \
             than those: they show whether a pipeline works and find gross differences between languages, and \
             with so few of them an accuracy has a 95 % interval of about ±0.1. They are no substitute for \
             xCOPA and xCSQA in a paper.\n"
        ),
        TextOrigin::Release => writeln!(
            out,
            "The texts are the authors' own, imported from the release of the paper: machine translations \
             (DeepL; Google for Arabic and Hebrew).\n"
        ),
        TextOrigin::Translated { engines, .. } => {
            writeln!(
                out,
                "Machine-translated from English, premise or question and choices of an item together. What \
                 the checks found was translated once more; what they still found is listed.\n"
            )?;
            writeln!(
                out,
                "| language | engine | dates | retried |\n|---|---|---|---|"
            )?;
            for (language, engine) in engines {
                let text = |name: &str| match &engine[name] {
                    Value::String(text) => text.clone(),
                    Value::Null => String::new(),
                    other => other.to_string(),
                };
                writeln!(
                    out,
                    "| {language} | {} {} | {} to {} | {} |",
                    text("engine"),
                    text("model"),
                    text("first_date"),
                    text("last_date"),
                    text("retried"),
                )?;
            }
            writeln!(out)
        }
    }
}
