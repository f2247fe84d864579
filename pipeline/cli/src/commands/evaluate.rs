//! `clika evaluate`: a remote model on the datasets.

use super::{
    Failure,
    api::{ApiArgs, usage},
    print, progress, runtime,
};
use clika_api::{ApiError, OpenAi, Secret};
use clika_artifacts::Manifest;
use clika_core::{LanguageCode, Task};
use clika_datasets::Project;
use clika_evaluate::{
    Api, Constraint, EvaluateError, Mode, Set, Settings, Wish, evaluate, languages, read_dataset,
};
use clika_metrics::Answer;
use clika_predictions::{Collection, Key, Prediction};
use clika_templates::load_prompt;
use serde_json::{Map, Value, json};
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

/// Scores a model behind an OpenAI-compatible endpoint (OpenAI, vLLM, llama.cpp, Ollama) on the
/// multiple-choice datasets, and writes predictions that `reproduce` and `compare` read.
#[derive(clap::Args)]
pub struct Args {
    /// The datasets [default: all that are built]
    #[arg(value_name = "TASK", value_parser = task)]
    tasks: Vec<Task>,
    /// The endpoint, an address that ends in /v1.
    #[arg(long, value_name = "URL", env = "CLIKA_LLM_ENDPOINT")]
    endpoint: String,
    /// The model, as the endpoint names it.
    #[arg(long, value_name = "MODEL")]
    model: String,
    /// The model's name in the predictions [default: as the endpoint names it]
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// The environment variable that holds the key [default: OPENAI_API_KEY for api.openai.com, else CLIKA_API_KEY]
    #[arg(long, value_name = "VARIABLE")]
    key_variable: Option<String>,
    /// Only these languages, such as en,de.
    #[arg(long, value_name = "CODES", value_delimiter = ',')]
    languages: Vec<String>,
    /// Only the first items of each dataset, to try things out.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    limit: Option<u32>,
    /// The prompt: a file of templates/prompts.
    #[arg(long, value_name = "NAME", default_value = "paper")]
    prompt: String,
    /// The interface [default: completions where the endpoint has them, else chat]
    #[arg(long, value_enum)]
    api: Option<ApiName>,
    /// How answers are kept to the options [default: the best that the endpoint has]
    #[arg(long, value_enum)]
    constraint: Option<ConstraintName>,
    /// Token ids of the letters A, B, …, for --constraint logit-bias.
    #[arg(long, value_name = "IDS", value_delimiter = ',')]
    letter_tokens: Vec<u32>,
    /// Tokens of an answer in free text; reasoning models need more.
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..))]
    max_tokens: u32,
    /// Further fields of every request, as a JSON object; null takes a field away.
    #[arg(long, value_name = "JSON", value_parser = fields)]
    fields: Option<Fields>,
    /// Where the datasets are [default: artifacts/datasets of the project]
    #[arg(long, value_name = "DIR")]
    datasets: Option<PathBuf>,
    /// Where the predictions go [default: artifacts/predictions of the project]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Print one JSON object instead of a table.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    api_args: ApiArgs,
}

/// [`Api`] as the command line spells it.
#[derive(Clone, Copy, clap::ValueEnum)]
enum ApiName {
    /// The model continues the prompt
    Completions,
    /// The prompt is a message
    Chat,
}

/// [`Constraint`] as the command line spells it.
#[derive(Clone, Copy, clap::ValueEnum)]
enum ConstraintName {
    /// Log-probabilities of the letters
    Logprobs,
    /// vLLM's guided_choice
    GuidedChoice,
    /// vLLM's structured_outputs
    StructuredOutputs,
    /// logit_bias, with --letter-tokens
    LogitBias,
    /// response_format with a JSON schema
    JsonSchema,
    /// None: the answer is read out of free text
    Free,
}

#[derive(Clone)]
struct Fields(Map<String, Value>);

