//! `clika fetch`: models for machines without a network.

use super::{Failure, demo, model::locate, print};
use crate::progress::ProgressOptions;
use clika_network::hub::Hub;

/// Gets models into the cache that transformers uses too, so that machines that share it need no network. What is there whole
/// is not fetched again; of two processes that fetch the same file one waits for the other.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    clika fetch HuggingFaceTB/SmolLM2-135M-Instruct\n  \
    HF_HUB_CACHE=/shared/models clika fetch meta-llama/Llama-2-13b-hf@main bigscience/bloomz-7b1-mt")]
pub struct Args {
    /// Hub ids (org/name, org/name@revision, org/name:Q4_K_M); a folder is left as it is.
    #[arg(value_name = "MODEL", required = true)]
    models: Vec<String>,
}

/// Runs the command.
pub fn run(args: &Args, shown: ProgressOptions) -> Result<(), Failure> {
    for model in &args.models {
        Hub::check_name(model)?;
    }
    let progress = shown.progress();
    for model in &args.models {
        if demo::is_meant(model) {
            print("demo: it is made where it is first used\n")?;
            continue;
        }
        let located = locate(model, progress.as_ref())?;
        print(&format!("{model}: {}\n", located.folder.display()))?;
    }
    Ok(())
}
