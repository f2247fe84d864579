//! `clika datasets` as a user runs it.

#![allow(clippy::unwrap_used)]

mod program;

use program::{TestProject, files, text};
use std::{
    fmt::Write,
    fs,
    path::Path,
    process::{Command, Stdio},
    thread,
    time::Duration,
};

const LANGUAGES: [&str; 10] = ["ar", "de", "en", "fr", "he", "it", "ja", "pl", "ru", "zh"];

#[test]
fn builds_what_it_can_and_then_has_nothing_to_do() {
    let project = TestProject::new();
    let first = project.run(&["datasets"]);
    assert!(
        first.contains("xgeo: wrote") && first.contains("xpeo: wrote"),
        "{first}"
    );
    let written = files(&project.path("artifacts/datasets"));
    for task in ["xcsqa: left out, ", "xcopa: left out, "] {
        assert!(first.contains(task), "{first}");
    }
    for task in ["xgeo", "xpeo", "xcsqa-mini", "xcopa-mini", "fictional"] {
        for language in LANGUAGES {
            let name = format!("{task}/data/{language}/test-00000-of-00001.parquet");
            assert!(
                written.iter().any(|(path, _)| path == Path::new(&name)),
                "{name}"
            );
        }
    }

    let second = project.run(&["datasets"]);
    assert_eq!(second.matches("nothing has changed").count(), 5, "{second}");
    let third = project.run(&["datasets", "--force"]);
    assert!(third.contains("xgeo: wrote"), "{third}");
    assert_eq!(
        files(&project.path("artifacts/datasets")),
        written,
        "same inputs, same bytes"
    );
}

#[test]
fn a_changed_input_or_output_is_noticed() {
    let project = TestProject::new();
    project.run(&["datasets"]);
    let seeded = project.run(&["datasets", "xpeo", "--seed", "7"]);
    assert!(
        seeded.contains("xpeo: wrote") && !seeded.contains("xgeo"),
        "{seeded}"
    );
    project.run(&["datasets"]);

    fs::write(project.path("artifacts/datasets/xgeo/README.md"), "edited").unwrap();
    let repaired = project.run(&["datasets"]);
    assert!(
        repaired.contains("xgeo: wrote") && repaired.contains("xpeo: nothing"),
        "{repaired}"
    );

    project.edit(
        "templates/languages/en.toml",
        "was {person} born",
        "did {person} come into being",
    );
    let three = project.run(&["datasets"]);
    assert_eq!(three.matches(": wrote").count(), 3, "{three}");
}

