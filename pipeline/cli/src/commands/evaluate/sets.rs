use super::{Args, Failure};
use clika_core::Task;
use clika_evaluate::{Dataset, EvaluateError, Set, check_parallel};
use std::path::Path;

/// The items of every dataset and language that was asked for.
pub(super) fn sets(args: &Args, datasets: &Path) -> Result<Vec<Set>, Failure> {
    let tasks = if args.tasks.is_empty() {
        let built = |task: &Task| datasets.join(task.name()).is_dir();
        Task::ALL.into_iter().filter(built).collect()
    } else {
        args.tasks.clone()
    };
    if tasks.is_empty() {
        return Err(EvaluateError::NoDataset {
            folder: datasets.to_owned(),
            task: Task::XGeo,
        }
        .into());
    }
    let mut sets = Vec::new();
    for task in tasks {
        let dataset = Dataset::open(task, &datasets.join(task.name()))?;
        for language in dataset.languages(&args.languages)? {
            let (set, listed) = dataset.set(language, args.limit)?;
            if !listed.is_empty() {
                eprintln!(
                    "note: {task} in {}: {} items have an empty text or choices that read the same, as the dataset's \
                     manifest lists; they are asked all the same",
                    set.language,
                    listed.len()
                );
            }
            sets.push(set);
        }
    }
    check_parallel(&sets)?;
    Ok(sets)
}
