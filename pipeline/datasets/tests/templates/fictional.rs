//! What fictional worlds are made of loads, and what a typo can break is refused with its place.

#![allow(clippy::unwrap_used)]

use crate::changed;
use clika_base::templates::{Syllables, TemplateError, load_instructions, load_syllables};
use clika_datasets::load_languages;
use miette::Diagnostic;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

fn committed() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../templates/fictional")
}

#[test]
fn every_language_has_the_papers_ten_templates_and_the_same_landforms() {
    let languages = load_languages(&committed().join("../languages")).unwrap();
    assert_eq!(languages.len(), 14);
    let english = languages
        .iter()
        .find(|it| it.code.as_str() == "en")
        .unwrap();
    let landforms = &english.fictional.as_ref().unwrap().landforms;
    assert!(landforms.len() >= 40, "{}", landforms.len());
    for language in &languages {
        let code = &language.code;
        let templates = language.fictional.as_ref().unwrap();
        assert_eq!(
            (templates.qa.len(), templates.founding.len()),
            (10, 10),
            "{code}"
        );
        assert!(templates.landforms.keys().eq(landforms.keys()), "{code}");
    }
    assert_eq!(load_instructions(&committed()).unwrap().len(), 10);
}

/// Every stem in a script.
fn stems(syllables: &Syllables, script: &str) -> Vec<String> {
    let mut stems = Vec::new();
    let middles: Vec<&str> = syllables
        .middles
        .iter()
        .map(|middle| middle.spellings[script].as_str())
        .chain([""])
        .collect();
    for opening in &syllables.openings {
        for middle in &middles {
            for ending in &syllables.endings {
                let (opening, ending) = (&opening.spellings[script], &ending.spellings[script]);
                stems.push(format!("{opening}{middle}{ending}"));
            }
        }
    }
    stems
}

#[test]
fn every_script_tells_all_stems_apart() {
    let folder = committed().join("../languages");
    let mut syllables = load_syllables(&committed()).unwrap();
    for language in load_languages(&folder).unwrap() {
        let path = folder.join(format!("{}.toml", language.code));
        syllables.add(&language, &path).unwrap();
    }
    let scripts: Vec<_> = syllables.spellings().collect();
    assert_eq!(
        scripts,
        ["Arab", "Cyrl", "Hans", "Hebr", "Jpan", "Latn", "hi", "th"]
    );
    for script in scripts {
        let stems = stems(&syllables, script);
        assert!(stems.len() > 10_000, "{script}: {}", stems.len());
        let mut seen = BTreeMap::new();
        for (position, stem) in stems.iter().enumerate() {
            if let Some(other) = seen.insert(stem, position) {
                panic!("{script}: {stem} is stem {other} and stem {position}");
            }
        }
    }
}

/// What is wrong with a language's own spelling, after a change of its file.
fn own_spelling_after(replace: &str, with: &str) -> String {
    let languages = committed().join("../languages");
    let folder = changed(&languages, ("th.toml", replace, with));
    let thai = match load_languages(folder.path()) {
        Ok(languages) => languages,
        Err(error) => return error.to_string(),
    };
    let thai = thai
        .into_iter()
        .find(|it| it.code.as_str() == "th")
        .unwrap();
    let mut syllables = load_syllables(&committed()).unwrap();
    let path = folder.path().join("th.toml");
    let error = match syllables.add(&thai, &path) {
        Ok(()) => return format!("{:?}", syllables.spelling_of(&thai)),
        Err(error) => error,
    };
    let hint = error.help().unwrap();
    format!("{error}\nhint: {hint}").replace(&folder.path().display().to_string(), "languages")
}

