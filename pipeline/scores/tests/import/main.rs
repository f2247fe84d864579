//! Importers on small folders made here, and what they say about bad input.

#![allow(clippy::unwrap_used)]

mod harness;
mod identity;
mod ours;
mod release;

use clika_base::types::LanguageCode;
use clika_datasets::Task;
use clika_scores::metrics::Answer;
use clika_scores::predictions::{Collection, Prediction, PredictionError, PredictionKey};
use miette::Diagnostic;
use std::{fs, path::Path};

const SUFFIX: &str = "_res_bf16_add_simple_example.jsonl";

fn code(code: &str) -> LanguageCode {
    LanguageCode::try_from(code.to_owned()).unwrap()
}

fn write(folder: &Path, name: &str, content: impl AsRef<[u8]>) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
}

/// A release of one model and four people's questions in two languages.
fn release(folder: &Path) {
    let lines = |answers: [&str; 4]| -> String {
        answers
            .iter()
            .enumerate()
            .map(|(id, answer)| {
                format!("{{\"id\": {id}, \"input\": \"…\", \"res\": \"{answer}\", \"label\": \"B\", \"uuid\": {id}}}\n")
            })
            .collect()
    };
    write(
        folder,
        &format!("x_name/en/llama_13b{SUFFIX}"),
        lines(["B.", "B.", "A.", "voiv"]),
    );
    write(
        folder,
        &format!("x_name/DE/llama_13b{SUFFIX}"),
        lines(["B.", "C.", "B. 1756", ""]),
    );
    write(
        folder,
        "x_name/en/chatgpt_res.jsonl",
        lines(["B. 1756", "B", "B", "B"]),
    );
    write(
        folder,
        "x_name/en/generate_input.jsonl",
        lines(["", "", "", ""]),
    );
    write(
        folder,
        "x_csqa/ZH_trans/validation.jsonl",
        "no answers of a model",
    );
}

fn replace(from: &'static str, to: &'static str) -> impl FnOnce(Vec<u8>) -> Vec<u8> {
    move |bytes| {
        let text = String::from_utf8(bytes).unwrap();
        assert!(text.contains(from));
        text.replacen(from, to, 1).into_bytes()
    }
}

const FILE: &str = "x_name/DE/llama_13b_res_bf16_add_simple_example.jsonl";

/// A sample of xGeo with the fields that are read; its document has a cluster.
fn sample(target: &str, responses: &str) -> String {
    format!(
        r#"{{"doc_id": 0, "doc": {{"id": "Q1", "cluster_id": "Q2"}}, "target": {target}, "filtered_resps": {responses}}}"#
    )
}

const FOUR: &str = "[[-2, 0], [-1, 0], [-3, 0], [-4, 0]]";

/// A folder of samples of one model, `m`.
fn samples(files: &[(&str, String)]) -> (tempfile::TempDir, Result<Collection, PredictionError>) {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in files {
        write(folder.path(), name, content);
    }
    let collection = Collection::read(folder.path());
    (folder, collection)
}

/// A right answer with scores.
fn item(id: &str, cluster: &str) -> Prediction {
    Prediction {
        item_id: id.to_owned(),
        cluster_id: cluster.to_owned(),
        scores: Some(vec![-1.0, -0.5, -2.0, -3.0]),
        answer: Answer::Choice(1),
        response: None,
        label: 1,
        item_sha256: None,
        prompt_sha256: None,
    }
}

fn key(model: &str, language: &str) -> PredictionKey {
    PredictionKey {
        model: model.to_owned(),
        task: Task::named("xgeo").unwrap(),
        language: code(language),
    }
}

/// Changes a file of our format, and its hash in the manifest of model `m`.
fn rewritten(folder: &Path, name: &str, change: impl FnOnce(&mut polars::prelude::DataFrame)) {
    use polars::prelude::*;
    let file = folder.join(name);
    let before = fs::read(&file).unwrap();
    let mut frame = ParquetReader::new(std::io::Cursor::new(&before))
        .finish()
        .unwrap();
    change(&mut frame);
    let after = clika_datasets::parquet::encode_frame(&mut frame).unwrap();
    fs::write(&file, &after).unwrap();
    let manifest = fs::read_to_string(folder.join("m/manifest.json")).unwrap();
    let digest = clika_base::files::sha256_hex;
    let manifest = manifest.replace(&digest(&before), &digest(&after));
    write(folder, "m/manifest.json", manifest);
}
