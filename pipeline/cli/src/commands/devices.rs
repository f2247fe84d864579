//! `clika devices`: where a local model can run.

use super::{Failure, print};
use clika_lm::{LmError, Place};
use miette::Diagnostic;
use serde_json::{Value, json};

/// Lists what a local model can run on, as --device names it.
#[derive(clap::Args)]
pub struct Args {
    /// Print one JSON object instead of lines.
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub fn run(args: &Args) -> Result<(), Failure> {
    let places = clika_lm::places();
    let problems: Vec<Option<LmError>> = places.iter().map(|place| place.check().err()).collect();
    let listed = places.iter().zip(&problems);
    if args.json {
        let devices: Vec<_> = listed
            .map(|(place, problem)| object(place, problem))
            .collect();
        let all = json!({
            "devices": devices,
            "built_with_cuda": cfg!(feature = "cuda"),
            "built_with_wgpu": cfg!(feature = "wgpu"),
        });
        return print(&format!("{all:#}\n"));
    }
    print(&places.iter().map(line).collect::<String>())?;
    for problem in problems.iter().flatten() {
        eprintln!("{problem}");
        if let Some(help) = problem.help() {
            eprintln!("hint: {help}");
        }
    }
    let missing = clika_lm::missing_features();
    if !missing.is_empty() {
        let missing = missing.join(",");
        eprintln!(
            "some GPUs are not looked for: this program was built without `--features {missing}`"
        );
    }
    Ok(())
}

fn line(place: &Place) -> String {
    match place {
        Place::Cpu { threads } => format!("{place}  {threads} threads\n"),
        Place::Cuda { name, .. } => format!("{place}  {name}\n"),
        Place::Vulkan { name, software, .. } => {
            let software = if *software { " (software)" } else { "" };
            format!("{place}  {name}{software}\n")
        }
    }
}

fn object(place: &Place, problem: &Option<LmError>) -> Value {
    let device = place.to_string();
    let problem = problem.as_ref().map(ToString::to_string);
    match place {
        Place::Cpu { threads } => json!({ "device": device, "threads": threads }),
        Place::Cuda { name, .. } => json!({ "device": device, "name": name, "problem": problem }),
        Place::Vulkan { name, software, .. } => {
            json!({ "device": device, "name": name, "software": software, "problem": problem })
        }
    }
}
