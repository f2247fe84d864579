//! A model that runs here.

use super::{
    Args,
    results::{EvaluationResults, SetScore},
    run_plan,
    sets::{PlannedQuestions, sets},
};
use crate::{
    commands::{
        Failure, api::file_name, demo, interrupt, model::ModelArgs, named::named,
        template::TemplateArgs,
    },
    progress::ProgressOptions,
};
use clika_base::templates::{AnswerForm, load_prompt};
use clika_base::types::Progress;
use clika_base::{Project, ProjectPath};
use clika_checkpoint::tokenizer::TemplateVariables;
use clika_evaluate::{
    AnswerMode, EvaluateError, EvaluationSettings, LocalModel, LocalSettings, RequestOptions,
    SCORING_VERSION, SetAnswers, Spacing, Thinking, evaluate_local,
};
use clika_finetune::DEMO_FORMAT;
use clika_lm::{Device, InferenceMode, Workload, report_memory};
use clika_network::hub::ModelFolder;
use clika_network::services::AnswerCache;
use serde_json::{Value, json};
use std::{path::PathBuf, sync::atomic::AtomicBool};

/// How a model that runs here is asked.
#[derive(clap::Args)]
#[command(next_help_heading = "Models that run here")]
pub struct LocalArgs {
    #[command(flatten)]
    model: ModelArgs,
    /// How a prompt is wrapped: a file of templates/formats, or `own` for the model's chat template [default: by the model's name, templates/formats/models.toml]
    #[arg(long, value_name = "NAME")]
    format: Option<String>,
    #[command(flatten)]
    template: TemplateArgs,
    /// An adapter to apply to the model, from clika or PEFT.
    #[arg(long, value_name = "DIR")]
    adapter: Option<PathBuf>,
    /// What the answer is read from [default: letters]
    #[arg(long, value_parser = named::<AnswerMode>())]
    answer: Option<AnswerMode>,
    /// What comes between the prompt and an option [default: as in the format or the prompt's own example]
    #[arg(long, value_parser = named::<Spacing>())]
    spacing: Option<Spacing>,
    /// Score every option at the place of every letter and average, so that no letter is favoured.
    #[arg(long)]
    permute: bool,
    /// Tokens that are run at a time; lower it if memory runs out [default: 2048 for each thread on a processor, 16384 on a GPU]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    batch_tokens: Option<u32>,
}

impl LocalArgs {
    /// The first option that was given, for models behind an endpoint.
    pub(super) fn first_given(&self) -> Option<&'static str> {
        let given = [
            (self.format.is_some(), "--format"),
            (self.template.is_given(), "--template-var"),
            (self.adapter.is_some(), "--adapter"),
            (self.answer.is_some(), "--answer"),
            (self.spacing.is_some(), "--spacing"),
            (self.permute, "--permute"),
            (self.batch_tokens.is_some(), "--batch-tokens"),
        ];
        let given = given
            .into_iter()
            .find_map(|(given, name)| given.then_some(name));
        given.or(self.model.first_given())
    }

    /// How exemplars are answered. Written answers are letters, also where a model that thinks turns out to need them.
    fn answer_form(&self) -> AnswerForm {
        match self.answer {
            Some(AnswerMode::Texts | AnswerMode::TextsPerByte) => AnswerForm::Text,
            Some(AnswerMode::Letters | AnswerMode::Free) | None => AnswerForm::Letter,
        }
    }

    fn settings(&self, max_tokens: u32, device: &Device) -> LocalSettings {
        // Each thread has several parts of a batch, so that none waits long for the last one.
        let default = match device {
            Device::Cpu { threads } => 2048 * threads,
            Device::Cuda { .. } | Device::Vulkan { .. } => 16_384,
        };
        LocalSettings {
            mode: self.answer.unwrap_or(AnswerMode::Letters),
            spacing: self.spacing.unwrap_or(Spacing::Auto),
            permute: self.permute,
            max_tokens: max_tokens as usize,
            batch_tokens: self.batch_tokens.map_or(default, |tokens| tokens as usize),
        }
    }
}

/// Tokens that a thought and its answer get where the user names no number.
const THOUGHT_TOKENS: usize = 1024;

