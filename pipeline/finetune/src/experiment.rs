use crate::{
    ExperimentResults, FinetuneConfig, FinetuneError, LanguagePair, TOOL,
    run::{ExperimentRun, RecallCache},
    same_model::check_model,
};
use clika_base::files::{ArtifactError, FolderLock, Manifest, replace_file, sha256_hex};
use clika_base::types::Progress;
use clika_evaluate::LocalModel;
use clika_network::services::AnswerCache;
use serde_json::json;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    sync::atomic::AtomicBool,
};

/// Answers of an experiment that has not ended, so that one that was killed while it asked goes on there.
const KEPT_ANSWERS: &str = "kept-answers.jsonl";

/// An experiment to run: the model that is taught, and how it is taught and asked.
pub struct Experiment<'a> {
    /// The base, loaded once for all runs.
    pub model: &'a LocalModel,
    /// Its name in reports.
    pub name: &'a str,
    /// What adapters say that they belong to: a folder or a hub id, as PEFT loads it.
    pub base: &'a str,
    /// Its commit, for a model from the hub.
    pub revision: Option<&'a str>,
    /// Its folder, from which a merged model takes configuration and tokenizer.
    pub folder: &'a Path,
    /// Everything else that moves a number.
    pub config: &'a FinetuneConfig,
    /// An adapter that is asked instead of a training.
    pub adapter: Option<&'a Path>,
    /// Whether the base with the adapter on it is written as a model of its own.
    pub merge: bool,
}

/// Runs every language pair with every seed, and writes the results and the report.
///
/// In `out` a folder for each run holds its checkpoints, its log (`log.jsonl`, and TensorBoard's events), the adapter or
/// model, `answers.jsonl` with everything that was asked and answered, and `results.json`. What was done before and has
/// not changed is not done again: a training goes on from its last checkpoint, and an answer is kept before it is used.
///
/// Ends with [`FinetuneError::Stopped`] soon after `stop` is set; nothing is lost then.
pub fn finetune(
    experiment: &Experiment<'_>,
    pairs: &[LanguagePair],
    out: &Path,
    stop: &AtomicBool,
    progress: &dyn Progress,
) -> Result<ExperimentResults, FinetuneError> {
    experiment.config.check()?;
    check(pairs)?;
    let _lock = FolderLock::take(out)?;
    check_model(out, experiment.name, &experiment.model.fingerprint)?;
    let seeds: Vec<Option<u64>> = match experiment.adapter {
        Some(_) => vec![None],
        None => experiment.config.seeds.iter().copied().map(Some).collect(),
    };
    let path = out.join(KEPT_ANSWERS);
    let kept = AnswerCache::open(&path).map_err(FinetuneError::kept_answers(&path))?;
    let mut cache = RecallCache::new();
    let mut runs = Vec::new();
    for pair in pairs {
        for &seed in &seeds {
            let run = ExperimentRun {
                experiment,
                pair,
                seed,
                out,
                kept: &kept,
                stop,
                progress,
            };
            runs.push(run.run(&mut cache)?);
        }
    }
    let model = experiment.model;
    let results = ExperimentResults {
        model: experiment.name.to_owned(),
        revision: experiment.revision.map(str::to_owned),
        fingerprint: model.fingerprint.clone(),
        format: model.wrapping.name().to_owned(),
        device: model.device.to_string(),
        dtype: model.decoder.dtype().name().to_owned(),
        config: experiment.config.clone(),
        runs,
    };
    publish(&results, pairs, out)?;
    drop(kept);
    // Every run has its answers in a file of its own.
    fs::remove_file(&path).map_err(ArtifactError::write(&path))?;
    Ok(results)
}

/// Finds what would end a run after hours.
fn check(pairs: &[LanguagePair]) -> Result<(), FinetuneError> {
    let names: BTreeSet<&str> = pairs.iter().map(|pair| pair.name.as_str()).collect();
    if names.len() < pairs.len() || pairs.is_empty() {
        return Err(FinetuneError::Setting {
            problem: format!(
                "{} language pairs are to be trained, and {} of them differ",
                pairs.len(),
                names.len()
            ),
        });
    }
    for pair in pairs {
        pair.chance()?;
    }
    Ok(())
}

fn publish(
    results: &ExperimentResults,
    pairs: &[LanguagePair],
    out: &Path,
) -> Result<(), FinetuneError> {
    let mut inputs = BTreeMap::from([("model".to_owned(), results.fingerprint.clone())]);
    for pair in pairs {
        for (split, digest) in pair.digests() {
            inputs.insert(format!("{} {split}", pair.name), digest);
        }
    }
    let config = json!({
        "model": results.model,
        "revision": results.revision,
        "format": results.format,
        "device": results.device,
        "dtype": results.dtype,
        "finetune": results.config,
    });
    let mut manifest = Manifest::new(TOOL, "finetune", config, inputs);
    let json = serde_json::to_string_pretty(results).expect("results are plain data") + "\n";
    for (name, content) in [("results.json", json), ("report.md", results.markdown())] {
        manifest.files.insert(name.to_owned(), sha256_hex(&content));
        replace_file(&out.join(name), content.as_bytes())?;
    }
    replace_file(&out.join(Manifest::FILE), manifest.to_json().as_bytes())?;
    Ok(())
}
