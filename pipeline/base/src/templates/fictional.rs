//! What coined names are made of, and how the translation of a name is asked for.

use crate::templates::{
    error::{TemplateError, TemplateSource},
    languages::{check_placeholders, span},
};
use crate::text::spells;
use crate::types::FictionalTemplates;
use serde::Deserialize;
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

/// The sounds that coined stems are made of: an opening, perhaps a middle, and an ending.
#[derive(Clone, Debug, PartialEq)]
pub struct Syllables {
    /// How stems begin.
    pub openings: Vec<Syllable>,
    /// What may stand between.
    pub middles: Vec<Syllable>,
    /// How stems end.
    pub endings: Vec<Syllable>,
    /// What no stem may contain in any script, in lower case: real words and known places.
    pub avoid: BTreeSet<String>,
}

/// A syllable in every script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Syllable {
    /// The spelling by script (ISO 15924), in lower case; `Latn` is always there.
    pub spellings: BTreeMap<String, String>,
}

impl Syllables {
    /// The scripts that every syllable is spelled in.
    pub fn scripts(&self) -> impl Iterator<Item = &str> {
        let first = self.openings.first();
        first
            .into_iter()
            .flat_map(|syllable| syllable.spellings.keys().map(String::as_str))
    }
}

/// A row of the file by its Latin spelling: the spellings in other scripts.
type SpellingRows = BTreeMap<String, BTreeMap<String, String>>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SyllableFile {
    openings: SpellingRows,
    middles: SpellingRows,
    endings: SpellingRows,
}

/// Reads `syllables.toml` and `avoid.txt` of a folder.
///
/// Fails on a list without syllables, a syllable that lacks a script which another has, an empty spelling,
/// and two syllables of a list that are spelled the same.
pub fn load_syllables(folder: &Path) -> Result<Syllables, TemplateError> {
    let source = TemplateSource::read(&folder.join("syllables.toml"))?;
    let file: SyllableFile = toml::from_str(source.text()).map_err(|error| {
        source.error(
            error.span().unwrap_or(0..0),
            error.message().trim_end(),
            "a row is: vel = { Cyrl = \"вель\", Arab = \"فيل\", … }",
        )
    })?;
    let scripts: BTreeSet<&String> = [&file.openings, &file.middles, &file.endings]
        .into_iter()
        .flat_map(|rows| rows.values().flat_map(BTreeMap::keys))
        .collect();
    for (list, rows) in [
        ("openings", &file.openings),
        ("middles", &file.middles),
        ("endings", &file.endings),
    ] {
        if rows.is_empty() {
            return Err(source.error(
                span(&source, list),
                format!("`{list}` has no syllable"),
                "stems are made of all three lists",
            ));
        }
        check_rows(list, rows, &scripts, &source)?;
    }
    let avoid = TemplateSource::read(&folder.join("avoid.txt"))?;
    Ok(Syllables {
        openings: syllables(file.openings),
        middles: syllables(file.middles),
        endings: syllables(file.endings),
        avoid: avoid
            .text()
            .lines()
            .map(|line| line.split('#').next().unwrap_or("").trim().to_lowercase())
            .filter(|entry| !entry.is_empty())
            .collect(),
    })
}

fn check_rows(
    list: &str,
    rows: &SpellingRows,
    scripts: &BTreeSet<&String>,
    source: &TemplateSource,
) -> Result<(), TemplateError> {
    let mut seen = BTreeMap::new();
    for (latin, spellings) in rows {
        let key = format!("{list}.{latin}");
        let error =
            |problem: String, hint: &str| Err(source.error(span(source, &key), problem, hint));
        if latin.is_empty() || !latin.bytes().all(|byte| byte.is_ascii_lowercase()) {
            return error(
                format!("`{key}` is not a syllable in Latin script"),
                "write lower-case letters from a to z",
            );
        }
        if spellings.contains_key("Latn") {
            return error(
                format!("`{key}` is spelled in Latn twice"),
                "the key is the Latin spelling",
            );
        }
        for &script in scripts {
            let is_spelling = |spelling: &&String| {
                let mut letters = spelling.chars();
                !spelling.is_empty()
                    && letters.all(|c| spells(c) && !c.is_numeric() && !c.is_uppercase())
            };
            let Some(spelling) = spellings.get(script).filter(is_spelling) else {
                return error(
                    format!("`{key}` has no spelling in {script}"),
                    "spell every syllable in every script, in lower-case letters",
                );
            };
            if let Some(other) = seen.insert((script, spelling), latin) {
                return error(
                    format!("`{key}` is spelled like `{other}` in {script}: {spelling}"),
                    "every script has to tell the syllables apart",
                );
            }
        }
    }
    Ok(())
}

