//! A model behind an endpoint.

use super::{Args, conflict, results::EvaluationResults, run_plan, sets::sets};
use crate::{
    commands::{
        Failure,
        api::{ApiArgs, usage},
        named::named,
        runtime,
    },
    progress::ProgressOptions,
};
use clika_base::Project;
use clika_base::files::sha256_hex;
use clika_base::templates::{AnswerForm, load_prompt};
use clika_evaluate::{
    Api, Constraint, EvaluationSettings, RemoteAnswers, RequestMode, RequestOptions,
    SCORING_VERSION, evaluate_remote,
};
use clika_network::services::{ApiError, OpenAi, Secret};
use serde_json::{Map, Value, json};

/// How an endpoint is asked.
#[derive(clap::Args)]
#[command(next_help_heading = "Models behind an endpoint")]
pub struct RemoteArgs {
    /// The endpoint, an address that ends in /v1.
    #[arg(long, value_name = "URL", env = "CLIKA_LLM_ENDPOINT")]
    pub(super) endpoint: Option<String>,
    /// The environment variable that holds the key [default: OPENAI_API_KEY for api.openai.com, else CLIKA_API_KEY]
    #[arg(long, value_name = "VARIABLE")]
    key_variable: Option<String>,
    /// The interface [default: completions where the endpoint has them, else chat]
    #[arg(long, value_parser = named::<Api>())]
    api: Option<Api>,
    /// How answers are kept to the options [default: the best that the endpoint has]
    #[arg(long, value_parser = named::<Constraint>())]
    constraint: Option<Constraint>,
    /// Token ids of the letters A, B, …, for --constraint logit-bias.
    #[arg(long, value_name = "IDS", value_delimiter = ',')]
    letter_tokens: Vec<u32>,
    /// Additional fields of every request, as a JSON object; null removes a field.
    #[arg(long, value_name = "JSON", value_parser = fields)]
    fields: Option<RequestFields>,
}

#[derive(Clone)]
struct RequestFields(Map<String, Value>);

