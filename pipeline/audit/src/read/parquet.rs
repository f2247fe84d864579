//! A Parquet file, read by column name.

use crate::AuditError;
use polars::prelude::*;
use std::{
    fs::File,
    path::{Path, PathBuf},
};

/// The columns of a file.
pub(super) struct ParquetTable {
    path: PathBuf,
    frame: DataFrame,
}

impl ParquetTable {
    pub(super) fn open(path: &Path) -> Result<Self, AuditError> {
        let file = File::open(path).map_err(super::files::unreadable(path))?;
        let frame = ParquetReader::new(file)
            .finish()
            .map_err(|error| AuditError::Parquet {
                path: path.to_owned(),
                problem: error.to_string(),
            })?;
        Ok(Self {
            path: path.to_owned(),
            frame,
        })
    }

    pub(super) fn rows(&self) -> usize {
        self.frame.height()
    }

    pub(super) fn problem(&self, problem: impl Into<String>) -> AuditError {
        AuditError::Parquet {
            path: self.path.clone(),
            problem: problem.into(),
        }
    }

    fn column(&self, name: &str) -> Option<&Column> {
        self.frame.column(name).ok()
    }

    /// A column of texts that every row has.
    pub(super) fn texts(&self, name: &str) -> Result<Vec<String>, AuditError> {
        self.all(name, self.optional_texts(name)?)
    }

    /// A column of texts that rows may lack, and the file too.
    pub(super) fn optional_texts(&self, name: &str) -> Result<Vec<Option<String>>, AuditError> {
        let Some(column) = self.column(name) else {
            return Ok(vec![None; self.rows()]);
        };
        let column = column
            .str()
            .map_err(|error| self.problem(error.to_string()))?;
        Ok(column.iter().map(|text| text.map(str::to_owned)).collect())
    }

    /// A column of numbers that every row has.
    pub(super) fn numbers(&self, name: &str) -> Result<Vec<i64>, AuditError> {
        self.all(name, self.optional_numbers(name)?)
    }

    /// A column of numbers that rows may lack, and the file too.
    pub(super) fn optional_numbers(&self, name: &str) -> Result<Vec<Option<i64>>, AuditError> {
        let Some(column) = self.column(name) else {
            return Ok(vec![None; self.rows()]);
        };
        let column = column
            .i64()
            .map_err(|error| self.problem(error.to_string()))?;
        Ok(column.iter().collect())
    }

    /// A column of lists of texts that rows may lack, and the file too.
    pub(super) fn lists(&self, name: &str) -> Result<Vec<Option<Vec<String>>>, AuditError> {
        let Some(column) = self.column(name) else {
            return Ok(vec![None; self.rows()]);
        };
        let said = |error: PolarsError| self.problem(error.to_string());
        let column = column.list().map_err(said)?;
        (0..self.rows())
            .map(|row| {
                let Some(list) = column.get_as_series(row) else {
                    return Ok(None);
                };
                let list = list.str().map_err(said)?.iter();
                let list: Option<Vec<_>> = list.map(|text| text.map(str::to_owned)).collect();
                list.map(Some).ok_or_else(|| {
                    self.problem(format!("row {} has an empty text in `{name}`", row + 1))
                })
            })
            .collect()
    }

    fn all<T>(&self, name: &str, values: Vec<Option<T>>) -> Result<Vec<T>, AuditError> {
        if self.column(name).is_none() {
            return Err(self.problem(format!("there is no column `{name}`")));
        }
        let mut all = Vec::with_capacity(values.len());
        for (row, value) in values.into_iter().enumerate() {
            all.push(
                value.ok_or_else(|| self.problem(format!("row {} has no `{name}`", row + 1)))?,
            );
        }
        Ok(all)
    }
}
