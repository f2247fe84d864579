//! `clika language`: a language's file is written, checked and explained.

mod check;
mod new;
mod show;

use super::Failure;
use clap::Subcommand;
use clika_base::cldr::usual_spelling;
use clika_base::types::LanguageCode;
use clika_base::{Project, ProjectPath};
use miette::Diagnostic;

/// Writes a new language's file, checks languages, and shows what is known about one.
#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Write templates/languages/CODE.toml, with what Unicode's CLDR knows and empty places to fill in.
    New(new::Args),
    /// Say what each dataset has of a language, what is missing, and what looks wrong.
    Check(check::Args),
    /// Show what is known about a language, and where each value comes from.
    Show(show::Args),
}

/// Runs the command.
pub fn run(args: &Args, project: &Project) -> Result<(), Failure> {
    match &args.command {
        Command::New(args) => new::run(args, project),
        Command::Check(args) => check::run(args, project),
        Command::Show(args) => show::run(args, project),
    }
}

/// A text that is no language's code.
#[derive(Debug, thiserror::Error, Diagnostic)]
#[error("`{code}` is not a language code")]
#[diagnostic(help(
    "use a code of BCP 47, in any case: a language (de, fil), perhaps with its script (sr-Latn) or country (pt-BR)"
))]
struct NoCode {
    code: String,
}

/// A language's code in its usual spelling, for clap.
fn code(text: &str) -> Result<String, NoCode> {
    let is_code = |code: &String| LanguageCode::try_from(code.clone()).is_ok();
    usual_spelling(text).filter(is_code).ok_or_else(|| NoCode {
        code: text.to_owned(),
    })
}

/// The file of a language whose code is written in any case, if there is one.
fn existing(project: &Project, code: &str) -> Option<ProjectPath> {
    let code = LanguageCode::try_from(code.to_owned()).ok()?;
    let is_there = |file: &ProjectPath| file.exists() && !file.is_left_out();
    Some(project.language(&code)).filter(is_there)
}
