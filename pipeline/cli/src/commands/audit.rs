//! `clika audit`: what is wrong with datasets.

use super::{Failure, named::named, print};
use clika_audit::{BackgroundFacts, Severity, audit, markdown};
use clika_base::Project;
use miette::Diagnostic;
use std::path::PathBuf;

/// Looks for defects in datasets: items that are not parallel, leaks, implausible wrong choices, tests
/// that do not fit their training set.
#[derive(clap::Args)]
#[command(
    after_help = "Example, which fails where a score could not mean what it says:\n  \
                        clika audit artifacts/datasets --fail-on error"
)]
pub struct Args {
    /// A dataset, a folder of datasets, or the paper's release or one of its folders.
    path: PathBuf,
    /// Print one JSON object instead of Markdown.
    #[arg(long)]
    json: bool,
    /// Exit with 1 if a finding has this severity or a worse one.
    #[arg(long, value_name = "SEVERITY", value_parser = named::<Severity>().reversed())]
    fail_on: Option<Severity>,
}

/// Findings that --fail-on does not accept.
#[derive(Debug, thiserror::Error, Diagnostic)]
#[error("findings of severity `{severity}` or worse: {count}")]
#[diagnostic(help("each is described above, with the scores that it affects"))]
struct RejectedFindings {
    count: usize,
    severity: Severity,
}

/// Runs the command.
pub fn run(args: &Args, project: &Project) -> Result<(), Failure> {
    let (languages, queries) = (project.languages(), project.build_queries());
    let knowledge = BackgroundFacts::read(&languages, &queries, &project.snapshot())?;
    let audit = audit(&args.path, &knowledge)?;
    print(&if args.json {
        serde_json::to_string_pretty(&audit).expect("an audit is plain data") + "\n"
    } else {
        markdown(&audit)
    })?;
    let Some(severity) = args.fail_on else {
        return Ok(());
    };
    match audit.count(severity) {
        0 => Ok(()),
        count => Err(RejectedFindings { count, severity }.into()),
    }
}
