//! The models that a server lists, and whether it reads the name of the one that is asked for.

use crate::services::CallError;
use clika_base::types::Progress;
use reqwest::StatusCode;
use serde_json::Value;
use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// A name that no model has.
pub(super) const NOBODY: &str = "clika-asks-for-a-model-that-nobody-has";

/// How long the list is waited for: it is not needed.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// What is known of the name of the model that is asked for.
#[derive(Default)]
pub(super) struct ServedNames {
    known: Mutex<KnownNames>,
    /// Held while it is found out, so that it is found out once.
    pub(super) turn: tokio::sync::Mutex<()>,
}

#[derive(Default)]
enum KnownNames {
    /// The server's list has not been asked for.
    #[default]
    Unasked,
    /// The server lists the name, or nothing, or refuses another.
    Fine,
    /// The server lists other names.
    Doubtful {
        served: Vec<String>,
        /// The status with which it refuses a name that nobody has, if it does.
        nobody: Option<StatusCode>,
    },
}

impl ServedNames {
    fn known(&self) -> MutexGuard<'_, KnownNames> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn is_unasked(&self) -> bool {
        matches!(*self.known(), KnownNames::Unasked)
    }

    pub(super) fn is_doubtful(&self) -> bool {
        matches!(*self.known(), KnownNames::Doubtful { .. })
    }

    /// Takes the server's list.
    pub(super) fn list(&self, model: &str, served: Vec<String>) {
        let fine = served.is_empty() || served.iter().any(|listed| is_name_of(model, listed));
        *self.known() = if fine {
            KnownNames::Fine
        } else {
            let nobody = None;
            KnownNames::Doubtful { served, nobody }
        };
    }

    /// The server has not answered to a name that nobody has.
    pub(super) fn refused_nobody(&self, error: &CallError) {
        if let KnownNames::Doubtful { nobody, .. } = &mut *self.known() {
            *nobody = match error {
                CallError::Refused { status, .. } | CallError::Key { status, .. } => Some(*status),
                CallError::Busy { status, .. } if *status == StatusCode::INTERNAL_SERVER_ERROR => {
                    Some(*status)
                }
                // Of something else: a field, haste, the network.
                _ => None,
            };
        }
    }

    /// The server has answered to a name that nobody has.
    pub(super) fn any_name(&self, model: &str) -> CallError {
        let names = match &*self.known() {
            KnownNames::Doubtful { served, .. } => lists(served, model),
            KnownNames::Unasked | KnownNames::Fine => format!("lists no `{model}`"),
        };
        CallError::NotServed {
            problem: format!(
                "the server {names}, and answers to any name, also to one that no model has"
            ),
        }
    }

    /// An error, with what the server lists if the name may be its reason.
    pub(super) fn explain(&self, error: CallError, model: &str) -> CallError {
        let names = self.known();
        let KnownNames::Doubtful { served, nobody } = &*names else {
            return error;
        };
        let names = lists(served, model);
        match error {
            CallError::Refused { status, excerpt }
                if [StatusCode::BAD_REQUEST, StatusCode::NOT_FOUND].contains(&status) =>
            {
                CallError::Unlisted {
                    names,
                    status,
                    excerpt,
                }
            }
            // As it does with a name that nobody has: it fails where others refuse.
            CallError::Busy {
                status, excerpt, ..
            } if status == StatusCode::INTERNAL_SERVER_ERROR && *nobody == Some(status) => {
                CallError::NotServed {
                    problem: format!("the server {names}, and answered {status} to it: {excerpt}"),
                }
            }
            error => error,
        }
    }

    /// The model has answered, after a name that nobody has was refused: the server knows it.
    pub(super) fn confirm(&self, model: &str, progress: &dyn Progress) {
        let mut names = self.known();
        if let KnownNames::Doubtful {
            served,
            nobody: Some(_),
        } = &*names
        {
            progress.note(&format!(
                "the server does not list `{model}` but {}; it knows the name all the same, since it refuses an invented one",
                shown(served)
            ));
            *names = KnownNames::Fine;
        }
    }
}

/// The names in the list of a server: an object with `data`, or the list alone.
pub(super) fn names(list: &[u8]) -> Vec<String> {
    let list: Value = serde_json::from_slice(list).unwrap_or_default();
    let entries = list["data"].as_array().or_else(|| list.as_array());
    let entries = entries.into_iter().flatten();
    let names = entries.filter_map(|entry| entry["id"].as_str());
    names.map(str::to_owned).collect()
}

/// Whether a name means a listed one: itself, Ollama's without `:latest`, or the last part of a path, as llama.cpp lists files.
fn is_name_of(model: &str, listed: &str) -> bool {
    let last = listed.rsplit(['/', '\\']).next().unwrap_or(listed);
    listed == model
        || listed.strip_suffix(":latest") == Some(model)
        || last == model
        || last.strip_suffix(".gguf") == Some(model)
}

/// What is said of names that lack the one that was asked for.
fn lists(served: &[String], model: &str) -> String {
    format!("lists {}, not `{model}`", shown(served))
}

/// Names for a message: a few of them.
fn shown(names: &[String]) -> String {
    const FEW: usize = 5;
    let few: Vec<String> = names
        .iter()
        .take(FEW)
        .map(|name| format!("`{name}`"))
        .collect();
    let few = few.join(", ");
    match names.len().saturating_sub(FEW) {
        0 => few,
        more => format!("{few} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_listed_in_several_forms() {
        for (model, listed, same) in [
            ("gpt-4o", "gpt-4o", true),
            ("llama3.2", "llama3.2:latest", true),
            ("llama3.2", "llama3.2:1b", false),
            ("gemma", "/models/gemma.gguf", true),
            ("gemma.gguf", "C:\\models\\gemma.gguf", true),
            ("Qwen2.5-7B", "Qwen/Qwen2.5-7B", true),
            ("other/Qwen2.5-7B", "Qwen/Qwen2.5-7B", false),
            ("gpt-4o", "gpt-4o-2024-08-06", false),
        ] {
            assert_eq!(is_name_of(model, listed), same, "{model} {listed}");
        }
        let listed = names(br#"{ "object": "list", "data": [{ "id": "a" }, { "id": "b" }] }"#);
        assert_eq!(listed, ["a", "b"]);
        assert_eq!(names(br#"[{ "id": "a" }]"#), ["a"]);
        assert!(names(br#"{ "error": "no" }"#).is_empty());
        let many: Vec<String> = (0..7).map(|number| number.to_string()).collect();
        assert_eq!(shown(&many), "`0`, `1`, `2`, `3`, `4` and 2 more");
    }
}
