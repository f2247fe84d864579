//! `clika export`: our datasets in the forms of other programs.

use super::{
    Failure, print,
    shots::{ShotArgs, note},
};
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clika_base::Project;
use clika_base::templates::load_prompt;
use clika_datasets::export::{EXPORTERS, Export, ExportOptions, Exporter, find};
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
    #[arg(value_parser = exporter())]
    format: &'static Exporter,
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

/// The programs by name, with what they get in the help.
fn exporter() -> impl TypedValueParser<Value = &'static Exporter> {
    let names = EXPORTERS
        .iter()
        .map(|it| PossibleValue::new(it.name).help(it.about));
    PossibleValuesParser::new(names).map(|name| {
        let found = EXPORTERS.iter().find(|it| it.name == name);
        *found.expect("clap accepts known names only")
    })
}

/// Exemplars for a program that shows none.
#[derive(Debug, thiserror::Error, Diagnostic)]
#[error("--shots is not for {program}: {reason}")]
#[diagnostic(help("leave --shots out"))]
struct NoExemplars {
    program: &'static str,
    reason: &'static str,
}

/// Runs the command.
pub fn run(args: &Args, project: &Project) -> Result<(), Failure> {
    let datasets = args.datasets.clone().unwrap_or_else(|| project.datasets());
    let datasets = find(&datasets)?;
    let exporter = args.format;
    let name = exporter.name;
    let out = args.out.clone();
    let out = out.unwrap_or_else(|| project.exports().join(name));
    if let Some(reason) = exporter.without_exemplars.filter(|_| args.shots.is_given()) {
        return Err(NoExemplars {
            program: name,
            reason,
        }
        .into());
    }
    let options = ExportOptions {
        prompt: load_prompt(&project.prompts(), &args.prompt)?,
        prompt_name: args.prompt.clone(),
        shots: args.shots.resolve(),
    };
    let Export {
        folder,
        entries,
        exemplars,
    } = (exporter.write)(&datasets, &options, &out)?;
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
