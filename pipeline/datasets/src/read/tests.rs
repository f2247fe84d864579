#![allow(clippy::unwrap_used)]

use crate::Task;
use crate::{
    DatasetError, DatasetFolder, ItemFile, LanguageItems, TextRow, refused, texts::encode_texts,
};
use clika_base::files::{Manifest, sha256_hex};
use clika_base::types::LanguageCode;
use serde_json::{Value, json};
use std::{collections::BTreeMap, fs, path::Path};

const FILE: &str = "data/de/test-00000-of-00001.parquet";

fn code(text: &str) -> LanguageCode {
    LanguageCode::try_from(text.to_owned()).unwrap()
}

fn rows() -> Vec<TextRow> {
    let row = |number: usize| TextRow {
        id: format!("xcopa-mini-{number}"),
        premise: Some(format!("Es geschah {number}.")),
        question: "Warum?".to_owned(),
        choices: vec!["Darum.".to_owned(), "Deshalb.".to_owned()],
        label: 1,
        answer: "Deshalb.".to_owned(),
        relation: Some("cause".to_owned()),
        cluster_id: format!("xcopa-mini-{number}"),
    };
    (0..3).map(row).collect()
}

/// A dataset in German, as a build writes it.
fn write(folder: &Path, rows: &[TextRow], exceptions: Value) {
    write_all(folder, &[("de", rows)], exceptions);
}

/// A dataset in several languages, as a build writes it.
fn write_all(folder: &Path, languages: &[(&str, &[TextRow])], exceptions: Value) {
    let (null, inputs) = (Value::Null, BTreeMap::new());
    let mut manifest = Manifest::new("a test", "datasets xcopa-mini", null, inputs);
    manifest.report = json!({ "exceptions": exceptions });
    for (language, rows) in languages {
        let bytes = encode_texts(rows).unwrap();
        let file = FILE.replace("/de/", &format!("/{language}/"));
        fs::create_dir_all(folder.join("data").join(language)).unwrap();
        manifest.files.insert(file.clone(), sha256_hex(&bytes));
        fs::write(folder.join(file), bytes).unwrap();
    }
    fs::write(folder.join(Manifest::FILE), manifest.to_json()).unwrap();
}

fn read(folder: &Path) -> Result<LanguageItems, DatasetError> {
    let dataset = DatasetFolder::find(folder)?.unwrap();
    dataset.items(Task::named("xcopa-mini").unwrap(), &code("de"))
}

/// The error of a dataset with one row spoilt, without the folder's path.
fn spoilt(spoil: impl FnOnce(&mut TextRow)) -> String {
    let folder = tempfile::tempdir().unwrap();
    let mut rows = rows();
    spoil(&mut rows[1]);
    write(folder.path(), &rows, json!([]));
    let error = read(folder.path()).unwrap_err();
    let said = error.to_string();
    said.replace(&format!("{}/", folder.path().display()), "")
}

#[test]
fn sound_rows_are_read_as_they_were_written() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &rows(), json!([]));
    let items = read(folder.path()).unwrap();
    assert!(items.listed.is_empty());
    assert_eq!(items.questions.len(), 3);
    let first = &items.questions[0];
    assert_eq!(first.id, "xcopa-mini-0");
    assert_eq!(first.premise.as_deref(), Some("Es geschah 0."));
    assert_eq!(first.relation.as_deref(), Some("cause"));
    assert_eq!((first.choices[1].as_str(), first.label), ("Deshalb.", 1));
}

#[test]
fn a_row_that_cannot_be_asked_is_refused_with_its_number() {
    for (said, expected) in [
        (
            spoilt(|row| row.id = "xcopa-mini-0".to_owned()),
            "has the id `xcopa-mini-0` of row 1",
        ),
        (spoilt(|row| row.id.clear()), "has an empty `id`"),
        (
            spoilt(|row| row.cluster_id.clear()),
            "has an empty `cluster_id`",
        ),
        (
            spoilt(|row| row.choices.push("Dann.".to_owned())),
            "has 3 choices, and xcopa-mini has 2",
        ),
        (
            spoilt(|row| row.label = 2),
            "has the label 2, which is not a position among 2 choices",
        ),
        (
            spoilt(|row| row.label = -1),
            "has the label -1, which is not a position among 2 choices",
        ),
        (
            spoilt(|row| row.label = 0),
            "has the answer `Deshalb.`, and its label is that of `Darum.`",
        ),
        (
            spoilt(|row| row.premise = Some(" ".to_owned())),
            "has an empty text",
        ),
        (spoilt(|row| row.choices[0].clear()), "has an empty text"),
        (
            spoilt(|row| row.choices[0] = "Deshalb. ".to_owned()),
            "has the choice `Deshalb.` twice",
        ),
    ] {
        assert_eq!(said, format!("row 2 of {FILE} {expected}"));
    }
}

