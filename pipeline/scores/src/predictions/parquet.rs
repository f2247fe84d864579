//! Our own format: `<folder>/<model>/<task>/<language>.parquet`, with a manifest for each model.

use crate::metrics::Answer;
use crate::predictions::{
    Collection, Prediction, PredictionError, PredictionKey,
    collection::check_name,
    folder::{EntryKind, FolderEntry, entries},
};
use clika_base::files::{
    ArtifactError, FolderDraft, Manifest, TakenFolder, sha256_file, sha256_hex,
};
use clika_base::types::LanguageCode;
use clika_datasets::Task;
use polars::prelude::*;
use serde_json::json;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::Cursor,
    path::{Path, PathBuf},
};

const STAGE: &str = "predictions";

/// Writes a folder for each model. `taken` is the first one's, where it was taken before it was read.
pub(crate) fn write(
    collection: &Collection,
    folder: &Path,
    mut taken: Option<TakenFolder>,
) -> Result<(), PredictionError> {
    for (key, predictions) in collection.iter() {
        check_name(&key.model, folder)?;
        check_finite(key, predictions)?;
    }
    let mut folders = BTreeMap::<String, &str>::new();
    let mut manifests = Vec::new();
    for model in collection.models() {
        let path = folder.join(folder_name(model));
        if let Some(other) = folders.insert(folder_name(model), model) {
            return Err(PredictionError::SameFolder {
                a: other.to_owned(),
                b: model.to_owned(),
                path,
            });
        }
        // Every source is read before anything is written: it may be the folder written to.
        let mut inputs = BTreeMap::new();
        for file in collection.files_of(model) {
            inputs.insert(collection.name_of(file), sha256_file(file)?);
        }
        let tool = concat!("clika ", env!("CARGO_PKG_VERSION"));
        let mut config = json!({ "model": model, "source": collection.source()? });
        for (key, _) in collection.iter().filter(|(key, _)| key.model == model) {
            if let Some(run) = collection.run(key) {
                config["runs"][format!("{}/{}", key.task, key.language)] = run.clone();
            }
        }
        manifests.push((model, path, Manifest::new(tool, STAGE, config, inputs)));
    }
    for (model, folder, mut manifest) in manifests {
        let draft = match taken.take() {
            Some(taken) => taken.draft()?,
            None => FolderDraft::begin(&folder)?,
        };
        let mut counts = BTreeMap::new();
        for (key, predictions) in collection.iter().filter(|(key, _)| key.model == model) {
            let name = format!("{}/{}.parquet", key.task, key.language);
            let path = folder.join(&name);
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

/// What is written has to be readable, and NaN in a file would be an answer.
fn check_finite(key: &PredictionKey, predictions: &[Prediction]) -> Result<(), PredictionError> {
    for prediction in predictions {
        let broken = prediction
            .scores
            .iter()
            .flatten()
            .find(|it| !it.is_finite());
        if let Some(&score) = broken {
            return Err(PredictionError::NotFinite {
                model: key.model.clone(),
                task: key.task,
                language: key.language.clone(),
                item: prediction.item_id.clone(),
                score,
            });
        }
    }
    Ok(())
}

/// Reads the folder of a model, or every such folder in a folder: those that have a manifest of
/// predictions. `found` is every file in it.
///
/// Scores that are not finite are an error, or their file is set aside where `lenient`.
pub(crate) fn read(
    folder: &Path,
    found: &[FolderEntry],
    collection: &mut Collection,
    lenient: bool,
) -> Result<(), PredictionError> {
    let mut read = BTreeSet::new();
    if let Some(manifest) = manifest(folder)? {
        read_model(folder, &manifest, collection, &mut read, lenient)?;
    } else {
        for entry in entries(folder)? {
            if entry.kind != EntryKind::Folder {
                continue;
            }
            if let Some(manifest) = manifest(&entry.path)? {
                read_model(&entry.path, &manifest, collection, &mut read, lenient)?;
            }
        }
    }
    for entry in found {
        if entry.name.ends_with(".parquet") && !read.contains(&entry.path) {
            collection.not_read(&entry.path, "no manifest of predictions names it");
        }
    }
    Ok(())
}

/// The manifest of a folder that holds predictions.
fn manifest(folder: &Path) -> Result<Option<Manifest>, PredictionError> {
    let manifest = Manifest::read(folder)?;
    Ok(manifest.filter(|manifest| manifest.stage == STAGE))
}

fn read_model(
    folder: &Path,
    manifest: &Manifest,
    collection: &mut Collection,
    read: &mut BTreeSet<PathBuf>,
    lenient: bool,
) -> Result<(), PredictionError> {
    let Some(model) = manifest.config["model"].as_str() else {
        return Err(PredictionError::NoModel {
            path: folder.join(Manifest::FILE),
        });
    };
    for (name, digest) in &manifest.files {
        let path = folder.join(name);
        read.insert(path.clone());
        let Some((task, language)) = task_and_language(name) else {
            collection.not_read(&path, "a file is <task>/<language>.parquet");
            continue;
        };
        let key = PredictionKey {
            model: model.to_owned(),
            task,
            language,
        };
        match read_file(&path, digest, &key, folder) {
            Ok(predictions) => {
                let run = &manifest.config["runs"][format!("{}/{}", key.task, key.language)];
                if !run.is_null() {
                    collection.describe(key.clone(), run.clone());
                }
                collection.insert_from(key, predictions, path)?;
            }
            Err(why @ PredictionError::BrokenScores { .. }) if lenient => {
                collection.set_aside(key, why);
            }
            Err(why) => return Err(why),
        }
    }
    Ok(())
}

fn read_file(
    path: &Path,
    digest: &str,
    key: &PredictionKey,
    folder: &Path,
) -> Result<Vec<Prediction>, PredictionError> {
    // Not `Manifest::describes`, for which one file more is a fault: here it is noted.
    if !path.is_file() || sha256_file(path)? != *digest {
        return Err(PredictionError::Changed {
            path: folder.to_owned(),
        });
    }
    let bytes = fs::read(path).map_err(ArtifactError::read(path))?;
    decode(bytes, key, path)
}

/// `xgeo/de.parquet`.
fn task_and_language(name: &str) -> Option<(Task, LanguageCode)> {
    let (task, language) = name.strip_suffix(".parquet")?.split_once('/')?;
    let task = Task::named(task)?;
    let language = LanguageCode::try_from(language.to_owned()).ok()?;
    Some((task, language))
}

/// A model's name as a folder: `org/name` → `org__name`, as lm-evaluation-harness does.
pub(crate) fn folder_name(model: &str) -> String {
    model.replace('/', "__")
}

/// Columns: item_id, cluster_id, choice_scores, choice (null: the answer was none), response,
/// label, correct, item_sha256 and prompt_sha256 (null: not recorded).
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
    let optional = |name: &str, of: fn(&Prediction) -> &Option<String>| {
        let values = predictions
            .iter()
            .map(|prediction| of(prediction).as_deref());
        Column::new(name.into(), values.collect::<Vec<_>>())
    };
    let mut frame = DataFrame::new(
        predictions.len(),
        vec![
            texts("item_id", |prediction| &prediction.item_id),
            texts("cluster_id", |prediction| &prediction.cluster_id),
            scores.finish().into_column(),
            Column::new("choice".into(), choices),
            optional("response", |prediction| &prediction.response),
            column("label", predictions.iter().map(|p| i64::from(p.label))),
            column("correct", predictions.iter().map(|p| p.judged().is_right())),
            optional("item_sha256", |prediction| &prediction.item_sha256),
            optional("prompt_sha256", |prediction| &prediction.prompt_sha256),
        ],
    )?;
    clika_datasets::parquet::encode_frame(&mut frame)
}

fn decode(
    bytes: Vec<u8>,
    key: &PredictionKey,
    path: &Path,
) -> Result<Vec<Prediction>, PredictionError> {
    let parquet = |source| PredictionError::Parquet {
        path: path.to_owned(),
        source,
    };
    let frame = ParquetReader::new(Cursor::new(bytes))
        .finish()
        .map_err(parquet)?;
    let columns = PredictionColumns::of(&frame).map_err(parquet)?;
    if frame.height() == 0 {
        let empty = polars_err!(NoData: "the file has no rows");
        return Err(parquet(empty));
    }
    let mut seen = BTreeSet::new();
    (0..frame.height())
        .map(|row| columns.prediction(row, key, path, &mut seen))
        .collect()
}

/// The columns that [`encode`] writes.
struct PredictionColumns<'a> {
    ids: &'a StringChunked,
    clusters: &'a StringChunked,
    scores: &'a ListChunked,
    choices: &'a Int64Chunked,
    responses: &'a StringChunked,
    labels: &'a Int64Chunked,
    correct: &'a BooleanChunked,
    item_hashes: Option<&'a StringChunked>,
    prompt_hashes: Option<&'a StringChunked>,
}

impl<'a> PredictionColumns<'a> {
    fn of(frame: &'a DataFrame) -> PolarsResult<Self> {
        let text = |name: &str| frame.column(name).and_then(Column::str);
        // Older versions wrote no hashes.
        let hashes = |name: &str| match frame.get_column_index(name) {
            Some(_) => text(name).map(Some),
            None => Ok(None),
        };
        Ok(Self {
            ids: text("item_id")?,
            clusters: text("cluster_id")?,
            scores: frame.column("choice_scores").and_then(Column::list)?,
            choices: frame.column("choice").and_then(Column::i64)?,
            responses: text("response")?,
            labels: frame.column("label").and_then(Column::i64)?,
            correct: frame.column("correct").and_then(Column::bool)?,
            item_hashes: hashes("item_sha256")?,
            prompt_hashes: hashes("prompt_sha256")?,
        })
    }

    /// The prediction of a row, whose item must not have been `seen`.
    fn prediction(
        &self,
        row: usize,
        key: &PredictionKey,
        path: &Path,
        seen: &mut BTreeSet<&'a str>,
    ) -> Result<Prediction, PredictionError> {
        let task = key.task;
        let wrong = |problem: String| PredictionError::Row {
            path: path.to_owned(),
            row: row + 1,
            problem,
        };
        let (Some(id), Some(cluster), Some(label)) = (
            self.ids.get(row),
            self.clusters.get(row),
            self.labels.get(row),
        ) else {
            return Err(wrong(
                "item_id, cluster_id and label are not null".to_owned(),
            ));
        };
        if !seen.insert(id) {
            return Err(wrong(format!("item {id} occurs twice")));
        }
        let position = |number: i64| match u8::try_from(number) {
            Ok(position) if usize::from(position) < task.choices() => Ok(position),
            Ok(_) | Err(_) => Err(wrong(format!(
                "{number} is not a position among the {} choices of {task}",
                task.choices()
            ))),
        };
        let hash = |column: Option<&StringChunked>| column?.get(row).map(str::to_owned);
        let prediction = Prediction {
            item_id: id.to_owned(),
            cluster_id: cluster.to_owned(),
            scores: self.scores(row, key, path)?,
            answer: match self.choices.get(row) {
                Some(choice) => Answer::Choice(position(choice)?),
                None => Answer::Invalid,
            },
            response: self.responses.get(row).map(str::to_owned),
            label: position(label)?,
            item_sha256: hash(self.item_hashes),
            prompt_sha256: hash(self.prompt_hashes),
        };
        let right = prediction.judged().is_right();
        if self.correct.get(row) != Some(right) {
            return Err(wrong(format!(
                "correct is {}, but by choice and label it should be {right}",
                self.correct
                    .get(row)
                    .map_or("null".to_owned(), |value| value.to_string())
            )));
        }
        Ok(prediction)
    }

    /// The scores of a row's choices, which are all finite; `None` where the row has none.
    fn scores(
        &self,
        row: usize,
        key: &PredictionKey,
        path: &Path,
    ) -> Result<Option<Vec<f64>>, PredictionError> {
        let Some(list) = self.scores.get_as_series(row) else {
            return Ok(None);
        };
        let list = list.f64().map_err(|source| PredictionError::Parquet {
            path: path.to_owned(),
            source,
        })?;
        let list: Vec<Option<f64>> = list.iter().collect();
        let finite = list.iter().flatten().copied();
        let finite: Vec<f64> = finite.filter(|score| score.is_finite()).collect();
        let choices = key.task.choices();
        if list.len() == choices && finite.len() == list.len() {
            return Ok(Some(finite));
        }
        let problem = format!(
            "choice_scores has {} finite numbers among {}, but {} has {choices} choices",
            finite.len(),
            list.len(),
            key.task,
        );
        let (path, row) = (path.to_owned(), row + 1);
        Err(if finite.len() == list.len() {
            PredictionError::Row { path, row, problem }
        } else {
            PredictionError::BrokenScores {
                key: Box::new(key.clone()),
                path,
                row,
                problem,
            }
        })
    }
}
