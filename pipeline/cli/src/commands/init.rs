//! `clika init`: the built-in files, to edit.

use super::{Failure, print};
use crate::{built_in::BUILT_IN, project};
use clika_base::files::{ArtifactError, replace_file};
use miette::Diagnostic;
use serde_json::json;
use std::path::{Path, PathBuf};

/// Writes the built-in files into a folder: languages, prompts, formats, items, queries, the snapshot, experiments, the
/// paper's numbers. clika reads those instead of its own when it runs there, or with --project DIR.
#[derive(clap::Args)]
pub struct Args {
    /// The folder [default: that of --project, or the current one]
    dir: Option<PathBuf>,
    /// Overwrite files that differ from the built-in ones.
    #[arg(long)]
    force: bool,
    /// Print one JSON object instead of a summary.
    #[arg(long)]
    json: bool,
}

/// A folder is named twice.
#[derive(Debug, thiserror::Error, Diagnostic)]
#[error("two folders are named: by --project or CLIKA_PROJECT, and as the one to write to")]
#[diagnostic(help("leave one of them out"))]
struct TwoFolders;

/// Runs the command.
pub fn run(args: &Args, project: Option<&Path>) -> Result<(), Failure> {
    let folder = match (args.dir.as_deref(), project) {
        (Some(_), Some(_)) => return Err(TwoFolders.into()),
        (Some(folder), None) | (None, Some(folder)) => folder,
        (None, None) => Path::new("."),
    };
    let project = project::in_folder(folder);
    let (mut missing, mut unchanged, mut differing) = (Vec::new(), Vec::new(), Vec::new());
    for name in (BUILT_IN.names)() {
        let file = project.file(&name);
        let content = (BUILT_IN.content)(&name).expect("a file that is listed is embedded");
        match file.own() {
            None => missing.push((file.on_disk().to_owned(), content)),
            Some(path) => {
                let own = std::fs::read(&path).map_err(ArtifactError::read(&path))?;
                if own == *content {
                    unchanged.push(path);
                } else {
                    differing.push((path, content));
                }
            }
        }
    }
    let mut kept = Vec::new();
    let mut overwritten = Vec::new();
    let mut written = missing;
    for (path, content) in differing {
        if args.force {
            overwritten.push(path.clone());
            written.push((path, content));
        } else {
            kept.push(path);
        }
    }
    for (path, content) in &written {
        replace_file(path, content)?;
    }
    let written: Vec<_> = written.into_iter().map(|(path, _)| path).collect();
    if args.json {
        let object = json!({
            "folder": folder,
            "written": written,
            "overwritten": overwritten,
            "kept": kept,
            "unchanged": unchanged,
        });
        return print(&format!("{object}\n"));
    }
    for (files, said) in [
        (
            &kept,
            "differ from the built-in ones and were kept (--force overwrites them)",
        ),
        (
            &overwritten,
            "differed from the built-in ones and were overwritten",
        ),
    ] {
        if !files.is_empty() {
            let files: String = files
                .iter()
                .map(|file| format!("\n   {}", file.display()))
                .collect();
            eprintln!("note: these files {said}:{files}");
        }
    }
    let there = match unchanged.len() {
        0 => String::new(),
        count => format!(", {count} were there already"),
    };
    let files = match written.len() {
        1 => "file",
        _ => "files",
    };
    print(&format!(
        "wrote {} {files} to {}{there}\n\
         Edit templates/ for languages, prompts and formats, experiments/ for sizes and seeds. `clika init` writes a file again\n\
         that was deleted. A language whose file is deleted is left out; other files are then read from the program.\n",
        written.len(),
        folder.display(),
    ))
}
