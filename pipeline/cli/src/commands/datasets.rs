//! `clika datasets`: from the snapshot to Parquet.

use super::{ExperimentArgs, Failure, print};
use clika_core::Task;
use clika_datasets::{Built, Exception, Outcome, Project, TASKS};
use serde_json::json;
use std::path::PathBuf;

/// Builds the Factual datasets: no network, no key, no GPU.
#[derive(clap::Args)]
pub struct Args {
    /// The tasks to build [default: all]
    #[arg(value_name = "TASK", value_parser = task)]
    tasks: Vec<Task>,
    #[command(flatten)]
    experiment: ExperimentArgs,
    /// The slice of Wikidata to build from [default: sparql/snapshot/wikidata.ttl of the project]
    #[arg(long, value_name = "FILE")]
    snapshot: Option<PathBuf>,
    /// Where the datasets go [default: artifacts/datasets of the project]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Build even if nothing has changed.
    #[arg(long)]
    force: bool,
    /// Print the manifests as one JSON object instead of a summary.
    #[arg(long)]
    json: bool,
}

fn task(name: &str) -> Result<Task, String> {
    TASKS
        .into_iter()
        .find(|task| task.name() == name)
        .ok_or_else(|| {
            let known: Vec<_> = TASKS.iter().map(|task| task.name()).collect();
            format!("no such task; there are {}", known.join(", "))
        })
}

/// Runs the command.
pub fn run(args: &Args, project: &Project) -> Result<(), Failure> {
    let experiment = args.experiment.read(project)?;
    let mut tasks = if args.tasks.is_empty() {
        TASKS.to_vec()
    } else {
        args.tasks.clone()
    };
    tasks.sort();
    tasks.dedup();
    let snapshot = args.snapshot.clone().unwrap_or_else(|| project.snapshot());
    let out = args.out.clone().unwrap_or_else(|| project.datasets());
    let built = clika_datasets::build(
        &tasks,
        project,
        &snapshot,
        &experiment.datasets,
        &out,
        args.force,
    )?;
    if args.json {
        let object: serde_json::Map<_, _> = built
            .iter()
            .map(|built| {
                let value = json!({
                    "folder": built.folder,
                    "written": matches!(built.outcome, Outcome::Written(_)),
                    "manifest": built.manifest,
                });
                (built.task.to_string(), value)
            })
            .collect();
        print(&format!("{}\n", serde_json::Value::Object(object)))?;
    } else {
        print(&built.iter().map(summary).collect::<String>())?;
    }
    Ok(())
}

fn summary(built: &Built) -> String {
    let (task, folder) = (built.task, built.folder.display());
    let report = match &built.outcome {
        Outcome::Written(report) => report,
        Outcome::UpToDate => {
            return format!(
                "{task}: nothing has changed, {folder} is up to date (--force builds it anew)\n"
            );
        }
    };
    let rows: Vec<_> = report
        .rows
        .iter()
        .map(|(language, rows)| format!("{language} {rows}"))
        .collect();
    let mut text = format!("{task}: wrote {folder}, rows {}\n", rows.join(", "));
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
        } in entries
        {
            text += &format!("    {name} ({language}, {qid}): {reason}\n");
        }
    }
    text
}
