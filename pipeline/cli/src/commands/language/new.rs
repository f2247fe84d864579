//! `clika language new`: a file to fill in.

use super::existing;
use crate::commands::{Failure, print};
use clika_base::Project;
use clika_base::cldr::LanguageFacts;
use clika_base::files::replace_file;
use clika_base::templates::{TemplateError, load_syllables, new_language};
use clika_datasets::language_sections;
use miette::Diagnostic;
use std::path::PathBuf;

/// Writes a new language's file, with what CLDR knows and empty places to fill in.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  clika language new pt-BR")]
pub struct Args {
    /// The language's code of BCP 47, in any case: fa, sr-Latn, pt-BR.
    code: String,
}

/// There is a file of the language.
#[derive(Debug, thiserror::Error, Diagnostic)]
#[error("{} is there already", path.display())]
#[diagnostic(help("`clika language check {code}` says what it lacks; to begin again, remove it"))]
struct Exists {
    code: String,
    path: PathBuf,
}

/// Runs the command.
pub fn run(args: &Args, project: &Project) -> Result<(), Failure> {
    let code = super::code(&args.code)?;
    let facts = LanguageFacts::of(&code).ok_or_else(|| super::NoCode { code: code.clone() })?;
    if let Some(path) = existing(project, &code) {
        return Err(Exists { code, path }.into());
    }
    let reference = project.languages().join("en.toml");
    let english =
        std::fs::read_to_string(&reference).map_err(|source| TemplateError::Unreadable {
            path: reference.clone(),
            source,
        })?;
    let syllables = load_syllables(&project.fictional())?;
    let path = project.languages().join(format!("{code}.toml"));
    let file = new_language(&facts, &english, &syllables, &language_sections());
    replace_file(&path, file.as_bytes())?;
    if !facts.is_known() {
        eprintln!("note: CLDR does not know the language `{code}`: check the code");
    } else if let Some(preferred) = &facts.preferred {
        eprintln!("note: CLDR calls the language `{preferred}` and not `{code}`");
    }
    let path = path.display();
    print(&format!(
        "wrote {path}\n\
         next:\n\
         \x20 1. Fill in what is empty, and the parts of the datasets that you want.\n\
         \x20 2. clika language check {code}\n\
         \x20 3. For the mini sets, translate the lines of templates/items/xcopa-mini/en.jsonl and xcsqa-mini/en.jsonl\n\
         \x20    into {code}.jsonl beside each, with the same ids and right choices.\n\
         \x20 4. For xGeo and xPeo, `clika snapshot` fetches the labels.\n"
    ))
}
