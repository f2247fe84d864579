//! Datasets of texts: sources in every form, parallel languages, and the mini sets.

#![allow(clippy::unwrap_used, clippy::explicit_write)]

use clika_base::Project;
use clika_base::types::LanguageCode;
use clika_datasets::Task;
use clika_datasets::{
    BuildOutcome, CopaQuestion, DatasetError, ParallelTexts, TextItem, TextOrigin, build_texts,
    mini_items, read_copa_xml, read_source,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::Write,
    path::{Path, PathBuf},
};

fn project() -> Project {
    Project::at(Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."))
}

/// The authors' data, where they lie next to the repository.
fn reference(name: &str) -> Option<PathBuf> {
    let path = project().root.join("../shared/reference").join(name);
    if path.exists() {
        return Some(path);
    }
    writeln!(std::io::stderr(), "SKIPPED: no {}", path.display()).unwrap();
    None
}

fn file(folder: &Path, name: &str, content: &[u8]) -> PathBuf {
    let path = folder.join(name);
    fs::write(&path, content).unwrap();
    path
}

const XML: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE copa-corpus SYSTEM "copa.dtd">
<copa-corpus version="1.0">
  <item id="7" asks-for="effect" most-plausible-alternative="2">
    <p>Rain &amp; wind came up.</p>
    <a1>We stayed out.</a1>
    <a2>We went in.</a2>
  </item>
</copa-corpus>
"#;

fn item() -> TextItem {
    TextItem {
        id: "7".to_owned(),
        asks: Some(CopaQuestion::Effect),
        text: "Rain & wind came up.".to_owned(),
        choices: vec!["We stayed out.".to_owned(), "We went in.".to_owned()],
        label: 1,
    }
}

#[test]
fn copa_is_read_in_every_form() {
    let folder = tempfile::tempdir().unwrap();
    let xml = file(folder.path(), "copa-test.xml", XML.as_bytes());
    let lines = file(
        folder.path(),
        "test.jsonl",
        br#"{"label": 1, "id": 7, "premise": "Rain & wind came up.", "question": "effect", "choice1": "We stayed out.", "choice2": "We went in.", "mirrored": false}"#,
    );
    for path in [xml, lines] {
        assert_eq!(
            read_source(Task::named("xcopa").unwrap(), &path).unwrap(),
            [item()]
        );
    }
}

#[test]
fn csqa_is_read_in_both_forms_and_writes_what_it_reads() {
    let folder = tempfile::tempdir().unwrap();
    let own = br#"{"answerKey": "B", "id": "1a", "question": {"question_concept": "rain", "choices": [{"label": "A", "text": "sun"}, {"label": "B", "text": "cloud"}, {"label": "C", "text": "sea"}, {"label": "D", "text": "hat"}, {"label": "E", "text": "bus"}], "stem": "Where does rain fall from?"}}"#;
    let columns = br#"{"id": "1a", "lang": "en", "question": {"stem": "Where does rain fall from?", "choices": {"label": ["A", "B", "C", "D", "E"], "text": ["sun", "cloud", "sea", "hat", "bus"]}}, "answerKey": "B"}"#;
    let expected = TextItem {
        id: "1a".to_owned(),
        asks: None,
        text: "Where does rain fall from?".to_owned(),
        choices: ["sun", "cloud", "sea", "hat", "bus"]
            .map(str::to_owned)
            .to_vec(),
        label: 1,
    };
    let written = expected.line().to_string();
    for (index, line) in [&own[..], columns, written.as_bytes()]
        .into_iter()
        .enumerate()
    {
        let path = file(folder.path(), &format!("{index}.jsonl"), line);
        assert_eq!(
            read_source(Task::named("xcsqa").unwrap(), &path).unwrap(),
            std::slice::from_ref(&expected)
        );
    }
    let path = file(
        folder.path(),
        "copa.jsonl",
        item().line().to_string().as_bytes(),
    );
    assert_eq!(
        read_source(Task::named("xcopa").unwrap(), &path).unwrap(),
        [item()]
    );
}

#[test]
fn a_changed_source_is_refused_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let message = |task, name: &str, content: &str| {
        let path = file(folder.path(), name, content.as_bytes());
        let error = read_source(task, &path).unwrap_err().to_string();
        error.replace(folder.path().to_str().unwrap(), "")
    };
    let line = item().line().to_string();
    let twice = format!("{line}\n{line}\n");
    for (task, name, content, expected) in [
        (
            Task::named("xcopa").unwrap(),
            "a.jsonl",
            "",
            "the file is empty\n   /a.jsonl:1",
        ),
        (
            Task::named("xcopa").unwrap(),
            "a.jsonl",
            twice.as_str(),
            "item 7 occurs twice\n   /a.jsonl:2",
        ),
        (
            Task::named("xcopa").unwrap(),
            "a.jsonl",
            r#"{"id": 7, "premise": "x", "question": "effect", "choice1": "a", "choice2": "b", "label": 2}"#,
            "label is 2, not 0 or 1\n   /a.jsonl:1",
        ),
        (
            Task::named("xcsqa").unwrap(),
            "b.jsonl",
            r#"{"id": "1", "question": {"stem": "x", "choices": {"label": ["A", "B", "C", "D", "E"], "text": ["a", "b", "c", "d", "e"]}}}"#,
            "no answerKey; the test split of CSQA has none\n   /b.jsonl:1",
        ),
        (
            Task::named("xcsqa").unwrap(),
            "b.jsonl",
            r#"{"id": "1", "question": {"stem": "x", "choices": {"label": ["A", "B"], "text": ["a"]}}, "answerKey": "A"}"#,
            "2 labels for 1 choices\n   /b.jsonl:1",
        ),
        (
            Task::named("xcsqa").unwrap(),
            "b.jsonl",
            r#"{"id": "1", "question": {"stem": "x", "choices": {"label": ["A", "B", "C", "D"], "text": ["a", "b", "c", "d"]}}, "answerKey": "A"}"#,
            "the item has 4 choices, not 5\n   /b.jsonl:1",
        ),
        (
            Task::named("xcopa").unwrap(),
            "c.xml",
            "<copa-corpus/>",
            "the file has no <item>\n   /c.xml:1",
        ),
    ] {
        assert_eq!(message(task, name, content), expected);
    }
    let broken = XML.replace("asks-for=\"effect\"", "asks-for=\"reason\"");
    assert_eq!(
        message(Task::named("xcopa").unwrap(), "c.xml", &broken),
        "asks-for is `reason`, not cause or effect\n   /c.xml:4"
    );
    let cut = &XML[..XML.len() / 2];
    assert!(message(Task::named("xcopa").unwrap(), "c.xml", cut).contains("/c.xml:"));
}

