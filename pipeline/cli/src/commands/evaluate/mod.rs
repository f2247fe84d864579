//! `clika evaluate`: a model on the datasets, one that runs here or one behind an endpoint.

mod local;
mod remote;
mod results;
mod revisions;
mod run_plan;
mod sets;

pub use remote::open_ai;

use super::{
    Failure,
    api::ApiArgs,
    named::{listed, unknown},
    shots::ShotArgs,
};
use crate::progress::ProgressOptions;
use clika_base::Project;
use clika_datasets::Task;
use clika_network::hub::Hub;
use clika_scores::predictions::is_model_name;
use serde_json::{Value, json};
use std::{borrow::Cow, path::PathBuf};

/// Scores models on the multiple-choice datasets, and writes predictions that `reproduce` and `compare` read.
///
/// A model is a folder, a GGUF file, a hub id (org/name, org/name@revision, org/name:Q4_K_M) or `demo`, and runs here; with
/// --endpoint it is one behind an OpenAI-compatible endpoint (OpenAI, vLLM, llama.cpp, Ollama).
#[derive(clap::Args)]
pub struct Args {
    /// The datasets [default: all that are built]
    #[arg(value_name = "DATASET", value_parser = listed(task, Task::all().map(|it| (it.name(), it.dataset().content))))]
    tasks: Vec<Task>,
    /// The model: a folder, a GGUF file, a hub id (org/name, org/name@revision, org/name:Q4_K_M), `demo`, or the endpoint's
    /// name for it; several are loaded in turn.
    #[arg(long = "model", value_name = "MODEL", required = true)]
    models: Vec<String>,
    /// Revisions of the one hub model, such as step1000,step2000: each is evaluated in turn, and one table and a file show
    /// the learning curve.
    #[arg(
        long,
        value_name = "REVISIONS",
        value_delimiter = ',',
        conflicts_with = "endpoint"
    )]
    revisions: Vec<String>,
    /// The file of the learning curve [default: artifacts/learning-curves/MODEL.csv]
    #[arg(long, value_name = "FILE", requires = "revisions")]
    curve: Option<PathBuf>,
    /// The model's name in the predictions [default: as in --model; for a folder, its last part]
    #[arg(long, value_name = "NAME", value_parser = folder_name)]
    name: Option<String>,
    /// Only these languages, such as en,de.
    #[arg(long, value_name = "CODES", value_delimiter = ',')]
    languages: Vec<String>,
    /// Only the first items of each dataset, to try things out.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    limit: Option<u32>,
    #[command(flatten)]
    shots: ShotArgs,
    /// The prompt: a file of templates/prompts.
    #[arg(long, value_name = "NAME", default_value = "paper")]
    prompt: String,
    /// Tokens of an answer in free text; models that think first need more [default: 16, or 1024 where a model that runs here does]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    max_tokens: Option<u32>,
    /// Where the datasets are [default: artifacts/datasets]
    #[arg(long, value_name = "DIR")]
    datasets: Option<PathBuf>,
    /// Where the predictions go [default: artifacts/predictions]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Print one JSON object for each model instead of a table; with --revisions one for each of them, and one for the curve.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    local: local::LocalArgs,
    #[command(flatten)]
    remote: remote::RemoteArgs,
    #[command(flatten)]
    api_args: ApiArgs,
}

fn task(name: &str) -> Result<Task, String> {
    Task::named(name).ok_or_else(|| {
        let known: Vec<_> = Task::all().map(Task::name).collect();
        unknown("dataset", name, &known)
    })
}

/// Runs the command.
pub fn run(args: &Args, project: &Project, shown: ProgressOptions) -> Result<(), Failure> {
    if args.name.is_some() && args.models.len() > 1 {
        conflict("--name names one model, and there are several --model");
    }
    if let (None, Some(option)) = (&args.remote.endpoint, args.remote.first_given()) {
        conflict(&format!(
            "{option} is for models behind an endpoint: name one with --endpoint"
        ));
    }
    for (number, model) in args.models.iter().enumerate() {
        let same = |other: &&String| args.named(other) == args.named(model);
        if let Some(other) = args.models[..number].iter().find(same) {
            conflict(&format!(
                "`{other}` and `{model}` would be `{}` in the predictions: ask them in two commands, with --name",
                args.named(model)
            ));
        }
    }
    if !args.revisions.is_empty() {
        return revisions::run(args, project, shown);
    }
    for model in &args.models {
        match &args.remote.endpoint {
            Some(endpoint) => remote::run(args, endpoint, model, project, shown)?,
            None => local::run(args, model, project, shown)?,
        }
    }
    Ok(())
}

/// A name that a folder of predictions can have.
fn folder_name(text: &str) -> Result<String, String> {
    if is_model_name(text) {
        Ok(text.to_owned())
    } else {
        Err("expected a name that is not empty and does not begin with a dot".to_owned())
    }
}

/// Ends the program as clap does for options that do not fit.
fn conflict(message: &str) -> ! {
    clap::Command::new("clika evaluate")
        .error(clap::error::ErrorKind::ArgumentConflict, message)
        .exit()
}

impl Args {
    /// What a model is called in the predictions: a folder or a GGUF file as [`Hub::local`] calls it.
    fn named<'a>(&self, model: &'a str) -> Cow<'a, str> {
        if self.remote.endpoint.is_some() {
            return Cow::Borrowed(model);
        }
        match Hub::local(model) {
            Ok(Some(located)) => Cow::Owned(located.name),
            // What cannot be found is said where it is loaded.
            Ok(None) | Err(_) => Cow::Borrowed(model),
        }
    }

    /// Tokens of an answer of a model that does not think first.
    fn max_tokens(&self) -> u32 {
        self.max_tokens.unwrap_or(16)
    }

    /// Adds what a run says about its exemplars; nothing where it shows none.
    fn describe_shots(&self, described: &mut Value) {
        if let Some(shots) = self.shots.resolve() {
            described["shots"] = json!(shots);
        }
    }

    fn folders(&self, project: &Project) -> (PathBuf, PathBuf) {
        let datasets = self.datasets.clone().unwrap_or_else(|| project.datasets());
        let out = self.out.clone().unwrap_or_else(|| project.predictions());
        (datasets, out)
    }
}
