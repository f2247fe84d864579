//! `clika grid plan`: from a grid's file to a folder with cells, jobs and a script.

use super::{TOOL, known};
use crate::commands::{Failure, demo, print};
use clika_base::{Project, ProjectPath};
use clika_grid::{GridFile, GridFolder, Plan, PlanRequest, Rates};
use clika_network::hub::Hub;
use miette::Diagnostic;
use std::{
    collections::BTreeSet,
    io,
    path::{Path, PathBuf},
};

/// Writes a folder with every cell of a grid, jobs of one base model each, and a script for Slurm. Nothing is submitted.
#[derive(clap::Args)]
pub struct Args {
    /// The grid's file
    #[arg(value_name = "FILE", required_unless_present = "table")]
    file: Option<PathBuf>,
    /// Take the grid of one of the paper's tables: 4, 8, 12, 16, 19, 20 or 22
    #[arg(long, value_name = "NUMBER", conflicts_with = "file")]
    table: Option<u8>,
    /// Where the folder goes [default: artifacts/grid/<the file's name>]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// The most cells of a job; its model is loaded once for all of them [default: all cells of a model with the same settings]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    cells_per_job: Option<u32>,
    /// A grid that has run, for its hours and memory. Repeatable.
    #[arg(long, value_name = "DIR")]
    rates: Vec<PathBuf>,
    /// Print what was planned as one JSON object.
    #[arg(long)]
    json: bool,
}

/// The program does not know where it is, or where it was started.
#[derive(Debug, thiserror::Error, Diagnostic)]
#[error("cannot find {what}")]
#[diagnostic(help("start clika in a folder that exists"))]
struct NoPlace {
    what: &'static str,
    source: io::Error,
}

/// The paper has no such table of trainings.
#[derive(Debug, thiserror::Error, Diagnostic)]
#[error("there is no grid for Table {table}")]
#[diagnostic(help("there are grids for the tables {known}; write a file of your own for others"))]
struct NoTable {
    table: u8,
    known: String,
}

/// Runs the command.
pub fn run(args: &Args, project: &Project, named: Option<&Path>) -> Result<(), Failure> {
    let file = match (&args.file, args.table) {
        (Some(file), _) => ProjectPath::from(file),
        (None, Some(table)) => table_file(table, project)?,
        (None, None) => unreachable!("clap asks for one of them"),
    };
    let grid = GridFile::read(&file)?;
    let names = known::check(&grid, project)?;
    let plan = Plan::of(&grid, &names, args.cells_per_job.map(|it| it as usize))?;
    let mut rates = Rates::default();
    for folder in &args.rates {
        rates.add(&GridFolder::read(folder)?)?;
    }
    let place = |what| move |source| NoPlace { what, source };
    let start = std::env::current_dir().map_err(place("the current folder"))?;
    let program = std::env::current_exe().map_err(place("the program's own file"))?;
    let named = named.map(|it| start.join(it));
    let out = match &args.out {
        Some(out) => out.clone(),
        None => project.grid().join(&grid.name),
    };
    let request = PlanRequest {
        grid: &grid,
        plan: &plan,
        tool: TOOL,
        program: &program,
        start: &start,
        project: named.as_deref(),
        rates,
    };
    let folder = request.write(&out)?;
    let absent = absent(&grid);
    say(args, &folder, &out, &absent)
}

fn table_file(table: u8, project: &Project) -> Result<ProjectPath, NoTable> {
    let file = project.grids().join(format!("table{table:02}.toml"));
    if file.is_present() {
        return Ok(file);
    }
    let known = project.grids().entries().unwrap_or_default();
    let known = known.iter().filter_map(|it| {
        let number = it.stem().strip_prefix("table")?.parse::<u8>().ok()?;
        Some(number.to_string())
    });
    Err(NoTable {
        table,
        known: known.collect::<Vec<_>>().join(", "),
    })
}

/// The models that would have to be fetched first. A cache that cannot be read says nothing.
fn absent(grid: &GridFile) -> Vec<String> {
    let Ok(hub) = Hub::from_env() else {
        return Vec::new();
    };
    let models: BTreeSet<&str> = grid.models().into_iter().map(|(model, _)| model).collect();
    let absent = models
        .into_iter()
        .filter(|model| !demo::is_meant(model) && matches!(hub.is_here(model), Ok(false)));
    absent.map(str::to_owned).collect()
}

fn say(args: &Args, folder: &GridFolder, out: &Path, absent: &[String]) -> Result<(), Failure> {
    let manifest = folder.manifest();
    if args.json {
        let object = serde_json::json!({
            "folder": out,
            "jobs": manifest.jobs,
            "cells": manifest.cells,
            "hours": manifest.hours,
            "longest_job_hours": manifest.longest_job_hours,
            "memory_gb": manifest.memory_gb,
            "to_fetch": absent,
        });
        return print(&format!("{object}\n"));
    }
    if !absent.is_empty() {
        eprintln!(
            "note: not in the cache of models yet; where the machines that run this have no network: clika fetch {}",
            absent.join(" ")
        );
    }
    let out = out.display();
    print(&format!(
        "{} cells in {} jobs, {} in all; a job needs {} of memory\n\
         wrote {out}\n\
         on this machine:  clika grid run {out} --all\n\
         with Slurm:       clika grid submit {out}\n\
         where it stands:  clika grid status {out}\n",
        manifest.cells,
        manifest.jobs,
        manifest.hours.words("hours"),
        manifest.memory_gb.words("GB"),
    ))
}
