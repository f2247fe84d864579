use crate::{SMALL, TestGrid};
use serde_json::Value;
use std::fs;

fn lines(grid: &TestGrid, name: &str) -> Vec<Value> {
    let text = fs::read_to_string(grid.file(name)).unwrap();
    let lines = text.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn a_plan_has_cells_jobs_and_a_script_and_submits_nothing() {
    let lists = format!("languages = ['de', 'fr']\nseeds = [0, 1]\n{SMALL}");
    let grid = TestGrid::planned(&lists, &["--cells-per-job", "2"]);
    let cells = lines(&grid, "cells.jsonl");
    let names: Vec<&str> = cells
        .iter()
        .map(|it| it["cell"].as_str().unwrap())
        .collect();
    assert_eq!(
        names,
        [
            "llama-tokenizer/de-seed0",
            "llama-tokenizer/de-seed1",
            "llama-tokenizer/fr-seed0",
            "llama-tokenizer/fr-seed1",
        ]
    );
    let jobs = lines(&grid, "jobs.jsonl");
    assert_eq!(jobs.len(), 2);
    assert_eq!(jobs[1]["cells"].as_array().unwrap().len(), 2);
    let script = fs::read_to_string(grid.file("sbatch.sh")).unwrap();
    for line in [
        "#SBATCH --array=0-1",
        "#SBATCH --signal=B:USR1@120",
        "#SBATCH --requeue",
        "#SBATCH --open-mode=append",
        "export HF_HUB_OFFLINE=1",
    ] {
        assert!(script.lines().any(|it| it == line), "{script}");
    }
    let last = script.lines().last().unwrap();
    assert!(last.starts_with("exec ") && last.ends_with("--index \"$SLURM_ARRAY_TASK_ID\""));
    for folder in ["jobs", "logs", "runs"] {
        assert!(grid.file(folder).is_dir());
    }
    let manifest: Value =
        serde_json::from_slice(&fs::read(grid.file("grid.json")).unwrap()).unwrap();
    assert_eq!(manifest["hours"], "unknown");
    assert_eq!(manifest["memory_gb"], "unknown");
    assert_eq!(
        (&manifest["cells"], &manifest["jobs"]),
        (&4.into(), &2.into())
    );
}

#[test]
fn a_folder_of_the_same_jobs_is_kept_and_one_of_others_is_refused() {
    let lists = format!("languages = ['de']\nseeds = [0]\n{SMALL}");
    let grid = TestGrid::planned(&lists, &[]);
    fs::write(grid.file("jobs/kept.log"), "kept").unwrap();
    let plan = ["grid", "plan", "tiny.toml", "--out", "grid"];
    grid.project
        .edit("tiny.toml", "[finetune]", "# The same cells.\n[finetune]");
    grid.clika(&plan);
    assert_eq!(
        fs::read_to_string(grid.file("jobs/kept.log")).unwrap(),
        "kept"
    );
    grid.project.edit("tiny.toml", "['de']", "['fr']");
    let said = grid.refused(1, &plan);
    assert_eq!(
        said,
        "error: grid holds another grid, `tiny`\n\
         hint: name another folder with --out, or move that one away\n"
    );
    fs::create_dir(grid.path("mine")).unwrap();
    fs::write(grid.path("mine/thesis.tex"), "").unwrap();
    let said = grid.refused(1, &["grid", "plan", "tiny.toml", "--out", "mine"]);
    assert!(
        said.contains("mine/thesis.tex was not written by clika and would be lost"),
        "{said}"
    );
}

#[test]
fn what_a_file_has_wrong_is_said_with_its_line() {
    for (lists, expected) in [
        (
            "languages = ['xx']",
            "error: there is no language `xx`\n   tiny.toml:3\nhint: there are ar, de, en,",
        ),
        (
            "languages = []",
            "error: `languages` is empty, so that there would be no cell\n   tiny.toml:3\n",
        ),
        (
            "languages = ['de']\narguments = ['--epoch', '1']",
            "error: `arguments`: unexpected argument '--epoch' found\n   tiny.toml:4\nhint: a similar argument exists: '--epochs'\n",
        ),
        (
            "languages = ['de']\n[evaluate]\nmodels = ['./not-there']\ndatasets = ['xgeo']",
            "error: no model `./not-there`: there is no folder ./not-there\n   tiny.toml:5\n",
        ),
        (
            "languages = ['de']\n[[exclude]]\nlanguage = 'de'",
            "error: the grid has no cells: everything is excluded\n   tiny.toml:1\n",
        ),
    ] {
        let grid = TestGrid::new(lists);
        let said = grid.refused(1, &["grid", "plan", "tiny.toml", "--out", "grid"]);
        assert!(said.starts_with(expected), "{said}");
        assert!(!grid.file("").exists());
    }
}

#[test]
fn every_grid_of_a_table_is_planned() {
    let grid = TestGrid::new("");
    let mut planned = Vec::new();
    for file in fs::read_dir(grid.path("experiments/grids")).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        let table = name.trim_start_matches("table").trim_end_matches(".toml");
        let table = table.trim_start_matches('0').to_owned();
        let said = grid.clika(&["grid", "plan", "--table", &table, "--json"]);
        let said: Value = serde_json::from_str(&said).unwrap();
        // Nine languages for each model, strategy or direction.
        let cells = said["cells"].as_u64().unwrap();
        assert!(cells > 0 && cells.is_multiple_of(9), "{said}");
        planned.push((table.parse::<u8>().unwrap(), cells));
    }
    planned.sort_unstable();
    assert_eq!(
        planned,
        [
            (4, 27),
            (8, 36),
            (12, 36),
            (16, 18),
            (19, 36),
            (20, 18),
            (22, 27)
        ]
    );
    let said = grid.refused(1, &["grid", "plan", "--table", "5"]);
    assert!(
        said.starts_with("error: there is no grid for Table 5\n"),
        "{said}"
    );
}

#[test]
fn finished_cells_say_what_others_will_take() {
    let lists = format!("languages = ['de']\nseeds = [0]\n{SMALL}");
    let grid = TestGrid::planned(&lists, &[]);
    grid.clika(&["grid", "run", "grid", "--all"]);
    grid.project
        .edit("tiny.toml", "seeds = [0]", "seeds = [1, 2, 3]");
    let said = grid.clika(&[
        "grid",
        "plan",
        "tiny.toml",
        "--out",
        "more",
        "--rates",
        "grid",
        "--json",
    ]);
    let said: Value = serde_json::from_str(&said).unwrap();
    let seconds = grid.record("0000-llama-tokenizer")["seconds"]
        .as_f64()
        .unwrap();
    let hours = said["hours"].as_f64().unwrap();
    assert!((hours * 3600.0 - 3.0 * seconds).abs() < 1e-6, "{said}");
    assert!(said["memory_gb"].as_f64().unwrap() > 0.0);
}