fn fields(text: &str) -> Result<Fields, String> {
    match serde_json::from_str(text) {
        Ok(Value::Object(map)) => Ok(Fields(map)),
        Ok(_) => Err("expected a JSON object such as {\"seed\": 1}".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

fn task(name: &str) -> Result<Task, String> {
    Task::ALL
        .into_iter()
        .find(|task| task.name() == name)
        .ok_or_else(|| {
            let known: Vec<_> = Task::ALL.iter().map(|task| task.name()).collect();
            format!("no such task; there are {}", known.join(", "))
        })
}

/// Runs the command.
pub fn run(args: &Args, project: &Project, quiet: bool) -> Result<(), Failure> {
    let datasets = args.datasets.clone().unwrap_or_else(|| project.datasets());
    let out = args.out.clone().unwrap_or_else(|| project.predictions());
    let settings = Settings {
        prompt: load_prompt(&project.prompts(), &args.prompt)?,
        wish: args.wish(),
    };
    let sets = sets(args, &datasets)?;
    let model = open_ai(
        &args.api_args,
        &args.endpoint,
        &args.model,
        args.key_variable.as_deref(),
        project,
    )?;
    let progress = progress(quiet);
    let runtime = runtime();
    let answered = runtime.block_on(async {
        tokio::select! {
            answered = evaluate(&model, &settings, &sets, progress.as_ref()) => {
                answered.map_err(Failure::from)
            }
            _ = tokio::signal::ctrl_c() => Err(Failure::Interrupted(
                "interrupted; the answers so far are kept: run the command again to go on".to_owned(),
            )),
        }
    });
    let used = usage(&args.model, &model.totals());
    if !quiet {
        eprintln!("{used}");
    }
    let (mode, predictions) = answered?;
    let name = args.name.as_ref().unwrap_or(&args.model);
    let described = args.describe(mode, &model.base(), &settings);
    save(name, &sets, &predictions, &described, &datasets, &out)?;
    let rows: Vec<_> = sets
        .iter()
        .zip(&predictions)
        .map(|(set, predictions)| Row::of(set, predictions))
        .collect();
    if args.json {
        let object = json!({
            "model": name,
            "mode": mode,
            "usage": model.totals(),
            "predictions": out,
            "scores": rows.iter().map(Row::json).collect::<Vec<_>>(),
        });
        return print(&format!("{object}\n"));
    }
    let Mode { api, constraint } = mode;
    let interface = match api {
        Api::Completions => "completions",
        Api::Chat => "chat",
    };
    let mut text = format!(
        "asked by {interface}, {}, prompt `{}`\n\n| task | language | items | accuracy | invalid |\n|---|---|---|---|---|\n",
        constraint.name(),
        args.prompt
    );
    text.extend(rows.iter().map(Row::markdown));
    print(&(text + &format!("\nwrote {}\n", out.display())))
}

/// A model at an endpoint, with a cache of its own.
pub fn open_ai(
    args: &ApiArgs,
    endpoint: &str,
    model: &str,
    key_variable: Option<&str>,
    project: &Project,
) -> Result<OpenAi, Failure> {
    let url = clika_http::address(endpoint).ok_or_else(|| ApiError::Url {
        url: endpoint.to_owned(),
    })?;
    let host = url.host_str().unwrap_or("");
    // An OpenAI key goes to OpenAI, and nowhere else unless the user says so.
    let variable = key_variable.unwrap_or(if host == "api.openai.com" {
        "OPENAI_API_KEY"
    } else {
        "CLIKA_API_KEY"
    });
    let key = Secret::from_env(&[variable]);
    let place = match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    };
    let service = args.service(
        &format!("{model} at {place}"),
        &format!("{place}-{model}"),
        project,
    )?;
    Ok(OpenAi::new(
        service,
        endpoint,
        model,
        key.as_ref(),
        variable,
    )?)
}

/// The items of every dataset and language that was asked for.
fn sets(args: &Args, datasets: &Path) -> Result<Vec<Set>, Failure> {
    let tasks = if args.tasks.is_empty() {
        let built = |task: &Task| datasets.join(task.name()).is_dir();
        Task::ALL.into_iter().filter(built).collect()
    } else {
        args.tasks.clone()
    };
    if tasks.is_empty() {
        return Err(EvaluateError::NoDataset {
            folder: datasets.to_owned(),
            task: Task::XGeo,
        }
        .into());
    }
    let mut sets = Vec::new();
    for task in tasks {
        let folder = datasets.join(task.name());
        let there = languages(task, &folder)?;
        let wanted: Vec<LanguageCode> = if args.languages.is_empty() {
            there
        } else {
            let wanted = args.languages.iter().map(|code| {
                let known = there.iter().find(|known| known.as_str() == code);
                known.cloned().ok_or_else(|| EvaluateError::Dataset {
                    path: folder.clone(),
                    problem: format!("it has no language `{code}`"),
                })
            });
            wanted.collect::<Result<_, _>>()?
        };
        for language in wanted {
            let mut questions = read_dataset(task, &folder, &language)?;
            if let Some(limit) = args.limit {
                questions.truncate(limit as usize);
            }
            sets.push(Set {
                task,
                language,
                questions,
            });
        }
    }
    Ok(sets)
}

impl Args {
    fn wish(&self) -> Wish {
        Wish {
            api: self.api.map(|api| match api {
                ApiName::Completions => Api::Completions,
                ApiName::Chat => Api::Chat,
            }),
            constraint: self.constraint.map(|constraint| match constraint {
                ConstraintName::Logprobs => Constraint::Logprobs,
                ConstraintName::GuidedChoice => Constraint::GuidedChoice,
                ConstraintName::StructuredOutputs => Constraint::StructuredOutputs,
                ConstraintName::LogitBias => Constraint::LogitBias,
                ConstraintName::JsonSchema => Constraint::JsonSchema,
                ConstraintName::Free => Constraint::Free,
            }),
            letter_tokens: self.letter_tokens.clone(),
            max_tokens: self.max_tokens,
            fields: self
                .fields
                .as_ref()
                .map_or_else(Map::new, |Fields(fields)| fields.clone()),
        }
    }

    /// Everything that moves a score, for the manifest.
    fn describe(&self, mode: Mode, endpoint: &str, settings: &Settings) -> Value {
        json!({
            "endpoint": endpoint,
            "endpoint_model": self.model,
            "api": mode.api,
            "constraint": mode.constraint,
            "prompt": self.prompt,
            "prompt_instruction": settings.prompt.question.instruction,
            "max_tokens": self.max_tokens,
            "letter_tokens": self.letter_tokens,
            "fields": settings.wish.fields,
            "temperature": 0,
            "limit": self.limit,
        })
    }
}

/// Writes predictions beside those of other tasks and languages that the model has already.
fn save(
    name: &str,
    sets: &[Set],
    predictions: &[Vec<Prediction>],
    described: &Value,
    datasets: &Path,
    out: &Path,
) -> Result<(), Failure> {
    let mut collection = Collection::read_model(out, name)?;
    for (set, predictions) in sets.iter().zip(predictions) {
        let ids: BTreeSet<_> = predictions.iter().map(|p| &p.item_id).collect();
        // Older predictions of a task stay only if they are on the same items.
        let stale: Vec<Key> = collection
            .iter()
            .filter(|(key, older)| {
                key.task == set.task
                    && older.iter().map(|p| &p.item_id).collect::<BTreeSet<_>>() != ids
            })
            .map(|(key, _)| key.clone())
            .collect();
        for key in stale {
            eprintln!(
                "note: {} in {} was on other items and is replaced or removed",
                key.task, key.language
            );
            collection.remove(&key);
        }
        let key = Key {
            model: name.to_owned(),
            task: set.task,
            language: set.language.clone(),
        };
        let mut run = described.clone();
        let manifest = Manifest::read(&datasets.join(set.task.name()))?;
        run["dataset"] = json!(manifest.map(|manifest| manifest.fingerprint));
        collection.remove(&key);
        collection.describe(key.clone(), run);
        collection.insert(key, predictions.clone());
    }
    Ok(collection.write(out)?)
}

/// A line of the table.
struct Row<'a> {
    set: &'a Set,
    right: usize,
    invalid: usize,
    items: usize,
}

impl<'a> Row<'a> {
    fn of(set: &'a Set, predictions: &[Prediction]) -> Self {
        let count = |of: fn(&Prediction) -> bool| predictions.iter().filter(|p| of(p)).count();
        Self {
            set,
            right: count(|prediction| prediction.judged().is_right()),
            invalid: count(|prediction| prediction.answer == Answer::Invalid),
            items: predictions.len(),
        }
    }

    fn markdown(&self) -> String {
        format!(
            "| {} | {} | {} | {:.3} | {} |\n",
            self.set.task,
            self.set.language,
            self.items,
            self.right as f64 / self.items as f64,
            self.invalid
        )
    }

    fn json(&self) -> Value {
        json!({
            "task": self.set.task,
            "language": self.set.language,
            "items": self.items,
            "right": self.right,
            "invalid": self.invalid,
        })
    }
}
