//! Reads TOML that people write: what is wrong in it, and where.

use crate::section::{Section, SectionSpec};
use serde::de::DeserializeOwned;
use std::{collections::BTreeMap, ops::Range};
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

/// What is wrong in a TOML text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TomlProblem {
    /// What, without the place. An unknown key is named with the nearest one that is known.
    pub problem: String,
    /// Where: the bytes of the key or value.
    pub span: Range<usize>,
}

/// Reads a text as a value.
pub fn parse_toml<T: DeserializeOwned>(text: &str) -> Result<T, TomlProblem> {
    Ok(parse_toml_with(text, &[], None)?.0)
}

/// Reads a text as a value, and the tables that datasets declare by their own rules: those at the top, or of the table
/// `within`.
pub fn parse_toml_with<T: DeserializeOwned>(
    text: &str,
    sections: &[&'static SectionSpec],
    within: Option<&str>,
) -> Result<(T, BTreeMap<&'static str, Section>), TomlProblem> {
    let problem = |error: toml::de::Error| {
        let span = error.span().unwrap_or(0..0);
        let message = error.message().trim_end();
        let unknown = unknown_key(text, message, &span, (sections, within));
        TomlProblem {
            problem: unknown.unwrap_or_else(|| message.to_owned()),
            span,
        }
    };
    let mut table = DeTable::parse(text).map_err(problem)?;
    let mut read = BTreeMap::new();
    let home = match within {
        None => Some(table.get_mut()),
        Some(within) => match table.get_mut().get_mut(within).map(Spanned::get_mut) {
            Some(DeValue::Table(home)) => Some(home),
            Some(_) | None => None,
        },
    };
    if let Some(home) = home {
        for spec in sections {
            if let Some(value) = home.remove(spec.name) {
                read.insert(spec.name, Section::read(spec, &value)?);
            }
        }
    }
    let value = T::deserialize(toml::de::Deserializer::from(table)).map_err(problem)?;
    Ok((value, read))
}

/// A text in a TOML file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TomlText {
    /// The dotted key: `xgeo.question`, `fictional.qa.2.answer`; positions in lists from 1.
    pub key: String,
    /// The text.
    pub text: String,
    /// Where it stands: the byte where it begins.
    pub start: usize,
}

/// Every text of a TOML file, in the order of the file; none of a file that is not TOML.
pub fn toml_texts(file: &str) -> Vec<TomlText> {
    let mut texts = Vec::new();
    if let Ok(table) = DeTable::parse(file) {
        let values = table.get_ref().iter();
        for (key, value) in values {
            collect(key.get_ref().to_string(), value, &mut texts);
        }
    }
    texts.sort_by_key(|text| text.start);
    texts
}

fn collect(key: String, value: &Spanned<DeValue<'_>>, texts: &mut Vec<TomlText>) {
    match value.get_ref() {
        DeValue::String(text) => texts.push(TomlText {
            key,
            text: text.to_string(),
            start: value.span().start,
        }),
        DeValue::Table(table) => {
            for (name, value) in table.iter() {
                collect(format!("{key}.{}", name.get_ref()), value, texts);
            }
        }
        DeValue::Array(list) => {
            for (index, value) in list.iter().enumerate() {
                collect(format!("{key}.{}", index + 1), value, texts);
            }
        }
        _ => {}
    }
}

/// What to say where serde says "unknown field `a`, expected one of `b`, `c`".
fn unknown_key(
    text: &str,
    message: &str,
    span: &Range<usize>,
    (sections, within): (&[&SectionSpec], Option<&str>),
) -> Option<String> {
    let names = message.strip_prefix("unknown field ")?;
    let mut names = names.split('`').skip(1).step_by(2);
    let key = names.next()?;
    let mut known: Vec<&str> = names.collect();
    let path = DeTable::parse(text).ok();
    let path = path.and_then(|table| path_of(table.get_ref(), span));
    let path = path.unwrap_or_else(|| key.to_owned());
    let beside = match (path.rsplit_once('.'), within) {
        (None, None) => sections,
        (Some((table, _)), Some(within)) if table == within => sections,
        _ => &[],
    };
    known.extend(beside.iter().map(|section| section.name));
    Some(key_problem(&path, key, &known))
}

/// What to say about a key that is none of those known.
pub(crate) fn key_problem(path: &str, key: &str, known: &[&str]) -> String {
    match (nearest(key, known), known) {
        (Some(nearest), _) => format!("unknown key `{path}`; did you mean `{nearest}`?"),
        (None, []) => format!("unknown key `{path}`; no key may stand here"),
        (None, known) => {
            let known: Vec<_> = known.iter().map(|known| format!("`{known}`")).collect();
            format!("unknown key `{path}`; known here: {}", known.join(", "))
        }
    }
}