#[test]
fn an_archive_with_another_checksum_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = file(folder.path(), "COPA-resources.tgz", b"not the archive");
    let error = read_source(Task::named("xcopa").unwrap(), &path).unwrap_err();
    // printf 'not the archive' | sha256sum
    let DatasetError::Checksum { found, .. } = error else {
        panic!("{error}");
    };
    assert_eq!(
        found,
        "d8250fce32177cdb504fbe8f4fcf8d2af251c5caec93098b33693066b1462870"
    );
}

#[test]
fn copas_xml_holds_what_the_release_says() {
    let (Some(xml), Some(lines)) = (
        reference("COPA/copa-test.xml"),
        reference("CLiKA/x_copa/en/test.jsonl"),
    ) else {
        return;
    };
    let items = read_copa_xml(&fs::read(&xml).unwrap(), &xml).unwrap();
    assert_eq!(items.len(), 500);
    // Two alternatives of the release begin with a space.
    let mut released = read_source(Task::named("xcopa").unwrap(), &lines).unwrap();
    for choice in released.iter_mut().flat_map(|item| &mut item.choices) {
        *choice = choice.trim().to_owned();
    }
    for (ours, theirs) in items.iter().zip(&released) {
        assert_eq!(ours, theirs);
    }
}

#[test]
fn the_release_is_imported_and_built() {
    let Some(release) = reference("CLiKA") else {
        return;
    };
    let out = tempfile::tempdir().unwrap();
    for (task, count) in [
        (Task::named("xcopa").unwrap(), 500),
        (Task::named("xcsqa").unwrap(), 1000),
    ] {
        let parallel = ParallelTexts::read_release(task, &release).unwrap();
        assert_eq!(parallel.languages.len(), 10, "{task}");
        let built = build_texts(
            &parallel,
            &TextOrigin::Release,
            &project(),
            out.path(),
            false,
        )
        .unwrap();
        let BuildOutcome::Written(report) = &built.outcome else {
            panic!("{task} is not written");
        };
        assert!(report.rows.values().all(|&rows| rows == count), "{task}");
        if task == Task::named("xcopa").unwrap() {
            // Read off the files by hand: four Italian items ask for the effect.
            let changed = report.exceptions.iter().filter(|exception| {
                exception.language.as_str() == "it" && exception.reason.starts_with("asks")
            });
            let ids: Vec<_> = changed.map(|exception| exception.name.as_str()).collect();
            assert_eq!(ids, ["585", "612", "937", "955"]);
        }
        let again = build_texts(
            &parallel,
            &TextOrigin::Release,
            &project(),
            out.path(),
            false,
        )
        .unwrap();
        assert!(matches!(again.outcome, BuildOutcome::UpToDate), "{task}");
        let card = fs::read_to_string(built.folder.join("README.md")).unwrap();
        assert!(card.contains("imported from the release"), "{card}");
        assert!(
            !built.manifest.to_json().contains("shared/reference"),
            "an absolute path"
        );
    }
}

