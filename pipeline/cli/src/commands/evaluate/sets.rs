use super::{Args, Failure};
use clika_core::{LanguageCode, Task};
use clika_evaluate::{EvaluateError, Set, languages, read_dataset};
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
        let folder = datasets.join(task.name());
        let there = languages(task, &folder)?;
        let wanted: Vec<LanguageCode> = if args.languages.is_empty() {
            there
        } else {
            let wanted = args.languages.iter().map(|code| {
                let known = there.iter().find(|known| known.as_str() == code);
                known.cloned().ok_or_else(|| EvaluateError::Dataset {
                    path: folder.clone(),
                    problem: format!("it has no language `{code}`"),
                })
            });
            wanted.collect::<Result<_, _>>()?
        };
        for language in wanted {
            let mut questions = read_dataset(task, &folder, &language)?;
            if let Some(limit) = args.limit {
                questions.truncate(limit as usize);
            }
            sets.push(Set {
                task,
                language,
                questions,
            });
        }
    }
    Ok(sets)
}
