//! The paper's release as it lies on disk: irregular folder names, one file for each model.

use crate::metrics::Answer;
use crate::predictions::{
    Collection, Prediction, PredictionError, PredictionKey,
    folder::{EntryKind, entries},
    jsonl::{self, BlankLines, invalid},
};
use clika_base::types::{FilePosition, LanguageCode};
use clika_datasets::{ReleaseClusters, ReleaseFiles, Task};
use serde::Deserialize;
use std::{collections::BTreeMap, path::Path};

/// The tasks that the release has, with their folders.
fn tasks() -> impl Iterator<Item = (Task, &'static ReleaseFiles)> {
    Task::all().filter_map(|task| Some((task, task.dataset().release.as_ref()?)))
}

/// What follows the model's name in a file of recorded answers.
const SUFFIXES: [&str; 2] = ["_res_bf16_add_simple_example.jsonl", "_res.jsonl"];

const EXPECTED: &str =
    "each line is an object with `id`, `res` (the answer) and `label` (the right letter)";

/// A line of a file of recorded answers; the prompt and the source's own id are not needed.
#[derive(Deserialize)]
#[serde(expecting = "an object")]
struct ReleaseLine {
    id: u64,
    res: String,
    label: String,
}

/// Whether a folder is the release.
pub(crate) fn is_release(folder: &Path) -> bool {
    tasks().any(|(_, files)| {
        // A link is not a folder of the release: links to folders are not followed.
        std::fs::symlink_metadata(folder.join(files.folder)).is_ok_and(|found| found.is_dir())
    })
}

/// Reads all recorded answers.
pub(crate) fn read(folder: &Path, collection: &mut Collection) -> Result<(), PredictionError> {
    for entry in entries(folder)? {
        let Some((task, files)) = tasks().find(|(_, files)| files.folder == entry.name) else {
            continue;
        };
        match entry.kind {
            EntryKind::Folder => read_task(&entry.path, (task, files), collection)?,
            EntryKind::LinkToFolder => collection.not_read(&entry.path, LINK),
            EntryKind::File => collection.not_read(&entry.path, "no folder"),
        }
    }
    Ok(())
}

/// Why a link is left aside.
const LINK: &str = "a link to a folder";

fn read_task(
    folder: &Path,
    (task, files): (Task, &ReleaseFiles),
    collection: &mut Collection,
) -> Result<(), PredictionError> {
    let clusters = match files.clusters {
        ReleaseClusters::Answers => Clusters::answers(folder, (task, files), collection)?,
        ReleaseClusters::Halves => Clusters::Halves,
        ReleaseClusters::Each => Clusters::None,
    };
    for entry in entries(folder)? {
        match entry.kind {
            _ if entry.name.starts_with('.') => continue,
            EntryKind::File => continue,
            EntryKind::LinkToFolder => {
                collection.not_read(&entry.path, LINK);
                continue;
            }
            EntryKind::Folder => (),
        }
        let language = language(&entry.path)?;
        for file in entries(&entry.path)? {
            if file.kind != EntryKind::File || file.name.starts_with('.') {
                continue;
            }
            let Some(model) = model(&file.name) else {
                if file.name.contains("_res") && file.name.ends_with(".jsonl") {
                    let why = format!("a file of answers ends in {}", SUFFIXES.join(" or "));
                    collection.not_read(&file.path, &why);
                }
                continue;
            };
            let key = PredictionKey {
                model,
                task,
                language: language.clone(),
            };
            let predictions = predictions(&file.path, task, &clusters)?;
            collection.insert_from(key, predictions, file.path)?;
        }
    }
    Ok(())
}

fn predictions(
    file: &Path,
    task: Task,
    clusters: &Clusters,
) -> Result<Vec<Prediction>, PredictionError> {
    let lines = jsonl::read::<ReleaseLine>(file, BlankLines::Refused, EXPECTED)?.records;
    let count = lines.len() as u64;
    let mut predictions = Vec::new();
    for (position, line) in &lines {
        let Some(label) = letter(&line.label, task.choices()) else {
            return Err(invalid(
                position.clone(),
                &format!("`{}` is not a choice of {task}", line.label),
                &format!(
                    "`label` must be one of the first {} letters",
                    task.choices()
                ),
            ));
        };
        predictions.push(Prediction {
            item_id: line.id.to_string(),
            cluster_id: clusters.of(line.id, count).ok_or_else(|| {
                invalid(
                    position.clone(),
                    &format!("item {} is not in {}", line.id, clusters.file()),
                    "the English questions hold every item, so that cities of a division are one cluster",
                )
            })?,
            scores: None,
            answer: match first_letter(&line.res, task.choices()) {
                Some(choice) => Answer::Choice(choice),
                None => Answer::Invalid,
            },
            response: Some(line.res.clone()),
            label,
            item_sha256: None,
            prompt_sha256: None,
        });
    }
    let items = lines.iter().zip(&predictions);
    jsonl::check_distinct(
        items.map(|((position, _), p): (&(FilePosition, ReleaseLine), _)| {
            (position, p.item_id.as_str())
        }),
    )?;
    Ok(predictions)
}

