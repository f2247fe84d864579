//! Our own format: `<folder>/<model>/<task>/<language>.parquet`, with a manifest for each model.

use crate::{Collection, Key, Prediction, PredictionError};
use clika_artifacts::{ArtifactError, FolderDraft, Manifest, sha256_hex};
use clika_core::{LanguageCode, Task};
use clika_metrics::Answer;
use polars::prelude::*;
use serde_json::json;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::Cursor,
    path::Path,
};

const STAGE: &str = "predictions";

/// Writes a folder for each model.
pub(crate) fn write(
    collection: &Collection,
    folder: &Path,
    source: &str,
) -> Result<(), PredictionError> {
    for model in collection.models() {
        let tool = concat!("clika ", env!("CARGO_PKG_VERSION"));
        let config = json!({ "model": model, "source": source });
        let mut manifest = Manifest::new(tool, STAGE, config, BTreeMap::new());
        let draft = FolderDraft::begin(&folder.join(folder_name(model)))?;
        let mut counts = BTreeMap::new();
        for (key, predictions) in collection.iter().filter(|(key, _)| key.model == model) {
            let name = format!("{}/{}.parquet", key.task, key.language);
            let path = folder.join(folder_name(model)).join(&name);
            let bytes =
                encode(predictions).map_err(|source| PredictionError::Parquet { path, source })?;
            draft.write(&name, &bytes)?;
            counts.insert(name.clone(), predictions.len());
            manifest.files.insert(name, sha256_hex(&bytes));
        }
        manifest.report = json!({ "rows": counts });
        draft.write(Manifest::FILE, manifest.to_json().as_bytes())?;
        draft.publish()?;
    }
    Ok(())
}

/// Reads every model that has a manifest of predictions.
pub(crate) fn read(folder: &Path) -> Result<Collection, PredictionError> {
    let mut collection = Collection::default();
    let entries = fs::read_dir(folder).map_err(|source| PredictionError::Unreadable {
        path: folder.to_owned(),
        source,
    })?;
    let folders: BTreeSet<_> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.is_dir())
        .collect();
    for folder in folders {
        let Some(manifest) = Manifest::read(&folder)?.filter(|manifest| manifest.stage == STAGE)
        else {
            continue;
        };
        let Some(model) = manifest.config["model"].as_str() else {
            continue;
        };
        for name in manifest.files.keys() {
            let Some((task, language)) = task_and_language(name) else {
                continue;
            };
            let path = folder.join(name);
            let bytes = fs::read(&path).map_err(|source| ArtifactError::Read {
                path: path.clone(),
                source,
            })?;
            let key = Key {
                model: model.to_owned(),
                task,
                language,
            };
            let predictions = decode(bytes, &path)?;
            collection.insert_from(key, predictions, path);
        }
    }
    Ok(collection)
}

/// `xgeo/de.parquet`.
fn task_and_language(name: &str) -> Option<(Task, LanguageCode)> {
    let (task, language) = name.strip_suffix(".parquet")?.split_once('/')?;
    let task = Task::ALL.into_iter().find(|known| known.name() == task)?;
    let language = LanguageCode::try_from(language.to_owned()).ok()?;
    Some((task, language))
}

/// A model's name as a folder: `org/name` → `org__name`, as lm-evaluation-harness does.
fn folder_name(model: &str) -> String {
    model.replace('/', "__")
}

/// Columns: item_id, cluster_id, choice_scores, choice (null: the answer was none), response,
/// label, correct.
fn encode(predictions: &[Prediction]) -> PolarsResult<Vec<u8>> {
    let mut scores = ListPrimitiveChunkedBuilder::<Float64Type>::new(
        "choice_scores".into(),
        predictions.len(),
        5 * predictions.len(),
        DataType::Float64,
    );
    for prediction in predictions {
        match &prediction.scores {
            Some(values) => scores.append_slice(values),
            None => scores.append_null(),
        }
    }
    fn column<T>(name: &str, values: impl Iterator<Item = T>) -> Column
    where
        Series: NamedFrom<Vec<T>, [T]>,
    {
        Column::new(name.into(), values.collect::<Vec<_>>())
    }
    let texts = |name: &str, of: fn(&Prediction) -> &str| {
        Column::new(name.into(), predictions.iter().map(of).collect::<Vec<_>>())
    };
    let choices: Vec<Option<i64>> = predictions
        .iter()
        .map(|prediction| match prediction.answer {
            Answer::Choice(choice) => Some(choice.into()),
            Answer::Invalid => None,
        })
        .collect();
    let responses: Vec<Option<&str>> = predictions
        .iter()
        .map(|prediction| prediction.response.as_deref())
        .collect();
    let mut frame = DataFrame::new(
        predictions.len(),
        vec![
            texts("item_id", |prediction| &prediction.item_id),
            texts("cluster_id", |prediction| &prediction.cluster_id),
            scores.finish().into_column(),
            Column::new("choice".into(), choices),
            Column::new("response".into(), responses),
            column("label", predictions.iter().map(|p| i64::from(p.label))),
            column("correct", predictions.iter().map(|p| p.judged().is_right())),
        ],
    )?;
    let mut bytes = Vec::new();
    ParquetWriter::new(&mut bytes)
        .with_compression(ParquetCompression::Snappy)
        .finish(&mut frame)?;
    Ok(bytes)
}

fn decode(bytes: Vec<u8>, path: &Path) -> Result<Vec<Prediction>, PredictionError> {
    let parquet = |source| PredictionError::Parquet {
        path: path.to_owned(),
        source,
    };
    let frame = ParquetReader::new(Cursor::new(bytes))
        .finish()
        .map_err(parquet)?;
    let ids = frame
        .column("item_id")
        .and_then(Column::str)
        .map_err(parquet)?;
    let clusters = frame
        .column("cluster_id")
        .and_then(Column::str)
        .map_err(parquet)?;
    let scores = frame
        .column("choice_scores")
        .and_then(Column::list)
        .map_err(parquet)?;
    let choices = frame
        .column("choice")
        .and_then(Column::i64)
        .map_err(parquet)?;
    let responses = frame
        .column("response")
        .and_then(Column::str)
        .map_err(parquet)?;
    let labels = frame
        .column("label")
        .and_then(Column::i64)
        .map_err(parquet)?;
    let mut seen = BTreeSet::new();
    let mut predictions = Vec::new();
    for row in 0..frame.height() {
        let wrong = |problem: String| PredictionError::Row {
            path: path.to_owned(),
            row: row + 1,
            problem,
        };
        let (Some(id), Some(cluster), Some(label)) =
            (ids.get(row), clusters.get(row), labels.get(row))
        else {
            return Err(wrong(
                "item_id, cluster_id and label are not null".to_owned(),
            ));
        };
        if !seen.insert(id) {
            return Err(wrong(format!("item {id} stands twice")));
        }
        let position = |number: i64| {
            u8::try_from(number).map_err(|_| wrong(format!("{number} is no position of a choice")))
        };
        predictions.push(Prediction {
            item_id: id.to_owned(),
            cluster_id: cluster.to_owned(),
            scores: match scores.get_as_series(row) {
                Some(list) => {
                    let list = list.f64().map_err(parquet)?;
                    Some(
                        list.iter()
                            .collect::<Option<Vec<_>>>()
                            .ok_or_else(|| wrong("a score is null".to_owned()))?,
                    )
                }
                None => None,
            },
            answer: match choices.get(row) {
                Some(choice) => Answer::Choice(position(choice)?),
                None => Answer::Invalid,
            },
            response: responses.get(row).map(str::to_owned),
            label: position(label)?,
        });
    }
    Ok(predictions)
}
