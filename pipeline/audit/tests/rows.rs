//! Parquet of ours with what may be wrong in it: what differs is a finding, what cannot be read an error.

#![allow(clippy::unwrap_used)]

use clika_audit::{AuditError, BackgroundFacts, audit};
use polars::prelude::*;
use std::{fs, path::Path};

fn knowledge() -> BackgroundFacts {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    BackgroundFacts::read(
        &root.join("templates/languages"),
        &root.join("sparql/build"),
        Path::new("no snapshot"),
    )
    .unwrap()
}

fn write(folder: &Path, language: &str, split: &str, columns: Vec<Column>) {
    let folder = folder.join("data").join(language);
    fs::create_dir_all(&folder).unwrap();
    let rows = columns[0].len();
    let mut frame = DataFrame::new(rows, columns).unwrap();
    let bytes = clika_datasets::parquet::encode_frame(&mut frame).unwrap();
    fs::write(
        folder.join(format!("{split}-00000-of-00001.parquet")),
        bytes,
    )
    .unwrap();
}

fn choices(lists: [[&str; 2]; 2]) -> Column {
    let lists: Vec<Series> = lists
        .iter()
        .map(|list| Series::new("".into(), list.as_slice()))
        .collect();
    Column::new("choices".into(), lists)
}

fn questions(texts: [&str; 2], lists: [[&str; 2]; 2], labels: [i64; 2]) -> Vec<Column> {
    vec![
        Column::new("id".into(), ["a", "b"]),
        Column::new("question".into(), texts),
        choices(lists),
        Column::new("label".into(), labels),
    ]
}

#[test]
fn other_labels_and_labels_beyond_the_choices_are_findings() {
    let folder = tempfile::tempdir().unwrap();
    let set = folder.path().join("own");
    let english = questions(
        ["What flies?", "What swims?"],
        [["bird", "cow"], ["cat", "fish"]],
        [0, 1],
    );
    let german = questions(
        ["Was fliegt?", "Was schwimmt?"],
        [["Vogel", "Kuh"], ["Katze", "Fisch"]],
        [0, 2],
    );
    write(&set, "en", "test", english);
    write(&set, "de", "test", german);
    // The folder of the dataset and the folder that holds it are both audited.
    for path in [set.as_path(), folder.path()] {
        let audit = audit(path, &knowledge()).unwrap();
        assert_eq!(audit.datasets[0].name, "own");
        let found: Vec<_> = audit
            .findings
            .iter()
            .map(|it| (it.check, it.count))
            .collect();
        assert_eq!(found, [("labels-differ", 1), ("label-out-of-range", 1)]);
    }
}

#[test]
fn a_task_has_its_number_of_choices_and_its_answers_are_labelled() {
    let folder = tempfile::tempdir().unwrap();
    // xGeo has four choices.
    for (name, expected) in [
        (
            "xgeo",
            // What is called xgeo is asked, and then needs its manifest.
            &[
                ("refused", 1),
                ("number-of-choices", 2),
                ("answer-not-labelled", 1),
            ][..],
        ),
        ("own", &[("answer-not-labelled", 1)]),
    ] {
        let set = folder.path().join(name);
        let texts = ["What flies?", "What swims?"];
        let mut columns = questions(texts, [["bird", "cow"], ["cat", "fish"]], [0, 1]);
        columns.push(Column::new("answer".into(), ["bird", "cat"]));
        write(&set, "en", "test", columns);
        let audit = audit(&set, &knowledge()).unwrap();
        let found: Vec<_> = audit
            .findings
            .iter()
            .map(|it| (it.check, it.count))
            .collect();
        assert_eq!(found, expected, "{name}");
    }
}

#[test]
fn a_missing_column_and_a_missing_file_are_errors() {
    let folder = tempfile::tempdir().unwrap();
    let set = folder.path().join("own");
    let mut columns = questions(["a?", "b?"], [["c", "d"], ["c", "d"]], [0, 1]);
    columns.remove(3);
    write(&set, "en", "test", columns);
    let error = audit(&set, &knowledge()).map(|_| ()).unwrap_err();
    let AuditError::Parquet { problem, .. } = &error else {
        panic!("{error}")
    };
    assert_eq!(problem, "there is no column `label`");
    fs::create_dir_all(set.join("data/de")).unwrap();
    let error = audit(&set, &knowledge()).map(|_| ()).unwrap_err();
    let AuditError::NoFile { name, .. } = &error else {
        panic!("{error}")
    };
    assert_eq!(name, "test-00000-of-00001.parquet");
}

#[test]
fn a_fictional_row_of_no_kind_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let text = |name: &str, value: &str| Column::new(name.into(), [value]);
    let columns = vec![
        text("id", "1"),
        text("kind", "story"),
        text("language", "de"),
        text("prompt", "Wo?"),
        text("answer", "Dort."),
        Column::new("template".into(), [1i64]),
    ];
    write(folder.path(), "de", "train", columns);
    let error = audit(folder.path(), &knowledge()).map(|_| ()).unwrap_err();
    let AuditError::Parquet { problem, .. } = &error else {
        panic!("{error}")
    };
    assert_eq!(problem, "row 1: `story` is neither qa nor translation");
}
