//! LLaMA-Factory: one JSON file a split, and `dataset_info.json`, which names their columns.

use crate::{
    Dataset, ExportError, Exported, TOOL,
    datasets::{check_place, read},
};
use clika_artifacts::{FolderDraft, Manifest, sha256_file, sha256_hex};
use polars::prelude::*;
use serde_json::{Map, Value, json};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

const STAGE: &str = "export llama-factory";

/// What becomes of the columns: ours and LLaMA-Factory's have the same names.
const COLUMNS: [&str; 3] = ["prompt", "query", "response"];

/// Writes the fictional worlds among `datasets` as LLaMA-Factory's datasets.
///
/// An entry is `clika_<dataset>_<config>` for the rows to train with, with `_gate` and `_test` after it for
/// the rows to evaluate on. Its rows have the keys `prompt`, `query` (empty for a question) and `response`,
/// and our `id`.
pub fn llama_factory(datasets: &[Dataset], out: &Path) -> Result<Exported, ExportError> {
    let mut splits: Vec<(String, PathBuf)> = Vec::new();
    for dataset in datasets.iter().filter(|dataset| dataset.is_fictional()) {
        for config in &dataset.configs {
            for (split, suffix) in [("train", ""), ("gate", "_gate"), ("test", "_test")] {
                if let Some(path) = dataset.file(config, split) {
                    splits.push((format!("clika_{}_{config}{suffix}", dataset.name), path));
                }
            }
        }
    }
    if splits.is_empty() {
        return Err(ExportError::NothingToTrain {
            path: datasets
                .first()
                .map_or_else(PathBuf::new, |it| it.folder.clone()),
        });
    }
    check_place(out, datasets, STAGE)?;
    let mut inputs = BTreeMap::new();
    for (entry, path) in &splits {
        inputs.insert(entry.clone(), sha256_file(path)?);
    }
    let mut manifest = Manifest::new(TOOL, STAGE, json!({}), inputs);
    let draft = FolderDraft::begin(out)?;
    let mut info = Map::new();
    let mut entries = Vec::new();
    let mut write = |name: &str, content: String| {
        manifest.files.insert(name.to_owned(), sha256_hex(&content));
        draft.write(name, content.as_bytes())
    };
    for (entry, path) in splits {
        let rows = rows(&path)?;
        let name = format!("{entry}.json");
        let columns: Map<_, _> = COLUMNS
            .map(|it| (it.to_owned(), json!(it)))
            .into_iter()
            .collect();
        let about = json!({ "file_name": name, "formatting": "alpaca", "columns": columns });
        info.insert(entry.clone(), about);
        entries.push((entry, rows.len()));
        write(&name, lines(&rows))?;
    }
    let info = serde_json::to_string_pretty(&info).expect("entries are plain data");
    write("dataset_info.json", info + "\n")?;
    draft.write(Manifest::FILE, manifest.to_json().as_bytes())?;
    draft.publish()?;
    Ok(Exported {
        folder: out.to_owned(),
        entries,
    })
}

/// A JSON list with an object a line.
fn lines(rows: &[Value]) -> String {
    let rows: Vec<_> = rows.iter().map(Value::to_string).collect();
    format!("[\n{}\n]\n", rows.join(",\n"))
}

fn rows(path: &Path) -> Result<Vec<Value>, ExportError> {
    let frame = read(path)?;
    let wrong = |problem: String| ExportError::Parquet {
        path: path.to_owned(),
        problem,
    };
    let names = ["id"].into_iter().chain(COLUMNS);
    let columns: Vec<(&str, &StringChunked)> = names
        .map(|name| {
            let column = frame.column(name).and_then(Column::str);
            Ok((name, column.map_err(|error| wrong(error.to_string()))?))
        })
        .collect::<Result<_, ExportError>>()?;
    (0..frame.height())
        .map(|row| {
            let cells = columns.iter().map(|(name, column)| {
                let text = column.get(row);
                let text = text.ok_or_else(|| wrong(format!("row {} has no `{name}`", row + 1)))?;
                Ok(((*name).to_owned(), json!(text)))
            });
            cells
                .collect::<Result<Map<_, _>, ExportError>>()
                .map(Value::Object)
        })
        .collect()
}