#[test]
fn the_mini_sets_are_whole_parallel_and_balanced() {
    for (task, choices) in [
        (Task::named("xcopa-mini").unwrap(), 2),
        (Task::named("xcsqa-mini").unwrap(), 5),
    ] {
        let parallel = mini_items(task, &project()).unwrap();
        let codes: Vec<_> = parallel
            .languages
            .keys()
            .map(LanguageCode::as_str)
            .collect();
        assert_eq!(
            codes,
            [
                "ar", "de", "en", "es", "fr", "he", "hi", "it", "ja", "pl", "ru", "sw", "th", "zh"
            ]
        );
        assert!(parallel.faults().is_empty(), "{:?}", parallel.faults());
        for (language, items) in &parallel.languages {
            assert_eq!(items.len(), 60, "{task} {language}");
            let mut positions = vec![0; choices];
            let mut texts = BTreeSet::new();
            for item in items {
                assert_eq!(item.choices.len(), choices);
                positions[item.label] += 1;
                assert!(texts.insert(&item.text), "{task} {language} {}", item.text);
            }
            assert!(positions.iter().all(|&count| count == 60 / choices));
        }
    }
    let copa = mini_items(Task::named("xcopa-mini").unwrap(), &project()).unwrap();
    let english = &copa.languages[&LanguageCode::try_from("en".to_owned()).unwrap()];
    for asks in [CopaQuestion::Cause, CopaQuestion::Effect] {
        let asked: Vec<_> = english
            .iter()
            .filter(|item| item.asks == Some(asks))
            .collect();
        assert_eq!(asked.len(), 30);
        assert_eq!(asked.iter().filter(|item| item.label == 0).count(), 15);
    }
}

/// Simple surface cues must not find the right choice of the mini sets.
#[test]
fn length_does_not_give_the_right_choice_away() {
    for (task, most) in [
        (Task::named("xcopa-mini").unwrap(), 40),
        (Task::named("xcsqa-mini").unwrap(), 22),
    ] {
        for (language, items) in mini_items(task, &project()).unwrap().languages {
            let rank = |item: &TextItem, longest: bool| {
                let length = |choice: &String| choice.chars().count();
                let lengths = item.choices.iter().map(length);
                let extreme = if longest {
                    lengths.max()
                } else {
                    lengths.min()
                };
                let ties = item
                    .choices
                    .iter()
                    .map(length)
                    .filter(|&n| Some(n) == extreme);
                if Some(length(&item.choices[item.label])) == extreme {
                    1.0 / ties.count() as f64
                } else {
                    0.0
                }
            };
            for longest in [true, false] {
                let hits: f64 = items.iter().map(|item| rank(item, longest)).sum();
                assert!(
                    hits <= f64::from(most),
                    "{task} {language}: {hits} of 60, longest {longest}"
                );
            }
        }
    }
}

#[test]
fn a_file_of_items_that_no_language_is_named_after_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let line = item().line().to_string();
    file(folder.path(), "en.jsonl", line.as_bytes());
    file(folder.path(), "notes.txt", b"not items");
    ParallelTexts::read(Task::named("xcopa").unwrap(), folder.path()).unwrap();
    file(folder.path(), "pt-BR.jsonl", line.as_bytes());
    let parallel = ParallelTexts::read(Task::named("xcopa").unwrap(), folder.path()).unwrap();
    let codes: Vec<_> = parallel
        .languages
        .keys()
        .map(LanguageCode::as_str)
        .collect();
    assert_eq!(codes, ["en", "pt-BR"]);
    file(folder.path(), "de.json", line.as_bytes());
    let error = ParallelTexts::read(Task::named("xcopa").unwrap(), folder.path()).unwrap_err();
    assert!(
        error.to_string().contains("`de.json` is read by nobody"),
        "{error}"
    );
    fs::remove_file(folder.path().join("de.json")).unwrap();
    file(folder.path(), "portuguese.jsonl", line.as_bytes());
    let error = ParallelTexts::read(Task::named("xcopa").unwrap(), folder.path()).unwrap_err();
    assert!(error.to_string().contains("`portuguese`"), "{error}");
    fs::remove_file(folder.path().join("portuguese.jsonl")).unwrap();
    file(folder.path(), "PT-br.jsonl", line.as_bytes());
    let error = ParallelTexts::read(Task::named("xcopa").unwrap(), folder.path()).unwrap_err();
    assert!(error.to_string().contains("PT-br.jsonl"), "{error}");
}

