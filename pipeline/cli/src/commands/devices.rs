//! `clika devices`: where a local model can run.

use super::{Failure, print};
use clika_lm::{Device, LmError};
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
    let devices = clika_lm::devices();
    let problems: Vec<Option<LmError>> =
        devices.iter().map(|device| device.check().err()).collect();
    let listed = devices.iter().zip(&problems);
    if args.json {
        let listed: Vec<_> = listed
            .map(|(device, problem)| object(device, problem))
            .collect();
        let all = json!({
            "devices": listed,
            "built_with_cuda": cfg!(feature = "cuda"),
            "built_with_wgpu": cfg!(feature = "wgpu"),
        });
        return print(&format!("{all:#}\n"));
    }
    print(&devices.iter().map(line).collect::<String>())?;
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
            "some GPUs cannot be listed: this program was built without `--features {missing}`"
        );
    }
    Ok(())
}

fn line(device: &Device) -> String {
    match device {
        Device::Cpu { threads } => format!("{device}  {threads} threads\n"),
        Device::Cuda { name, .. } => format!("{device}  {name}\n"),
        Device::Vulkan { name, software, .. } => {
            let software = if *software { " (software)" } else { "" };
            format!("{device}  {name}{software}\n")
        }
    }
}

fn object(device: &Device, problem: &Option<LmError>) -> Value {
    let named = device.to_string();
    let problem = problem.as_ref().map(ToString::to_string);
    match device {
        Device::Cpu { threads } => json!({ "device": named, "threads": threads }),
        Device::Cuda { name, .. } => json!({ "device": named, "name": name, "problem": problem }),
        Device::Vulkan { name, software, .. } => {
            json!({ "device": named, "name": name, "software": software, "problem": problem })
        }
    }
}