/// Which items are not independent.
enum Clusters {
    /// Each stands alone.
    None,
    /// Item i of the first half and item i of the second are on one person.
    Halves,
    /// By the right choice of the English question.
    Answers {
        /// The file of the English questions, from the task's folder.
        file: String,
        answers: BTreeMap<u64, String>,
    },
}

impl Clusters {
    /// The file that says which items belong together.
    fn file(&self) -> &str {
        match self {
            Self::Answers { file, .. } => file,
            Self::None | Self::Halves => "",
        }
    }

    /// The cluster of an item; `None` where the questions lack it.
    fn of(&self, id: u64, count: u64) -> Option<String> {
        match self {
            Self::None => Some(id.to_string()),
            Self::Halves => Some((id % (count / 2).max(1)).to_string()),
            Self::Answers { answers, .. } => answers.get(&id).cloned(),
        }
    }

    /// Reads the right choices of the English questions. Where the file is missing every item
    /// is its own cluster, which is noted.
    fn answers(
        folder: &Path,
        (task, files): (Task, &ReleaseFiles),
        collection: &mut Collection,
    ) -> Result<Self, PredictionError> {
        #[derive(Deserialize)]
        #[serde(expecting = "an object")]
        struct ReleaseQuestion {
            id: u64,
            answers: Vec<String>,
            label: usize,
        }
        let name = format!("en/{}", files.file_of("en"));
        let file = folder.join(&name);
        if !file.is_file() {
            collection.notice(format!(
                "{}: no {name}, so that every item is drawn on its own",
                files.folder
            ));
            return Ok(Self::None);
        }
        collection.depend_on(task, file.clone());
        let expected = "each line is an object with `id`, `answers` and `label` (a position)";
        let mut answers = BTreeMap::new();
        for (position, question) in
            jsonl::read::<ReleaseQuestion>(&file, BlankLines::Refused, expected)?.records
        {
            let Some(answer) = question.answers.get(question.label) else {
                return Err(invalid(
                    position,
                    "`label` is not a position in `answers`",
                    expected,
                ));
            };
            answers.insert(question.id, answer.clone());
        }
        Ok(Self::Answers {
            file: name,
            answers,
        })
    }
}

/// `ZH_trans`, `DE` and `ar` are zh, de and ar.
fn language(folder: &Path) -> Result<LanguageCode, PredictionError> {
    let name = folder
        .file_name()
        .map_or_else(Default::default, |name| name.to_string_lossy());
    let code = name.strip_suffix("_trans").unwrap_or(&name).to_lowercase();
    LanguageCode::try_from(code).map_err(|problem| {
        let position = FilePosition {
            path: folder.to_owned(),
            line: 1,
        };
        invalid(
            position,
            &problem,
            "the folder of a task holds a folder for each language",
        )
    })
}

fn model(name: &str) -> Option<String> {
    let model = SUFFIXES
        .iter()
        .find_map(|suffix| name.strip_suffix(suffix))?;
    Some(model.to_owned())
}

/// The position of a capital Latin letter among the choices.
fn letter(text: &str, choices: usize) -> Option<u8> {
    let &[byte] = text.as_bytes() else {
        return None;
    };
    let position = byte.checked_sub(b'A')?;
    (usize::from(position) < choices).then_some(position)
}

/// The choice that an answer begins with. As in the release, it counts by its first character:
/// a lower-case or a Cyrillic letter and one beyond the choices are not answers.
fn first_letter(response: &str, choices: usize) -> Option<u8> {
    let first = response.trim().chars().next()?;
    letter(first.encode_utf8(&mut [0; 4]), choices)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_counts_by_its_first_character() {
        for (response, choice) in [
            ("B.", Some(1)),
            (" B. Alexandria Governorate", Some(1)),
            ("A", Some(0)),
            ("", None),
            ("  ", None),
            ("b", None),
            ("С.", None), // Cyrillic
            ("E.", None), // beyond four choices
            ("The answer is B", None),
        ] {
            assert_eq!(first_letter(response, 4), choice, "{response}");
        }
        assert_eq!(first_letter("E.", 5), Some(4));
    }

    #[test]
    fn folder_names_are_irregular() {
        for (name, code) in [
            ("ZH_trans", "zh"),
            ("ar_trans", "ar"),
            ("DE", "de"),
            ("ar", "ar"),
        ] {
            assert_eq!(language(Path::new(name)).unwrap().as_str(), code);
        }
    }

    #[test]
    fn only_recorded_answers_name_a_model() {
        assert_eq!(model("chatgpt_res.jsonl").as_deref(), Some("chatgpt"));
        assert_eq!(
            model("llama_13b_res_bf16_add_simple_example.jsonl").as_deref(),
            Some("llama_13b")
        );
        assert_eq!(model("generate_input.jsonl"), None);
        assert_eq!(model("validation.jsonl"), None);
    }
}
