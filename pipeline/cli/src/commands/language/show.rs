//! `clika language show`: what is known about a language, and from where.

use super::existing;
use crate::commands::{Failure, print};
use clika_base::cldr::LanguageFacts;
use clika_base::templates::TemplateError;
use clika_base::types::{Calendar, Language, WritingDirection};
use clika_base::{Project, ProjectPath};
use clika_datasets::load_sound_languages;
use clika_datasets::translate::service_codes;
use serde_json::json;

/// Shows what is known about a language, shipped or not, and where each value comes from.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  clika language show fa")]
pub struct Args {
    /// The language's code of BCP 47, in any case: fa, sr-Latn, pt-BR.
    code: String,
    /// Print one JSON object instead of a table.
    #[arg(long)]
    json: bool,
}

/// A value and where it comes from.
struct Fact {
    key: &'static str,
    value: String,
    from: &'static str,
}

/// Runs the command.
pub fn run(args: &Args, project: &Project) -> Result<(), Failure> {
    let code = super::code(&args.code)?;
    let facts = LanguageFacts::of(&code).ok_or_else(|| super::NoCode { code: code.clone() })?;
    let path = existing(project, &code);
    let language = match &path {
        Some(path) => Some(load(path, project)?),
        None => None,
    };
    let known = known(&facts, language.as_ref());
    let file = path.map(|path| path.shown().display().to_string());
    if args.json {
        let facts: Vec<_> = known
            .iter()
            .map(|Fact { key, value, from }| json!({ "key": key, "value": value, "from": from }))
            .collect();
        let all = json!({ "code": code, "file": file, "facts": facts });
        return print(&format!("{all:#}\n"));
    }
    let key_width = width(known.iter().map(|fact| fact.key));
    let value_width = width(known.iter().map(|fact| fact.value.as_str()));
    let lines: String = known
        .iter()
        .map(|Fact { key, value, from }| {
            format!("{key:key_width$}  {value:value_width$}  {from}\n")
        })
        .collect();
    let file = file.unwrap_or_else(|| {
        format!("no file in templates/languages; `clika language new {code}` writes one")
    });
    print(&format!("{file}\n{lines}"))
}

fn width<'a>(texts: impl Iterator<Item = &'a str>) -> usize {
    const WIDEST: usize = 40;
    let widths = texts.map(|text| text.chars().count());
    widths.filter(|&width| width <= WIDEST).max().unwrap_or(0)
}

fn load(file: &ProjectPath, project: &Project) -> Result<Language, TemplateError> {
    let path = file.shown();
    let (languages, errors) = load_sound_languages(&project.languages())?;
    let is_own = |language: &Language| {
        let stem = file.stem();
        stem.eq_ignore_ascii_case(language.code.as_str())
    };
    let is_about = |error: &TemplateError| match error {
        TemplateError::Invalid { position, .. } => position.path == path,
        TemplateError::Unreadable { path: unread, .. } => *unread == path,
        _ => false,
    };
    if let Some(error) = errors.into_iter().find(is_about) {
        return Err(error);
    }
    languages.into_iter().find(is_own).ok_or_else(|| {
        // It was there a moment ago.
        TemplateError::Unreadable {
            path: path.clone(),
            source: std::io::ErrorKind::NotFound.into(),
        }
    })
}

const FILE: &str = "file";
const CLDR: &str = "CLDR";
const DEFAULT: &str = "default";

