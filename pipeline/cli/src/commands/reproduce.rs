//! `clika reproduce`: the paper's tables from recorded predictions.

use super::{Failure, OutputArgs, ReportFormat, UncertaintyArgs, print};
use crate::progress::ProgressOptions;
use clika_base::Project;
use clika_base::files::replace_file;
use clika_scores::predictions::Collection;
use clika_scores::report::{Paper, reproduce};
use std::path::PathBuf;

/// Scores recorded predictions and prints the paper's tables next to the printed values.
#[derive(clap::Args)]
pub struct Args {
    /// Folder of predictions: the paper's release, ours, or lm-evaluation-harness' samples.
    #[arg(long, value_name = "DIR")]
    predictions: PathBuf,
    #[command(flatten)]
    uncertainty: UncertaintyArgs,
    #[command(flatten)]
    output: OutputArgs,
    /// Write tables.md, cells.csv, scores.csv and report.json into this folder as well.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Keep the predictions in clika's own format in this folder, for `clika compare` and others.
    #[arg(long, value_name = "DIR")]
    save: Option<PathBuf>,
}

/// Runs the command.
pub fn run(args: &Args, project: &Project, shown: ProgressOptions) -> Result<(), Failure> {
    let paper = Paper::load(&project.paper())?;
    let collection = Collection::read(&args.predictions)?;
    let reproduction = reproduce(
        &collection,
        &paper,
        &args.uncertainty.resolve(),
        shown.progress().as_ref(),
    );
    let json = serde_json::to_string_pretty(&reproduction).expect("a report is plain data");
    if let Some(folder) = &args.save {
        collection.write(folder)?;
    }
    if let Some(folder) = &args.out {
        for (name, content) in [
            ("tables.md", reproduction.markdown()),
            ("cells.csv", reproduction.csv()),
            ("scores.csv", reproduction.scores_csv()),
            ("report.json", json.clone()),
        ] {
            replace_file(&folder.join(name), content.as_bytes())?;
        }
    }
    print(&match args.output.format() {
        ReportFormat::Markdown => reproduction.markdown(),
        ReportFormat::Csv => reproduction.csv(),
        ReportFormat::Json => json + "\n",
    })
}
