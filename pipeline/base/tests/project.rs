//! Files of a project and built-in ones.

#![allow(clippy::unwrap_used)]

use clika_base::types::LanguageCode;
use clika_base::{BuiltIn, Project, ProjectPath};
use std::{borrow::Cow, fs, path::Path};

const FILES: [(&str, &str); 4] = [
    ("experiments/datasets.toml", "seed"),
    ("templates/languages/de.toml", "German"),
    ("templates/languages/en.toml", "English"),
    ("templates/languages/sr-latn.toml", "Serbian"),
];

const BUILT_IN: BuiltIn = BuiltIn {
    names: || FILES.iter().map(|(name, _)| Cow::from(*name)).collect(),
    content: |name| {
        let mut files = FILES.iter();
        let (_, content) = files.find(|(it, _)| *it == name)?;
        Some(content.as_bytes().into())
    },
};

fn project(root: &Path) -> Project {
    Project {
        built_in: BUILT_IN,
        ..Project::at(root)
    }
}

fn write(root: &Path, name: &str, content: &str) {
    let path = root.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
}

/// Name and text of every file of a folder.
fn texts(folder: &ProjectPath) -> Vec<(String, String)> {
    let entries = folder.entries().unwrap();
    let files = entries.iter();
    files
        .map(|file| (file.file_name(), file.text().unwrap()))
        .collect()
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    let pairs = pairs.iter();
    pairs
        .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()))
        .collect()
}

#[test]
fn a_folder_is_the_union_of_both() {
    let root = tempfile::tempdir().unwrap();
    let project = project(root.path());
    let shipped = pairs(&[
        ("de.toml", "German"),
        ("en.toml", "English"),
        ("sr-latn.toml", "Serbian"),
    ]);
    assert_eq!(texts(&project.languages()), shipped);
    // An empty folder changes nothing.
    fs::create_dir_all(root.path().join("templates/languages")).unwrap();
    assert_eq!(texts(&project.languages()), shipped);
    // In other letters, empty, and new.
    write(root.path(), "templates/languages/DE.toml", "mine");
    write(root.path(), "templates/languages/EN.toml", " \n\n");
    write(root.path(), "templates/languages/fi.toml", "");
    assert_eq!(
        texts(&project.languages()),
        pairs(&[
            // By the built-in file's name: a prompt is called so.
            ("de.toml", "mine"),
            ("fi.toml", ""),
            ("sr-latn.toml", "Serbian")
        ])
    );
    // Only what takes a built-in file's place leaves something out.
    let left_out = project.left_out_files();
    assert_eq!(left_out, [root.path().join("templates/languages/EN.toml")]);
}

#[test]
fn a_language_has_one_file_in_whatever_letters() {
    let root = tempfile::tempdir().unwrap();
    let project = project(root.path());
    let file = |code: &str| project.language(&code.to_owned().try_into().unwrap());
    let said = |code: &str| {
        let file = file(code);
        (file.shown(), project.relative(&file), file.text().unwrap())
    };
    let built_in = |code: &str, name: &str, text: &str| {
        let shown = format!("{name} (built in)").into();
        assert_eq!(said(code), (shown, name.to_owned(), text.to_owned()));
    };
    built_in("de", "templates/languages/de.toml", "German");
    built_in("sr-Latn", "templates/languages/sr-latn.toml", "Serbian");
    write(root.path(), "templates/languages/SR-Latn.toml", "mine");
    let name = "templates/languages/SR-Latn.toml";
    let path = root.path().join(name);
    assert_eq!(said("sr-latn"), (path, name.to_owned(), "mine".to_owned()));
    assert!(!file("fi").exists() && !file("sr-latn").is_built_in());
    assert_eq!(
        file("fi").shown(),
        root.path().join("templates/languages/fi.toml")
    );

    write(root.path(), "templates/languages/en.toml", "\n");
    assert!(file("en").is_left_out() && file("en").exists() && !file("en").is_present());
    assert!(!file("de").is_left_out() && file("de").is_present());
}

/// What is there and cannot be read is an error, and not a reason to take the built-in file.
#[test]
fn a_file_that_cannot_be_read_is_not_passed_over() {
    let root = tempfile::tempdir().unwrap();
    let project = project(root.path());
    fs::create_dir_all(root.path().join("experiments/datasets.toml")).unwrap();
    assert!(project.experiment().text().is_err());
    let languages = root.path().join("templates/languages");
    fs::create_dir_all(&languages).unwrap();
    std::os::unix::fs::symlink("gone", languages.join("de.toml")).unwrap();
    let german = project.languages().join("de.toml");
    assert!(german.text().is_err() && !german.is_built_in());
    fs::write(languages.join("en.toml"), b"\xff").unwrap();
    let error = project.languages().join("en.toml").text().unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::InvalidData);

    // A file stands where the folder would be.
    let root = tempfile::tempdir().unwrap();
    write(root.path(), "experiments", "mine");
    let experiment = self::project(root.path()).experiment();
    assert!(experiment.text().is_err() && !experiment.is_built_in());
}

#[test]
fn a_path_that_is_named_has_nothing_built_in() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("templates/languages");
    assert!(ProjectPath::from(&path).entries().is_err());
    let file = ProjectPath::from(path.join("de.toml"));
    assert!(!file.exists() && file.text().is_err());
    assert_eq!(file.shown(), path.join("de.toml"));
}

#[test]
fn a_folder_without_built_in_files_has_its_own() {
    let root = tempfile::tempdir().unwrap();
    let project = Project::at(root.path());
    assert!(project.languages().entries().is_err());
    write(root.path(), "templates/languages/en.toml", "");
    // Empty, and in nobody's place.
    assert_eq!(texts(&project.languages()), pairs(&[("en.toml", "")]));
    assert!(!project.languages().join("en.toml").is_left_out());
}

/// A folder with everything, as the source has it: what is deleted there is meant to be gone.
#[test]
fn a_whole_project_lists_its_languages_itself() {
    let root = tempfile::tempdir().unwrap();
    for folder in ["sparql", "experiments"] {
        fs::create_dir_all(root.path().join(folder)).unwrap();
    }
    let part = project(root.path());
    assert!(!part.is_whole() && texts(&part.languages()).len() == 3);
    write(root.path(), "templates/languages/en.toml", "mine");
    let whole = project(root.path());
    assert!(whole.is_whole());
    assert_eq!(texts(&whole.languages()), pairs(&[("en.toml", "mine")]));
    let german = LanguageCode::try_from("de".to_owned()).unwrap();
    assert!(!whole.language(&german).exists());
    // Single files are read from the program all the same.
    assert_eq!(whole.experiment().text().unwrap(), "seed");
}
