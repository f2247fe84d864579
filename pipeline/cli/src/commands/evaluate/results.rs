//! Predictions on disk, and the table of a run.

use super::{Args, Failure};
use crate::commands::print;
use clika_artifacts::Manifest;
use clika_evaluate::Set;
use clika_metrics::Answer;
use clika_predictions::{Collection, Key, Prediction};
use serde_json::{Value, json};
use std::{collections::BTreeSet, path::Path};

/// What was answered, and how it was asked.
pub(super) struct Results<'a> {
    /// The model's name in the predictions.
    pub(super) name: &'a str,
    pub(super) sets: &'a [Set],
    pub(super) predictions: &'a [Vec<Prediction>],
    /// Everything that moves a score, for the manifest.
    pub(super) described: Value,
    /// How it was asked, in words.
    pub(super) how: String,
    /// Further fields of the printed object.
    pub(super) fields: Value,
}

impl Results<'_> {
    /// Writes the predictions and prints the table, or the object for `--json`.
    pub(super) fn publish(&self, args: &Args, datasets: &Path, out: &Path) -> Result<(), Failure> {
        save(
            self.name,
            self.sets,
            self.predictions,
            &self.described,
            datasets,
            out,
        )?;
        let rows: Vec<_> = self
            .sets
            .iter()
            .zip(self.predictions)
            .map(|(set, predictions)| Row::of(set, predictions))
            .collect();
        if args.json {
            let mut object = json!({
                "model": self.name,
                "predictions": out,
                "scores": rows.iter().map(Row::json).collect::<Vec<_>>(),
            });
            if let (Value::Object(object), Value::Object(fields)) = (&mut object, &self.fields) {
                object.extend(fields.clone());
            }
            return print(&format!("{object}\n"));
        }
        let mut text = format!(
            "{}: {}, prompt `{}`\n\n| task | language | items | accuracy | invalid |\n|---|---|---|---|---|\n",
            self.name, self.how, args.prompt
        );
        text.extend(rows.iter().map(Row::markdown));
        print(&(text + &format!("\nwrote {}\n", out.display())))
    }
}

/// Writes predictions beside those of other tasks and languages that the model has already.
fn save(
    name: &str,
    sets: &[Set],
    predictions: &[Vec<Prediction>],
    described: &Value,
    datasets: &Path,
    out: &Path,
) -> Result<(), Failure> {
    let mut collection = Collection::read_model(out, name)?;
    for (set, predictions) in sets.iter().zip(predictions) {
        let ids: BTreeSet<_> = predictions.iter().map(|p| &p.item_id).collect();
        // Older predictions of a task stay only if they are on the same items.
        let stale: Vec<Key> = collection
            .iter()
            .filter(|(key, older)| {
                key.task == set.task
                    && older.iter().map(|p| &p.item_id).collect::<BTreeSet<_>>() != ids
            })
            .map(|(key, _)| key.clone())
            .collect();
        for key in stale {
            eprintln!(
                "note: {} in {} was on other items and is replaced or removed",
                key.task, key.language
            );
            collection.remove(&key);
        }
        let key = Key {
            model: name.to_owned(),
            task: set.task,
            language: set.language.clone(),
        };
        let mut run = described.clone();
        let manifest = Manifest::read(&datasets.join(set.task.name()))?;
        run["dataset"] = json!(manifest.map(|manifest| manifest.fingerprint));
        collection.remove(&key);
        collection.describe(key.clone(), run);
        collection.insert(key, predictions.clone());
    }
    Ok(collection.write(out)?)
}

/// A line of the table.
struct Row<'a> {
    set: &'a Set,
    right: usize,
    invalid: usize,
    items: usize,
}

impl<'a> Row<'a> {
    fn of(set: &'a Set, predictions: &[Prediction]) -> Self {
        let count = |of: fn(&Prediction) -> bool| predictions.iter().filter(|p| of(p)).count();
        Self {
            set,
            right: count(|prediction| prediction.judged().is_right()),
            invalid: count(|prediction| prediction.answer == Answer::Invalid),
            items: predictions.len(),
        }
    }

    fn markdown(&self) -> String {
        format!(
            "| {} | {} | {} | {:.3} | {} |\n",
            self.set.task,
            self.set.language,
            self.items,
            self.right as f64 / self.items as f64,
            self.invalid
        )
    }

    fn json(&self) -> Value {
        json!({
            "task": self.set.task,
            "language": self.set.language,
            "items": self.items,
            "right": self.right,
            "invalid": self.invalid,
        })
    }
}
