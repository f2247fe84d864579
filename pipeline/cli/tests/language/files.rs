//! What is wrong in a language's file.

use crate::{
    COPA, check, finds,
    program::{TestProject, text},
};
use serde_json::Value;
use std::fs;

const LANGUAGES: &str = "templates/languages";

#[test]
fn the_shipped_languages_are_sound_and_complete() {
    let project = TestProject::new();
    let said = project.run(&["language", "check", "--json"]);
    let check: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(check["findings"], Value::Array(Vec::new()));
    let languages = check["languages"].as_array().unwrap();
    let files = fs::read_dir(project.path(LANGUAGES)).unwrap();
    let is_language = |name: &str| name.ends_with(".toml");
    let files = files.filter(|it| is_language(&it.as_ref().unwrap().file_name().to_string_lossy()));
    assert_eq!(languages.len(), files.count());
    for language in languages {
        assert_eq!(language["loads"], true, "{language}");
        assert_eq!(language["findings"], Value::Array(Vec::new()), "{language}");
    }
    // What the ten languages of the paper have, whatever came after them.
    let polish = project.run(&["language", "check", "PL"]);
    assert!(
        polish.starts_with("pl (Polish)\n  complete: xcsqa, xcopa, xgeo, xpeo, "),
        "{polish}"
    );
    assert_eq!(polish.lines().count(), 2, "{polish}");
}

#[test]
fn scripts_and_directions_against_cldr() {
    let hebrew = "templates/languages/he.toml";
    finds(
        "he",
        (hebrew, "script = \"Hebr\"", "script = \"Arab\""),
        "script =",
        "warning: `he` is usually written in Hebr (CLDR), and the file says Arab",
    );
    finds(
        "he",
        (hebrew, "direction = \"rtl\"", "direction = \"ltr\""),
        "direction =",
        "warning: Hebr is written rtl (CLDR), and the file says ltr",
    );
    finds(
        "he",
        (hebrew, "script = \"Hebr\"", "script = \"Hebrew\""),
        "script =",
        "error: `Hebrew` is not a script code",
    );
    finds(
        "he",
        (hebrew, "אבגדה", "אבגד"),
        "letters =",
        "warning: `אבגד` has 4 letters, and items have up to 5 options",
    );
}

#[test]
fn a_code_that_names_a_script_has_that_script() {
    let project = TestProject::new();
    let russian = fs::read_to_string(project.path("templates/languages/ru.toml")).unwrap();
    let serbian = russian
        .replace("code = \"ru\"", "code = \"sr-latn\"")
        .replace("[\"ru\"]", "[\"sr-latn\"]");
    let serbian = serbian
        .lines()
        .map(|line| match line.split(" = ").next() {
            Some(key @ ("countries" | "historical_countries")) => format!("{key} = []\n"),
            _ => format!("{line}\n"),
        })
        .collect::<String>();
    fs::write(project.path("templates/languages/sr-latn.toml"), serbian).unwrap();
    let (said, code) = check(&project, "SR-latn");
    for expected in [
        "note: the code `sr-latn` is usually written `sr-Latn`\n     templates/languages/sr-latn.toml:2\n",
        "warning: the code `sr-latn` names the script Latn, and the file says Cyrl\n     templates/languages/sr-latn.toml:5\n",
    ] {
        assert!(said.contains(expected), "{said}");
    }
    assert_eq!(code, Some(1));
}

#[test]
fn texts_in_another_script_or_language() {
    finds(
        "ru",
        (
            "templates/languages/ru.toml",
            "effect = \"",
            "effect = \"What happened then as a result? ",
        ),
        "effect =",
        "warning: `xcopa.effect` is mostly in another script than Cyrl: \
         What happened then as a result? Что произошло в результате?",
    );
    finds(
        "de",
        (
            "templates/languages/de.toml",
            "In welcher Verwaltungseinheit liegt {city} ({country})?",
            "In which administrative division is {city} ({country}) located?",
        ),
        "question =",
        "warning: `xgeo.question` is English still: \
         In which administrative division is {city} ({country}) located?",
    );
    finds(
        "de",
        (
            "templates/languages/de.toml",
            "Auf welchem Kontinent liegt der Ort {place}?",
            "Dites-moi sur quel continent se trouve le lieu appelé {place}, s'il vous plaît.",
        ),
        "question = \"Dites",
        "warning: `fictional.qa.1.question` reads as French: \
         Dites-moi sur quel continent se trouve le lieu appelé {place}, s'il vous plaît.",
    );
}

#[test]
fn a_word_for_the_era_of_another_calendar() {
    let thai = "templates/languages/th.toml";
    finds(
        "th",
        (thai, "ce = \"ค.ศ. {year}\"", "ce = \"พ.ศ. {year}\""),
        "ce = \"พ",
        "warning: `years.ce` has พ.ศ., the era of the buddhist calendar, and years are gregorian",
    );
    let project = TestProject::new();
    let buddhist = "ce = \"พ.ศ. {year}\"\ncalendar = \"buddhist\"";
    project.edit(thai, "ce = \"ค.ศ. {year}\"", buddhist);
    let (said, code) = check(&project, "th");
    assert_eq!(code, Some(0), "{said}");
}

#[test]
fn syllables_that_are_made_for_other_languages() {
    let project = TestProject::new();
    let file = "templates/languages/hi.toml";
    let hindi = fs::read_to_string(project.path(file)).unwrap();
    let start = hindi.find("[fictional.syllables").unwrap();
    fs::write(project.path(file), &hindi[..start]).unwrap();
    let lacks = "  fictional lacks [fictional.syllables]: templates/fictional/syllables.toml spells none in Deva for it\n";
    let (said, _) = check(&project, "hi");
    assert!(said.contains(lacks), "{said}");
}