/// The known name that one is most likely a misspelling of: a third of its letters may differ.
pub fn nearest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    let lower = name.to_lowercase();
    let most = (lower.chars().count() / 3).max(1);
    known
        .iter()
        .map(|known| (strsim::osa_distance(&lower, &known.to_lowercase()), *known))
        .filter(|(distance, _)| *distance <= most)
        .min()
        .map(|(_, known)| known)
}

/// All known names, for an error that says that one is not among them, and which one is meant where that is likely:
/// `ar, de, en; did you mean `de`?`.
pub fn known_names(name: &str, known: &[&str]) -> String {
    let all = known.join(", ");
    match nearest(name, known) {
        Some(nearest) => format!("{all}; did you mean `{nearest}`?"),
        None => all,
    }
}

/// The dotted path of the key at a place: `xgeo.min_population`, `rules.2.format`, positions from 1.
fn path_of(table: &DeTable<'_>, span: &Range<usize>) -> Option<String> {
    table.iter().find_map(|(key, value)| {
        let name = key.get_ref();
        if key.span() == *span {
            return Some(name.to_string());
        }
        inside(value.get_ref(), span).map(|rest| format!("{name}.{rest}"))
    })
}

fn inside(value: &DeValue<'_>, span: &Range<usize>) -> Option<String> {
    match value {
        DeValue::Table(table) => path_of(table, span),
        DeValue::Array(list) => list.iter().enumerate().find_map(|(index, value)| {
            let rest = inside(value.get_ref(), span)?;
            Some(format!("{}.{rest}", index + 1))
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;
    use std::collections::BTreeMap;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code)]
    struct File {
        #[serde(default)]
        xgeo: Geo,
        #[serde(default)]
        rules: Vec<Geo>,
        #[serde(default)]
        rows: BTreeMap<String, Geo>,
        #[serde(default)]
        nothing: Nothing,
    }

    #[derive(Debug, Default, Deserialize)]
    #[serde(deny_unknown_fields, default)]
    #[allow(dead_code)]
    struct Geo {
        question: String,
        min_population: u64,
    }

    #[derive(Debug, Default, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Nothing {}

    fn problem(text: &str) -> String {
        let problem = parse_toml::<File>(text).unwrap_err();
        format!("{} ({})", problem.problem, &text[problem.span])
    }

    #[test]
    fn a_name_that_is_nearly_known_is_named() {
        let known = ["ar", "de", "pt-BR"];
        assert_eq!(
            known_names("dd", &known),
            "ar, de, pt-BR; did you mean `de`?"
        );
        assert_eq!(
            known_names("pt-rb", &known),
            "ar, de, pt-BR; did you mean `pt-BR`?"
        );
        assert_eq!(known_names("xx", &known), "ar, de, pt-BR");
    }

    #[test]
    fn an_unknown_key_is_named_with_the_nearest_known_one() {
        for (text, expected) in [
            (
                "[xgeo]\nmin_populaton = 3",
                "unknown key `xgeo.min_populaton`; did you mean `min_population`? (min_populaton)",
            ),
            (
                "xgoe.question = ''",
                "unknown key `xgoe`; did you mean `xgeo`? (xgoe)",
            ),
            (
                "[[rules]]\n[[rules]]\nQuestion = ''",
                "unknown key `rules.2.Question`; did you mean `question`? (Question)",
            ),
            (
                "[rows]\nfoo = { cities = 1 }",
                "unknown key `rows.foo.cities`; known here: `question`, `min_population` (cities)",
            ),
            (
                "[nothing]\na = 1",
                "unknown key `nothing.a`; no key may stand here (a)",
            ),
        ] {
            assert_eq!(problem(text), expected);
        }
    }

    #[test]
    fn other_problems_are_said_as_toml_says_them() {
        assert_eq!(
            problem("[xgeo]\nquestion = 1"),
            "invalid type: integer `1`, expected a string (1)"
        );
    }

    #[test]
    fn the_texts_of_a_file_with_their_places() {
        let file = "a = 'x'\n[b]\nlist = ['y', 3, { c = 'z' }]\n[[d.e]]\nf = ''\n";
        let texts: Vec<_> = toml_texts(file)
            .into_iter()
            .map(|it| (it.key, it.text, &file[it.start..it.start + 1]))
            .collect();
        let expected = [
            ("a", "x"),
            ("b.list.1", "y"),
            ("b.list.3.c", "z"),
            ("d.e.1.f", ""),
        ];
        assert_eq!(
            texts,
            expected.map(|(key, text)| (key.to_owned(), text.to_owned(), "'"))
        );
        assert_eq!(toml_texts("a = "), []);
    }

    #[test]
    fn only_what_is_near_is_proposed() {
        let known = ["qa", "founding", "landforms", "avoid"];
        for (name, expected) in [
            ("landform", Some("landforms")),
            ("fuonding", Some("founding")),
            ("aq", Some("qa")),
            ("void", Some("avoid")),
            ("lands", None),
            ("x", None),
        ] {
            assert_eq!(nearest(name, &known), expected, "{name}");
        }
    }
}