#[test]
fn json_is_one_object_with_the_manifests() {
    let project = TestProject::new();
    let json: serde_json::Value =
        serde_json::from_str(&project.run(&["datasets", "--json"])).unwrap();
    assert_eq!(json["xgeo"]["written"], true);
    assert_eq!(json["xgeo"]["manifest"]["report"]["rows"]["he"], 200);
    assert_eq!(json["xpeo"]["manifest"]["report"]["rows"]["he"], 180);
    assert_eq!(json["xpeo"]["manifest"]["config"]["seed"], 2024);
    let again: serde_json::Value =
        serde_json::from_str(&project.run(&["datasets", "--json"])).unwrap();
    assert_eq!(again["xgeo"]["written"], false);
    assert_eq!(again["xgeo"]["manifest"], json["xgeo"]["manifest"]);
}

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
            Some("question") if line.contains("{city}") => {
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
        "wd:Q29 wdt:P31 wd:Q6256 ; rdfs:label {} .",
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
fn an_unknown_task_is_refused_with_the_known_ones() {
    let output = TestProject::new()
        .command(&["datasets", "quiz"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains(
        "no such dataset; there are xcsqa, xcopa, xgeo, xpeo, xcsqa-mini, xcopa-mini, fictional"
    ));
}

#[test]
fn a_folder_that_is_no_project() {
    let empty = tempfile::tempdir().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_clika"))
        .current_dir(&empty)
        .arg("datasets")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    insta::assert_snapshot!(text(&output.stderr), @r#"
    error: cannot read ./experiments/datasets.toml
      cause: No such file or directory (os error 2)
    hint: run clika in the project's folder, or name the folder with --project
    "#);
}

#[test]
fn a_snapshot_with_a_syntax_error() {
    let project = TestProject::new();
    project.edit(
        "sparql/snapshot/wikidata.ttl",
        "wdt:P297 \"CA\" ;",
        "wdt:P297 \"CA ;",
    );
    insta::assert_snapshot!(project.fail(&["datasets"]), @r#"
    error: the snapshot is not valid Turtle: Parser error at line 19 column 17: Line jumps are not allowed in string literals, use \n
       PROJECT/sparql/snapshot/wikidata.ttl:19
    hint: fix the line, or take the file from version control; `clika snapshot` makes a fresh one
    "#);
    assert!(!project.path("artifacts/datasets/xgeo").exists());
}

#[test]
fn a_snapshot_that_is_missing() {
    let project = TestProject::new();
    insta::assert_snapshot!(project.fail(&["datasets", "--snapshot", "none.ttl"]), @r#"
    error: cannot read none.ttl
      cause: No such file or directory (os error 2)
    hint: check the path and the file's permissions; relative paths start in the folder where clika runs
    "#);
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
fn a_mistyped_dataset_is_named_with_the_nearest_one() {
    let project = TestProject::new();
    for arguments in [
        &["datasets", "xgoe"][..],
        &["evaluate", "xgoe", "--model", "m"],
    ] {
        let output = project.command(arguments).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(
            said.contains("did you mean `xgeo`? There are xcsqa, xcopa, xgeo"),
            "{said}"
        );
    }
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

#[test]
fn too_few_cities() {
    let project = TestProject::new();
    project.edit(
        "templates/languages/he.toml",
        "min_population = 20000",
        "min_population = 100000",
    );
    insta::assert_snapshot!(project.fail(&["datasets", "xgeo"]), @r#"
    error: xgeo: the snapshot has 14 usable cities for `he`, 20 are needed; left out: none
    hint: widen the snapshot (`clika snapshot`), or lower the number in the experiment file
    "#);
}

#[test]
fn too_few_people() {
    let project = TestProject::new();
    project.edit(
        "experiments/datasets.toml",
        "people_per_language = 10",
        "people_per_language = 15",
    );
    insta::assert_snapshot!(project.fail(&["datasets", "xpeo"]), @r#"
    error: xpeo: the snapshot has 14 usable people for `ar`, 15 are needed; left out: none
    hint: widen the snapshot (`clika snapshot`), or lower the number in the experiment file
    "#);
}

#[test]
fn a_query_with_a_syntax_error() {
    let project = TestProject::new();
    project.edit("sparql/build/people.rq", "HAVING (COUNT", "HAVING COUNT");
    let error = project.fail(&["datasets", "xpeo"]);
    assert!(
        error.starts_with("error: query PROJECT/sparql/build/people.rq is not valid SPARQL\n"),
        "{error}"
    );
}

#[test]
fn an_experiment_with_an_unknown_key() {
    let project = TestProject::new();
    project.edit("experiments/datasets.toml", "choices = 4", "choice = 4");
    insta::assert_snapshot!(project.fail(&["datasets"]), @r#"
    error: unknown key `datasets.choice`; did you mean `choices`?
       PROJECT/experiments/datasets.toml:12
    hint: compare with experiments/datasets.toml, which explains every key
    "#);
}

#[test]
fn an_experiment_that_makes_no_sense() {
    let project = TestProject::new();
    project.edit("experiments/datasets.toml", "choices = 4", "choices = 1");
    insta::assert_snapshot!(project.fail(&["datasets"]), @r#"
    error: `choices` is 1; it must be between 2 and 26
       PROJECT/experiments/datasets.toml:12
    hint: compare with experiments/datasets.toml, which explains every key
    "#);
    // Five could be built, but no model could be evaluated on them.
    project.edit("experiments/datasets.toml", "choices = 1", "choices = 5");
    insta::assert_snapshot!(project.fail(&["datasets"]), @r#"
    error: `choices` is 5; xgeo is evaluated with 4 choices, as in the paper
       PROJECT/experiments/datasets.toml:12
    hint: compare with experiments/datasets.toml, which explains every key
    "#);
}

#[test]
fn a_folder_that_cannot_be_written() {
    let project = TestProject::new();
    fs::write(project.path("file"), "").unwrap();
    let out = project.path("file/datasets");
    insta::assert_snapshot!(project.fail(&["datasets", "--out", out.to_str().unwrap()]), @r#"
    error: cannot write PROJECT/file/datasets
      cause: Not a directory (os error 20)
    hint: choose a place you can write to
    "#);
}

#[test]
fn a_disk_that_fills_up() {
    let project = TestProject::new();
    project.run(&["datasets"]);
    let before = files(&project.path("artifacts/datasets"));
    // No file may grow beyond 16 blocks of 512 bytes: writing fails in the middle of the dataset.
    let output = Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 16; exec \"$@\"", "sh"])
        .arg(env!("CARGO_BIN_EXE_clika"))
        .args([
            "--project",
            project.path("").to_str().unwrap(),
            "datasets",
            "--force",
        ])
        .output()
        .unwrap();
    let error = project.failure(&output);
    assert!(
        error.contains("cannot write") && error.contains("hint: "),
        "{error}"
    );
    assert_eq!(
        files(&project.path("artifacts/datasets")),
        before,
        "the old datasets are untouched"
    );
}

#[test]
fn a_kill_at_any_moment_leaves_whole_datasets() {
    let project = TestProject::new();
    project.run(&["datasets"]);
    let complete = |project: &TestProject| {
        let json: serde_json::Value =
            serde_json::from_str(&project.run(&["datasets", "--json"])).unwrap();
        ["xgeo", "xpeo"].map(|task| json[task]["written"].as_bool().unwrap())
    };
    for step in 0..12 {
        let mut child = project
            .command(&["datasets", "--force"])
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        thread::sleep(Duration::from_millis(150 * step));
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(
            complete(&project),
            [false, false],
            "killed after {} ms",
            150 * step
        );
    }
}

#[test]
fn files_of_others_are_not_removed() {
    let project = TestProject::new();
    let folder = project.path("artifacts/datasets/xgeo");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("thesis.txt"), "mine").unwrap();
    insta::assert_snapshot!(project.fail(&["datasets", "--force"]), @"
    error: PROJECT/artifacts/datasets/xgeo/thesis.txt was not written by clika and would be lost
    hint: move it away, or write elsewhere
    ");
    assert_eq!(
        fs::read_to_string(folder.join("thesis.txt")).unwrap(),
        "mine"
    );
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let project = TestProject::new();
    let output = Command::new("sh")
        .args(["-c", "\"$@\" | true", "sh"])
        .arg(env!("CARGO_BIN_EXE_clika"))
        .args([
            "--project",
            project.path("").to_str().unwrap(),
            "datasets",
            "--json",
        ])
        .output()
        .unwrap();
    assert_eq!(text(&output.stderr), "");
    assert!(
        project
            .path("artifacts/datasets/xgeo/manifest.json")
            .is_file()
    );
}

#[test]
fn a_label_that_cannot_be_read_counts_as_missing() {
    let project = TestProject::new();
    project.edit("sparql/snapshot/wikidata.ttl", "\"München\"@de", "\" \"@de");
    let built = project.run(&["datasets", "xgeo"]);
    assert!(built.contains("city Q1726 has no label in de"), "{built}");
}

#[test]
fn two_labels_in_one_language_are_an_error() {
    let project = TestProject::new();
    project.edit(
        "sparql/snapshot/wikidata.ttl",
        "\"München\"@de",
        "\"München\"@de, \"Minga\"@de",
    );
    let error = project.fail(&["datasets", "xgeo"]);
    assert!(error.contains("Q1726 has two labels in `de`"), "{error}");
}
