//! `clika compare`: two models on the same items.

use super::{Failure, OutputArgs, ReportFormat, UncertaintyArgs, print};
use clika_base::files::{ArtifactError, recover_folder};
use clika_scores::predictions::Collection;
use clika_scores::report::{ComparedRun, ReportError, compare};
use std::path::{Path, PathBuf};

/// Compares two models or runs on every task and language that both have.
#[derive(clap::Args)]
pub struct Args {
    /// A model of --predictions, a FOLDER of predictions of one model, or FOLDER:MODEL.
    a: String,
    /// The other: a model of --predictions, FOLDER or FOLDER:MODEL.
    b: String,
    /// Folder of predictions in which models are named.
    #[arg(long, value_name = "DIR")]
    predictions: Option<PathBuf>,
    #[command(flatten)]
    uncertainty: UncertaintyArgs,
    #[command(flatten)]
    output: OutputArgs,
}

/// Runs the command.
pub fn run(args: &Args) -> Result<(), Failure> {
    let shared = match &args.predictions {
        Some(folder) => Collection::read(folder)?,
        None => Collection::default(),
    };
    let (a, b) = (
        RunArgument::of(&args.a, &shared)?,
        RunArgument::of(&args.b, &shared)?,
    );
    let (own_a, own_b) = (a.read()?, b.read()?);
    let mut a = a.run(&args.a, own_a.as_ref().unwrap_or(&shared))?;
    let mut b = b.run(&args.b, own_b.as_ref().unwrap_or(&shared))?;
    if a.model == b.model {
        // Two runs of one model are told apart by what was typed.
        (a.label, b.label) = (&args.a, &args.b);
    }
    let comparison = compare(a, b, &args.uncertainty.resolve())?;
    print(&match args.output.format() {
        ReportFormat::Markdown => comparison.markdown(),
        ReportFormat::Csv => comparison.csv(),
        ReportFormat::Json => {
            serde_json::to_string_pretty(&comparison).expect("a comparison is plain data") + "\n"
        }
    })
}

/// What an argument of `compare` names: a model, or a folder of predictions.
enum RunArgument<'a> {
    /// A model of --predictions.
    Model(&'a str),
    /// A folder, and a model of it where one is named.
    Folder(&'a str, Option<&'a str>),
}

impl<'a> RunArgument<'a> {
    /// A model of --predictions comes first, then a folder, then a folder with a model.
    fn of(argument: &'a str, shared: &Collection) -> Result<Self, ArtifactError> {
        if shared.models().contains(argument) {
            return Ok(Self::Model(argument));
        }
        let is_folder = |path: &str| -> Result<bool, ArtifactError> {
            recover_folder(Path::new(path))?;
            Ok(Path::new(path).is_dir())
        };
        if is_folder(argument)? {
            return Ok(Self::Folder(argument, None));
        }
        match argument.split_once(':') {
            Some((folder, model)) if is_folder(folder)? => Ok(Self::Folder(folder, Some(model))),
            Some(_) | None => Ok(Self::Model(argument)),
        }
    }

    /// The predictions of a folder.
    fn read(&self) -> Result<Option<Collection>, Failure> {
        match self {
            Self::Model(_) => Ok(None),
            Self::Folder(folder, _) => Ok(Some(Collection::read(Path::new(folder))?)),
        }
    }

    /// The run in the predictions that hold it.
    fn run(
        &self,
        argument: &'a str,
        collection: &'a Collection,
    ) -> Result<ComparedRun<'a>, ReportError> {
        let models = collection.models();
        let known = || models.iter().copied().collect::<Vec<_>>().join(", ");
        let model = match *self {
            Self::Folder(_, None) => match models.iter().next() {
                Some(&only) if models.len() == 1 => only,
                Some(_) | None => {
                    return Err(ReportError::SeveralModels {
                        folder: argument.to_owned(),
                        known: known(),
                    });
                }
            },
            Self::Model(model) | Self::Folder(_, Some(model)) => model,
        };
        if !models.contains(model) {
            return Err(ReportError::UnknownModel {
                model: model.to_owned(),
                known: if models.is_empty() {
                    "none: name a folder with --predictions".to_owned()
                } else {
                    known()
                },
            });
        }
        Ok(ComparedRun::new(collection, model))
    }
}
