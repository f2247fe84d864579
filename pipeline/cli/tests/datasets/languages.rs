//! Languages that are added, that lack labels or parts, and how their codes are spelled.

use crate::{LANGUAGES, program::TestProject};
use std::{fmt::Write, fs};

#[test]
fn an_eleventh_language_is_one_file_and_no_code() {
    let project = TestProject::new();
    let italian = fs::read_to_string(project.path("templates/languages/it.toml")).unwrap();
    let spanish: String = italian
        .lines()
        .map(|line| match line.split(" = ").next() {
            Some("code") => "code = \"es\"".to_owned(),
            Some("wikidata_codes") => "wikidata_codes = [\"es\", \"mul\"]".to_owned(),
            Some("countries") => "countries = [\"Q29\"]".to_owned(),
            Some("historical_countries") => "historical_countries = []".to_owned(),
            // Those of fictional worlds have other placeholders.
            Some("question") if line.contains("({country})") => {
                "question = \"¿En qué división administrativa está {city} ({country})?\"".to_owned()
            }
            _ => line.to_owned(),
        })
        .fold(String::new(), |text, line| text + &line + "\n");
    fs::write(project.path("templates/languages/es.toml"), spanish).unwrap();

    // The new language needs its labels, cities and people in the snapshot; these are stand-ins.
    let mut turtle = fs::read_to_string(project.snapshot()).unwrap();
    turtle = turtle
        .lines()
        .map(|line| match line.trim_end().strip_suffix("@en,") {
            Some(label) => format!("{line}{label}@mul,\n"),
            None => format!("{line}\n"),
        })
        .collect();
    let labels = |name: &str| {
        let labels = LANGUAGES.iter().chain(&["es"]);
        labels
            .map(|language| format!("\"{name}\"@{language}"))
            .collect::<Vec<_>>()
            .join(", ")
    };
    writeln!(
        turtle,
        "wd:Q29 wdt:P31 wd:Q6256 ; wdt:P297 \"ES\" ; rdfs:label {} .",
        labels("España")
    )
    .unwrap();
    for division in 0..12 {
        let name = ["Arlanza", "Bermeja", "Cuenca", "Duero", "Esla", "Fluvià"][division % 6];
        let name = format!("{name} {division}");
        writeln!(
            turtle,
            "wd:Q90000{division:02} wdt:P31 wd:Q10864048 ; wdt:P17 wd:Q29 ; wdt:P300 \"ES-{division}\" ; rdfs:label {} .",
            labels(&name)
        )
        .unwrap();
        for city in 0..2 {
            writeln!(
                turtle,
                "wd:Q9100{city}{division:02} wdt:P31 wd:Q486972 ; wdt:P17 wd:Q29 ; wdt:P131 wd:Q90000{division:02} ; \
                 wdt:P1082 {} ; rdfs:label {} .",
                100_000 + division,
                labels(&format!("{} {city}", ["Xx", "Yy", "Zz"][division % 3].repeat(2 + division)))
            )
            .unwrap();
        }
        writeln!(
            turtle,
            "wd:Q92000{division:02} wdt:P31 wd:Q5 ; wdt:P21 wd:Q6581072 ; rdfs:label {} ; \
             p:P27 [ a wikibase:BestRank ; ps:P27 wd:Q29 ] ; \
             p:P569 [ a wikibase:BestRank ; psv:P569 [ wikibase:timeValue \"18{division:02}-01-01T00:00:00Z\"^^xsd:dateTime ; \
               wikibase:timePrecision 9 ; wikibase:timeCalendarModel wd:Q1985727 ] ] ; \
             p:P570 [ a wikibase:BestRank ; psv:P570 [ wikibase:timeValue \"18{}-01-01T00:00:00Z\"^^xsd:dateTime ; \
               wikibase:timePrecision 9 ; wikibase:timeCalendarModel wd:Q1985727 ] ] .",
            labels(&format!("Persona {division}")),
            60 + division
        )
        .unwrap();
    }
    fs::write(project.snapshot(), turtle).unwrap();

    let json: serde_json::Value =
        serde_json::from_str(&project.run(&["datasets", "--json"])).unwrap();
    let report = &json["xgeo"]["manifest"]["report"];
    assert_eq!(report["rows"].as_object().unwrap().len(), 11);
    assert_eq!(report["rows"]["es"], 220);
    assert_eq!(report["rows"]["zh"], 220);
    assert_eq!(report["items"]["es"], 20);
    assert_eq!(
        report["label_sources"]["es"]["mul"], 1000,
        "200 items of the others have 5 labels each"
    );
    assert_eq!(json["xpeo"]["manifest"]["report"]["rows"]["es"], 200);
    let splits = &json["fictional"]["manifest"]["report"]["splits"]["es"];
    assert_eq!(splits["train"], 10_200);
    assert!(project.path("artifacts/datasets/xgeo/data/es").is_dir());
}

