//! The texts of xCOPA, xCSQA and the mini sets: from the project, from the authors' release, or translated.

use super::Failure;
use clika_core::Task;
use clika_datasets::{Experiment, Origin, Parallel, Project, mini_items};
use std::path::PathBuf;

/// Where the texts of xCOPA and xCSQA come from.
#[derive(clap::Args)]
pub struct TextArgs {
    /// Take xCOPA and xCSQA from a copy of the authors' release instead of translating.
    #[arg(long, value_name = "DIR")]
    from_release: Option<PathBuf>,
    /// COPA: COPA-resources.tgz, copa-test.xml or lines of XCOPA [default: downloaded]
    #[arg(long, value_name = "FILE")]
    copa: Option<PathBuf>,
    /// CSQA: dev_rand_split.jsonl or lines of X-CSQA [default: downloaded]
    #[arg(long, value_name = "FILE")]
    csqa: Option<PathBuf>,
}

/// The texts of a task, or why there are none.
pub enum Found {
    /// Texts in every language, and where they are from.
    Texts(Parallel, Origin),
    /// Why there are none.
    Nothing(String),
}

impl TextArgs {
    /// Finds the texts of a task. Only a task that was `named` may download or be paid for.
    pub fn find(
        &self,
        task: Task,
        _named: bool,
        _experiment: &Experiment,
        project: &Project,
        _quiet: bool,
    ) -> Result<Found, Failure> {
        if matches!(task, Task::XCsqaMini | Task::XCopaMini) {
            return Ok(Found::Texts(mini_items(task, project)?, Origin::Original));
        }
        if let Some(release) = &self.from_release {
            let parallel = Parallel::read_release(task, release)?;
            return Ok(Found::Texts(parallel, Origin::Release));
        }
        Ok(Found::Nothing("to come".to_owned()))
    }
}
