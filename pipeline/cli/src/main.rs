//! The `clika` program: one file per command, progress bars, and errors a person can act on.

mod built_in;
mod commands;
mod progress;
mod project;
mod report;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand, builder::Resettable};
use progress::ProgressOptions;
use std::{ffi::OsStr, io::IsTerminal, path::PathBuf, process::ExitCode, time::Duration};

/// Measures whether a language model's knowledge crosses languages.
#[derive(Parser)]
#[command(name = "clika", version, arg_required_else_help = true)]
struct Cli {
    /// A folder with files to read instead of the built-in ones: templates/, sparql/, experiments/, reference/paper/
    /// [default: the current folder]
    #[arg(long, global = true, env = "CLIKA_PROJECT", value_name = "DIR")]
    project: Option<PathBuf>,
    /// Show no progress, and notes only.
    #[arg(long, short, global = true)]
    quiet: bool,
    /// Seconds between lines of progress if standard error is not a terminal; 0 for a line at every step.
    #[arg(
        long,
        global = true,
        env = "CLIKA_PROGRESS_SECONDS",
        default_value_t = 30,
        value_name = "N"
    )]
    progress_seconds: u32,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Build the datasets: facts, commonsense questions, fictional worlds.
    Datasets(Box<commands::datasets::Args>),
    /// Look for defects in datasets.
    Audit(commands::audit::Args),
    /// Write datasets for another program: lm-evaluation-harness, LLaMA-Factory.
    Export(commands::export::Args),
    /// Score models on the datasets, on this machine or through an endpoint.
    Evaluate(Box<commands::evaluate::Args>),
    /// Teach a model a fictional world and measure how much of it crosses to another language.
    Finetune(Box<commands::finetune::Args>),
    /// Show a text's tokens and a model's log-probabilities after each of them.
    Logits(commands::logits::Args),
    /// Run many trainings and evaluations from one file: on this machine, on several devices, on a Slurm cluster.
    Grid(Box<commands::grid::Args>),
    /// Get models into the cache, for machines without a network.
    Fetch(commands::fetch::Args),
    /// Compute the paper's tables from recorded predictions.
    Reproduce(commands::reproduce::Args),
    /// Compare two models on the same items.
    Compare(commands::compare::Args),
    /// Write one page with figures, tables and every item of what was measured.
    Report(commands::report::Args),
    /// Write, check and show the files of languages.
    Language(commands::language::Args),
    /// List what a local model can run on.
    Devices(commands::devices::Args),
    /// Write the built-in files into a folder, where they can be edited.
    Init(commands::init::Args),
    /// Replace the snapshot by a fresh slice of Wikidata from a SPARQL endpoint.
    Snapshot(commands::snapshot::Args),
    /// Print what makes a shell complete clika's commands and options.
    Completions(commands::completions::Args),
}

/// The exit code after Ctrl-C, as shells use it.
pub const INTERRUPTED: u8 = 130;
/// The exit code of work that is to be run again and goes on then: EX_TEMPFAIL of sysexits.h, "try again".
const AGAIN: u8 = 75;

fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .with_env_filter(
            clika_base::variable("CLIKA_LOG")
                .and_then(|level| level.to_str()?.parse().ok())
                .unwrap_or_else(|| tracing_subscriber::EnvFilter::new("warn")),
        )
        .with_writer(std::io::stderr)
        // A log file has no colours.
        .with_ansi(std::io::stderr().is_terminal() && clika_base::variable("NO_COLOR").is_none())
        .without_time()
        .init();
    quiet_devices();
    clika_grid::end_with_parent();
    let matches = without_empty_variables(Cli::command()).get_matches();
    let cli = match Cli::from_arg_matches(&matches) {
        Ok(cli) => cli,
        Err(error) => error.exit(),
    };
    let shown = ProgressOptions {
        quiet: cli.quiet,
        every: Duration::from_secs(cli.progress_seconds.into()),
    };
    match run(&cli, shown) {
        Ok(()) => ExitCode::SUCCESS,
        Err(commands::Failure::Interrupted(message)) => {
            eprintln!("{message}");
            ExitCode::from(INTERRUPTED)
        }
        Err(commands::Failure::Again(message)) => {
            eprintln!("{message}");
            ExitCode::from(AGAIN)
        }
        Err(commands::Failure::Error(error)) => {
            eprint!("{}", report::render(error.as_ref()));
            ExitCode::FAILURE
        }
    }
}

fn run(cli: &Cli, shown: ProgressOptions) -> Result<(), commands::Failure> {
    let project = || project::find(cli.project.as_deref());
    match &cli.command {
        Command::Init(args) => commands::init::run(args, cli.project.as_deref()),
        Command::Datasets(args) => commands::datasets::run(args, &project()?, shown),
        Command::Audit(args) => commands::audit::run(args, &project()?),
        Command::Export(args) => commands::export::run(args, &project()?),
        Command::Evaluate(args) => commands::evaluate::run(args, &project()?, shown),
        Command::Finetune(args) => commands::finetune::run(args, &project()?, shown),
        Command::Logits(args) => commands::logits::run(args, shown),
        Command::Grid(args) => {
            commands::grid::run(args, &project()?, cli.project.as_deref(), shown)
        }
        Command::Fetch(args) => commands::fetch::run(args, shown),
        Command::Reproduce(args) => commands::reproduce::run(args, &project()?, shown),
        Command::Compare(args) => commands::compare::run(args),
        Command::Report(args) => commands::report::run(args, &project()?, shown),
        Command::Language(args) => commands::language::run(args, &project()?),
        Command::Devices(args) => commands::devices::run(args),
        Command::Completions(args) => commands::completions::run(args, Cli::command()),
        Command::Snapshot(args) => commands::snapshot::run(args, &project()?, shown),
    }
}

/// Takes variables that are empty from the options that would read them.
fn without_empty_variables(mut command: clap::Command) -> clap::Command {
    command = command.mut_args(|option| {
        let variable = option.get_env().and_then(OsStr::to_str).map(str::to_owned);
        match variable {
            // One that is not set stays, for the help.
            Some(name)
                if std::env::var_os(&name).is_some() && clika_base::variable(&name).is_none() =>
            {
                option.env(Resettable::Reset)
            }
            Some(_) | None => option,
        }
    });
    let names: Vec<String> = command
        .get_subcommands()
        .map(|it| it.get_name().to_owned())
        .collect();
    for name in names {
        command = command.mut_subcommand(name, without_empty_variables);
    }
    command
}

/// Leaves a device's panics to the errors that they become: what was tried and where is for CLIKA_LOG=debug.
fn quiet_devices() {
    let loud = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if clika_lm::panics_are_errors() {
            tracing::debug!("{panic}");
        } else {
            loud(panic);
        }
    }));
}
