//! `clika language check`: what is missing, and what looks wrong.

use crate::commands::{Failure, print};
use clika_audit::{CheckedLanguage, FileFinding, LanguageCheck, check_languages};
use clika_base::Project;
use miette::Diagnostic;
use std::fmt::Write;

/// Says by dataset what a language's files have and lack, and what looks wrong in them.
#[derive(clap::Args)]
#[command(
    after_help = "Exits with 1 if something is wrong; notes and missing parts are not wrong."
)]
pub struct Args {
    /// The language; without it, all of them.
    code: Option<String>,
    /// Print one JSON object instead of lines.
    #[arg(long)]
    json: bool,
}

/// Something is wrong.
#[derive(Debug, thiserror::Error, Diagnostic)]
#[error("faults in the files of languages: {count}")]
#[diagnostic(help("each is described above, with its file and line"))]
struct Faults {
    count: usize,
}

/// Runs the command.
pub fn run(args: &Args, project: &Project) -> Result<(), Failure> {
    let code = args.code.as_deref().map(super::code).transpose()?;
    let check = check_languages(project, code.as_deref())?;
    print(&if args.json {
        serde_json::to_string_pretty(&check).expect("a check is plain data") + "\n"
    } else {
        text(&check)
    })?;
    match check.wrong() {
        0 => Ok(()),
        count => Err(Faults { count }.into()),
    }
}

fn text(check: &LanguageCheck) -> String {
    let mut out = String::new();
    for language in &check.languages {
        write(&mut out, language).expect("writing to memory succeeds");
    }
    for finding in &check.findings {
        write_finding(&mut out, finding, "").expect("writing to memory succeeds");
    }
    out
}

fn write(out: &mut String, language: &CheckedLanguage) -> std::fmt::Result {
    let CheckedLanguage {
        code, english_name, ..
    } = language;
    let state = if language.loads {
        ""
    } else {
        ", does not load"
    };
    writeln!(out, "{code} ({english_name}{state})")?;
    let complete: Vec<_> = language
        .datasets
        .iter()
        .filter(|parts| parts.missing.is_empty())
        .map(|parts| parts.dataset.as_str())
        .collect();
    if !complete.is_empty() {
        writeln!(out, "  complete: {}", complete.join(", "))?;
    }
    for parts in &language.datasets {
        if !parts.missing.is_empty() {
            writeln!(
                out,
                "  {} lacks {}",
                parts.dataset,
                parts.missing.join(", ")
            )?;
        }
    }
    for finding in &language.findings {
        write_finding(out, finding, "  ")?;
    }
    Ok(())
}

fn write_finding(out: &mut String, finding: &FileFinding, indent: &str) -> std::fmt::Result {
    let FileFinding {
        severity,
        file,
        line,
        problem,
        remedy,
    } = finding;
    let file = file.display();
    writeln!(
        out,
        "{indent}{severity}: {problem}\n{indent}   {file}:{line}"
    )?;
    if !remedy.is_empty() {
        writeln!(out, "{indent}   {remedy}")?;
    }
    Ok(())
}
