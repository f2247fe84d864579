//! Texts that are in another script or language than they should be, or English still.

use super::{FileFinding, LanguageFile};
use crate::Severity;
use crate::identifier::{Detected, LanguageDetector};
use crate::text::{has_common_word, letters, shortened};
use clika_base::TomlText;
use clika_base::types::LanguageCode;
use std::collections::BTreeMap;

/// Characters that a template needs to be recognized.
const LONG: usize = 50;

/// The project's languages, one of which a text may be recognized as.
pub(super) struct KnownLanguages {
    detector: LanguageDetector,
    /// The English name of each, by its code.
    names: BTreeMap<String, String>,
}

impl KnownLanguages {
    pub(super) fn of(files: &[LanguageFile]) -> Self {
        let languages = files.iter().filter_map(|file| {
            let code = LanguageCode::try_from(file.code.clone()).ok()?;
            Some((code, file.script()))
        });
        let names = files
            .iter()
            .map(|file| (file.code.clone(), file.text("english_name").to_owned()));
        Self {
            detector: LanguageDetector::among(languages),
            names: names.collect(),
        }
    }

    /// The language that a text reads as, where that is not the one that it should be in.
    fn other(&self, text: &str, code: &str) -> Option<String> {
        let code = LanguageCode::try_from(code.to_owned()).ok()?;
        self.name(self.detector.detect(text, &code))
    }

    /// The same of many texts together, among all languages that can be recognized.
    pub(super) fn other_of_all(&self, texts: &[&str], code: &str) -> Option<String> {
        let code = LanguageCode::try_from(code.to_owned()).ok()?;
        self.name(self.detector.detect_all(texts, &code))
    }

    fn name(&self, detected: Detected) -> Option<String> {
        match detected {
            Detected::Other(other) => Some(self.names.get(&other).cloned().unwrap_or(other)),
            Detected::Own | Detected::Unsure => None,
        }
    }
}

/// What is wrong with a text by itself; its language is judged by `known`, if it is a sentence.
pub(super) fn problem(
    text: &str,
    english: Option<&str>,
    (code, script): (&str, &str),
    known: Option<&KnownLanguages>,
) -> Option<String> {
    let (right, wrong) = letters(text, script);
    if wrong > right {
        return Some(format!("is mostly in another script than {script}"));
    }
    let is_english = english == Some(text) && (script != "Latn" || has_common_word(text));
    if is_english && right + wrong > 0 {
        return Some("is English still".to_owned());
    }
    let other = known?.other(text, code)?;
    Some(format!("reads as {other}"))
}

/// A text without its placeholders.
fn plain(text: &str) -> String {
    let mut plain = String::new();
    for (index, part) in text.split('{').enumerate() {
        match part.split_once('}') {
            Some((_, rest)) if index > 0 => plain.push_str(rest),
            Some(_) | None => plain.push_str(part),
        }
    }
    plain
}

pub(super) fn check(
    file: &LanguageFile,
    english: Option<&LanguageFile>,
    known: &KnownLanguages,
) -> Vec<FileFinding> {
    let script = file.script();
    let english = english.filter(|_| !file.is_english());
    let mut findings = Vec::new();
    for text in file.texts.values().filter(|text| is_prose(&text.key)) {
        let same = english.and_then(|english| english.texts.get(&text.key));
        let same = same.map(|english| plain(&english.text));
        let plain = plain(&text.text);
        // Without its names, a short sentence has too few words.
        let known = (plain.chars().count() >= LONG).then_some(known);
        let problem = problem(&plain, same.as_deref(), (&file.code, &script), known);
        if let Some(problem) = problem {
            findings.push(warning(file, text, &problem));
        }
    }
    findings.extend(together(file, known));
    if let Some(english) = english {
        findings.extend(untranslated_landforms(file, english));
    }
    findings
}

/// The questions and answers of a file that are in another language as a whole.
fn together(file: &LanguageFile, known: &KnownLanguages) -> Option<FileFinding> {
    let parts = [
        "xgeo.",
        "xpeo.",
        "xcopa.",
        "fictional.qa.",
        "fictional.founding.",
    ];
    let texts = parts.iter().flat_map(|part| file.texts_of(part));
    let texts: Vec<String> = texts.map(|(_, text)| plain(&text.text)).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let other = known.other_of_all(&texts, &file.code)?;
    Some(file.finding(
        Severity::Warning,
        "code",
        format!("the questions and answers, taken together, read as {other}"),
        "check that they are in the file's language",
    ))
}

fn warning(file: &LanguageFile, text: &TomlText, problem: &str) -> FileFinding {
    file.finding(
        Severity::Warning,
        &text.key,
        format!("`{}` {problem}: {}", text.key, shortened(&text.text)),
        "write it in the language and in its script",
    )
}

/// Whether a key's text is written in the language.
fn is_prose(key: &str) -> bool {
    let parts = [
        "xgeo.",
        "xpeo.",
        "xcopa.",
        "years.ce",
        "years.bce",
        "answers.introductions.",
        "fictional.qa.",
        "fictional.founding.",
        "fictional.landforms.",
        "fictional.place",
        "fictional.syllables.",
    ];
    key == "name" || parts.iter().any(|part| key.starts_with(part))
}

/// Some nouns are the same in two languages (Delta); most of them are not.
fn untranslated_landforms(file: &LanguageFile, english: &LanguageFile) -> Option<FileFinding> {
    let nouns: Vec<_> = file.texts_of("fictional.landforms.").collect();
    let is_same = |text: &TomlText| english.text(&text.key) == text.text;
    let same: Vec<_> = nouns.iter().filter(|(_, text)| is_same(text)).collect();
    let (_, first) = same.first()?;
    (same.len() * 2 > nouns.len()).then(|| {
        file.finding(
            Severity::Warning,
            &first.key,
            format!(
                "{} of {} landforms are English still",
                same.len(),
                nouns.len()
            ),
            "write the language's nouns",
        )
    })
}