fn fields(text: &str) -> Result<RequestFields, String> {
    match serde_json::from_str(text) {
        Ok(Value::Object(map)) => Ok(RequestFields(map)),
        Ok(_) => Err("expected a JSON object such as {\"seed\": 1}".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

/// Evaluates the model `name` at an endpoint.
pub(super) fn run(
    args: &Args,
    endpoint: &str,
    name: &str,
    project: &Project,
    shown: ProgressOptions,
) -> Result<(), Failure> {
    if let Some(option) = args.local.first_given() {
        conflict(&format!(
            "{option} is for models that run here, without --endpoint"
        ));
    }
    let (datasets, out) = args.folders(project);
    let settings = EvaluationSettings {
        prompt: load_prompt(&project.prompts(), &args.prompt)?,
        options: args.remote.options(args.max_tokens()),
        exemplars: args.shots.resolve().map(|_| AnswerForm::Letter),
    };
    let questions = sets(args, &datasets, project, &settings)?;
    let key_variable = args.remote.key_variable.as_deref();
    let model = open_ai(&args.api_args, endpoint, name, key_variable, project)?;
    let described = describe(args, name, &model.base(), &settings)?;
    let plan = run_plan::RunPlan {
        name: args.name.as_deref().unwrap_or(name),
        questions: &questions,
        datasets: &datasets,
        out: &out,
    };
    run_plan::check(&plan, &described)?;
    let progress = shown.progress();
    let runtime = runtime()?;
    let answered = runtime.block_on(async {
        tokio::select! {
            answered = evaluate_remote(&model, &settings, &questions.sets, progress.as_ref()) => {
                answered.map_err(Failure::from)
            }
            _ = tokio::signal::ctrl_c() => Err(Failure::Interrupted(
                "interrupted; the answers so far are kept: run the command again to continue".to_owned(),
            )),
        }
    });
    let used = usage(name, &model.totals());
    if !shown.quiet {
        eprintln!("{used}");
    }
    let RemoteAnswers {
        pilot: way,
        sets: answers,
        model: answering,
    } = answered?;
    let RequestMode { api, constraint } = way.mode;
    let results = EvaluationResults {
        name: args.name.as_deref().unwrap_or(name),
        questions: &questions,
        answers,
        described: {
            let mut described = described;
            described["api"] = json!(way.mode.api);
            described["constraint"] = json!(way.mode.constraint);
            described["letters_after"] = json!(way.separator);
            described["pilot"] = json!(way);
            // Only where it is another, as older predictions do not have it.
            if let Some(answering) = answering.filter(|answering| answering != name) {
                described["served_model"] = json!(answering);
            }
            if let Some(limit) = model.other_limit() {
                described["limited_by"] = json!(limit);
            }
            described
        },
        how: format!("asked by {}, {}", api.name(), constraint.name()),
        fields: json!({ "mode": way, "usage": model.totals() }),
    };
    results.publish(args, &datasets, &out).map(|_| ())
}

/// A model at an endpoint, with a cache of its own.
pub fn open_ai(
    args: &ApiArgs,
    endpoint: &str,
    model: &str,
    key_variable: Option<&str>,
    project: &Project,
) -> Result<OpenAi, Failure> {
    let url = clika_network::http::address(endpoint).ok_or_else(|| ApiError::Url {
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
    let address = clika_network::http::public(&url).to_string();
    let old = format!("{place}-{model}");
    let file = cache_name(&old, &address);
    note_earlier_cache(args, project, (&old, &file), &address);
    let service = args.service(&format!("{model} at {place}"), &file, project)?;
    Ok(OpenAi::new(
        service,
        endpoint,
        model,
        key.as_ref(),
        variable,
    )?)
}

/// The name of the file that keeps an endpoint's answers. The hash is of the whole address, but for a user's name: two
/// servers may stand after one host and port, and letters that a file's name cannot have must not make two of them one.
fn cache_name(place_and_model: &str, address: &str) -> String {
    let hash = sha256_hex(address.trim_end_matches('/'));
    format!("{place_and_model}-{}", &hash[..12])
}

/// Says so if there are answers of an earlier version: they were named by host and port only, so it is unknown
/// which address gave them.
fn note_earlier_cache(args: &ApiArgs, project: &Project, (old, new): (&str, &str), address: &str) {
    let (old, new) = (args.cache_file(old, project), args.cache_file(new, project));
    if old.is_file() && !new.exists() {
        eprintln!(
            "note: {} keeps answers of an earlier version, which did not distinguish the addresses of a host; they \
             are not used. If all are from {address}, rename the file to {}",
            old.display(),
            new.display()
        );
    }
}

impl RemoteArgs {
    /// The first option besides the endpoint that was given.
    pub(super) fn first_given(&self) -> Option<&'static str> {
        let given = [
            (self.key_variable.is_some(), "--key-variable"),
            (self.api.is_some(), "--api"),
            (self.constraint.is_some(), "--constraint"),
            (!self.letter_tokens.is_empty(), "--letter-tokens"),
            (self.fields.is_some(), "--fields"),
        ];
        given
            .into_iter()
            .find_map(|(given, name)| given.then_some(name))
    }

    fn options(&self, max_tokens: u32) -> RequestOptions {
        RequestOptions {
            api: self.api,
            constraint: self.constraint,
            letter_tokens: self.letter_tokens.clone(),
            max_tokens,
            fields: self
                .fields
                .as_ref()
                .map_or_else(Map::new, |RequestFields(fields)| fields.clone()),
        }
    }
}

/// Everything that moves a score, for the manifest; how the endpoint is asked is found out later.
fn describe(
    args: &Args,
    model: &str,
    endpoint: &str,
    settings: &EvaluationSettings,
) -> Result<Value, Failure> {
    let template = settings.template_sha256(|prompt| Ok::<_, Failure>(prompt.to_owned()))?;
    let mut described = json!({
        "endpoint": endpoint,
        "endpoint_model": model,
        "prompt": args.prompt,
        "prompt_instruction": settings.prompt.question.instruction,
        "template_sha256": template,
        "max_tokens": args.max_tokens(),
        "letter_tokens": args.remote.letter_tokens,
        "fields": settings.options.fields,
        "temperature": settings.options.fields.get("temperature").unwrap_or(&json!(0)),
        "scoring_version": SCORING_VERSION,
        "limit": args.limit,
    });
    args.describe_shots(&mut described);
    Ok(described)
}
