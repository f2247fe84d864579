//! `clika language`: a new file, what a check finds in files that are wrong, and what is known about a language.

#![allow(clippy::unwrap_used)]

mod files;
mod items;
mod new;
#[path = "../program/mod.rs"]
mod program;

use program::{TestProject, text};
use std::fs;

const COPA: &str = "templates/items/xcopa-mini";

/// What a check says, with the project's folder shortened, and its exit code.
fn check(project: &TestProject, code: &str) -> (String, Option<i32>) {
    let output = project
        .command(&["language", "check", code])
        .output()
        .unwrap();
    let folder = project.path("").display().to_string();
    (
        text(&output.stdout).replace(&folder, ""),
        output.status.code(),
    )
}

/// Checks a language of a project that is otherwise sound, with a text of a file replaced, for what has to be said at
/// the line of another text.
fn finds(language: &str, (file, from, to): (&str, &str, &str), at: &str, expected: &str) {
    let project = TestProject::new();
    project.edit(file, from, to);
    let (said, code) = check(&project, language);
    let content = fs::read_to_string(project.path(file)).unwrap();
    let start = content.find(at).unwrap_or_else(|| panic!("no {at}"));
    let line = 1 + content[..start].matches('\n').count();
    let expected = format!("{expected}\n     {file}:{line}\n");
    assert!(said.contains(&expected), "expected {expected}:\n{said}");
    assert_eq!(code, Some(1), "{said}");
}
