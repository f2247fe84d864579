//! `clika datasets`: from the snapshot, from texts and from a seed to Parquet.

use super::{
    ExperimentArgs, Failure,
    fictional::WorldArgs,
    named::{listed, unknown},
    print,
    texts::{TextArgs, TextSource},
};
use crate::progress::ProgressOptions;
use clika_base::Project;
use clika_datasets::{
    BuildOutcome, BuiltDataset, Dataset, DatasetKind, Exception, Task, build_texts,
};
use miette::Diagnostic;
use serde_json::json;
use std::path::PathBuf;

/// Builds the datasets. Without names, all that can be built from what is here: no network, no key, no
/// GPU. A dataset that is named is built, with a download and a translation where it takes them.
#[derive(clap::Args)]
pub struct Args {
    /// The datasets to build [default: all that can be built]
    #[arg(value_name = "DATASET", value_parser = listed(dataset, Dataset::all().map(|it| (it.name, it.content))))]
    datasets: Vec<&'static Dataset>,
    #[command(flatten)]
    experiment: ExperimentArgs,
    /// The slice of Wikidata to build from [default: sparql/snapshot/wikidata.ttl of the project]
    #[arg(long, value_name = "FILE")]
    snapshot: Option<PathBuf>,
    /// Where the datasets go [default: artifacts/datasets]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Build even if nothing has changed.
    #[arg(long)]
    force: bool,
    /// Print the manifests as one JSON object instead of a summary.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    world: WorldArgs,
    #[command(flatten)]
    texts: TextArgs,
}

fn dataset(name: &str) -> Result<&'static Dataset, String> {
    Dataset::named(name).ok_or_else(|| {
        let known: Vec<_> = Dataset::all().map(|it| it.name).collect();
        unknown("dataset", name, &known)
    })
}

/// What became of a dataset: built, or left out.
enum BuildResult {
    Built(Box<BuiltDataset>),
    /// Not built, and why; only where it was not asked for by name.
    LeftOut(&'static Dataset, String),
}

/// Options for a fictional world, where none is built.
#[derive(Debug, thiserror::Error, Diagnostic)]
#[error("options for fictional worlds are given, but no fictional world is built")]
#[diagnostic(help("add `fictional` to the datasets, or leave the options out"))]
struct UnusedOptions;

/// Runs the command.
pub fn run(args: &Args, project: &Project, shown: ProgressOptions) -> Result<(), Failure> {
    let experiment = args.experiment.read(project)?;
    let is_named = |dataset: &Dataset| args.datasets.iter().any(|it| it.name == dataset.name);
    let datasets: Vec<_> = Dataset::all()
        .filter(|dataset| args.datasets.is_empty() || is_named(dataset))
        .collect();
    let has_world = datasets
        .iter()
        .any(|it| matches!(it.kind, DatasetKind::World));
    if args.world.is_given() && !has_world {
        return Err(UnusedOptions.into());
    }
    let snapshot = match &args.snapshot {
        Some(path) => path.into(),
        None => project.snapshot(),
    };
    let out = args.out.clone().unwrap_or_else(|| project.datasets());
    let facts: Vec<Task> = datasets
        .iter()
        .filter_map(|dataset| dataset.task())
        .filter(|task| task.facts().is_some())
        .collect();
    let config = &experiment.datasets;
    let built = clika_datasets::build(&facts, project, &snapshot, config, &out, args.force)?;
    let mut made: Vec<_> = built
        .into_iter()
        .map(|it| BuildResult::Built(Box::new(it)))
        .collect();
    for dataset in datasets {
        let named = is_named(dataset);
        let built = match (&dataset.kind, dataset.task()) {
            (DatasetKind::World, _) => {
                if let Some(why) = args.world.left_out(&experiment, project).filter(|_| !named) {
                    made.push(BuildResult::LeftOut(dataset, why));
                    continue;
                }
                let api = &args.texts.api;
                args.world
                    .build(&experiment, api, project, &out, args.force, shown)?
            }
            (DatasetKind::Texts(_), Some(task)) => {
                match args.texts.find(task, named, &experiment, project, shown)? {
                    TextSource::Texts(parallel, origin) => {
                        build_texts(&parallel, &origin, project, &out, args.force)?
                    }
                    TextSource::Nothing(why) => {
                        made.push(BuildResult::LeftOut(dataset, why));
                        continue;
                    }
                }
            }
            // Built together above.
            (DatasetKind::Facts(_) | DatasetKind::Texts(_), _) => continue,
        };
        made.push(BuildResult::Built(Box::new(built)));
    }
    if args.json {
        let object: serde_json::Map<_, _> = made
            .iter()
            .map(|made| match made {
                BuildResult::Built(built) => {
                    let value = json!({
                        "folder": built.folder,
                        "written": matches!(built.outcome, BuildOutcome::Written(_)),
                        "manifest": built.manifest,
                    });
                    (built.name.clone(), value)
                }
                BuildResult::LeftOut(dataset, why) => {
                    (dataset.name.to_owned(), json!({ "left_out": why }))
                }
            })
            .collect();
        return print(&format!("{}\n", serde_json::Value::Object(object)));
    }
    let lines = made.iter().map(|made| match made {
        BuildResult::Built(built) => summary(built),
        BuildResult::LeftOut(dataset, why) => format!("{}: left out, {why}\n", dataset.name),
    });
    print(&lines.collect::<String>())
}

/// Entries of a list that a summary shows.
const SHOWN: usize = 25;

fn summary(built: &BuiltDataset) -> String {
    let (name, folder) = (&built.name, built.folder.display());
    let report = match &built.outcome {
        BuildOutcome::Written(report) => report,
        BuildOutcome::UpToDate => {
            return format!(
                "{name}: nothing has changed, {folder} is up to date (--force rebuilds it)\n"
            );
        }
    };
    let rows: Vec<_> = report
        .rows
        .iter()
        .map(|(language, rows)| match report.splits.get(language) {
            None => format!("{language} {rows}"),
            Some(splits) => {
                let splits = splits.iter().map(|(split, rows)| format!("{split} {rows}"));
                format!("{language} ({})", splits.collect::<Vec<_>>().join(", "))
            }
        })
        .collect();
    let mut text = format!("{name}: wrote {folder}, rows {}\n", rows.join(", "));
    for (title, entries) in [
        ("exceptions", &report.exceptions),
        ("left out", &report.left_out),
    ] {
        if !entries.is_empty() {
            text += &format!("  {title}:\n");
        }
        for Exception {
            language,
            qid,
            name,
            reason,
        } in entries.iter().take(SHOWN)
        {
            let qid = qid.map_or_else(String::new, |qid| format!(", {qid}"));
            text += &format!("    {name} ({language}{qid}): {reason}\n");
        }
        if entries.len() > SHOWN {
            let rest = entries.len() - SHOWN;
            text += &format!("    and {rest} more, which the manifest lists\n");
        }
    }
    text
}
