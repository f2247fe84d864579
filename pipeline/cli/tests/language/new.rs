//! A new language's file, and what is known about a language.

use crate::{
    check,
    program::{TestProject, text},
};
use serde_json::Value;
use std::fs;

#[test]
fn a_new_language_is_filled_in_and_loads() {
    let project = TestProject::new();
    let said = project.run(&["language", "new", "ET"]);
    let path = project.path("templates/languages/et.toml");
    assert_eq!(
        said.lines().next(),
        Some(format!("wrote {}", path.display()).as_str())
    );
    assert!(said.contains("  2. clika language check et\n"), "{said}");
    let written = fs::read_to_string(&path).unwrap();
    assert!(
        written.contains("name = \"eesti\"\n")
            && written.contains("wikidata_codes = [\"et\", \"mul\"]\n"),
        "{written}"
    );
    let (said, code) = check(&project, "et");
    assert!(said.starts_with("et (Estonian, does not load)\n"), "{said}");
    assert_eq!(code, Some(1));

    let error = project.fail(&["language", "new", "Et"]);
    assert_eq!(
        error,
        "error: PROJECT/templates/languages/et.toml is there already\n\
         hint: `clika language check et` says what it lacks; to begin again, remove it\n"
    );
    assert_eq!(fs::read_to_string(&path).unwrap(), written);

    fs::write(&path, filled_in(&written)).unwrap();
    let (said, _) = check(&project, "et");
    assert!(
        said.starts_with("et (Estonian)\n  complete: xcsqa, xcopa, fictional\n"),
        "{said}"
    );
}

/// A new file with the parts of every dataset, in which English's words stand for the translations.
fn filled_in(file: &str) -> String {
    let mut filled = String::new();
    let (mut english, mut number) = ("", 0);
    // What no dataset needs stays commented out.
    let left_out = [
        "#avoid",
        "#introductions",
        "#letters",
        "#optional_marks",
        "[translators]",
        "#deepl",
        "#google",
    ];
    let left_out = |line: &str| {
        let more = ["#libretranslate", "#[answers]", "#[translators]"];
        left_out.iter().chain(&more).any(|it| line.starts_with(it))
    };
    for line in file.lines().filter(|line| !left_out(line)) {
        match line.strip_prefix('#') {
            Some(text) if text.starts_with(' ') || text.is_empty() => {
                english = text.trim().rsplit("English: ").next().unwrap();
            }
            Some(_) | None => {
                number += 1;
                let line = line.strip_prefix('#').unwrap_or(line);
                filled.push_str(&line.replace("\"\"", &format!("\"{english} et{number}\"")));
                filled.push('\n');
            }
        }
    }
    filled
}

#[test]
fn codes_that_are_none_or_that_cldr_does_not_know() {
    let project = TestProject::new();
    let error = project.fail(&["language", "show", "english"]);
    assert!(
        error.starts_with("error: `english` is not a language code\n"),
        "{error}"
    );
    let error = project.fail(&["language", "check", "fa"]);
    assert!(
        error.starts_with(
            "error: there is no language `fa` in PROJECT/templates/languages\n\
             hint: `clika language new fa` writes a file to fill in; there are ar, de, en, "
        ),
        "{error}"
    );
    let error = project.fail(&["language", "check", "itt"]);
    assert!(error.ends_with("; did you mean `it`?\n"), "{error}");
    let output = project
        .command(&["language", "new", "qx"])
        .output()
        .unwrap();
    assert!(output.status.success());
    assert_eq!(
        text(&output.stderr),
        "note: CLDR does not know the language `qx`: check the code\n"
    );
}

#[test]
fn what_is_known_about_a_language() {
    let project = TestProject::new();
    insta::assert_snapshot!(project.run(&["language", "show", "FA"]), @r"
    no file in templates/languages; `clika language new fa` writes one
    code                        fa                    BCP 47
    name                        فارسی                 CLDR
    english_name                Persian               CLDR
    script                      Arab                  CLDR
    direction                   rtl                   CLDR
    years.calendar              gregorian             default
    usual calendar              persian               CLDR
    years.digits                0123456789            default
    usual digits                ۰۱۲۳۴۵۶۷۸۹ (arabext)  CLDR
    names take a capital        no                    CLDR
    translators.deepl           FA                    default
    translators.google          fa                    default
    translators.libretranslate  fa                    default
    ");
    let polish = project.run(&["language", "show", "pl", "--json"]);
    let polish: Value = serde_json::from_str(&polish).unwrap();
    assert_eq!(polish["code"], "pl");
    let value = |key: &str| {
        let facts = polish["facts"].as_array().unwrap();
        let fact = facts.iter().find(|fact| fact["key"] == key).unwrap();
        (
            fact["value"].as_str().unwrap(),
            fact["from"].as_str().unwrap(),
        )
    };
    assert_eq!(value("name"), ("polski", "file"));
    assert_eq!(value("wikidata_codes"), ("pl, mul", "file"));
    assert_eq!(value("countries"), ("Q36", "file"));
    assert_eq!(value("usual calendar"), ("gregorian", "CLDR"));
    assert_eq!(value("names take a capital"), ("yes", "CLDR"));
    let broken = "templates/languages/pl.toml";
    project.edit(broken, "script = \"Latn\"", "script = \"Latin\"");
    let error = project.fail(&["language", "show", "pl"]);
    assert!(
        error.starts_with("error: `Latin` is not a script code\n"),
        "{error}"
    );
}
