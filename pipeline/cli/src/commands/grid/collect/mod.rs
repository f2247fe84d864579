//! `clika grid collect`: what is finished, in tables and in a report.

mod evaluations;
mod paired;
mod text;
mod trainings;

use crate::commands::{Failure, UncertaintyArgs, print};
use crate::progress::ProgressOptions;
use clika_base::Project;
use clika_base::files::{ArtifactError, FolderLock, replace_file};
use clika_datasets::{DatasetError, load_languages};
use clika_finetune::RecordedExperiment;
use clika_grid::{Cell, CellKind, CellState, GridFolder, GridStatus, Job, is_cell_there};
use clika_report::{Inputs, LabelledFolder, read_families, write_report};
use clika_scores::report::Paper;
use evaluations::Evaluations;
use paired::PairedTest;
use serde_json::{Value, json};
use std::{collections::BTreeMap, fs, path::PathBuf};
use trainings::{SeedSpread, TrainingCell, TrainingRow};

/// Gathers all finished cells: scores with intervals, paired tests between seeds and between languages, and `clika report`'s
/// page. Cells that are missing are listed.
#[derive(clap::Args)]
pub struct Args {
    /// The folder that `clika grid plan` wrote
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,
    /// Where the tables and the report go [default: collected/ in the folder]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Print everything as one JSON object.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    uncertainty: UncertaintyArgs,
}

/// Everything that is known of a grid.
struct Collected {
    grid: String,
    rows: Vec<TrainingRow>,
    spreads: Vec<SeedSpread>,
    tests: Vec<PairedTest>,
    evaluations: Evaluations,
    /// Cells without results, and where they stand.
    missing: Vec<(String, CellState)>,
    cells: usize,
}

/// Runs the command.
pub fn run(args: &Args, project: &Project, shown: ProgressOptions) -> Result<(), Failure> {
    let grid = GridFolder::read(&args.folder)?;
    let uncertainty = args.uncertainty.resolve();
    let progress = shown.progress();
    // Who works on what just now is `status`' to say: here it is there or not.
    let status = GridStatus::of(&grid, &BTreeMap::new(), &|_| false, Vec::new())?;
    let missing = status.cells.iter().filter(|it| it.state != CellState::Done);
    let missing = missing.map(|it| (it.cell.clone(), it.state)).collect();
    let mut trained = Vec::new();
    for cell in grid.cells() {
        if cell.kind == CellKind::Finetune && is_cell_there(&grid, cell)? {
            trained.push(TrainingCell::read(&grid, cell, uncertainty.level)?);
        }
    }
    let predictions = predictions(&grid)?;
    let paper = Paper::load(&project.paper())?;
    let collected = Collected {
        grid: grid.manifest().name.clone(),
        rows: trained.iter().flat_map(TrainingCell::rows).collect(),
        spreads: trainings::spreads(&trained),
        tests: paired::tests(&trained),
        evaluations: Evaluations::read(&predictions, &paper, &uncertainty, progress.as_ref())?,
        missing,
        cells: grid.cells().len(),
    };
    let out = args
        .out
        .clone()
        .unwrap_or_else(|| grid.path().join("collected"));
    fs::create_dir_all(&out).map_err(ArtifactError::write(&out))?;
    let lock = FolderLock::take(&out)?;
    let (markdown, json) = (collected.markdown(), collected.json());
    let pretty = serde_json::to_string_pretty(&json).expect("a value is plain data") + "\n";
    replace_file(&out.join("collected.md"), markdown.as_bytes())?;
    replace_file(&out.join("collected.json"), pretty.as_bytes())?;
    let experiments = experiments(&grid);
    if !experiments.is_empty() || !predictions.is_empty() {
        let inputs = Inputs {
            predictions: &predictions,
            experiments: &experiments,
            datasets: &[],
            compared: &[],
            audit: false,
            uncertainty,
            paper,
            languages: load_languages(&project.languages()).map_err(DatasetError::from)?,
            families: read_families(&project.families())?,
        };
        let no_audit = || unreachable!("no audit was asked for");
        write_report(inputs, &out.join("report"), &no_audit, progress.as_ref())?;
    }
    drop(lock);
    if args.json {
        return print(&pretty);
    }
    eprintln!("wrote {}", out.display());
    print(&markdown)
}

/// The folders of recorded answers, one for each job that has some.
fn predictions(grid: &GridFolder) -> Result<Vec<LabelledFolder>, Failure> {
    let mut folders = Vec::new();
    for job in grid.jobs() {
        if job.kind != CellKind::Evaluate {
            continue;
        }
        for cell in grid.cells_of(job) {
            if is_cell_there(grid, cell)? {
                folders.push(LabelledFolder::unlabelled(grid.path().join(job.out())));
                break;
            }
        }
    }
    Ok(folders)
}

/// The experiments that have ended, each with a name of its own.
fn experiments(grid: &GridFolder) -> Vec<LabelledFolder> {
    let trained = grid
        .jobs()
        .iter()
        .filter(|job| job.kind == CellKind::Finetune);
    let named: Vec<(String, &Job)> = trained
        .filter(|job| RecordedExperiment::is_in(&grid.path().join(job.out())))
        .filter_map(|job| Some((setting(grid.cells_of(job).first()?), job)))
        .collect();
    let mut folders = Vec::new();
    for (name, job) in &named {
        let same = named.iter().filter(|(other, _)| other == name).count();
        let label = if same > 1 {
            format!("{name}, job {}", job.job)
        } else {
            name.clone()
        };
        folders.push(LabelledFolder {
            label: Some(label),
            path: grid.path().join(job.out()),
        });
    }
    folders
}

/// A cell's model, and what distinguishes its training: `org/name, lora-all, both, world 7`.
fn setting(cell: &Cell) -> String {
    let world = cell.world.map(|world| format!("world {world}"));
    let parts = [
        Some(cell.model.clone()),
        cell.strategy.clone(),
        cell.direction.clone(),
        world,
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

impl Collected {
    fn json(&self) -> Value {
        let missing = self.missing.iter();
        let missing: Vec<Value> = missing
            .map(|(cell, state)| json!({ "cell": cell, "state": state }))
            .collect();
        json!({
            "grid": self.grid,
            "cells": self.cells,
            "trainings": self.rows,
            "seeds": self.spreads,
            "paired_tests": self.tests,
            "evaluations": self.evaluations.scores,
            "comparisons": self.evaluations.comparisons,
            "missing": missing,
        })
    }
}
