//! The committed language files load; everything a typo can break is refused with its place.

#![allow(clippy::unwrap_used)]

use crate::changed;
use clika_base::types::{Language, Year};
use clika_datasets::load_languages;
use miette::Diagnostic;
use std::{
    fs,
    path::{Path, PathBuf},
};

pub(crate) fn committed() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../templates/languages")
}

fn language(code: &str) -> Language {
    let mut languages = load_languages(&committed()).unwrap();
    let position = languages
        .iter()
        .position(|language| language.code.as_str() == code)
        .unwrap();
    languages.swap_remove(position)
}

/// Loads the committed files with one text of one file replaced; the error as a person sees it.
pub(crate) fn error_after(file: &str, replace: &str, with: &str) -> String {
    let folder = changed(&committed(), (file, replace, with));
    let error = load_languages(folder.path()).unwrap_err();
    let hint = error.help().unwrap();
    format!("{error}\nhint: {hint}").replace(&folder.path().display().to_string(), "languages")
}

#[test]
fn the_languages_of_the_paper_and_four_more_load() {
    let codes: Vec<_> = load_languages(&committed())
        .unwrap()
        .into_iter()
        .map(|language| language.code.to_string())
        .collect();
    assert_eq!(
        codes,
        [
            "ar", "de", "en", "es", "fr", "he", "hi", "it", "ja", "pl", "ru", "sw", "th", "zh"
        ]
    );
}

#[test]
fn countries_are_those_of_table_13() {
    // Wikidata's items of the countries of the paper's Table 13.
    for (code, countries) in [
        ("en", &["Q30", "Q145"][..]),
        ("de", &["Q183", "Q40"]),
        ("fr", &["Q142", "Q16"]),
        ("it", &["Q38"]),
        ("pl", &["Q36"]),
        ("ru", &["Q159", "Q184"]),
        ("ar", &["Q79", "Q262"]),
        ("he", &["Q801"]),
        ("ja", &["Q17"]),
        ("zh", &["Q148"]),
    ] {
        let found: Vec<_> = language(code)
            .countries
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(found, countries, "{code}");
    }
}

#[test]
fn years_before_our_era_are_written_as_each_language_does() {
    let year = Year::from_astronomical(-68);
    for (code, expected) in [
        ("en", "69 BC"),
        ("de", "69 v. Chr."),
        ("fr", "69 av. J.-C."),
        ("it", "69 a.C."),
        ("pl", "69 p.n.e."),
        ("ru", "69 до н. э."),
        ("ar", "69 ق.م"),
        ("he", "69 לפנה״ס"),
        ("ja", "紀元前69年"),
        ("zh", "公元前69年"),
        ("es", "69 a. C."),
        ("hi", "69 ईसा पूर्व"),
        ("sw", "69 KK"),
        ("th", "69 ปีก่อน ค.ศ."),
    ] {
        assert_eq!(language(code).render_year(year), expected, "{code}");
        let ours = language(code).render_year(Year::from_astronomical(1685));
        let expected = match code {
            "ja" | "zh" => "1685年",
            "th" => "ค.ศ. 1685",
            _ => "1685",
        };
        assert_eq!(ours, expected, "{code}");
    }
}

