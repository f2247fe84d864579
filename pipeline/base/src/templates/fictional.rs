//! What coined names are made of, and how the translation of a name is asked for.

use crate::ToProjectPath;
use crate::templates::{
    error::{TemplateError, TemplateSource},
    languages::{check_placeholders, span},
};
use crate::text::{TextRules, is_mark, spells, without_case};
use crate::types::{FictionalTemplates, Language, LanguageCode};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// The sounds that coined stems are made of: an opening, perhaps a middle, and an ending.
#[derive(Clone, Debug, PartialEq)]
pub struct Syllables {
    /// How stems begin.
    pub openings: Vec<Syllable>,
    /// What may stand between.
    pub middles: Vec<Syllable>,
    /// How stems end.
    pub endings: Vec<Syllable>,
    /// What no stem may contain in any spelling, in lower case: real words and known places.
    pub avoid: BTreeSet<String>,
    /// The languages that a script's spelling is made for; a script that is not here serves every language.
    pub made_for: BTreeMap<String, Vec<LanguageCode>>,
}

/// A syllable in every spelling.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Syllable {
    /// The spelling by script (ISO 15924) or by a language that has its own, in lower case; `Latn` is always there.
    pub spellings: BTreeMap<String, String>,
}

impl Syllables {
    /// The scripts and languages that every syllable is spelled for.
    pub fn spellings(&self) -> impl Iterator<Item = &str> {
        let first = self.openings.first();
        first
            .into_iter()
            .flat_map(|syllable| syllable.spellings.keys().map(String::as_str))
    }

    /// The spelling that a language uses: its own, or its script's where that is made for it; `None` if there is none.
    pub fn spelling_of<'a>(&self, language: &'a Language) -> Option<&'a str> {
        let code = language.code.as_str();
        let own = language.fictional.as_ref().map(|it| it.syllables.is_some());
        if own == Some(true) {
            return Some(code);
        }
        let script = language.script.as_str();
        self.serves(script, code).then_some(script)
    }

    /// Whether the syllables are spelled in a script, and the spelling is made for a language.
    pub fn serves(&self, script: &str, code: &str) -> bool {
        let primary = |code: &str| code.split('-').next().map(str::to_ascii_lowercase);
        let is_made_for = |languages: &Vec<LanguageCode>| {
            let mut languages = languages.iter();
            languages.any(|it| primary(it.as_str()) == primary(code))
        };
        self.made_for.get(script).is_none_or(is_made_for) && self.spellings().any(|it| it == script)
    }

    /// Adds what a language's file says: its own spelling, and what its stems must not contain.
    ///
    /// Fails where a syllable has no spelling, one that the list does not have is spelled, or two are spelled the same.
    pub fn add(
        &mut self,
        language: &Language,
        file: &(impl ToProjectPath + ?Sized),
    ) -> Result<(), TemplateError> {
        let Some(templates) = &language.fictional else {
            return Ok(());
        };
        let avoid = templates.avoid.iter();
        self.avoid.extend(avoid.map(|it| in_lower_case(it)));
        let Some(own) = &templates.syllables else {
            return Ok(());
        };
        let source = TemplateSource::read(&file.to_project_path())?;
        for (list, syllables, spellings) in [
            ("openings", &mut self.openings, &own.openings),
            ("middles", &mut self.middles, &own.middles),
            ("endings", &mut self.endings, &own.endings),
        ] {
            let latin = |it: &Syllable| it.spellings["Latn"].clone();
            let known: BTreeSet<String> = syllables.iter().map(latin).collect();
            let key = |syllable: &str| format!("fictional.syllables.{list}.{syllable}");
            if let Some(unknown) = spellings.keys().find(|it| !known.contains(*it)) {
                return Err(source.error(
                    span(&source, &key(unknown)),
                    format!("`{unknown}` is not a syllable of `{list}`"),
                    "templates/fictional/syllables.toml lists the syllables",
                ));
            }
            let mut seen = BTreeMap::new();
            for syllable in syllables {
                let latin = latin(syllable);
                let Some(spelling) = spellings.get(&latin) else {
                    return Err(source.error(
                        span(&source, &format!("fictional.syllables.{list}")),
                        format!("`{latin}` of `{list}` has no spelling"),
                        "spell every syllable of templates/fictional/syllables.toml, or leave [fictional.syllables] out",
                    ));
                };
                check_spelling(spelling, &key(&latin), &source)?;
                if let Some(other) = seen.insert(spelling, latin.clone()) {
                    return Err(source.error(
                        span(&source, &key(&latin)),
                        format!("`{list}.{latin}` is spelled like `{other}`: {spelling}"),
                        "the syllables of a list have to differ",
                    ));
                }
                let code = language.code.to_string();
                syllable.spellings.insert(code, spelling.clone());
            }
        }
        Ok(())
    }
}

/// A text as it is compared with stems: composed and in lower case, with all its signs.
fn in_lower_case(text: &str) -> String {
    without_case(text, TextRules::default())
}

fn check_spelling(spelling: &str, key: &str, source: &TemplateSource) -> Result<(), TemplateError> {
    let is_sound = !spelling.is_empty()
        && !spelling.starts_with(is_mark)
        && spelling
            .chars()
            .all(|c| spells(c) && !c.is_numeric() && !c.is_uppercase());
    if is_sound {
        return Ok(());
    }
    Err(source.error(
        span(source, key),
        format!("`{spelling}` is not the spelling of a syllable"),
        "write lower-case letters with their signs, the first one a letter",
    ))
}

/// A row of the file by its Latin spelling: the spellings in other scripts.
type SpellingRows = BTreeMap<String, BTreeMap<String, String>>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SyllableFile {
    #[serde(default)]
    made_for: BTreeMap<String, Vec<LanguageCode>>,
    openings: SpellingRows,
    middles: SpellingRows,
    endings: SpellingRows,
}

/// Reads `syllables.toml` and `avoid.txt` of a folder.
///
/// Fails on a list without syllables, a syllable that lacks a script which another has, an empty spelling,
/// and two syllables of a list that are spelled the same.
pub fn load_syllables(folder: &(impl ToProjectPath + ?Sized)) -> Result<Syllables, TemplateError> {
    let folder = folder.to_project_path();
    let source = TemplateSource::read(&folder.join("syllables.toml"))?;
    let file: SyllableFile =
        source.parse("a row is: vel = { Cyrl = \"вель\", Arab = \"فيل\", … }")?;
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
            .map(|line| in_lower_case(line.split('#').next().unwrap_or("").trim()))
            .filter(|entry| !entry.is_empty())
            .collect(),
        made_for: file.made_for,
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
            let Some(spelling) = spellings.get(script).filter(|it| !it.is_empty()) else {
                return error(
                    format!("`{key}` has no spelling in {script}"),
                    "spell every syllable in every script, in lower-case letters",
                );
            };
            check_spelling(spelling, &key, source)?;
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
pub fn load_instructions(
    folder: &(impl ToProjectPath + ?Sized),
) -> Result<Vec<String>, TemplateError> {
    let source = TemplateSource::read(&folder.to_project_path().join("translation.toml"))?;
    let file: InstructionFile = source.parse("the file has one list, `instructions`")?;
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
    if let Some(text) = fictional
        .avoid
        .iter()
        .find(|it| it.is_empty() || !it.chars().all(spells))
    {
        return Err(source.error(
            span(source, "fictional.avoid"),
            format!("`{text}` cannot be part of a stem"),
            "write letters without spaces, such as \"roma\"",
        ));
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
        if let Some(other) = seen.insert(in_lower_case(noun), key) {
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
