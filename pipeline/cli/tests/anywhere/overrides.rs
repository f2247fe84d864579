//! Files that take the place of built-in ones.

use super::*;

fn built_in(name: &str) -> String {
    fs::read_to_string(repository().join(name)).unwrap()
}

/// German's file with another question about cities.
fn other_german() -> String {
    let file = built_in("templates/languages/de.toml");
    let line = file
        .lines()
        .find(|line| line.starts_with("question = ") && line.contains("{city}"))
        .unwrap();
    file.replace(line, "question = \"Wozu gehört {city} ({country})?\"")
}

#[test]
fn one_language_changes_only_its_own_files() {
    let plain = &*PLAIN;
    let german = "data/de/test-00000-of-00001.parquet";
    // In whatever case its name is written, it is the file of German.
    for name in ["de.toml", "DE.toml"] {
        let folder = Folder::new();
        folder.write(&format!("templates/languages/{name}"), &other_german());
        folder.run(&["datasets", "xgeo"]);
        let mut before = plain.datasets();
        // Its lock, too.
        before.retain(|name, _| name.to_string_lossy().contains("xgeo"));
        let mut changed = differing(&before, &folder.datasets());
        // The card shows the first questions of each language.
        changed.retain(|it| it != "xgeo/README.md");
        assert_eq!(
            changed,
            [format!("xgeo/{german}"), "xgeo/manifest.json".to_owned()]
        );
        let (before, after) = (plain.manifest("xgeo"), folder.manifest("xgeo"));
        let inputs = |manifest: &Value| manifest["inputs"].as_object().unwrap().clone();
        let new: Vec<_> = inputs(&after)
            .into_iter()
            .filter(|(key, digest)| inputs(&before).get(key) != Some(digest))
            .collect();
        let digest = Value::from(sha256_hex(other_german()));
        assert_eq!(new, [(format!("templates/languages/{name}"), digest)]);
        assert_eq!(inputs(&after).len(), inputs(&before).len());
        assert_eq!(
            before["files"]["data/en/test-00000-of-00001.parquet"],
            after["files"]["data/en/test-00000-of-00001.parquet"]
        );
    }
}

#[test]
fn a_mistake_is_shown_with_file_and_line() {
    let folder = Folder::new();
    let line = other_german()
        .lines()
        .position(|line| line.contains("Wozu gehört"))
        .unwrap()
        + 1;
    let wrong = other_german().replace("({country})", "");
    folder.write("templates/languages/de.toml", &wrong);
    assert_eq!(
        folder.fail(&["datasets", "xgeo"]),
        format!(
            "error: template `xgeo.question` has no `{{country}}` placeholder\n   \
             ./templates/languages/de.toml:{line}\n\
             hint: add `{{country}}` exactly once\n"
        )
    );
}

#[test]
fn a_place_in_a_built_in_file_is_said_to_be_one() {
    let folder = Folder::new();
    let experiment = built_in("experiments/datasets.toml");
    // More kinds of places than there are words for.
    let experiment = experiment.replace("landforms = 40", "landforms = 400");
    folder.write("experiments/datasets.toml", &experiment);
    let error = folder.fail(&["datasets", "fictional"]);
    let arabic = built_in("templates/languages/ar.toml");
    let line = arabic
        .lines()
        .position(|line| line == "[fictional.landforms]")
        .unwrap()
        + 1;
    assert!(
        error.contains(&format!(
            "   templates/languages/ar.toml (built in):{line}\n"
        )),
        "{error}"
    );
}

