//! What a language's file may say or leave out: calendars, digits, codes, whole parts.

#![allow(clippy::unwrap_used)]

use crate::{
    changed,
    languages::{committed, error_after},
};
use clika_base::types::{TranslatorCode, Year};
use clika_datasets::load_languages;
use miette::Diagnostic;
use std::fs;

/// 1926 is 1305 in the solar Hijri calendar and 2469 in the Buddhist one.
#[test]
fn years_in_another_calendar_and_other_digits() {
    for (file, code, with, year, expected) in [
        (
            "th.toml",
            "th",
            "ce = \"พ.ศ. {year}\"\ncalendar = \"buddhist\"\ndigits = \"๐๑๒๓๔๕๖๗๘๙\"",
            1926,
            "พ.ศ. ๒๔๖๙",
        ),
        (
            "th.toml",
            "th",
            "ce = \"{year}\"\ncalendar = \"persian\"\ndigits = \"۰۱۲۳۴۵۶۷۸۹\"",
            1926,
            "۱۳۰۵",
        ),
        (
            "th.toml",
            "th",
            "ce = \"{year}\"\ncalendar = \"persian\"",
            600,
            "22 ปีก่อน ค.ศ.",
        ),
    ] {
        let folder = changed(&committed(), (file, "ce = \"ค.ศ. {year}\"", with));
        let languages = load_languages(folder.path()).unwrap();
        let language = languages
            .iter()
            .find(|it| it.code.as_str() == code)
            .unwrap();
        let year = Year::from_astronomical(year);
        assert_eq!(language.render_year(year), expected);
    }
}

#[test]
fn digits_that_are_no_digits() {
    insta::assert_snapshot!(
        error_after("th.toml", "[years]", "[years]\ndigits = \"๐๑๒๓๔๕๖๗๙๘\""),
        @r#"
    `๐๑๒๓๔๕๖๗๙๘` are not the digits from 0 to 9
       languages/th.toml:18
    hint: write the ten digits of one script in their order, such as "०१२३४५६७८९"
    "#
    );
}

#[test]
fn a_file_that_nobody_reads() {
    let folder = changed(&committed(), ("th.toml", "code = \"th\"", "code = \"th\""));
    fs::copy(
        folder.path().join("th.toml"),
        folder.path().join("sv.toml.txt"),
    )
    .unwrap();
    let error = load_languages(folder.path()).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("`sv.toml.txt` is read by nobody"),
        "{error}"
    );
    assert_eq!(error.help().unwrap().to_string(), "name it sv.toml");
}

#[test]
fn digits_of_two_scripts() {
    let said = error_after("th.toml", "[years]", "[years]\ndigits = \"๐๑२३๔๕๖๗๘๙\"");
    assert!(
        said.starts_with("`๐๑२३๔๕๖๗๘๙` are not the digits from 0 to 9"),
        "{said}"
    );
}

#[test]
fn an_unknown_calendar() {
    insta::assert_snapshot!(error_after("th.toml", "[years]", "[years]\ncalendar = \"thai\""), @r#"
    unknown variant `thai`, expected one of `gregorian`, `buddhist`, `persian`, `roc`
       languages/th.toml:18
    hint: compare with templates/languages/en.toml; templates/languages/README.md lists the keys
    "#);
}

#[test]
fn the_codes_of_translators() {
    let folder = changed(
        &committed(),
        (
            "th.toml",
            "[years]",
            "[translators]\ndeepl = { source = \"TH\", target = \"TH-X\" }\ngoogle = \"tha\"\n\n[years]",
        ),
    );
    let languages = load_languages(folder.path()).unwrap();
    let thai = languages
        .iter()
        .find(|it| it.code.as_str() == "th")
        .unwrap();
    let (deepl, google) = (&thai.translators.deepl, &thai.translators.google);
    let ends = |code: &Option<TranslatorCode>| {
        let code = code.as_ref().unwrap();
        (code.source().to_owned(), code.target().to_owned())
    };
    assert_eq!(ends(deepl), ("TH".to_owned(), "TH-X".to_owned()));
    assert_eq!(ends(google), ("tha".to_owned(), "tha".to_owned()));
    insta::assert_snapshot!(
        error_after("th.toml", "[years]", "[translators]\ndeepl = \"Thai language\"\n\n[years]"),
        @r#"
    `Thai language` is not the code of a language
       languages/th.toml:18
    hint: write what the service calls the language, such as "NB" or { source = "PT", target = "PT-BR" }
    "#
    );
}

#[test]
fn optional_parts_may_be_missing() {
    let (folder, path) = (tempfile::tempdir().unwrap(), committed().join("en.toml"));
    let text = fs::read_to_string(path).unwrap();
    let years = text.find("[years]").unwrap();
    let years = &text[years..text.find("[xgeo]").unwrap()];
    let head = "code = \"pt-BR\"\nname = \"português\"\nenglish_name = \"Portuguese\"\nscript = \"Latn\"\ndirection = \"ltr\"\n";
    fs::write(folder.path().join("pt-br.toml"), format!("{head}{years}")).unwrap();
    let language = load_languages(folder.path()).unwrap().remove(0);
    assert_eq!(language.code.as_str(), "pt-BR");
    assert_eq!(language.code, "PT-br".to_owned().try_into().unwrap());
    assert!(language.sections.is_empty());
    assert!(language.fictional.is_none() && language.countries.is_empty());
}

#[test]
fn facts_without_label_languages() {
    insta::assert_snapshot!(error_after("th.toml", "wikidata_codes = [\"th\"]", ""), @r#"
    language `th` has [xgeo], and no Wikidata label language
       languages/th.toml:2
    hint: list at least the language's own code in `wikidata_codes`, or leave [xgeo], [xpeo], [xcountry] out
    "#);
}

#[test]
fn one_language_under_two_spellings() {
    let folder = changed(&committed(), ("th.toml", "code = \"th\"", "code = \"th\""));
    fs::copy(folder.path().join("th.toml"), folder.path().join("TH.toml")).unwrap();
    let error = load_languages(folder.path()).unwrap_err().to_string();
    assert!(
        error.contains("language `th` is already described by"),
        "{error}"
    );
}

#[test]
fn a_further_language_is_one_more_file() {
    let folder = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(committed()).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, folder.path().join(path.file_name().unwrap())).unwrap();
    }
    let italian = fs::read_to_string(committed().join("it.toml")).unwrap();
    let portuguese: String = italian
        .lines()
        .map(|line| match line.split(" = ").next() {
            Some("code") => "code = \"pt-br\"\n".to_owned(),
            Some("wikidata_codes") => "wikidata_codes = [\"pt-br\", \"pt\", \"mul\"]\n".to_owned(),
            Some("countries") => "countries = [\"Q155\"]\n".to_owned(),
            Some("historical_countries") => "historical_countries = []\n".to_owned(),
            _ => format!("{line}\n"),
        })
        .collect();
    fs::write(folder.path().join("pt-br.toml"), portuguese).unwrap();
    let languages = load_languages(folder.path()).unwrap();
    assert_eq!(languages.len(), 15);
    assert!(
        languages
            .iter()
            .any(|language| language.code.as_str() == "pt-br")
    );
}