/// What is known, in the order of a language's file.
fn known(facts: &LanguageFacts, language: Option<&Language>) -> Vec<Fact> {
    let mut known = vec![Fact {
        key: "code",
        value: facts.code.clone(),
        from: "BCP 47",
    }];
    known.extend(facts.preferred.iter().map(|code| Fact {
        key: "preferred code",
        value: code.clone(),
        from: CLDR,
    }));
    let either = |key, own: Option<String>, other: Option<String>| match (own, other) {
        (Some(value), _) => Fact {
            key,
            value,
            from: FILE,
        },
        (None, value) => Fact {
            key,
            value: value.unwrap_or_else(|| "unknown".to_owned()),
            from: CLDR,
        },
    };
    known.extend([
        either(
            "name",
            language.map(|it| it.name.clone()),
            facts.name.clone(),
        ),
        either(
            "english_name",
            language.map(|it| it.english_name.clone()),
            facts.english_name.clone(),
        ),
        either(
            "script",
            language.map(|it| it.script.clone()),
            facts.script.clone(),
        ),
        either(
            "direction",
            language.map(|it| direction(it.direction)),
            facts.direction.map(direction),
        ),
    ]);
    known.extend(years(facts, language));
    known.extend(language.into_iter().flat_map(labels_and_answers));
    known.push(Fact {
        key: "names take a capital",
        value: yes_or_unknown(facts.capitals),
        from: CLDR,
    });
    known.extend(translators(&facts.code, language));
    known
}

fn direction(direction: WritingDirection) -> String {
    match direction {
        WritingDirection::Ltr => "ltr",
        WritingDirection::Rtl => "rtl",
    }
    .to_owned()
}

fn yes_or_unknown(value: Option<bool>) -> String {
    match value {
        Some(true) => "yes",
        Some(false) => "no",
        None => "unknown",
    }
    .to_owned()
}

/// Calendar and digits: those that years are written in, and those that are usual where most speakers live.
fn years(facts: &LanguageFacts, language: Option<&Language>) -> Vec<Fact> {
    let years = language.map(|language| &language.years);
    let calendar = years.map(|it| it.calendar).unwrap_or_default();
    let digits = years.and_then(|it| it.digits.as_deref());
    let used = |key, value: &str, is_default| Fact {
        key,
        value: value.to_owned(),
        from: if is_default { DEFAULT } else { FILE },
    };
    let usual = |key, value: Option<String>| Fact {
        key,
        value: value.unwrap_or_else(|| "unknown".to_owned()),
        from: CLDR,
    };
    let named = facts.digits.as_ref().zip(facts.digit_characters.as_ref());
    let named = named.map(|(name, characters)| format!("{characters} ({name})"));
    vec![
        used(
            "years.calendar",
            calendar.name(),
            calendar == Calendar::default(),
        ),
        usual("usual calendar", facts.calendar.clone()),
        used(
            "years.digits",
            digits.unwrap_or("0123456789"),
            digits.is_none(),
        ),
        usual("usual digits", named),
    ]
}

/// What only a file says.
fn labels_and_answers(language: &Language) -> Vec<Fact> {
    let states = |items: &[clika_base::types::Qid]| {
        let items: Vec<_> = items.iter().map(ToString::to_string).collect();
        items.join(", ")
    };
    let answers = &language.answers;
    [
        ("wikidata_codes", language.wikidata_codes.join(", ")),
        ("countries", states(&language.countries)),
        (
            "historical_countries",
            states(&language.historical_countries),
        ),
        (
            "answers.introductions",
            answers.introductions.len().to_string(),
        ),
        ("answers.letters", answers.letters.join(", ")),
        (
            "answers.optional_marks",
            yes_or_unknown(Some(answers.optional_marks)),
        ),
    ]
    .into_iter()
    .map(|(key, value)| Fact {
        key,
        value: if value.is_empty() {
            "none".to_owned()
        } else {
            value
        },
        from: FILE,
    })
    .collect()
}

/// What translation services call the language.
fn translators(code: &str, language: Option<&Language>) -> Vec<Fact> {
    let codes = language.map(|it| it.translators.clone());
    service_codes(code, &codes.unwrap_or_default())
        .into_iter()
        .map(|code| Fact {
            key: match code.service {
                "deepl" => "translators.deepl",
                "google" => "translators.google",
                _ => "translators.libretranslate",
            },
            value: if code.source == code.target {
                code.source
            } else {
                format!("from {}, into {}", code.source, code.target)
            },
            from: if code.is_from_file { FILE } else { DEFAULT },
        })
        .collect()
}