fn syllables(rows: SpellingRows) -> Vec<Syllable> {
    rows.into_iter()
        .map(|(latin, mut spellings)| {
            spellings.insert("Latn".to_owned(), latin);
            Syllable { spellings }
        })
        .collect()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct InstructionFile {
    instructions: Vec<String>,
}

/// Reads `translation.toml` of a folder: instructions with `{source}` and `{target}`, English names of
/// languages, once each. The first one is tested.
pub fn load_instructions(folder: &Path) -> Result<Vec<String>, TemplateError> {
    let source = TemplateSource::read(&folder.join("translation.toml"))?;
    let file: InstructionFile = toml::from_str(source.text()).map_err(|error| {
        source.error(
            error.span().unwrap_or(0..0),
            error.message().trim_end(),
            "the file has one list, `instructions`",
        )
    })?;
    if file.instructions.is_empty() {
        return Err(source.error(
            span(&source, "instructions"),
            "`instructions` is empty",
            "write at least one",
        ));
    }
    for (index, instruction) in file.instructions.iter().enumerate() {
        let key = format!("instructions.{}", index + 1);
        check_placeholders(&key, instruction, &["{source}", "{target}"], &source)?;
        check_new(&key, instruction, &file.instructions[..index], &source)?;
    }
    Ok(file.instructions)
}

/// Checks a language's own part.
pub(crate) fn check(
    fictional: &FictionalTemplates,
    source: &TemplateSource,
) -> Result<(), TemplateError> {
    check_placeholders(
        "fictional.place",
        &fictional.place,
        &["{stem}", "{landform}"],
        source,
    )?;
    for (list, pairs, asked) in [
        ("qa", &fictional.qa, "{continent}"),
        ("founding", &fictional.founding, "{year}"),
    ] {
        if pairs.is_empty() {
            return Err(source.error(
                span(source, &format!("fictional.{list}")),
                format!("`fictional.{list}` has no question"),
                "write at least one; the first one is tested",
            ));
        }
        let questions: Vec<_> = pairs.iter().map(|pair| pair.question.clone()).collect();
        let answers: Vec<_> = pairs.iter().map(|pair| pair.answer.clone()).collect();
        for (index, pair) in pairs.iter().enumerate() {
            let key = |field| format!("fictional.{list}.{}.{field}", index + 1);
            check_placeholders(&key("question"), &pair.question, &["{place}"], source)?;
            check_placeholders(&key("answer"), &pair.answer, &["{place}", asked], source)?;
            check_new(
                &key("question"),
                &pair.question,
                &questions[..index],
                source,
            )?;
            check_new(&key("answer"), &pair.answer, &answers[..index], source)?;
        }
    }
    let mut seen = BTreeMap::new();
    for (key, noun) in &fictional.landforms {
        let error = |problem: String, hint: &str| {
            Err(source.error(
                span(source, &format!("fictional.landforms.{key}")),
                problem,
                hint,
            ))
        };
        if noun.trim().is_empty() || noun.contains(['{', '}']) {
            return error(
                format!("landform `{key}` is not a noun: `{noun}`"),
                "write the language's noun",
            );
        }
        if let Some(other) = seen.insert(noun.to_lowercase(), key) {
            return error(
                format!("landform `{key}` is `{noun}`, as `{other}` is"),
                "give every landform its own noun, or two places could have the same name",
            );
        }
    }
    Ok(())
}

fn check_new(
    key: &str,
    text: &str,
    earlier: &[String],
    source: &TemplateSource,
) -> Result<(), TemplateError> {
    if let Some(position) = earlier.iter().position(|other| other == text) {
        return Err(source.error(
            span(source, key),
            format!(
                "`{key}` is the same as the one at position {}",
                position + 1
            ),
            "write another one, or remove it",
        ));
    }
    Ok(())
}
