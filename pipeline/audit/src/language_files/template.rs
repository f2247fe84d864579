//! A language's file against CLDR and against English's.

use super::{FileFinding, LanguageFile};
use crate::Severity;
use clika_base::cldr::{self, LanguageFacts};
use clika_base::types::{Calendar, WritingDirection};
use clika_datasets::Task;
use std::collections::BTreeSet;

pub(super) fn check(file: &LanguageFile, english: Option<&LanguageFile>) -> Vec<FileFinding> {
    let mut findings = code(file);
    findings.extend(script(file));
    findings.extend(direction(file));
    findings.extend(letters(file));
    findings.extend(eras(file));
    if let Some(english) = english.filter(|english| english.code != file.code) {
        findings.extend(placeholders(file, english));
        findings.extend(pairs(file, english));
        findings.extend(landforms(file, english));
    }
    findings
}

/// The code's spelling, and whether another code is preferred.
fn code(file: &LanguageFile) -> Vec<FileFinding> {
    let mut findings = Vec::new();
    let code = &file.code;
    let note = |problem, remedy| file.finding(Severity::Note, "code", problem, remedy);
    let Some(facts) = LanguageFacts::of(code) else {
        return findings;
    };
    if facts.code != *code {
        findings.push(note(
            format!("the code `{code}` is usually written `{}`", facts.code),
            format!("name the file {}.toml, and its code alike", facts.code),
        ));
    }
    if let Some(preferred) = &facts.preferred {
        findings.push(note(
            format!("CLDR calls the language `{preferred}` and not `{code}`"),
            format!("use `{preferred}`, unless the data that you have uses `{code}`"),
        ));
    }
    if !facts.is_known() {
        findings.push(note(
            format!("CLDR does not know the language `{code}`"),
            "check the code; script and direction are taken as the file says".to_owned(),
        ));
    }
    findings
}

/// Whether the file's script is the one that its code names, or that CLDR expects.
fn script(file: &LanguageFile) -> Option<FileFinding> {
    let script = file.text("script");
    let expected = LanguageFacts::of(&file.code)?.script?;
    if script.is_empty() || script == expected {
        return None;
    }
    let code = &file.code;
    let (problem, remedy) = match cldr::script_of_code(code) {
        Some(named) => (
            format!("the code `{code}` names the script {named}, and the file says {script}"),
            format!("write script = \"{named}\", or name the file after the script that it is in"),
        ),
        None => (
            format!("`{code}` is usually written in {expected} (CLDR), and the file says {script}"),
            format!(
                "write script = \"{expected}\", or name the script in the code: {code}-{script}"
            ),
        ),
    };
    Some(file.finding(Severity::Warning, "script", problem, remedy))
}

/// Whether the direction is that of the script.
fn direction(file: &LanguageFile) -> Option<FileFinding> {
    let script = file.text("script");
    let expected = match cldr::direction_of_script(script)? {
        WritingDirection::Ltr => "ltr",
        WritingDirection::Rtl => "rtl",
    };
    let direction = file.text("direction");
    if direction.is_empty() || direction == expected {
        return None;
    }
    Some(file.finding(
        Severity::Warning,
        "direction",
        format!("{script} is written {expected} (CLDR), and the file says {direction}"),
        format!("write direction = \"{expected}\""),
    ))
}

/// Words for the era of another calendar than the one that years are counted in.
fn eras(file: &LanguageFile) -> Vec<FileFinding> {
    let used = match file.text("years.calendar") {
        "" => Calendar::default().name(),
        calendar => calendar,
    };
    let others = Calendar::ALL.into_iter().filter(|it| it.name() != used);
    let words: Vec<_> = others
        .flat_map(|other| other.era_words().iter().map(move |word| (word, other)))
        .collect();
    let mut findings = Vec::new();
    for text in file.texts.values().filter(|it| it.text.contains("{year}")) {
        if let Some((word, other)) = words.iter().find(|(word, _)| text.text.contains(**word)) {
            findings.push(file.finding(
                Severity::Warning,
                &text.key,
                format!(
                    "`{}` has {word}, the era of the {} calendar, and years are {used}",
                    text.key,
                    other.name()
                ),
                format!(
                    "write the {used} era, or years.calendar = \"{}\"",
                    other.name()
                ),
            ));
        }
    }
    findings
}

