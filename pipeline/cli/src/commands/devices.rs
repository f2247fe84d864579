//! `clika devices`: where a local model can run.

use super::{Failure, print};
use clika_lm::Place;
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
    if args.json {
        let devices: Vec<_> = places.iter().map(object).collect();
        let all = json!({
            "devices": devices,
            "built_with_cuda": cfg!(feature = "cuda"),
            "built_with_wgpu": cfg!(feature = "wgpu"),
        });
        return print(&format!("{all:#}\n"));
    }
    print(&places.iter().map(line).collect::<String>())?;
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

fn object(place: &Place) -> Value {
    let device = place.to_string();
    match place {
        Place::Cpu { threads } => json!({ "device": device, "threads": threads }),
        Place::Cuda { name, .. } => json!({ "device": device, "name": name }),
        Place::Vulkan { name, software, .. } => {
            json!({ "device": device, "name": name, "software": software })
        }
    }
}