#[test]
fn a_fault_that_the_build_has_listed_stands() {
    let folder = tempfile::tempdir().unwrap();
    let mut rows = rows();
    rows[1].choices[0] = "Deshalb.".to_owned();
    let listed = |language: &str, name: &str| json!([{ "language": language, "name": name, "reason": "two choices read the same" }]);
    write(folder.path(), &rows, listed("de", "1"));
    assert_eq!(read(folder.path()).unwrap().listed, ["xcopa-mini-1"]);
    for (language, name) in [("fr", "1"), ("de", "2")] {
        write(folder.path(), &rows, listed(language, name));
        assert!(read(folder.path()).is_err(), "{language} {name}");
    }
}

#[test]
fn files_are_those_of_the_manifest() {
    let folder = tempfile::tempdir().unwrap();
    let error = || {
        let error = read(folder.path()).unwrap_err();
        let path = folder.path().display().to_string();
        let help = miette::Diagnostic::help(&error).unwrap();
        format!("{error}\n{help}").replace(&path, "FOLDER")
    };
    assert_eq!(DatasetFolder::find(folder.path()).unwrap(), None);
    write(folder.path(), &rows(), json!([]));
    // Other rows, as sound as those that were built.
    let mut others = rows();
    others[0].question = "Wozu?".to_owned();
    fs::write(folder.path().join(FILE), encode_texts(&others).unwrap()).unwrap();
    assert_eq!(
        error(),
        format!(
            "FOLDER/{FILE} is no longer the file that the dataset's manifest describes\n\
             `clika datasets xcopa-mini --force` rebuilds it"
        )
    );
    fs::remove_file(folder.path().join(FILE)).unwrap();
    assert!(error().contains("is no longer the file"), "{}", error());
    write(folder.path(), &rows(), json!([]));
    let stray = FILE.replace("/de/", "/fr/");
    fs::create_dir_all(folder.path().join("data/fr")).unwrap();
    fs::write(folder.path().join(&stray), "PAR1").unwrap();
    assert!(
        error().starts_with(&format!("FOLDER/{stray} is not a file of the dataset")),
        "{}",
        error()
    );
    fs::remove_file(folder.path().join(Manifest::FILE)).unwrap();
    assert!(
        error().starts_with("FOLDER has rows but no manifest.json"),
        "{}",
        error()
    );
}

/// A dataset in two languages with the second one spoilt, and what is said of it.
fn disagreeing(spoil: impl FnOnce(&mut Vec<TextRow>)) -> String {
    let folder = tempfile::tempdir().unwrap();
    let mut others = rows();
    spoil(&mut others);
    write_all(
        folder.path(),
        &[("de", &rows()), ("en", &others)],
        json!([]),
    );
    let dataset = DatasetFolder::find(folder.path()).unwrap().unwrap();
    let read = dataset.all_items(Task::named("xcopa-mini").unwrap());
    let errors: Vec<_> = refused(folder.path())
        .iter()
        .map(DatasetError::to_string)
        .collect();
    match read {
        Ok(languages) => {
            assert_eq!((languages.len(), errors.len()), (2, 0), "{errors:?}");
            String::new()
        }
        Err(error) => {
            assert_eq!(errors, [error.to_string()]);
            error
                .to_string()
                .replace(&folder.path().display().to_string(), "FOLDER")
        }
    }
}

#[test]
fn languages_ask_the_same_items_in_one_order() {
    assert_eq!(disagreeing(|rows| rows[0].question = "Why?".to_owned()), "");
    let start = "FOLDER: `de` and `en` do not have the same items: ";
    for (said, expected) in [
        (
            disagreeing(|rows| rows.swap(0, 1)),
            "row 1 is xcopa-mini-0 and xcopa-mini-1",
        ),
        (
            disagreeing(|rows| {
                rows[2].label = 0;
                rows[2].answer = "Darum.".to_owned();
            }),
            "xcopa-mini-2 (row 3) has the labels 1 and 0",
        ),
        (
            disagreeing(|rows| rows[1].id = "xcopa-mini-9".to_owned()),
            "row 2 is xcopa-mini-1 and xcopa-mini-9",
        ),
        (
            disagreeing(|rows| rows[1].cluster_id = "xcopa-mini-9".to_owned()),
            "xcopa-mini-1 (row 2) is of the clusters xcopa-mini-1 and xcopa-mini-9",
        ),
        (
            disagreeing(|rows| rows.truncate(2)),
            "they have 3 and 2 items",
        ),
    ] {
        assert_eq!(said, format!("{start}{expected}"));
    }
}