#[test]
fn an_empty_file_leaves_the_built_in_one_out() {
    let plain = &*PLAIN;
    let folder = Folder::new();
    folder.write("templates/languages/de.toml", " \n");
    let noted =
        "note: ./templates/languages/de.toml is empty, so that the built-in file is left out\n";
    folder.run_noted(&["datasets", "xgeo", "xcopa-mini"], noted);
    let others = |name: &str| name.contains("/data/") && !name.contains("/data/de/");
    let changed = differing(&plain.datasets(), &folder.datasets());
    let of_texts = changed.iter().filter(|name| name.starts_with("xcopa-mini"));
    assert!(
        !of_texts.into_iter().any(|name| others(name)),
        "{changed:?}"
    );
    for set in ["xgeo", "xcopa-mini"] {
        let data = folder.path(&format!("artifacts/datasets/{set}/data"));
        assert!(data.join("pl").is_dir() && !data.join("de").exists());
    }
    let said = folder.run_noted(&["language", "check"], noted);
    assert!(
        said.contains("pl (Polish)") && !said.contains("(German"),
        "{said}"
    );

    folder.write("templates/prompts/plain.toml", "");
    let error = folder.fail(&["export", "lm-eval", "--prompt", "plain"]);
    assert!(
        error.contains(
            "\nerror: there is no prompt template `plain`; there are paper, paper-zero-shot\n"
        ),
        "{error}"
    );
}

#[test]
fn prompts_formats_and_items_are_added_and_replaced() {
    let folder = Folder::new();
    folder.run(&["datasets", "xcopa-mini"]);
    let plain = built_in("templates/prompts/plain.toml");
    folder.write("templates/prompts/mine.toml", &plain);
    let exported = |prompt: &str| {
        folder.run(&["export", "lm-eval", "--prompt", prompt, "--out", prompt]);
        let mut files = files(&folder.path(prompt));
        files.retain(|(name, _)| name.extension().is_some_and(|it| it == "yaml"));
        assert!(!files.is_empty());
        files
    };
    let text_of = |files: &[(PathBuf, Vec<u8>)]| -> String {
        files.iter().map(|(_, content)| text(content)).collect()
    };
    // The same prompt under another name.
    let (own, shipped) = (exported("mine"), exported("plain"));
    assert_eq!(
        text_of(&own).replace("mine", "plain"),
        text_of(&shipped).replace("mine", "plain")
    );

    let items = built_in("templates/items/xcopa-mini/de.jsonl");
    folder.write(
        "templates/items/xcopa-mini/de.jsonl",
        &items.replacen("{\"", "{ \"", 1),
    );
    let before = folder.datasets();
    folder.run(&["datasets", "xcopa-mini"]);
    assert_eq!(
        differing(&before, &folder.datasets()),
        [""; 0],
        "a space in a line of JSON says nothing else"
    );
    let last = items.trim_end().rfind('\n').unwrap();
    folder.write("templates/items/xcopa-mini/de.jsonl", &items[..=last]);
    let error = folder.fail(&["datasets", "xcopa-mini"]);
    assert!(
        error.contains("./templates/items/xcopa-mini/de.jsonl")
            && error.contains("templates/items/xcopa-mini/en.jsonl (built in)"),
        "{error}"
    );
}

#[test]
fn names_that_nobody_reads_are_pointed_out() {
    let folder = Folder::new();
    folder.write("templates/language/de.toml", &other_german());
    folder.write("templates/languages/fi.tml", "");
    folder.write("templates/languages/notes", "");
    folder.write("template/languages/de.toml", "");
    folder.write("experiments/dataset.toml", "");
    // What other programs, editors and people's own experiments have.
    folder.write("templates/index/base.html", "");
    folder.write("templates/languages/notes~", "");
    folder.write("experiments/mine.toml", "");
    folder.write("experimental/notes.txt", "");
    let output = folder.output(&["language", "show", "de"]);
    assert!(output.status.success());
    assert_eq!(
        text(&output.stderr),
        "note: ./template is not read; did you mean templates?\n\
         note: ./experiments/dataset.toml is not read; did you mean experiments/datasets.toml?\n\
         note: ./templates/language is not read; did you mean templates/languages?\n\
         note: ./templates/languages/fi.tml is not read; did you mean templates/languages/fi.toml?\n\
         note: ./templates/languages/notes is not read\n"
    );
}