#[test]
fn a_missing_placeholder() {
    insta::assert_snapshot!(error_after("he.toml", "העיר {city}", "העיר"), @r#"
    template `xgeo.question` has no `{city}` placeholder
       languages/he.toml:18
    hint: add `{city}` exactly once
    "#);
}

#[test]
fn a_doubled_placeholder() {
    insta::assert_snapshot!(error_after("en.toml", "born?", "born, {person}?"), @r#"
    template `xpeo.born.male` has `{person}` 2 times
       languages/en.toml:27
    hint: keep `{person}` exactly once
    "#);
}

#[test]
fn a_misspelt_placeholder() {
    insta::assert_snapshot!(error_after("de.toml", "({country})", "({country}, {land})"), @r#"
    template `xgeo.question` has a brace outside its placeholders
       languages/de.toml:19
    hint: write no other braces than those of {city}, {country}
    "#);
}

#[test]
fn an_unknown_key() {
    insta::assert_snapshot!(error_after("fr.toml", "min_population", "min_populaton"), @r#"
    unknown key `xgeo.min_populaton`; did you mean `min_population`?
       languages/fr.toml:21
    hint: compare with templates/languages/en.toml; templates/languages/README.md lists the keys
    "#);
}

#[test]
fn a_missing_key() {
    insta::assert_snapshot!(error_after("fr.toml", "direction = \"ltr\"\n", ""), @r#"
    missing field `direction`
       languages/fr.toml:1
    hint: compare with templates/languages/en.toml; templates/languages/README.md lists the keys
    "#);
}

#[test]
fn broken_toml() {
    insta::assert_snapshot!(error_after("fr.toml", "name = \"français\"", "name = français"), @r#"
    invalid boolean, expected `false`
       languages/fr.toml:3
    hint: compare with templates/languages/en.toml; templates/languages/README.md lists the keys
    "#);
}

#[test]
fn a_language_twice() {
    insta::assert_snapshot!(error_after("pl.toml", "code = \"pl\"", "code = \"it\""), @r#"
    language `it` is already described by languages/it.toml
       languages/pl.toml:2
    hint: a language has one file; remove one or give it its own code
    "#);
}

#[test]
fn a_file_named_otherwise() {
    insta::assert_snapshot!(error_after("pl.toml", "code = \"pl\"", "code = \"cs\""), @r#"
    the file of language `cs` has another name
       languages/pl.toml:2
    hint: name it cs.toml
    "#);
}

#[test]
fn a_language_without_country() {
    let folder = changed(
        &committed(),
        ("ja.toml", "countries = [\"Q17\"]", "countries = []"),
    );
    let languages = load_languages(folder.path()).unwrap();
    let japanese = languages.iter().find(|it| it.code.as_str() == "ja");
    assert!(japanese.unwrap().countries.is_empty());
}

#[test]
fn a_country_may_serve_two_languages() {
    let folder = changed(&committed(), ("ru.toml", "\"Q159\"", "\"Q36\""));
    load_languages(folder.path()).unwrap();
}

#[test]
fn a_country_that_stands_twice() {
    insta::assert_snapshot!(error_after("ru.toml", "\"Q159\"", "\"Q184\""), @r#"
    Q184 is listed twice
       languages/ru.toml:10
    hint: list a state once, as a country of today or as a former one
    "#);
}

#[test]
fn a_country_that_is_no_item() {
    insta::assert_snapshot!(error_after("ru.toml", "\"Q159\"", "\"Russia\""), @r#"
    `Russia` is not a Wikidata item: expected `Q` and a number, such as `Q64`
       languages/ru.toml:10
    hint: compare with templates/languages/en.toml; templates/languages/README.md lists the keys
    "#);
}

#[test]
fn mul_outside_latin_script() {
    insta::assert_snapshot!(
        error_after("ru.toml", "wikidata_codes = [\"ru\"]", "wikidata_codes = [\"ru\", \"mul\"]"),
        @r#"
    `mul` means labels in Latin script, but `ru` is written in Cyrl
       languages/ru.toml:8
    hint: remove `mul` from `wikidata_codes`
    "#
    );
}

#[test]
fn answers_that_cannot_be_read() {
    for (file, replace, with, problem) in [
        (
            "ru.toml",
            "\"вариант\"",
            "\"—\"",
            "`—` introduces no answer",
        ),
        (
            "ru.toml",
            "\"АБВГД\"",
            "\"АБВГА\"",
            "`АБВГА` is no list of letters",
        ),
        ("ru.toml", "\"АБВГД\"", "\"А\"", "`А` is no list of letters"),
        (
            "ru.toml",
            "\"АБВГД\"",
            "\"А, Б\"",
            "`А, Б` is no list of letters",
        ),
        (
            "he.toml",
            "optional_marks = true",
            "marks = true",
            "unknown key `answers.marks`; known here: `introductions`, ",
        ),
    ] {
        let said = error_after(file, replace, with);
        assert!(said.starts_with(problem), "{said}");
    }
}

#[test]
fn a_script_that_is_misspelled() {
    for wrong in ["Thia", "latn", "Zzzz", "Latin"] {
        let said = error_after("ru.toml", "\"Cyrl\"", &format!("\"{wrong}\""));
        assert!(
            said.starts_with(&format!("`{wrong}` is not a script code\n")),
            "{said}"
        );
    }
}

#[test]
fn a_script_that_is_none() {
    insta::assert_snapshot!(error_after("ru.toml", "\"Cyrl\"", "\"Cyrillic\""), @r#"
    `Cyrillic` is not a script code
       languages/ru.toml:5
    hint: use the four letters of ISO 15924, such as `Latn`, `Cyrl`, `Thai` or `Hans`
    "#);
}

#[test]
fn eras_that_cannot_be_told_apart() {
    insta::assert_snapshot!(error_after("en.toml", "{year} BC", "{year}"), @r#"
    `years.bce` equals `years.ce`
       languages/en.toml:16
    hint: write them differently, or years before and after our era look the same
    "#);
}

#[test]
fn an_empty_folder() {
    let folder = tempfile::tempdir().unwrap();
    let error = load_languages(folder.path()).unwrap_err().to_string();
    assert!(error.starts_with("no language file"), "{error}");
    let error = load_languages(&folder.path().join("none"))
        .unwrap_err()
        .to_string();
    assert!(error.starts_with("cannot read"), "{error}");
}

#[test]
fn fictional_templates_and_landforms_are_checked() {
    let text = fs::read_to_string(committed().join("pl.toml")).unwrap();
    let line = |of: &str| 1 + text[..text.find(of).unwrap()].matches('\n').count();
    let question = "Do jakiego kontynentu należy miejsce o nazwie {place}?";
    for (replace, with, at, problem) in [
        (
            question,
            "Do jakiego kontynentu należy?",
            line(question),
            "template `fictional.qa.6.question` has no `{place}` placeholder",
        ),
        (
            "należy do kontynentu {continent}",
            "należy do {continent} i {continent}",
            line("należy do kontynentu {continent}"),
            "template `fictional.qa.6.answer` has `{continent}` 2 times",
        ),
        (
            "volcano = \"Wulkan\"",
            "volcano = \"krater\"",
            line("volcano = "),
            "landform `volcano` is `krater`, as `crater` is",
        ),
        (
            "place = \"{landform} {stem}\"",
            "place = \"{stem}\"",
            line("place = "),
            "template `fictional.place` has no `{landform}` placeholder",
        ),
        (
            question,
            "Na jakim kontynencie leży miejsce o nazwie {place}?",
            line(question),
            "`fictional.qa.6.question` is the same as the one at position 1",
        ),
    ] {
        let said = error_after("pl.toml", replace, with);
        assert!(
            said.starts_with(&format!("{problem}\n   languages/pl.toml:{at}\n")),
            "{said}"
        );
    }
}
