use super::{build::BuildInputs, catalogue::DatasetPlan, xgeo, xpeo};
use crate::{DatasetError, DatasetsConfig, DistractorPolicy};
use clika_base::types::{Language, Task};
use serde_json::Value;

/// What a task of facts brings to the build; each task's file has one.
pub(crate) struct TaskBuilder {
    /// The task.
    pub(crate) task: Task,
    /// The name in the dataset card.
    pub(crate) name: &'static str,
    /// What the questions are about, for the card.
    pub(crate) content: &'static str,
    /// Queries in `sparql/build` that the plan reads.
    pub(crate) queries: &'static [&'static str],
    /// The task's own section of the configuration.
    pub(crate) section: fn(&DatasetsConfig) -> Value,
    /// How wrong choices are found, for the card.
    pub(crate) distractors: fn(DistractorPolicy) -> &'static str,
    /// Selects the items for the languages that take part; the right choice stands first.
    pub(crate) plan:
        fn(&BuildInputs, &[Language], &DatasetsConfig) -> Result<DatasetPlan, DatasetError>,
}

/// The tasks that can be built.
const BUILDERS: [&TaskBuilder; 2] = [&xgeo::BUILDER, &xpeo::BUILDER];

pub(crate) fn builder(task: Task) -> Result<&'static TaskBuilder, DatasetError> {
    BUILDERS
        .into_iter()
        .find(|builder| builder.task == task)
        .ok_or(DatasetError::NotBuilt { task })
}
