//! `clika finetune`: a model is taught a fictional world, and asked what crossed to another language.

mod settings;
mod world;

use super::{
    Failure,
    api::file_name,
    demo,
    fictional::{WorldShape, code},
    interrupt,
    model::ModelArgs,
    named::named,
    print,
    template::TemplateArgs,
};
use crate::progress::ProgressOptions;
use clika_base::types::{LanguageCode, Progress};
use clika_base::{Project, ProjectPath};
use clika_datasets::{Control, FictionalConfig};
use clika_evaluate::LocalModel;
use clika_finetune::{
    AnswerMethods, DEMO_FORMAT, DemoConfig, Experiment, FinetuneConfig, FinetuneError,
    LanguagePair, WorldSource, demo_language_pairs, finetune, language_pairs,
};
use clika_lm::{Device, InferenceMode, Workload, report_memory};
use clika_network::hub::ModelFolder;
use serde_json::json;
use settings::SettingArgs;
use std::path::PathBuf;

/// Teaches a model a fictional world and measures what crosses to another language: adapters, the gate of what it has to
/// know, XRR with intervals. A run that was interrupted or killed continues from its last checkpoint.
#[derive(clap::Args)]
pub struct Args {
    /// The model: a folder, a GGUF file, a hub id (org/name, org/name@revision, org/name:Q4_K_M), or `demo`, which is made on first use
    #[arg(long, value_name = "MODEL")]
    model: String,
    /// The languages to cross to, such as de,zh; a training for each [default: all that the world has]
    #[arg(long, value_name = "CODES", value_delimiter = ',', value_parser = code)]
    languages: Vec<LanguageCode>,
    /// A world that `clika datasets fictional` built [default: one is drawn, as the experiment file of the datasets says]
    #[arg(long, value_name = "DIR")]
    world: Option<PathBuf>,
    /// Decides the draws of the world [default: the seed of the datasets' experiment file]
    #[arg(long, value_name = "NUMBER", conflicts_with = "world")]
    world_seed: Option<u64>,
    /// Controls to run as well: alias and cognate are worlds of their own, random-label is a further test.
    #[arg(
        long = "control",
        value_name = "NAMES",
        value_parser = named::<Control>(),
        value_delimiter = ','
    )]
    controls: Vec<Control>,
    /// Ask with this adapter instead of training one, from clika or PEFT, for one language.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["strategy", "seeds"])]
    adapter: Option<PathBuf>,
    /// Write the model with the adapter merged into its weights, too.
    #[arg(long)]
    merge: bool,
    /// The experiment file [default: experiments/finetune.toml of the project, demo.toml for the demo]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Where adapters, answers and results go [default: artifacts/finetune/<model>]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// How a prompt is wrapped: a file of templates/formats, or `own` for the model's chat template [default: by the model's name, templates/formats/models.toml]
    #[arg(long, value_name = "NAME")]
    format: Option<String>,
    #[command(flatten)]
    template: TemplateArgs,
    /// Print the results as one JSON object instead of the report.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    model_args: ModelArgs,
    #[command(flatten)]
    settings: SettingArgs,
    #[command(flatten)]
    shape: WorldShape,
}

impl Args {
    /// What the world is like that would be taught.
    pub fn world(&self, project: &Project) -> Result<FictionalConfig, Failure> {
        Ok(world::source(self, None, project)?.config().clone())
    }
}

