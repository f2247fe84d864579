//! What every step of a training said: `log.jsonl`, and the same for TensorBoard.

use crate::{FinetuneError, events};
use clika_base::files::{ArtifactError, replace_file};
use clika_base::types::FilePosition;
use clika_lm::TrainingStep;
use serde::{Deserialize, Serialize};
use std::{
    fs::{File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// The file of a training's log, in the run's folder.
pub(crate) const LOG: &str = "log.jsonl";

/// A line of a training's log: one step.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(expecting = "a step of a training log", deny_unknown_fields)]
pub struct LogLine {
    /// From 1.
    pub step: usize,
    /// The mean over the answers' tokens.
    pub loss: f64,
    /// The step's.
    pub learning_rate: f64,
    /// Before it was clipped.
    pub gradient_norm: f64,
    /// Tokens that were run; there is no padding.
    pub tokens: usize,
    /// Of this step.
    pub tokens_per_second: f64,
    /// When, in seconds since 1970.
    pub time: f64,
}

impl LogLine {
    /// What a step said that took so long.
    pub(crate) fn new(step: &TrainingStep, took: Duration) -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        Self {
            step: step.number,
            loss: step.loss,
            learning_rate: step.learning_rate,
            gradient_norm: step.gradient_norm,
            tokens: step.tokens,
            tokens_per_second: step.tokens as f64 / took.as_secs_f64().max(f64::MIN_POSITIVE),
            time: now.map_or(0.0, |now| now.as_secs_f64()),
        }
    }

    fn json(&self) -> String {
        serde_json::to_string(self).expect("a line is plain data") + "\n"
    }

    fn event(&self) -> Vec<u8> {
        let values = [
            ("loss", self.loss),
            ("learning_rate", self.learning_rate),
            ("gradient_norm", self.gradient_norm),
            ("tokens_per_second", self.tokens_per_second),
        ];
        events::scalars(self.time, self.step as u64, &values)
    }
}

/// A training's log: lines of JSON, and events for TensorBoard.
pub(crate) struct TrainingLog {
    lines: (PathBuf, File),
    events: (PathBuf, File),
    /// Every line so far.
    pub(crate) so_far: Vec<LogLine>,
}

impl TrainingLog {
    /// Goes on after `done` steps: what was logged of later ones, before the process was killed, is taken back.
    pub(crate) fn open(folder: &Path, done: usize) -> Result<Self, FinetuneError> {
        let path = folder.join(LOG);
        let mut so_far = read(&path)?;
        so_far.retain(|line| line.step <= done);
        let lines: String = so_far.iter().map(LogLine::json).collect();
        replace_file(&path, lines.as_bytes())?;
        let events = folder.join(events::FILE);
        let begun = so_far.first().map_or_else(
            || {
                let now = SystemTime::now().duration_since(UNIX_EPOCH);
                now.map_or(0.0, |now| now.as_secs_f64())
            },
            |line| line.time,
        );
        let mut records = events::version(begun);
        records.extend(so_far.iter().flat_map(LogLine::event));
        replace_file(&events, &records)?;
        Ok(Self {
            lines: append_to(path)?,
            events: append_to(events)?,
            so_far,
        })
    }

    /// Writes a line to both.
    pub(crate) fn append(&mut self, line: LogLine) -> Result<(), FinetuneError> {
        for ((path, file), bytes) in [
            (&mut self.lines, line.json().into_bytes()),
            (&mut self.events, line.event()),
        ] {
            file.write_all(&bytes).map_err(ArtifactError::write(path))?;
        }
        self.so_far.push(line);
        Ok(())
    }
}

fn append_to(path: PathBuf) -> Result<(PathBuf, File), FinetuneError> {
    let file = OpenOptions::new().append(true).open(&path);
    let file = file.map_err(ArtifactError::write(&path))?;
    Ok((path, file))
}

/// The lines of a log. A last one without its end was cut off, and its step is taken again.
pub(crate) fn read(path: &Path) -> Result<Vec<LogLine>, FinetuneError> {
    let text = match std::fs::read_to_string(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        text => text.map_err(ArtifactError::read(path))?,
    };
    let whole = text.rfind('\n').map_or(0, |end| end + 1);
    let lines = text[..whole].lines().enumerate();
    lines
        .map(|(number, line)| {
            serde_json::from_str(line).map_err(|error| FinetuneError::Log {
                problem: error.to_string(),
                position: FilePosition {
                    path: path.to_owned(),
                    line: number + 1,
                },
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn line(step: usize) -> LogLine {
        LogLine {
            step,
            loss: 0.5,
            learning_rate: 0.25,
            gradient_norm: 1.0,
            tokens: 12,
            tokens_per_second: 24.0,
            time: 1.5,
        }
    }

    #[test]
    fn what_was_logged_after_the_checkpoint_is_taken_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log.jsonl");
        let events = folder.path().join(events::FILE);
        let mut log = TrainingLog::open(folder.path(), 0).unwrap();
        for step in 1..=3 {
            log.append(line(step)).unwrap();
        }
        let whole = fs::read(&events).unwrap();
        // Killed while it wrote the fourth.
        let mut text = fs::read_to_string(&path).unwrap();
        assert_eq!(text.lines().count(), 3);
        text += "{\"step\":4,\"lo";
        fs::write(&path, text).unwrap();

        let mut log = TrainingLog::open(folder.path(), 2).unwrap();
        assert_eq!(log.so_far, [line(1), line(2)]);
        log.append(line(3)).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap().lines().count(), 3);
        // The first record says when the file was begun.
        assert_eq!(fs::read(&events).unwrap()[40..], whole[40..]);
    }

    #[test]
    fn a_log_of_something_else_is_refused_with_its_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log.jsonl");
        fs::write(&path, "{\"mine\":1}\n").unwrap();
        let error = TrainingLog::open(folder.path(), 0).map(|_| ()).unwrap_err();
        assert!(error.to_string().ends_with("log.jsonl:1"), "{error}");
        assert_eq!(fs::read_to_string(&path).unwrap(), "{\"mine\":1}\n");
    }
}
