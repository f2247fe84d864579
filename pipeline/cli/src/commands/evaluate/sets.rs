use super::{Args, Failure};
use crate::commands::shots::note;
use clika_base::Project;
use clika_base::files::recover_folders;
use clika_datasets::DatasetError;
use clika_datasets::Task;
use clika_datasets::load_languages;
use clika_evaluate::{EvaluateError, EvaluationSettings, QuestionSet, TaskDataset};
use serde_json::{Value, json};
use std::{collections::BTreeMap, path::Path};

/// The questions of a run, and the versions of the datasets that they are from.
pub(super) struct PlannedQuestions {
    pub(super) sets: Vec<QuestionSet>,
    /// What a run says about the dataset of a task, and about the exemplars that it shows.
    pub(super) versions: BTreeMap<Task, Value>,
}

/// The items of every dataset and language that was asked for.
pub(super) fn sets(
    args: &Args,
    datasets: &Path,
    project: &Project,
    settings: &EvaluationSettings,
) -> Result<PlannedQuestions, Failure> {
    let languages = load_languages(&project.languages()).map_err(DatasetError::from)?;
    let tasks = if args.tasks.is_empty() {
        recover_folders(datasets)?;
        let built = |task: &Task| datasets.join(task.name()).is_dir();
        Task::all().filter(built).collect()
    } else {
        args.tasks.clone()
    };
    if tasks.is_empty() {
        return Err(EvaluateError::NoDataset {
            folder: datasets.to_owned(),
            // Of those that need neither a download nor a key.
            dataset: "xgeo",
        }
        .into());
    }
    let mut sets = Vec::new();
    let mut versions = BTreeMap::new();
    for task in tasks {
        let dataset = TaskDataset::open(task, &datasets.join(task.name()))?;
        let shots = args.shots.resolve();
        let plan = shots.map(|shots| dataset.draw(shots, args.limit));
        let plan = plan.transpose()?;
        if let Some(note) = plan.as_ref().and_then(|plan| note(task.name(), plan)) {
            eprintln!("note: {note}");
        }
        for language in dataset.languages(&args.languages)? {
            let (mut set, mut listed) = dataset.set(language, args.limit, &languages)?;
            if let Some(plan) = &plan {
                dataset.show(plan, &mut set, settings)?;
                listed.retain(|id| plan.asks(id));
            }
            if !listed.is_empty() {
                eprintln!(
                    "note: {task} in {}: {} of {} items have an empty text or choices that read the same, as the dataset's \
                     manifest lists; all are asked",
                    set.language,
                    listed.len(),
                    set.questions.len()
                );
            }
            sets.push(set);
        }
        let folder = dataset.folder();
        let mut version = json!({
            "dataset": folder.manifest().fingerprint,
            "dataset_sha256": folder.content_sha256(),
        });
        if let Some(plan) = plan {
            version["exemplars"] = json!(plan);
        }
        versions.insert(task, version);
    }
    Ok(PlannedQuestions { sets, versions })
}
