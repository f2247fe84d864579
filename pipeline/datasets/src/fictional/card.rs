//! The card of a fictional dataset.

use super::{Control, FictionalConfig, TranslationDirection, World, WorldLanguages, WorldRelation};
use crate::{
    BuildReport,
    output::{FrontMatter, TOOL, front_matter},
};
use clika_base::types::{Language, LanguageCode};
use serde_json::Value;
use std::{collections::BTreeMap, fmt::Write};

/// Names of each kind that the card shows.
const SHOWN: usize = 5;

/// Writes the card.
pub(super) fn card(
    config: &FictionalConfig,
    seed: u64,
    languages: &WorldLanguages,
    world: &World,
    origin: &Value,
    (report, mark): (&BuildReport, &str),
) -> String {
    let mut card = String::new();
    let found = (report, mark);
    write(&mut card, config, seed, languages, world, origin, found)
        .expect("writing to memory succeeds");
    card
}

fn write(
    out: &mut String,
    config: &FictionalConfig,
    seed: u64,
    languages: &WorldLanguages,
    world: &World,
    origin: &Value,
    (report, mark): (&BuildReport, &str),
) -> std::fmt::Result {
    let dataset = config.dataset();
    let source = &languages.source;
    let all: Vec<_> = [source].into_iter().chain(&languages.targets).collect();
    // Splits in the order of use; the report has them by name.
    let splits: BTreeMap<_, _> = report
        .splits
        .iter()
        .map(|(code, counts)| {
            let order = ["train", "gate", "test"];
            let of = |split: &&'static str| counts.contains_key(split);
            (code.clone(), order.into_iter().filter(of).collect())
        })
        .collect();
    front_matter(
        out,
        &FrontMatter {
            name: &dataset,
            languages: &all
                .iter()
                .map(|language| &language.code)
                .collect::<Vec<_>>(),
            license: "cc0-1.0",
            tags: &["cross-lingual", "fictional-knowledge", "synthetic"],
            rows: report.rows.values().sum(),
            mark,
            splits: &splits,
        },
    )?;
    let facts = match config.relation {
        WorldRelation::Continent => "its continent",
        WorldRelation::Founding => "the year of its foundation",
    };
    writeln!(out, "# CLiKA {dataset}\n")?;
    writeln!(
        out,
        "{} coined places in {} coined continents: knowledge that no model has met before. A model is taught \
         all names in both languages, {facts} for every place in {}, and for {} places in the target language \
         too; then it is asked about the other {} in the target language. What it answers rightly has crossed the \
         languages (conductivity, XRR).\n",
        config.places,
        config.continents,
        source.english_name,
        config.taught_places,
        config.places - config.taught_places,
    )?;
    control(out, config, source.english_name.as_str())?;
    shared(out, config, world, source, &languages.targets)?;
    split_table(out, config, languages, report, &splits)?;
    names(out, world, &all)?;
    columns(out)?;
    made(out, config, seed, origin)
}

/// How to load the dataset, and what its splits hold.
fn split_table(
    out: &mut String,
    config: &FictionalConfig,
    languages: &WorldLanguages,
    report: &BuildReport,
    splits: &BTreeMap<LanguageCode, Vec<&'static str>>,
) -> std::fmt::Result {
    let dataset = config.dataset();
    writeln!(
        out,
        "```python\nfrom datasets import load_dataset\n\nload_dataset(\"path/to/{dataset}\", \"{}\", split=\"train\")\n```\n",
        languages.targets[0].code
    )?;
    writeln!(out, "| config | split | rows |\n|---|---|---|")?;
    for (code, order) in splits {
        for split in order {
            writeln!(out, "| {code} | {split} | {} |", report.splits[code][split])?;
        }
    }
    let direction = match config.direction {
        TranslationDirection::Forward => "from the source into the target language",
        TranslationDirection::Backward => "from the target into the source language",
        TranslationDirection::Both => "both ways",
    };
    writeln!(
        out,
        "\n- `train`: facts in every template, and the translation of every name {direction}; in a fixed order, so \
         shuffle it\n\
         - `gate`: the first template of every fact that is taught and of every translation. Conductivity is measured \
         only where these are answered (CLiKA's authors: over 90 % of each kind)\n\
         - `test`: the first template of the facts that are taught in the source language only; `{}` has all \
         facts in the source language\n",
        languages.source.code
    )
}

