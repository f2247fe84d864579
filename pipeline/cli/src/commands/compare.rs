//! `clika compare`: two models on the same items.

use super::{Failure, Format, OutputArgs, UncertaintyArgs};
use clika_predictions::Collection;
use clika_report::{ReportError, Run, compare};
use std::path::{Path, PathBuf};

/// Compares two models or runs on every task and language that both have.
#[derive(clap::Args)]
pub struct Args {
    /// A model of --predictions, or a folder that holds predictions of one model.
    a: String,
    /// The other.
    b: String,
    /// Folder of predictions of several models.
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
    let (own_a, own_b) = (own(&args.a, &shared)?, own(&args.b, &shared)?);
    let a = find(&args.a, own_a.as_ref().unwrap_or(&shared))?;
    let b = find(&args.b, own_b.as_ref().unwrap_or(&shared))?;
    let comparison = compare(a, b, &args.uncertainty.resolve())?;
    match args.output.format() {
        Format::Markdown => print!("{}", comparison.markdown()),
        Format::Csv => print!("{}", comparison.csv()),
        Format::Json => println!(
            "{}",
            serde_json::to_string_pretty(&comparison).expect("a comparison is plain data")
        ),
    }
    Ok(())
}

/// The predictions of a folder, where the name is one and no model of --predictions.
fn own(name: &str, shared: &Collection) -> Result<Option<Collection>, Failure> {
    let path = Path::new(name);
    if shared.models().contains(name) || !path.is_dir() {
        return Ok(None);
    }
    Ok(Some(Collection::read(path)?))
}

/// The model of this name, or the only one of a folder.
fn find<'a>(name: &'a str, collection: &'a Collection) -> Result<Run<'a>, ReportError> {
    let models = collection.models();
    let model = match models.iter().next() {
        Some(&only) if models.len() == 1 && Path::new(name).is_dir() => only,
        _ if models.contains(name) => name,
        _ => {
            return Err(ReportError::UnknownModel {
                model: name.to_owned(),
                known: if models.is_empty() {
                    "none: name a folder with --predictions".to_owned()
                } else {
                    models.into_iter().collect::<Vec<_>>().join(", ")
                },
            });
        }
    };
    Ok(Run { collection, model })
}
