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

/// The language comes with clika.
#[derive(Debug, thiserror::Error, Diagnostic)]
#[error("clika has the language `{code}`: {}", path.display())]
#[diagnostic(help(
    "`clika language show {code}` shows it; `clika init` writes the built-in files here, where they can be edited"
))]
struct BuiltIn {
    code: String,
    path: PathBuf,
}

/// Runs the command.
pub fn run(args: &Args, project: &Project) -> Result<(), Failure> {
    let code = super::code(&args.code)?;
    let facts = LanguageFacts::of(&code).ok_or_else(|| super::NoCode { code: code.clone() })?;
    if let Some(file) = existing(project, &code) {
        let path = file.shown();
        return Err(if file.is_built_in() {
            BuiltIn { code, path }.into()
        } else {
            Exists { code, path }.into()
        });
    }
    let reference = project.languages().join("en.toml");
    let english = reference
        .text()
        .map_err(|source| TemplateError::Unreadable {
            path: reference.shown(),
            source,
        })?;
    let syllables = load_syllables(&project.fictional())?;
    let file = project.languages().join(format!("{code}.toml"));
    let path = file.on_disk();
    let text = new_language(&facts, &english, &syllables, &language_sections());
    replace_file(path, text.as_bytes())?;
    if !facts.is_known() {
        eprintln!("note: CLDR does not know the language `{code}`: check the code");
    } else if let Some(preferred) = &facts.preferred {
        eprintln!("note: CLDR calls the language `{preferred}` and not `{code}`");
    }
    let path = path.display();
    let init = if reference.is_built_in() {
        " `clika init` writes them here."
    } else {
        ""
    };
    print(&format!(
        "wrote {path}\n\
         next:\n\
         \x20 1. Fill in what is empty, and the parts of the datasets that you want.\n\
         \x20 2. clika language check {code}\n\
         \x20 3. For the mini sets, translate the lines of templates/items/xcopa-mini/en.jsonl and xcsqa-mini/en.jsonl\n\
         \x20    into {code}.jsonl beside each, with the same ids and right choices.{init}\n\
         \x20 4. For xGeo, xPeo and xCountry, `clika snapshot` fetches the labels.\n"
    ))
}