/// How the model begins to think before it answers, if it does where options were to be compared, and how it is asked then.
fn settle_thinking(
    model: &mut LocalModel,
    prompt: &EvaluationSettings,
    questions: &PlannedQuestions,
    settings: &mut LocalSettings,
    args: &Args,
    progress: &dyn Progress,
) -> Result<Option<String>, Failure> {
    if settings.mode == AnswerMode::Free {
        return Ok(None);
    }
    let (thought, then) = match model.settle_thinking(
        prompt,
        &questions.sets,
        settings.batch_tokens,
    )? {
        Thinking::No => return Ok(None),
        Thinking::SwitchedOff { thought } => {
            let then = "it is asked with --template-var enable_thinking=false; with enable_thinking=true, --answer \
                            free reads the answer after the thought"
                    .to_owned();
            (thought, then)
        }
        Thinking::Yes { thought } if args.local.answer.is_some() => {
            let then = "--answer free reads the answer after the thought".to_owned();
            (thought, then)
        }
        Thinking::Yes { thought } => {
            settings.mode = AnswerMode::Free;
            settings.permute = false;
            settings.max_tokens = args.max_tokens.map_or(THOUGHT_TOKENS, |most| most as usize);
            let then = format!(
                "it is asked with --answer free --max-tokens {}, which reads the answer after the thought; --answer \
                     letters compares the letters all the same",
                settings.max_tokens
            );
            (thought, then)
        }
    };
    progress.note(&format!(
        "the model begins with `{thought}`: it thinks before it answers, and its first token is not an option; {then}"
    ));
    Ok(Some(thought))
}

/// The model with its adapter and variables, after a report of the memory that it will take.
fn load(
    args: &LocalArgs,
    located: &ModelFolder,
    format: (Option<&str>, &ProjectPath),
    device: &Device,
    settings: &LocalSettings,
    progress: &dyn Progress,
) -> Result<LocalModel, Failure> {
    let workload = Workload::Inference {
        batch_tokens: settings.batch_tokens,
        mode: match settings.mode {
            AnswerMode::Letters => InferenceMode::NextToken,
            AnswerMode::Texts | AnswerMode::TextsPerByte => InferenceMode::Scoring,
            AnswerMode::Free => InferenceMode::Generation,
        },
    };
    let dtype = args.model.dtype();
    report_memory(&located.folder, device, dtype, &[workload], progress)?;
    let mut model = LocalModel::load(
        &located.folder,
        &located.name,
        format,
        device,
        dtype,
        progress,
    )?;
    let variables = args.template.resolve(&TemplateVariables::new())?;
    model.set_variables(&variables)?;
    if let Some(adapter) = &args.adapter {
        model.attach(adapter)?;
    }
    Ok(model)
}

/// Everything that moves a score, for the manifest.
fn describe(
    args: &Args,
    located: &ModelFolder,
    model: &LocalModel,
    prompt: &EvaluationSettings,
    settings: &LocalSettings,
    thought: Option<String>,
) -> Result<Value, Failure> {
    let variables = model.variables().clone();
    let mut described = json!({
        "model": located.name,
        "revision": located.revision,
        "fingerprint": model.fingerprint,
        "weights_sha256": model.hashes.weights,
        "settings_sha256": model.hashes.settings,
        "adapter": args.local.adapter,
        "adapter_sha256": model.hashes.adapter,
        "device": model.device.to_string(),
        "dtype": model.decoder.dtype().name(),
        "tied": model.decoder.architecture().tied,
        "unused_tensors": model.decoder.unused(),
        "format": model.wrapping.name(),
        "format_comment": model.format_comment,
        "template_vars": (!variables.is_empty()).then_some(&variables),
        "thought": thought,
        "ends": match settings.mode {
            AnswerMode::Free => Some(model.ends()?),
            AnswerMode::Letters | AnswerMode::Texts | AnswerMode::TextsPerByte => None,
        },
        "generation_ignored": match settings.mode {
            AnswerMode::Free => Some(model.generation_ignored()),
            AnswerMode::Letters | AnswerMode::Texts | AnswerMode::TextsPerByte => None,
        },
        "answer": settings.mode,
        "spacing": settings.spacing,
        "permute": settings.permute,
        "prompt": args.prompt,
        "prompt_instruction": prompt.prompt.question.instruction,
        "template_sha256": prompt.template_sha256(|prompt| model.wrapped(prompt))?,
        "max_tokens": (settings.mode == AnswerMode::Free).then_some(settings.max_tokens),
        "scoring_version": SCORING_VERSION,
        "limit": args.limit,
    });
    args.describe_shots(&mut described);
    Ok(described)
}

