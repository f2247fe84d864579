//! `clika export`: our datasets in the forms of other programs.

use super::{
    Failure, print,
    shots::{ShotArgs, note},
};
use clika_base::Project;
use clika_base::templates::load_prompt;
use clika_datasets::export::{Export, find, llama_factory, lm_eval};
use miette::Diagnostic;
use serde_json::json;
use std::path::PathBuf;

/// Writes datasets in the form that another program reads. The folder stands on its own and may be moved.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  clika export lm-eval
  lm_eval --include_path artifacts/exports/lm-eval --tasks clika_xgeo --model hf --model_args pretrained=…

  clika export llama-factory
  llamafactory-cli train --dataset_dir artifacts/exports/llama-factory --dataset clika_fictional_de …")]
pub struct Args {
    /// The program.
    #[arg(value_enum)]
    format: ExportFormat,
    /// A dataset, or a folder of datasets [default: artifacts/datasets]
    #[arg(value_name = "DIR")]
    datasets: Option<PathBuf>,
    /// Where the export goes [default: artifacts/exports/FORMAT]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// How items with lettered choices are prompted, for lm-eval: a file of templates/prompts.
    #[arg(long, value_name = "NAME", default_value = "paper")]
    prompt: String,
    #[command(flatten)]
    shots: ShotArgs,
    /// Print one JSON object instead of a summary.
    #[arg(long)]
    json: bool,
}

/// A program that reads an export.
#[derive(Clone, Copy, clap::ValueEnum)]
enum ExportFormat {
    /// lm-evaluation-harness: tasks for every multiple-choice set, fictional worlds too
    LmEval,
    /// LLaMA-Factory: fictional worlds to train with
    LlamaFactory,
}

/// Exemplars for what is taught and not asked.
#[derive(Debug, thiserror::Error, Diagnostic)]
#[error(
    "--shots is for lm-eval: LLaMA-Factory gets rows to train with, which show nothing before them"
)]
#[diagnostic(help("leave --shots out"))]
struct NoExemplars;

/// Runs the command.
pub fn run(args: &Args, project: &Project) -> Result<(), Failure> {
    let datasets = args.datasets.clone().unwrap_or_else(|| project.datasets());
    let datasets = find(&datasets)?;
    let name = match args.format {
        ExportFormat::LmEval => "lm-eval",
        ExportFormat::LlamaFactory => "llama-factory",
    };
    let out = args.out.clone();
    let out = out.unwrap_or_else(|| project.exports().join(name));
    if matches!(args.format, ExportFormat::LlamaFactory) && args.shots.is_given() {
        return Err(NoExemplars.into());
    }
    let Export {
        folder,
        entries,
        exemplars,
    } = match args.format {
        ExportFormat::LmEval => {
            let prompt = load_prompt(&project.prompts(), &args.prompt)?;
            lm_eval(&datasets, &prompt, &args.prompt, args.shots.resolve(), &out)?
        }
        ExportFormat::LlamaFactory => llama_factory(&datasets, &out)?,
    };
    for (dataset, plan) in &exemplars {
        let said = match plan {
            Some(plan) => note(dataset, plan),
            None => Some(format!(
                "{dataset}: exported without exemplars, as its questions have no choices with letters"
            )),
        };
        if let Some(said) = said {
            eprintln!("note: {said}");
        }
    }
    if args.json {
        let entries: serde_json::Map<_, _> = entries
            .into_iter()
            .map(|(entry, rows)| (entry, json!(rows)))
            .collect();
        let object = json!({ "folder": folder, "entries": entries });
        return print(&format!("{object}\n"));
    }
    let rows: usize = entries.iter().map(|(_, rows)| rows).sum();
    print(&format!(
        "{name}: wrote {}, {} entries with {rows} rows\n",
        folder.display(),
        entries.len()
    ))
}
