//! Checks a grid's file against what there is: languages, strategies, models, and the options of the commands that it runs.

use crate::commands::{Failure, demo, evaluate, finetune};
use clap::Parser;
use clika_base::Project;
use clika_base::types::{LanguageCode, Named};
use clika_datasets::{
    Control, DatasetError, ExperimentFile, Task, TranslationDirection, WorldRelation,
    load_languages,
};
use clika_finetune::Strategy;
use clika_grid::{CellKind, GridError, GridFile, KnownNames, RunNames};
use clika_network::hub::Hub;
use miette::Diagnostic;

/// `clika finetune` as a job calls it.
#[derive(Parser)]
struct FinetuneLine {
    #[command(flatten)]
    args: finetune::Args,
}

/// `clika evaluate` as a job calls it.
#[derive(Parser)]
struct EvaluateLine {
    #[command(flatten)]
    _args: evaluate::Args,
}

/// Checks the file, and says how its trainings name their folders.
pub(super) fn check(grid: &GridFile, project: &Project) -> Result<RunNames, Failure> {
    let mut source = ExperimentFile::read(&project.experiment())?
        .datasets
        .fictional
        .source;
    let mut names = RunNames::default();
    if let Some((arguments, span)) = grid.arguments(CellKind::Finetune) {
        let line = ["clika finetune", "--model", "x"].into_iter();
        let line = FinetuneLine::try_parse_from(line.chain(arguments));
        let line = line.map_err(|error| wrong_option(grid, span, "finetune", &error))?;
        let world = line.args.world(project)?;
        names = RunNames {
            relation: match world.relation {
                WorldRelation::Continent => None,
                WorldRelation::Founding => Some(world.relation.name().to_owned()),
            },
            source: Some(world.source.to_string()).filter(|it| it != "en"),
        };
        source = world.source;
    }
    if let Some((arguments, span)) = grid.arguments(CellKind::Evaluate) {
        let line = ["clika evaluate", "--model", "x"].into_iter();
        EvaluateLine::try_parse_from(line.chain(arguments))
            .map_err(|error| wrong_option(grid, span, "evaluate", &error))?;
    }
    grid.check(&known(project, &source)?)?;
    check_models(grid)?;
    Ok(names)
}

/// Every name that a grid's lists may hold.
fn known(project: &Project, source: &LanguageCode) -> Result<KnownNames, Failure> {
    let languages = load_languages(&project.languages()).map_err(DatasetError::from)?;
    let taught = languages.iter().filter(|it| it.fictional.is_some());
    let mut directions = named::<TranslationDirection>();
    // As the paper calls them, and as `clika finetune` takes them.
    directions.extend(["en-x", "x-en"].map(str::to_owned));
    Ok(KnownNames {
        taught: taught.map(|it| it.code.to_string()).collect(),
        languages: languages.iter().map(|it| it.code.to_string()).collect(),
        source: source.to_string(),
        strategies: named::<Strategy>(),
        directions,
        controls: named::<Control>()
            .into_iter()
            .filter(|it| it != Control::None.name())
            .collect(),
        datasets: Task::all().map(|it| it.name().to_owned()).collect(),
    })
}

fn named<T: Named>() -> Vec<String> {
    T::ALL.iter().map(|it| it.name().to_owned()).collect()
}

fn check_models(grid: &GridFile) -> Result<(), GridError> {
    for (model, span) in grid.models() {
        if demo::is_meant(model) {
            continue;
        }
        if let Err(error) = Hub::check_name(model) {
            let hint = error.help().map_or_else(
                || "name a folder, a GGUF file or a model of the hub".to_owned(),
                |hint| hint.to_string(),
            );
            return Err(grid.wrong(span, format!("no model `{model}`: {error}"), hint));
        }
    }
    Ok(())
}

/// What clap says about an option, in one line.
fn wrong_option(
    grid: &GridFile,
    span: std::ops::Range<usize>,
    command: &str,
    error: &clap::Error,
) -> GridError {
    let text = error.to_string();
    let first = text.lines().next().unwrap_or_default();
    let problem = first.trim_start_matches("error: ");
    let tip = text.lines().find_map(|it| it.trim().strip_prefix("tip: "));
    let hint = format!("`clika {command} --help` lists the options");
    grid.wrong(
        span,
        format!("`arguments`: {problem}"),
        tip.map_or(hint, str::to_owned),
    )
}
