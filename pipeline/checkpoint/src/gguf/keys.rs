//! The metadata's keys by type: what is missing has the format's default, what is of another type is an error.

use super::{GgufFile, GgufValue};
use crate::CheckpointError;

impl GgufFile {
    /// What is wrong with the metadata.
    pub(crate) fn problem(&self, problem: impl Into<String>) -> CheckpointError {
        CheckpointError::Metadata {
            path: self.path().to_owned(),
            problem: problem.into(),
        }
    }

    pub(crate) fn text(&self, key: &str) -> Result<Option<&str>, CheckpointError> {
        self.typed(key, "a text", GgufValue::text)
    }

    pub(crate) fn flag(&self, key: &str) -> Result<Option<bool>, CheckpointError> {
        self.typed(key, "true or false", GgufValue::flag)
    }

    pub(crate) fn count(&self, key: &str) -> Result<Option<usize>, CheckpointError> {
        self.typed(key, "a whole number from 0 on", GgufValue::count)
    }

    pub(crate) fn number(&self, key: &str) -> Result<Option<f64>, CheckpointError> {
        self.typed(key, "a finite floating-point number", GgufValue::number)
    }

    /// The texts of a list.
    pub(crate) fn texts(&self, key: &str) -> Result<Option<Vec<&str>>, CheckpointError> {
        self.items(key, "texts", GgufValue::text)
    }

    /// The items of a list that `of` takes.
    pub(crate) fn items<'a, T>(
        &'a self,
        key: &str,
        what: &str,
        of: impl Fn(&'a GgufValue) -> Option<T>,
    ) -> Result<Option<Vec<T>>, CheckpointError> {
        let Some(list) = self.typed(key, &format!("a list of {what}"), GgufValue::list)? else {
            return Ok(None);
        };
        let items: Option<Vec<T>> = list.iter().map(of).collect();
        items
            .map(Some)
            .ok_or_else(|| self.problem(format!("`{key}` is not a list of {what}")))
    }

    pub(crate) fn needed_count(&self, key: &str) -> Result<usize, CheckpointError> {
        self.count(key)?.ok_or_else(|| self.lacks(key))
    }

    pub(crate) fn lacks(&self, key: &str) -> CheckpointError {
        self.problem(format!("`{key}` is missing"))
    }

    fn typed<'a, T>(
        &'a self,
        key: &str,
        what: &str,
        of: impl Fn(&'a GgufValue) -> Option<T>,
    ) -> Result<Option<T>, CheckpointError> {
        let Some(value) = self.key(key) else {
            return Ok(None);
        };
        let typed =
            of(value).ok_or_else(|| self.problem(format!("`{key}` is {value}, not {what}")))?;
        Ok(Some(typed))
    }
}