/// Alphabets that cannot name every option.
fn letters(file: &LanguageFile) -> Vec<FileFinding> {
    let most = Task::all().map(Task::choices).max().unwrap_or(0);
    let alphabets = file.texts_of("answers.letters.");
    let short = alphabets.filter(|(_, alphabet)| alphabet.text.chars().count() < most);
    short
        .map(|(_, alphabet)| {
            file.finding(
                Severity::Warning,
                &alphabet.key,
                format!(
                    "`{}` has {} letters, and items have up to {most} options",
                    alphabet.text,
                    alphabet.text.chars().count()
                ),
                "add the letters that follow",
            )
        })
        .collect()
}

/// The placeholders of a template: `{city}`.
fn placeholders_of(text: &str) -> Vec<&str> {
    let mut found: Vec<_> = text
        .split('{')
        .skip(1)
        .filter_map(|rest| Some(&rest[..rest.find('}')?]))
        .collect();
    found.sort_unstable();
    found
}

/// Templates whose placeholders are not those of English: of the same key, or of the first entry of the same list.
fn placeholders(file: &LanguageFile, english: &LanguageFile) -> Vec<FileFinding> {
    let model = |key: &str| {
        let mut parts: Vec<&str> = key.split('.').collect();
        for part in &mut parts {
            if part.parse::<usize>().is_ok() {
                *part = "1";
            }
        }
        english.texts.get(&parts.join("."))
    };
    let mut findings = Vec::new();
    for text in file.texts.values() {
        let Some(english) = model(&text.key) else {
            continue;
        };
        let (ours, expected) = (placeholders_of(&text.text), placeholders_of(&english.text));
        // Landforms and introductions have none; what is empty is refused when it is loaded.
        if ours != expected && !text.text.is_empty() {
            let expected: Vec<_> = expected.iter().map(|it| format!("{{{it}}}")).collect();
            let problem = match expected.as_slice() {
                [] => format!("`{}` has a placeholder, and needs none", text.key),
                expected => format!("`{}` needs {} once each", text.key, expected.join(" and ")),
            };
            findings.push(file.finding(
                Severity::Error,
                &text.key,
                problem,
                format!("compare with English: {}", english.text),
            ));
        }
    }
    findings
}

/// Lists of pairs that have another length than English's, whose n-th pair means the same.
fn pairs(file: &LanguageFile, english: &LanguageFile) -> Vec<FileFinding> {
    let mut findings = Vec::new();
    for list in ["fictional.qa", "fictional.founding"] {
        let (ours, expected) = (file.entries(list), english.entries(list));
        if ours > 0 && ours != expected {
            findings.push(file.finding(
                Severity::Warning,
                &format!("{list}.1.question"),
                format!("`{list}` has {ours} pairs, and English has {expected}"),
                "translate each of English's pairs, in its order",
            ));
        }
    }
    findings
}

/// Kinds of places that only one of the two has.
fn landforms(file: &LanguageFile, english: &LanguageFile) -> Vec<FileFinding> {
    const PREFIX: &str = "fictional.landforms.";
    let keys = |file: &LanguageFile| -> BTreeSet<String> {
        let landforms = file.texts_of(PREFIX);
        landforms.map(|(key, _)| key.to_owned()).collect()
    };
    let (ours, expected) = (keys(file), keys(english));
    if ours.is_empty() {
        return Vec::new();
    }
    let mut findings = Vec::new();
    let first = ours.first().map(|key| format!("{PREFIX}{key}"));
    let missing: Vec<_> = expected.difference(&ours).cloned().collect();
    if !missing.is_empty() {
        findings.push(file.finding(
            Severity::Warning,
            &first.unwrap_or_default(),
            format!("`fictional.landforms` lacks {}", missing.join(", ")),
            "add a noun for each: a world uses only kinds that every language has",
        ));
    }
    findings.extend(ours.difference(&expected).map(|key| {
        file.finding(
            Severity::Warning,
            &format!("{PREFIX}{key}"),
            format!("English has no landform `{key}`"),
            "use English's keys",
        )
    }));
    findings
}