#[test]
fn languages_that_differ_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let line = |label: usize| TextItem { label, ..item() }.line().to_string();
    file(folder.path(), "de.jsonl", line(1).as_bytes());
    let error = ParallelTexts::read(Task::named("xcopa").unwrap(), folder.path()).unwrap_err();
    assert!(matches!(error, DatasetError::NoEnglish { .. }), "{error}");
    file(folder.path(), "en.jsonl", line(0).as_bytes());
    let error = ParallelTexts::read(Task::named("xcopa").unwrap(), folder.path()).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("item 7 has another right choice"),
        "{error}"
    );
}

#[test]
fn a_language_without_template_is_named() {
    let out = tempfile::tempdir().unwrap();
    let code = |code: &str| LanguageCode::try_from(code.to_owned()).unwrap();
    let languages = BTreeMap::from([(code("en"), vec![item()]), (code("xx"), vec![item()])]);
    let parallel = ParallelTexts::new(Task::named("xcopa").unwrap(), languages);
    let error = build_texts(
        &parallel,
        &TextOrigin::Original,
        &project(),
        out.path(),
        false,
    );
    assert_eq!(
        error.unwrap_err().to_string(),
        "xcopa: there are items in `xx`, but templates/languages has no such language"
    );
}

/// Yoruba has no file: questions need nothing but its code, a premise needs what is asked about it.
#[test]
fn an_import_needs_only_a_code() {
    let out = tempfile::tempdir().unwrap();
    let code = |code: &str| LanguageCode::try_from(code.to_owned()).unwrap();
    let question = TextItem {
        asks: None,
        choices: ["a", "b", "c", "d", "e"].map(str::to_owned).to_vec(),
        ..item()
    };
    for (task, item, configs, said) in [
        ("xcsqa", question, &["en", "yo"][..], &[][..]),
        (
            "xcopa",
            item(),
            &["en"],
            &["there is no templates/languages/yo.toml with [xcopa]"],
        ),
    ] {
        let languages = BTreeMap::from([
            (code("en"), vec![item.clone()]),
            (code("yo"), vec![item.clone()]),
        ]);
        let parallel = ParallelTexts::new(Task::named(task).unwrap(), languages);
        let built = build_texts(
            &parallel,
            &TextOrigin::Release,
            &project(),
            out.path(),
            false,
        )
        .unwrap();
        let BuildOutcome::Written(report) = built.outcome else {
            panic!("{task} is new");
        };
        let rows: Vec<_> = report.rows.keys().map(LanguageCode::as_str).collect();
        assert_eq!(rows, configs, "{task}");
        let left_out: Vec<_> = report.left_out.iter().map(|it| &it.reason).collect();
        assert_eq!(left_out, said, "{task}");
        let card = fs::read_to_string(built.folder.join("README.md")).unwrap();
        let listed = card.contains("- config_name: yo");
        assert_eq!(listed, configs.contains(&"yo"), "{card}");
    }
}

/// A copy of the release that lacks something is refused by name: a language would be missing without a word.
#[test]
fn every_folder_of_a_release_is_a_language_with_its_file() {
    let line = TextItem {
        asks: None,
        choices: ["a", "b", "c", "d", "e"].map(str::to_owned).to_vec(),
        ..item()
    };
    let line = line.line().to_string();
    for (folder, lines, said) in [
        ("FR_trans", false, "the folder has no validation.jsonl"),
        ("q1_trans", true, "the folder's name is no language"),
        ("de", true, "another folder is `de`, too"),
    ] {
        let release = tempfile::tempdir().unwrap();
        for (name, has_lines) in [("en", true), ("DE_trans", true), (folder, lines)] {
            let path = release.path().join("x_csqa").join(name);
            fs::create_dir_all(&path).unwrap();
            if has_lines {
                file(&path, "validation.jsonl", line.as_bytes());
            }
        }
        let task = Task::named("xcsqa").unwrap();
        let error = ParallelTexts::read_release(task, release.path()).unwrap_err();
        let error = error.to_string();
        assert!(
            error.starts_with("xcsqa: ") && error.ends_with(said),
            "{error}"
        );
    }
}
