use serde::{Deserialize, Serialize};

/// One training or evaluation: a line of `cells.jsonl`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cell {
    /// The cell's name, which no other cell of the grid has: `org_name/lora-attention/de-seed0`.
    pub cell: String,
    /// The number of its job.
    pub job: usize,
    /// What is done.
    pub kind: CellKind,
    /// The model, as the grid's file names it.
    pub model: String,
    /// The language that is crossed to; `None` where it is not one.
    pub language: Option<String>,
    /// The training's seed.
    pub seed: Option<u64>,
    /// Which weights are trained; `None` where the experiment file says so.
    pub strategy: Option<String>,
    /// The direction of translations; `None` where the experiment file says so.
    pub direction: Option<String>,
    /// The world's seed; `None` where the experiment file says so.
    pub world: Option<u64>,
    /// What the cell is a control for.
    pub control: Option<String>,
    /// The dataset that is asked.
    pub dataset: Option<String>,
    /// Where its results will be, from the grid's folder.
    pub out: String,
    /// Files that it will have there.
    pub expected: Vec<String>,
}

/// What a cell does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CellKind {
    /// A model is taught a world.
    Finetune,
    /// A model answers a dataset.
    Evaluate,
}

impl CellKind {
    /// The command of clika.
    pub const fn command(self) -> &'static str {
        match self {
            Self::Finetune => "finetune",
            Self::Evaluate => "evaluate",
        }
    }
}

/// A command of clika that computes cells of one model, which is loaded once: a line of `jobs.jsonl`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Job {
    /// Its number, from 0: the rank of the task that runs it.
    pub job: usize,
    /// Its name, which its log and its folder have.
    pub name: String,
    /// The model, as the grid's file names it.
    pub model: String,
    /// What is done.
    pub kind: CellKind,
    /// The command line of clika. The value of `--out` begins at the grid's folder.
    pub arguments: Vec<String>,
    /// The names of its cells.
    pub cells: Vec<String>,
}

impl Job {
    /// The folder of its results, from the grid's folder.
    pub fn out(&self) -> String {
        format!("jobs/{}", self.name)
    }
}