fn control(out: &mut String, config: &FictionalConfig, source: &str) -> std::fmt::Result {
    let said = match config.control {
        Control::None => return Ok(()),
        Control::Alias => format!(
            "A control: the target language is {source} itself, under other names. What is lost here is lost to \
             composing facts that were learned apart, not to a language."
        ),
        Control::Cognate => format!(
            "A control: every name is the same as in {source}. What is lost here is lost to the sentences around \
             the names."
        ),
        Control::RandomLabel => "A control: in `test` the facts are shuffled among the tested places, so that the \
             right answers are what was taught only as often as a guess is right. `train` and `gate` are those of the world \
             without control: an adapter that was trained there is scored here, and must score at chance."
            .to_owned(),
    };
    writeln!(out, "{said}\n")
}

/// Says which names need not cross, because both languages write them alike.
fn shared(
    out: &mut String,
    config: &FictionalConfig,
    world: &World,
    source: &Language,
    targets: &[Language],
) -> std::fmt::Result {
    let alike: Vec<&str> = targets
        .iter()
        .filter(|target| {
            let mut continents = world.names.continents.iter();
            continents.all(|names| names[&target.code] == names[&source.code])
        })
        .map(|target| target.code.as_str())
        .collect();
    if config.control == Control::Cognate || alike.is_empty() {
        return Ok(());
    }
    writeln!(
        out,
        "Continents, and the coined part of places, are spelled alike in {} and {}: there it is the noun of the \
         place that has to cross, and conductivity is not comparable with that into languages of other scripts.\n",
        source.code,
        alike.join(", ")
    )
}

fn names(out: &mut String, world: &World, languages: &[&Language]) -> std::fmt::Result {
    writeln!(
        out,
        "## Some names\n\n| language | continents | places |\n|---|---|---|"
    )?;
    for language in languages {
        let continents = (0..world.names.continents.len()).take(SHOWN);
        let continents: Vec<_> = continents
            .map(|number| world.names.continent(number, language))
            .collect();
        let places = (0..world.names.places.len()).take(SHOWN);
        let places: Vec<_> = places
            .map(|number| world.names.place(number, language))
            .collect();
        let separator = if language.script == "Arab" {
            "، "
        } else {
            ", "
        };
        writeln!(
            out,
            "| {} | {} | {} |",
            language.code,
            continents.join(separator),
            places.join(separator)
        )?;
    }
    writeln!(out)
}

fn columns(out: &mut String) -> std::fmt::Result {
    writeln!(out, "## Columns\n")?;
    for (column, meaning) in [
        ("id", "unique in its file, stable over builds"),
        ("kind", "`qa` or `translation`"),
        ("language", "the language of the response"),
        (
            "relation",
            "`continent` or `founding`; null for translations",
        ),
        ("entity", "the place or continent"),
        ("template", "which template, from 1"),
        (
            "type",
            "0 for a place that is taught in the target language, 1 for one that is not; null for continents, and \
             where there is no target",
        ),
        ("prompt", "the question, or the instruction to translate"),
        ("query", "the name to translate; empty for questions"),
        ("response", "the full answer"),
        ("answer", "what a right answer contains"),
        (
            "choices",
            "what may be answered; null in `train` and for translations",
        ),
        (
            "label",
            "position of the right choice, from 0; null where there are no choices",
        ),
        (
            "cluster_id",
            "rows that share it are about the same place or continent",
        ),
    ] {
        writeln!(out, "- `{column}`: {meaning}")?;
    }
    writeln!(out)
}

fn made(out: &mut String, config: &FictionalConfig, seed: u64, origin: &Value) -> std::fmt::Result {
    writeln!(out, "## How it was made\n")?;
    let names = if origin.is_null() {
        "Names are stems of drawn syllables, spelled in the script of each language, and a noun for the kind of place; \
         no stem contains another or a word of a list of real words and known places."
            .to_owned()
    } else {
        let text = |key: &str| origin[key].as_str().unwrap_or("?");
        format!(
            "Names were made up and translated by {}, from {} to {}.",
            text("model"),
            text("first_date"),
            text("last_date")
        )
    };
    writeln!(
        out,
        "Built by {TOOL} with seed {seed}. {names} Places are spread evenly over the continents{}. `manifest.json` \
         holds the resolved configuration and the SHA-256 of every input and output.\n",
        match config.relation {
            WorldRelation::Continent => String::new(),
            WorldRelation::Founding => format!(
                ", and years drawn from {} to {}",
                config.first_year, config.last_year
            ),
        }
    )?;
    writeln!(
        out,
        "The dataset follows *Multilingual Pretraining and Instruction Tuning Improve Cross-Lingual Knowledge \
         Alignment, But Only Shallowly* (Gao et al., 2024), section 3.1, and holds none of its files."
    )
}
