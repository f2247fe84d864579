//! A new language's file says what CLDR knows, and asks for the rest beside English's texts.

#![allow(clippy::unwrap_used)]

use clika_base::cldr::LanguageFacts;
use clika_base::templates::{load_syllables, new_language};
use clika_base::{TomlText, toml_texts};
use std::{collections::BTreeMap, fs, path::Path};

fn templates() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../templates")
}

fn english() -> String {
    fs::read_to_string(templates().join("languages/en.toml")).unwrap()
}

fn new(code: &str) -> String {
    let facts = LanguageFacts::of(code).unwrap();
    let syllables = load_syllables(&templates().join("fictional")).unwrap();
    new_language(
        &facts,
        &english(),
        &syllables,
        &clika_datasets::language_sections(),
    )
}

/// The file with every part that stands commented out.
fn with_all_parts(file: &str) -> String {
    file.lines()
        .map(|line| match line.strip_prefix('#') {
            Some(code) if !code.is_empty() && !code.starts_with(' ') => format!("{code}\n"),
            Some(_) | None => format!("{line}\n"),
        })
        .collect()
}

fn texts(file: &str) -> BTreeMap<String, String> {
    let texts = toml_texts(file).into_iter();
    texts
        .map(|TomlText { key, text, .. }| (key, text))
        .collect()
}

#[test]
fn the_head_says_what_cldr_knows() {
    let file = new("FA");
    let head: Vec<&str> = file
        .lines()
        .take_while(|line| !line.starts_with("# xCOPA "))
        .collect();
    insta::assert_snapshot!(head.join("\n"), @r##"
    # Persian: everything the pipeline knows about the language. templates/languages/README.md explains every key.
    #
    # Fill in what is empty. Lines with `#` and no space after it are parts that may stay away: a language without them
    # is left out of the datasets that need them. To use a part, translate the English text above each line into its
    # quotes, and remove the `#` of all its lines. What stands in braces stays as it is, once, and is never inflected.
    # `clika language check fa` says what is missing and what looks wrong.
    code = "fa"
    # The language's name in itself. From CLDR.
    name = "فارسی"
    # The language's name in English. From CLDR.
    english_name = "Persian"
    # The script by ISO 15924, such as "Latn", and its direction, "ltr" or "rtl". From CLDR.
    script = "Arab"
    direction = "rtl"
    # Label languages of Wikidata, the preferred one first.
    wikidata_codes = ["fa"]
    # Datasets of facts are built without the language while the snapshot has no label in it.
    optional_labels = true
    # Countries whose cities and people count as the language's own, as items of Wikidata ("Q30" is the United States).
    # Without any, the language is asked about the places of all others.
    countries = []
    # Former states whose citizens count as the language's own people.
    historical_countries = []

    [years]
    # A year of our era.
    ce = "{year}"
    # A year before our era. English: {year} BC
    bce = ""
    # Usual where most speakers live (CLDR). With another calendar, the two lines above are about its era.
    #calendar = "persian"
    #digits = "۰۱۲۳۴۵۶۷۸۹"
    "##);
}

#[test]
fn every_text_of_english_has_an_empty_place_under_it() {
    let file = with_all_parts(&new("th"));
    let (thai, english) = (texts(&file), texts(&english()));
    let asked = |key: &String| {
        let part = key.split('.').next().unwrap();
        ["xgeo", "xpeo", "xcopa", "fictional"].contains(&part)
    };
    let mut seen = 0;
    for (key, text) in english.iter().filter(|(key, _)| asked(key)) {
        assert_eq!(thai.get(key).map(String::as_str), Some(""), "{key}");
        assert!(
            file.contains(&format!("# {text}\n")) || file.contains(&format!("English: {text}\n")),
            "{key}"
        );
        seen += 1;
    }
    // A question of xGeo, four of xPeo, two of xCOPA; twenty pairs, a name and 48 nouns of made-up places.
    assert_eq!(seen, 1 + 4 + 2 + 40 + 1 + 48);
    let own = thai
        .keys()
        .filter(|key| asked(key) && !english.contains_key(*key));
    assert!(
        own.clone()
            .all(|key| key.starts_with("fictional.syllables."))
    );
    assert!(own.count() > 40);
}

#[test]
fn a_script_that_has_spelled_syllables_gets_none() {
    let spelled = with_all_parts(&new("pt-br"));
    assert!(!spelled.contains("fictional.syllables"));
    assert!(spelled.starts_with("# Brazilian Portuguese: "));
    let texts = texts(&spelled);
    let is = |key: &str, text: &str| assert_eq!(texts[key], text, "{key}");
    is("code", "pt-BR");
    is("wikidata_codes.1", "pt-br");
    is("wikidata_codes.2", "mul");
}

/// The spelling in Arabic script is made for Arabic: Persian has letters of its own.
#[test]
fn a_script_that_is_spelled_for_another_language() {
    assert!(with_all_parts(&new("fa")).contains("[fictional.syllables.openings]"));
    assert!(!with_all_parts(&new("ar-EG")).contains("fictional.syllables"));
}

#[test]
fn what_cldr_does_not_know_is_to_be_filled_in() {
    let file = new("tlh");
    assert!(file.contains(
        "# The language's name in itself. Needed.\nname = \"\"\n\
         # The language's name in English. From CLDR.\nenglish_name = \"Klingon\"\n"
    ));
    assert!(
        file.contains(" Needed.\nscript = \"\"\ndirection = \"\"\n"),
        "{file}"
    );
    assert!(!file.contains("calendar"));
}
