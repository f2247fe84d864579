//! LLaMA-Factory: one JSON file a split, and `dataset_info.json`, which names their columns.

use crate::export::{
    Export, ExportError, ExportOptions, ExportedDataset, Exporter, TOOL,
    datasets::{check_place, language},
};
use crate::{FictionalRow, Splits};
use clika_base::files::{FolderDraft, Manifest, sha256_hex};
use serde_json::{Map, Value, json};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

const STAGE: &str = "export llama-factory";

pub(super) static EXPORTER: Exporter = Exporter {
    name: "llama-factory",
    about: "LLaMA-Factory: fictional worlds to train with",
    without_exemplars: Some(
        "LLaMA-Factory gets rows to train with, which show nothing before them",
    ),
    write,
};

/// What becomes of the columns: ours and LLaMA-Factory's have the same names.
const COLUMNS: [&str; 3] = ["prompt", "query", "response"];

/// Writes the fictional worlds among `datasets` as LLaMA-Factory's datasets.
///
/// An entry is `clika_<dataset>_<config>` for the rows to train with, with `_gate` and `_test` after it for
/// the rows to evaluate on. Its rows have the keys `prompt`, `query` (empty for a question) and `response`,
/// and our `id`.
fn write(
    datasets: &[ExportedDataset],
    _options: &ExportOptions,
    out: &Path,
) -> Result<Export, ExportError> {
    let mut splits = Vec::new();
    let mut inputs = BTreeMap::new();
    for dataset in datasets.iter().filter(|dataset| dataset.0.is_fictional()) {
        for config in dataset.0.configs() {
            for (split, suffix, rows) in rows(dataset, config)? {
                let entry = format!("clika_{}_{config}{suffix}", dataset.name());
                let file = dataset.0.file(config, split);
                let hash = file.and_then(|file| dataset.0.manifest().files.get(&file));
                inputs.extend(hash.map(|hash| (entry.clone(), hash.clone())));
                splits.push((entry, rows));
            }
        }
    }
    if splits.is_empty() {
        return Err(ExportError::NothingToTrain {
            path: datasets
                .first()
                .map_or_else(PathBuf::new, |it| it.0.path().to_owned()),
        });
    }
    check_place(out, datasets, STAGE)?;
    let mut manifest = Manifest::new(TOOL, STAGE, json!({}), inputs);
    let draft = FolderDraft::begin(out)?;
    let mut info = Map::new();
    let mut entries = Vec::new();
    let mut write = |name: &str, content: String| {
        manifest.files.insert(name.to_owned(), sha256_hex(&content));
        draft.write(name, content.as_bytes())
    };
    for (entry, rows) in splits {
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
    Ok(Export {
        folder: out.to_owned(),
        entries,
        exemplars: BTreeMap::new(),
    })
}

/// A JSON list with an object a line.
fn lines(rows: &[Value]) -> String {
    let rows: Vec<_> = rows.iter().map(Value::to_string).collect();
    format!("[\n{}\n]\n", rows.join(",\n"))
}

/// A split of a world, what its entry's name ends in, and its rows.
type ExportSplit = (&'static str, &'static str, Vec<Value>);

/// The splits of a config, checked.
fn rows(dataset: &ExportedDataset, config: &str) -> Result<Vec<ExportSplit>, ExportError> {
    let world = dataset.world()?;
    let values = |rows: Vec<FictionalRow>| rows.into_iter().map(value).collect::<Vec<_>>();
    if dataset.0.file(config, "train").is_none() {
        return Ok(vec![("test", "_test", values(world.questions(config)?))]);
    }
    let Splits { train, gate, test } = world.splits(&language(config)?)?;
    Ok(vec![
        ("train", "", values(train)),
        ("gate", "_gate", values(gate)),
        ("test", "_test", values(test)),
    ])
}

fn value(row: FictionalRow) -> Value {
    let FictionalRow {
        id,
        prompt,
        query,
        response,
        ..
    } = row;
    json!({ "id": id, "prompt": prompt, "query": query, "response": response })
}