/// Asks the questions. What is answered when Ctrl-C comes is kept.
fn ask(
    model: &LocalModel,
    prompt: &EvaluationSettings,
    settings: &LocalSettings,
    questions: &PlannedQuestions,
    kept: &AnswerCache,
    stop: &AtomicBool,
    progress: &dyn Progress,
) -> Result<Vec<SetAnswers>, Failure> {
    let sets = &questions.sets;
    match evaluate_local(model, prompt, settings, sets, kept, stop, progress) {
        Err(EvaluateError::Stopped) => Err(Failure::Interrupted(
            "interrupted; the answers so far are kept: run the command again to continue"
                .to_owned(),
        )),
        answered => Ok(answered?),
    }
}

/// What is asked of models that run here, and where they run.
pub(super) struct Prepared {
    datasets: PathBuf,
    out: PathBuf,
    prompt: EvaluationSettings,
    questions: PlannedQuestions,
    device: Device,
}

/// Reads the questions and chooses the device, before anything is downloaded.
pub(super) fn prepare(args: &Args, project: &Project) -> Result<Prepared, Failure> {
    let (datasets, out) = args.folders(project);
    let prompt = EvaluationSettings {
        prompt: load_prompt(&project.prompts(), &args.prompt)?,
        options: RequestOptions::default(),
        exemplars: args.shots.resolve().map(|_| args.local.answer_form()),
    };
    if args.local.permute && args.local.answer == Some(AnswerMode::Free) {
        super::conflict("--permute averages scores, and --answer free has none");
    }
    let questions = sets(args, &datasets, project, &prompt)?;
    Ok(Prepared {
        datasets,
        out,
        prompt,
        questions,
        device: args.local.model.device()?,
    })
}

/// Evaluates the model `model_name`, a folder or a hub id.
pub(super) fn run(
    args: &Args,
    model_name: &str,
    project: &Project,
    shown: ProgressOptions,
) -> Result<(), Failure> {
    let prepared = prepare(args, project)?;
    let progress = shown.progress();
    let progress = progress.as_ref();
    let is_demo = demo::is_meant(model_name);
    let located = if is_demo {
        demo::locate_default(project, interrupt::flag(), progress)?
    } else {
        args.local.model.locate(model_name, progress)?
    };
    let name = args.name.as_deref().unwrap_or(&located.name);
    let format = is_demo.then_some(DEMO_FORMAT);
    evaluate(args, &prepared, &located, name, format, project, progress).map(|_| ())
}

/// Asks a model that is here, writes its predictions under `name` and prints its scores; `default_format` is that of the model
/// where no option names one.
pub(super) fn evaluate(
    args: &Args,
    prepared: &Prepared,
    located: &ModelFolder,
    name: &str,
    default_format: Option<&str>,
    project: &Project,
    progress: &dyn Progress,
) -> Result<Vec<SetScore>, Failure> {
    let Prepared {
        datasets,
        out,
        prompt,
        questions,
        device,
    } = prepared;
    let stop = interrupt::flag();
    let format = args.local.format.as_deref().or(default_format);
    let mut settings = args.local.settings(args.max_tokens(), device);
    let mut model = load(
        &args.local,
        located,
        (format, &project.formats()),
        device,
        &settings,
        progress,
    )?;
    let thought = settle_thinking(&mut model, prompt, questions, &mut settings, args, progress)?;
    if settings.mode == AnswerMode::Free {
        model.note_generation_ignored(progress);
    }
    let described = describe(args, located, &model, prompt, &settings, thought)?;
    let plan = run_plan::RunPlan {
        name,
        questions,
        datasets,
        out,
    };
    run_plan::check(&plan, &described)?;
    let file = format!(
        "{}-{}.jsonl",
        file_name(&located.name),
        &model.fingerprint[..12]
    );
    let folder = args.api_args.cache.clone();
    let folder = folder.unwrap_or_else(|| project.local_cache());
    let kept = AnswerCache::open(&folder.join(file))?;
    let answers = ask(&model, prompt, &settings, questions, &kept, stop, progress)?;
    let results = EvaluationResults {
        name,
        questions,
        answers,
        how: format!(
            "{} in {}, format `{}`, answers by {}",
            model.device,
            model.decoder.dtype().name(),
            model.wrapping.name(),
            settings.mode.name()
        ),
        fields: json!({ "run": described }),
        described,
    };
    results.publish(args, datasets, out)
}
