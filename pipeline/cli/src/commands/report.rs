//! `clika report`: everything that was measured, as one page and as files for a paper.

use super::{Failure, UncertaintyArgs, print};
use crate::progress::ProgressOptions;
use clika_audit::BackgroundFacts;
use clika_base::Project;
use clika_datasets::{DatasetError, load_languages};
use clika_report::{Inputs, LabelledFolder, experiments_in, read_families, write_report};
use clika_scores::report::Paper;
use std::path::{Path, PathBuf};

/// Writes one page that opens without a network, with figures, tables, every item and where each number comes from; beside
/// it every figure as SVG and every table as CSV, Markdown and LaTeX. Without folders it is of everything in artifacts/.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    clika report\n  \
    clika report --predictions artifacts/predictions --compare base,tuned\n  \
    clika report --predictions letters=runs/letters --predictions texts=runs/texts --finetune LLaMA2-13B=runs/llama2")]
pub struct Args {
    /// A folder of recorded answers: ours, the paper's release, or lm-evaluation-harness' samples; NAME=DIR names it. Repeatable.
    #[arg(long, value_name = "DIR")]
    predictions: Vec<LabelledFolder>,
    /// A folder of `clika finetune`; NAME=DIR says which model of the paper's tables it is. Repeatable.
    #[arg(long, value_name = "DIR")]
    finetune: Vec<LabelledFolder>,
    /// A folder of datasets, for the questions' texts and an audit. Repeatable [default: artifacts/datasets, where there are some]
    #[arg(long, value_name = "DIR")]
    datasets: Vec<LabelledFolder>,
    /// Two models to compare on the same items, such as base,tuned: what the second changed. Repeatable.
    #[arg(long, value_name = "A,B", value_parser = pair)]
    compare: Vec<(String, String)>,
    /// Leave the audit of the datasets out.
    #[arg(long)]
    no_audit: bool,
    /// Where the page and the files go; what lies there is replaced [default: artifacts/report]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Print what was written as one JSON object.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    uncertainty: UncertaintyArgs,
}

/// Two names with a comma between them.
fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once(',') {
        Some((a, b)) if !a.is_empty() && !b.is_empty() && !b.contains(',') => {
            Ok((a.to_owned(), b.to_owned()))
        }
        Some(_) | None => Err("two names with a comma between them".to_owned()),
    }
}

/// Runs the command.
pub fn run(args: &Args, project: &Project, shown: ProgressOptions) -> Result<(), Failure> {
    let everything = [&args.predictions, &args.finetune, &args.datasets]
        .iter()
        .all(|it| it.is_empty());
    let own = |path: PathBuf| -> Vec<LabelledFolder> {
        let found = has_entries(&path).then(|| LabelledFolder::unlabelled(path));
        found.into_iter().collect()
    };
    let (predictions, experiments) = if everything {
        let [ended, others] = experiments_in(&project.finetune())?;
        for folder in others {
            let path = folder.path.display();
            eprintln!("note: {path} is left out: no training there has ended");
        }
        (own(project.predictions()), ended)
    } else {
        (args.predictions.clone(), args.finetune.clone())
    };
    let datasets = if args.datasets.is_empty() {
        own(project.datasets())
    } else {
        args.datasets.clone()
    };
    // Datasets that nobody named are there for their texts.
    let audit = !args.no_audit && (everything || !args.datasets.is_empty());
    let inputs = Inputs {
        predictions: &predictions,
        experiments: &experiments,
        datasets: &datasets,
        compared: &args.compare,
        audit,
        uncertainty: args.uncertainty.resolve(),
        paper: Paper::load(&project.paper())?,
        languages: load_languages(&project.languages()).map_err(DatasetError::from)?,
        families: read_families(&project.families())?,
    };
    let knowledge = || {
        let (languages, queries) = (project.languages(), project.build_queries());
        BackgroundFacts::read(&languages, &queries, &project.snapshot())
    };
    let out = args.out.clone().unwrap_or_else(|| project.report());
    let written = write_report(inputs, &out, &knowledge, shown.progress().as_ref())?;
    if args.json {
        let json = serde_json::to_string_pretty(&written).expect("what was written is plain data");
        return print(&(json + "\n"));
    }
    for notice in &written.notices {
        eprintln!("note: {notice}");
    }
    print(&format!(
        "wrote {}: {} figures, {} tables, {} items\n",
        written.page.display(),
        written.figures.len(),
        written.tables.len(),
        written.items
    ))
}

/// Whether something lies in a folder.
fn has_entries(path: &Path) -> bool {
    std::fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_some())
}
