//! `clika grid`: many trainings and evaluations from one file.

mod collect;
mod known;
mod plan;
mod run;
mod status;
mod submit;

use super::Failure;
use crate::progress::ProgressOptions;
use clap::Subcommand;
use clika_base::Project;
use std::path::Path;

/// Plans and runs many trainings and evaluations from one file. It hands them to Slurm, to any engine that gives a rank, or to
/// the devices of this machine, and is no scheduler of its own.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    clika grid plan --table 4\n  \
    clika grid run artifacts/grid/table04 --all --devices cuda:0,cuda:1\n  \
    clika grid submit artifacts/grid/table04 --partition gpu --gres gpu:1 --time 4:00:00\n  \
    clika grid status artifacts/grid/table04\n  \
    clika grid collect artifacts/grid/table04")]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Write a folder with every cell, jobs of one model each, and a script for Slurm; nothing is submitted.
    Plan(plan::Args),
    /// Run one job of a grid, or all of them on this machine.
    Run(run::Args),
    /// Send the jobs that are not done to Slurm.
    Submit(submit::Args),
    /// Say which cells are done, running, waiting, failed and missing.
    Status(status::Args),
    /// Gather what is finished into tables with intervals and tests, and into a report; what is missing is listed.
    Collect(collect::Args),
}

/// The program and its version, as manifests name them.
const TOOL: &str = concat!("clika ", env!("CARGO_PKG_VERSION"));

/// Runs the command. `named` is the project's folder, where one was named.
pub fn run(
    args: &Args,
    project: &Project,
    named: Option<&Path>,
    shown: ProgressOptions,
) -> Result<(), Failure> {
    match &args.command {
        Command::Plan(args) => plan::run(args, project, named),
        Command::Run(args) => run::run(args),
        Command::Submit(args) => submit::run(args),
        Command::Status(args) => status::run(args),
        Command::Collect(args) => collect::run(args, project, shown),
    }
}