/// As the build finds them: in any case, and under the RDF's tag. Without a snapshot, nothing is complete that needs one.
#[test]
fn labels_are_found_as_the_build_finds_them() {
    let project = TestProject::new();
    project.edit(
        "templates/languages/zh.toml",
        "[\"zh-hans\", \"zh-hans-cn\", \"zh\"]",
        "[\"ZH\"]",
    );
    let lacks = "xgeo lacks";
    let (said, _) = check(&project, "zh");
    assert!(!said.contains(lacks), "{said}");
    project.edit("templates/languages/zh.toml", "[\"ZH\"]", "[\"zh-cn\"]");
    let (said, _) = check(&project, "zh");
    assert!(said.contains("xgeo lacks labels in `zh-cn`"), "{said}");
    let snapshot = fs::read_to_string(project.snapshot()).unwrap();
    fs::write(project.snapshot(), snapshot.replace("@zh", "@zh-Hans-CN")).unwrap();
    let (said, _) = check(&project, "zh");
    assert!(!said.contains(lacks), "{said}");
    fs::remove_file(project.snapshot()).unwrap();
    fs::create_dir(project.snapshot()).unwrap();
    let (said, _) = check(&project, "zh");
    assert!(
        said.contains(
            "xgeo lacks the snapshot, sparql/snapshot/wikidata.ttl, which cannot be read"
        ),
        "{said}"
    );
}

#[test]
fn syllables_of_a_languages_own() {
    let thai = "templates/languages/th.toml";
    for (change, line, message) in [
        (
            "bel = \"บอร์\"",
            "bor = ",
            "error: `openings.bor` is spelled like `bel`: บอร์",
        ),
        (
            "bell = \"เบล\"",
            "bell = ",
            "error: `bell` is not a syllable of `openings`",
        ),
    ] {
        finds("th", (thai, "bel = \"เบล\"", change), line, message);
    }
}

#[test]
fn templates_against_english() {
    let french = "templates/languages/fr.toml";
    finds(
        "fr",
        (french, "{city} ({country})", "{city}"),
        "question =",
        "error: template `xgeo.question` has no `{country}` placeholder",
    );
    finds(
        "ja",
        ("templates/languages/ja.toml", "volcano = ", "vulcano = "),
        "bay = ",
        "warning: `fictional.landforms` lacks volcano",
    );
    finds(
        "ja",
        ("templates/languages/ja.toml", "volcano = ", "vulcano = "),
        "vulcano = ",
        "warning: English has no landform `vulcano`",
    );
    let project = TestProject::new();
    let file = "templates/languages/pl.toml";
    let polish = fs::read_to_string(project.path(file)).unwrap();
    let (kept, last) = polish.rsplit_once("[[fictional.founding]]").unwrap();
    let nouns = &last[last.find("[fictional.landforms]").unwrap()..];
    fs::write(project.path(file), format!("{kept}{nouns}")).unwrap();
    let (said, code) = check(&project, "pl");
    assert!(
        said.contains("warning: `fictional.founding` has 9 pairs, and English has 10\n"),
        "{said}"
    );
    assert_eq!(code, Some(1));
}

/// A file that does not load keeps no other file's faults from being seen, nor its own.
#[test]
fn the_faults_of_every_file() {
    let project = TestProject::new();
    project.edit(
        "templates/languages/fr.toml",
        "min_population",
        "min_populaton",
    );
    project.edit(
        "templates/languages/fr.toml",
        "est né {person} ?",
        "est né ?",
    );
    project.edit("templates/languages/ru.toml", "\"Cyrl\"", "\"Cyrk\"");
    let output = project.command(&["language", "check"]).output().unwrap();
    let said = text(&output.stdout);
    for expected in [
        "fr (French, does not load)\n",
        "error: unknown key `xgeo.min_populaton`; did you mean `min_population`?\n",
        "error: `xpeo.born.male` needs {person} once each\n",
        "ru (Russian, does not load)\n",
        "error: `Cyrk` is not a script code\n",
    ] {
        assert!(said.contains(expected), "no {expected}:\n{said}");
    }
    let error = text(&output.stderr);
    assert!(
        error.starts_with("error: faults in the files of languages: "),
        "{error}"
    );
    assert_eq!(output.status.code(), Some(1));
    // The others' faults are not German's.
    assert_eq!(check(&project, "de").1, Some(0));
}

#[test]
fn a_language_without_the_parts_of_a_dataset() {
    let project = TestProject::new();
    let file = "templates/languages/it.toml";
    let italian = fs::read_to_string(project.path(file)).unwrap();
    let start = italian.find("[fictional]").unwrap();
    fs::write(project.path(file), &italian[..start]).unwrap();
    fs::write(project.path(COPA).join("it.jsonl"), "").unwrap();
    assert_eq!(
        check(&project, "it"),
        (
            "it (Italian)\n  complete: xcsqa, xcopa, xgeo, xpeo, xcountry, xcsqa-mini\n  \
             xcopa-mini lacks templates/items/xcopa-mini/it.jsonl\n  \
             fictional lacks [fictional]\n"
                .to_owned(),
            Some(0)
        )
    );
    project.edit(
        file,
        "wikidata_codes = [\"it\", \"mul\"]",
        "wikidata_codes = [\"co\", \"mul\"]",
    );
    let (said, code) = check(&project, "it");
    let lacks = "  xgeo lacks labels in `co` in the snapshot (`clika snapshot --languages it` fetches them)\n";
    assert!(said.contains(lacks), "{said}");
    assert_eq!(code, Some(0));
}