#[test]
fn a_language_may_spell_the_syllables_itself() {
    assert_eq!(
        own_spelling_after("code = \"th\"", "code = \"th\""),
        "Some(\"th\")"
    );
    insta::assert_snapshot!(own_spelling_after("\nbel = ", "\nbell = "), @r#"
    `bell` is not a syllable of `openings`
       languages/th.toml:201
    hint: templates/fictional/syllables.toml lists the syllables
    "#);
    insta::assert_snapshot!(own_spelling_after("\nbel = \"เบล\"", ""), @r#"
    `bel` of `openings` has no spelling
       languages/th.toml:200
    hint: spell every syllable of templates/fictional/syllables.toml, or leave [fictional.syllables] out
    "#);
    insta::assert_snapshot!(own_spelling_after("bel = \"เบล\"", "bel = \"่เบล\""), @r#"
    `่เบล` is not the spelling of a syllable
       languages/th.toml:201
    hint: write lower-case letters with their signs, the first one a letter
    "#);
    insta::assert_snapshot!(own_spelling_after("bel = \"เบล\"", "bel = \"บอร์\""), @r#"
    `openings.bor` is spelled like `bel`: บอร์
       languages/th.toml:202
    hint: the syllables of a list have to differ
    "#);
    let said = own_spelling_after("\navoid = [", "\navoid = [\"a b\", ");
    assert!(said.starts_with("`a b` cannot be part of a stem"), "{said}");
}

/// Persian has other letters than Arabic, Ukrainian than Russian; what no list names serves all.
#[test]
fn a_script_is_spelled_for_the_languages_that_it_is_made_for() {
    let languages = load_languages(&committed().join("../languages")).unwrap();
    let syllables = load_syllables(&committed()).unwrap();
    let as_language = |of: &str, code: &str| {
        let mut language = languages
            .iter()
            .find(|it| it.code.as_str() == of)
            .unwrap()
            .clone();
        language.code = code.to_owned().try_into().unwrap();
        syllables.spelling_of(&language).map(str::to_owned)
    };
    for (of, code, expected) in [
        ("ar", "ar", Some("Arab")),
        ("ar", "AR-eg", Some("Arab")),
        ("ar", "fa", None),
        ("ar", "ckb", None),
        ("ru", "ru", Some("Cyrl")),
        ("ru", "sr", None),
        ("ru", "uk", None),
        ("de", "tr", Some("Latn")),
    ] {
        assert_eq!(as_language(of, code).as_deref(), expected, "{code}");
    }
}

#[test]
fn spellings_keep_to_their_scripts() {
    let syllables = load_syllables(&committed()).unwrap();
    let within = |script: &str, c: char| match script {
        "Arab" => ('\u{621}'..='\u{64a}').contains(&c),
        "Cyrl" => ('а'..='я').contains(&c) || c == 'ё',
        "Hans" => ('\u{4e00}'..='\u{9fff}').contains(&c),
        "Hebr" => ('א'..='ת').contains(&c),
        "Jpan" => ('\u{30a1}'..='\u{30fc}').contains(&c),
        "Latn" => c.is_ascii_lowercase(),
        other => panic!("{other}"),
    };
    let lists = [&syllables.openings, &syllables.middles, &syllables.endings];
    for (script, text) in lists.into_iter().flatten().flat_map(|it| &it.spellings) {
        let stray: Vec<_> = text.chars().filter(|&c| !within(script, c)).collect();
        assert!(stray.is_empty(), "{script} {text}: {stray:?}");
    }
    // Hebrew letters that have a final form stand in it at the end of a word, and only there.
    for syllable in syllables.endings {
        let text = &syllable.spellings["Hebr"];
        assert!(!text.ends_with(['כ', 'מ', 'נ', 'צ']), "{text}");
    }
    for syllable in syllables.openings.iter().chain(&syllables.middles) {
        let text = &syllable.spellings["Hebr"];
        assert!(!text.contains(['ך', 'ם', 'ן', 'ף', 'ץ']), "{text}");
    }
}

#[test]
fn known_places_and_real_words_are_avoided() {
    let avoid = load_syllables(&committed()).unwrap().avoid;
    for known in ["narnia", "mordor", "atlantis", "berlin"] {
        assert!(avoid.contains(known), "{known} is not on the list");
    }
    let upper: BTreeSet<_> = avoid
        .iter()
        .filter(|it| **it != it.to_lowercase())
        .collect();
    assert!(upper.is_empty(), "{upper:?}");
}

/// The error after one text of a committed file was replaced.
fn error_after(file: &str, replace: &str, with: &str) -> String {
    let folder = changed(&committed(), (file, replace, with));
    let error: TemplateError = load_syllables(folder.path())
        .map(|_| ())
        .and_then(|()| load_instructions(folder.path()).map(|_| ()))
        .unwrap_err();
    format!("{error}\nhint: {}", error.help().unwrap())
        .replace(&folder.path().display().to_string(), "fictional")
}

fn line(file: &str, text: &str) -> usize {
    let content = fs::read_to_string(committed().join(file)).unwrap();
    1 + content[..content.find(text).unwrap()].matches('\n').count()
}

#[test]
fn a_spelling_that_is_missing_or_doubled_is_refused() {
    let at = line("syllables.toml", "\nbel = ") + 1;
    let said = error_after("syllables.toml", "Jpan = \"ベル\", ", "");
    assert_eq!(
        said,
        format!(
            "`openings.bel` has no spelling in Jpan\n   fictional/syllables.toml:{at}\n\
             hint: spell every syllable in every script, in lower-case letters"
        )
    );
    let said = error_after(
        "syllables.toml",
        "bor = { Cyrl = \"бор\"",
        "bor = { Cyrl = \"бель\"",
    );
    assert_eq!(
        said,
        format!(
            "`openings.bor` is spelled like `bel` in Cyrl: бель\n   fictional/syllables.toml:{}\n\
             hint: every script has to tell the syllables apart",
            at + 1
        )
    );
}

#[test]
fn an_instruction_without_its_language_is_refused() {
    let said = error_after(
        "translation.toml",
        "text that follows into {target}",
        "text",
    );
    assert_eq!(
        said,
        format!(
            "template `instructions.8` has no `{{target}}` placeholder\n   fictional/translation.toml:{}\n\
             hint: add `{{target}}` exactly once",
            line("translation.toml", "Can you render")
        )
    );
    let said = error_after(
        "translation.toml",
        "Kindly rewrite the next {source} phrase in {target}.",
        "Please change the following {source} expression into {target}.",
    );
    assert!(
        said.starts_with("`instructions.4` is the same as the one at position 3\n"),
        "{said}"
    );
}