/// Runs the command.
pub fn run(args: &Args, project: &Project, shown: ProgressOptions) -> Result<(), Failure> {
    // First what fails fast.
    let demo = demo::is_meant(&args.model)
        .then(|| demo::read(args.config.as_deref(), project))
        .transpose()?;
    let config = match &demo {
        Some((_, config)) => config.clone(),
        None => {
            let named = args.config.as_ref().map(ProjectPath::from);
            FinetuneConfig::read(&named.unwrap_or_else(|| project.finetune_experiment()))?
        }
    };
    let mut config = args.settings.resolve(config)?;
    config.answers.template_vars = args.template.resolve(&config.answers.template_vars)?;
    let demo = demo.map(|(demo, _)| demo);
    let world = world::source(args, demo.as_ref(), project)?;
    let languages = match &demo {
        Some(demo) if args.languages.is_empty() => &demo.languages,
        Some(_) | None => &args.languages,
    };
    let pairs = pairs(args, languages, demo.as_ref(), &world, project)?;
    let device = args.model_args.device()?;
    let progress = shown.progress();
    let stop = interrupt::flag();
    let located = match &demo {
        Some(demo) => demo::locate(demo, languages, &world, project, stop, progress.as_ref())?,
        None => args.model_args.locate(&args.model, progress.as_ref())?,
    };
    let format = args.format.as_deref();
    let format = format.or(demo.as_ref().map(|_| DEMO_FORMAT));
    let model = load(
        args,
        &located,
        (format, &project.formats()),
        &device,
        &config,
        progress.as_ref(),
    )?;
    let out = match &args.out {
        Some(out) => out.clone(),
        None => project.finetune().join(file_name(&located.name)),
    };
    let experiment = Experiment {
        model: &model,
        name: &located.name,
        base: &args.model,
        revision: located.revision.as_deref(),
        folder: &located.folder,
        config: &config,
        adapter: args.adapter.as_deref(),
        merge: args.merge,
    };
    let results = match finetune(&experiment, &pairs, &out, stop, progress.as_ref()) {
        Err(FinetuneError::Stopped) => {
            return Err(Failure::Interrupted(
                "interrupted; what was trained is kept: run the command again to continue"
                    .to_owned(),
            ));
        }
        results => results?,
    };
    if args.json {
        let object = json!({ "folder": out, "results": results });
        return print(&format!("{object}\n"));
    }
    print(&format!(
        "{}\nwrote {}\n",
        results.markdown(),
        out.display()
    ))
}

/// The worlds to teach, one for each language and control.
fn pairs(
    args: &Args,
    languages: &[LanguageCode],
    demo: Option<&DemoConfig>,
    world: &WorldSource,
    project: &Project,
) -> Result<Vec<LanguagePair>, Failure> {
    let pairs = match demo {
        Some(demo) => {
            let controls = if args.controls.is_empty() {
                &demo.controls
            } else {
                &args.controls
            };
            demo_language_pairs(world, languages, controls, project)?
        }
        None => language_pairs(world, languages, &args.controls, project)?,
    };
    if args.adapter.is_some() && pairs.len() > 1 {
        return Err(FinetuneError::Setting {
            problem: format!(
                "--adapter was trained for one language, and there are {}: name it with --languages",
                pairs.len()
            ),
        }
        .into());
    }
    Ok(pairs)
}

/// The model, after a report of the memory that it will take.
fn load(
    args: &Args,
    located: &ModelFolder,
    format: (Option<&str>, &ProjectPath),
    device: &Device,
    config: &FinetuneConfig,
    progress: &dyn Progress,
) -> Result<LocalModel, Failure> {
    report_memory(
        &located.folder,
        device,
        args.model_args.dtype(),
        &workloads(args, config),
        progress,
    )?;
    let mut model = LocalModel::load(
        &located.folder,
        &located.name,
        format,
        device,
        args.model_args.dtype(),
        progress,
    )?;
    model.set_variables(&config.answers.template_vars)?;
    match config.answers.modes {
        AnswerMethods::Free | AnswerMethods::Both => model.note_generation_ignored(progress),
        AnswerMethods::Ranking => {}
    }
    Ok(model)
}

/// The workloads of the command, one after the other: training, and then answers, for which all choices have logits.
fn workloads(args: &Args, config: &FinetuneConfig) -> Vec<Workload> {
    let answers = Workload::Inference {
        batch_tokens: config.answers.batch_tokens,
        mode: match config.answers.modes {
            AnswerMethods::Free => InferenceMode::Generation,
            AnswerMethods::Ranking | AnswerMethods::Both => InferenceMode::Scoring,
        },
    };
    let training = args.adapter.is_none().then(|| Workload::Training {
        config: config.training(0),
        // The next run begins from it.
        keeps_base: true,
    });
    training.into_iter().chain([answers]).collect()
}
