//! `clika completions`: what a shell has to know to complete clika's commands and options.

use super::{Failure, print};
use clap_complete::Shell;

/// Print what makes a shell complete clika's commands and options.
#[derive(clap::Args)]
pub struct Args {
    /// The shell that reads it.
    shell: Shell,
}

/// Runs the command; `program` is clika's own command line.
pub fn run(args: &Args, mut program: clap::Command) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut program, "clika", &mut script);
    print(&String::from_utf8_lossy(&script))
}