#[test]
fn a_folder_that_is_called_after_a_dataset_has_its_manifest() {
    let folder = tempfile::tempdir().unwrap();
    let said = |name: &str| -> Vec<String> {
        let errors = refused(&folder.path().join(name));
        errors.iter().map(DatasetError::to_string).collect()
    };
    for (name, count) in [("xcopa-mini", 1), ("own", 0)] {
        let path = folder.path().join(name);
        write(&path, &rows(), json!([]));
        assert_eq!(said(name), [""; 0], "{name}");
        fs::remove_file(path.join(Manifest::FILE)).unwrap();
        assert_eq!(said(name).len(), count, "{name}");
    }
    write(&folder.path().join("xgeo"), &rows(), json!([]));
    assert!(said("xgeo")[0].ends_with("contains the dataset `xcopa-mini`, not `xgeo`"));
}

/// So many rows that the reader takes them in two parts.
fn many() -> Vec<TextRow> {
    let one = rows().remove(0);
    let row = |number: usize| TextRow {
        id: format!("xcopa-mini-{number}"),
        question: format!("Warum {number}?"),
        cluster_id: format!("xcopa-mini-{}", number / 2),
        ..one.clone()
    };
    (0..ItemFile::PART + 5).map(row).collect()
}

#[test]
fn a_long_file_is_read_in_parts() {
    let folder = tempfile::tempdir().unwrap();
    let rows = many();
    write(folder.path(), &rows, json!([]));
    let dataset = DatasetFolder::find(folder.path()).unwrap().unwrap();
    let task = Task::named("xcopa-mini").unwrap();
    let file = dataset.item_file(task, &code("de")).unwrap();
    assert_eq!(file.rows(), rows.len());
    let lengths = |rows: usize| -> Vec<usize> {
        let parts = file.parts(rows);
        parts.map(|part| part.unwrap().len()).collect()
    };
    assert_eq!(lengths(rows.len()), [ItemFile::PART, 5]);
    assert_eq!(lengths(usize::MAX), [ItemFile::PART, 5]);
    assert_eq!(lengths(ItemFile::PART), [ItemFile::PART]);
    assert_eq!(lengths(3), [3]);
    assert_eq!(lengths(0), [0; 0]);
    let parts = file.parts(rows.len()).flat_map(Result::unwrap);
    let whole = read(folder.path()).unwrap();
    assert!(whole.questions.into_iter().eq(parts), "parts and whole");
    for (row, question) in rows.iter().zip(read(folder.path()).unwrap().questions) {
        assert_eq!(
            (&row.id, &row.question, &row.cluster_id, &row.choices),
            (
                &question.id,
                &question.question,
                &question.cluster_id,
                &question.choices
            )
        );
    }
}

#[test]
fn a_row_of_a_later_part_is_named_by_its_place_in_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let error = |rows: &[TextRow]| {
        write(folder.path(), rows, json!([]));
        read(folder.path()).unwrap_err().to_string()
    };
    let (second, row) = (ItemFile::PART + 2, ItemFile::PART + 3);
    let mut twice = many();
    twice[second].id = "xcopa-mini-1".to_owned();
    let said = error(&twice);
    assert!(said.starts_with(&format!("row {row} of ")), "{said}");
    assert!(
        said.ends_with("has the id `xcopa-mini-1` of row 2"),
        "{said}"
    );
    let mut empty = many();
    empty[second].premise = Some(" ".to_owned());
    let said = error(&empty);
    assert!(said.starts_with(&format!("row {row} of ")), "{said}");
    assert!(said.ends_with("has an empty text"), "{said}");
}

#[test]
fn languages_that_differ_in_a_later_part_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (german, mut hebrew) = (many(), many());
    hebrew[ItemFile::PART + 2].cluster_id = "another".to_owned();
    write_all(
        folder.path(),
        &[("de", &german), ("he", &hebrew)],
        json!([]),
    );
    let dataset = DatasetFolder::find(folder.path()).unwrap().unwrap();
    let error = dataset.item_files(Task::named("xcopa-mini").unwrap());
    let (said, row) = (error.unwrap_err().to_string(), ItemFile::PART + 3);
    assert!(
        said.contains(&format!("(row {row}) is of the clusters")),
        "{said}"
    );
}
