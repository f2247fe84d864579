//! `clika grid status`: where every cell stands.

use crate::commands::{Failure, print};
use clika_grid::slurm::{submitted, tasks};
use clika_grid::{CellState, GridFolder, GridStatus};
use std::{collections::BTreeSet, fmt::Write, path::PathBuf};

/// Says which cells are done, running, waiting, failed and missing, from the folder, and from squeue and sacct where they are.
#[derive(clap::Args)]
pub struct Args {
    /// The folder that `clika grid plan` wrote
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,
    /// Print everything as one JSON object.
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub fn run(args: &Args) -> Result<(), Failure> {
    let grid = GridFolder::read(&args.folder)?;
    let arrays = submitted(&grid)?;
    let sent: BTreeSet<usize> = arrays.iter().flat_map(|it| it.jobs()).collect();
    let (tasks, notes) = tasks(&arrays);
    let status = GridStatus::of(&grid, &tasks, &|job| sent.contains(&job), notes)?;
    if args.json {
        let json = serde_json::to_string_pretty(&status).expect("a status is plain data");
        return print(&(json + "\n"));
    }
    for note in &status.notes {
        eprintln!("note: {note}");
    }
    print(&text(&status))
}

/// The counts, and every cell that is neither done nor only waiting.
fn text(status: &GridStatus) -> String {
    let mut text = format!("{}: {} cells\n", status.grid, status.cells.len());
    let counts = CellState::ALL.map(|state| {
        let count = status.counts.get(state.name()).copied().unwrap_or(0);
        format!("{count} {}", state.name())
    });
    let mut line = |line: &str| writeln!(text, "{line}").expect("writing to memory succeeds");
    line(&counts.join(", "));
    for state in [CellState::Running, CellState::Failed, CellState::Missing] {
        let of_state = status.cells.iter().filter(|it| it.state == state);
        for (number, cell) in of_state.enumerate() {
            if number == SHOWN {
                line("  … all of them with --json");
                break;
            }
            let why = cell
                .why
                .as_ref()
                .map_or_else(String::new, |why| format!(": {why}"));
            line(&format!("  {} {}{why}", state.name(), cell.cell));
        }
    }
    for (job, lines) in status.logs.iter().take(SHOWN) {
        line(&format!("the end of jobs/{job}.log:"));
        for it in lines {
            line(&format!("  | {it}"));
        }
    }
    text
}

/// Cells of a state that are listed.
const SHOWN: usize = 20;