#[test]
fn a_country_without_a_label() {
    let project = TestProject::new();
    project.edit(
        "sparql/snapshot/wikidata.ttl",
        "    \"ポーランド\"@ja,\n",
        "",
    );
    insta::assert_snapshot!(project.fail(&["datasets", "xgeo"]), @r#"
    error: xgeo: no label in `ja` for 1 of 15 countries (Q36), 1 of 352 divisions (Q14112)
    hint: `clika snapshot --languages ja` adds them; or add rdfs:label in one of the language's wikidata_codes to the snapshot, or build without the language while it has no label: `optional_labels = true` in its file
    "#);
}

/// The language's file says how its code is spelled, whatever file of items it is in and whatever is typed.
#[test]
fn a_code_is_spelled_as_in_the_languages_file() {
    let project = TestProject::new();
    let spanish = fs::read_to_string(project.path("templates/languages/es.toml")).unwrap();
    let text = spanish.replace("code = \"es\"", "code = \"es-MX\"");
    fs::write(project.path("templates/languages/es-mx.toml"), text).unwrap();
    let items = project.path("templates/items/xcopa-mini");
    fs::copy(items.join("es.jsonl"), items.join("ES-mx.jsonl")).unwrap();
    project.run(&["datasets", "xcopa-mini"]);
    let folder = project.path("artifacts/datasets/xcopa-mini");
    assert!(
        folder
            .join("data/es-MX/test-00000-of-00001.parquet")
            .exists()
    );
    let card = fs::read_to_string(folder.join("README.md")).unwrap();
    assert!(
        card.contains("config_name: es-MX") && !card.contains("ES-mx"),
        "{card}"
    );
    let manifest = fs::read_to_string(folder.join("manifest.json")).unwrap();
    assert!(!manifest.contains("ES-mx"), "{manifest}");
    project.run(&[
        "datasets",
        "fictional",
        "--targets",
        "ES-MX",
        "--places",
        "20",
        "--continents",
        "2",
    ]);
    let folder = project.path("artifacts/datasets/fictional");
    assert!(
        folder
            .join("data/es-MX/train-00000-of-00001.parquet")
            .exists()
    );
}

#[test]
fn each_dataset_says_which_languages_it_leaves_out() {
    let project = TestProject::new();
    let thai = fs::read_to_string(project.path("templates/languages/th.toml")).unwrap();
    let without = |from: &str, to: &str| {
        let (start, end) = (thai.find(from).unwrap(), thai.find(to).unwrap());
        format!("{}{}", &thai[..start], &thai[end..])
    };
    let file = project.path("templates/languages/th.toml");
    fs::write(&file, without("[xcopa]", "[answers]")).unwrap();
    let said = project.run(&["datasets", "xcopa-mini", "xcsqa-mini"]);
    assert!(
        said.contains("  left out:\n    Thai (th): its file has no [xcopa]\n"),
        "{said}"
    );
    assert!(
        !said
            .split("xcopa-mini: wrote")
            .next()
            .unwrap()
            .contains("left out"),
        "{said}"
    );
    fs::write(&file, &thai[..thai.find("[fictional]").unwrap()]).unwrap();
    let said = project.run(&[
        "datasets",
        "fictional",
        "--places",
        "20",
        "--continents",
        "2",
    ]);
    assert!(
        said.contains("  left out:\n    Thai (th): its file has no [fictional]\n"),
        "{said}"
    );
}

/// Two new languages at once: both are named, with all that they lack, in both datasets.
#[test]
fn languages_without_any_label() {
    let project = TestProject::new();
    for code in ["es", "th"] {
        let file = format!("templates/languages/{code}.toml");
        project.edit(&file, "optional_labels = true", "");
    }
    let said = project.fail(&["datasets", "xgeo"]);
    assert!(
        said.starts_with("error: xgeo: no label in `es` for 18 of 18 countries (Q16, Q17, Q29, Q30, Q36 …), 352 of 352 divisions"),
        "{said}"
    );
    assert!(
        said.contains("; in `th` for 18 of 18 countries (Q16,"),
        "{said}"
    );
    assert!(
        said.contains("hint: `clika snapshot --languages es,th` adds them"),
        "{said}"
    );
    let said = project.fail(&["datasets", "xpeo"]);
    assert!(
        said.starts_with("error: xpeo: no label in `es` for "),
        "{said}"
    );
    assert!(
        said.contains(" people (Q") && said.contains("; in `th` for "),
        "{said}"
    );
}
