//! One run: a language pair with a seed, trained, asked and scored.

use crate::{
    Experiment, FinetuneError, LanguagePair, RunResult, TOOL,
    answer_record::{AnswerMethod, AnswerRecord, Split},
    checkpoints::{TrainingCheckpoints, differing},
    examples::examples,
    language_pair::digest,
    results::TrainingSummary,
    row_evaluator::RowEvaluator,
    training::TrainingJob,
    weights::{adapter_digests, is_there, write_adapter, write_model},
};
use clika_base::files::{ArtifactError, Manifest, replace_file, sha256_file, sha256_hex};
use clika_base::types::Progress;
use clika_datasets::FictionalRow;
use clika_evaluate::SCORING_VERSION;
use clika_lm::{Adapter, Decoder};
use clika_network::services::AnswerCache;
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::atomic::AtomicBool,
};

/// What the base answered to the questions of a world, by the questions' digest.
pub(crate) type RecallCache = BTreeMap<String, Vec<AnswerRecord>>;

/// A language pair with a seed, to be trained, asked and scored.
pub(crate) struct ExperimentRun<'a> {
    pub(crate) experiment: &'a Experiment<'a>,
    pub(crate) pair: &'a LanguagePair,
    /// `None` for an adapter that was given.
    pub(crate) seed: Option<u64>,
    /// The folder of all runs.
    pub(crate) out: &'a Path,
    /// Answers that were given before the experiment ended.
    pub(crate) kept: &'a AnswerCache,
    pub(crate) stop: &'a AtomicBool,
    pub(crate) progress: &'a dyn Progress,
}

pub(crate) const RESULTS: &str = "results.json";
pub(crate) const ANSWERS: &str = "answers.jsonl";
const ADAPTER: &str = "adapter";
const MODEL: &str = "model";

/// The name of a run in messages and folders: `de-seed0`.
pub(crate) fn run_name(pair: &str, seed: Option<u64>) -> String {
    match seed {
        Some(seed) => format!("{pair}-seed{seed}"),
        None => format!("{pair}-given"),
    }
}

/// The inputs that decide a training.
const TRAINED: [&str; 3] = ["train", "model", "format"];

impl ExperimentRun<'_> {
    pub(crate) fn name(&self) -> String {
        run_name(&self.pair.name, self.seed)
    }

    fn folder(&self) -> PathBuf {
        self.out.join(self.name())
    }

    /// Trains, asks and scores, unless that is done: a run whose configuration and inputs have not changed is read.
    pub(crate) fn run(&self, cache: &mut RecallCache) -> Result<RunResult, FinetuneError> {
        let manifest = self.manifest()?;
        if let Some(result) = self.finished(&manifest)? {
            self.merge_later()?;
            return Ok(result);
        }
        let folder = self.folder();
        fs::create_dir_all(&folder).map_err(ArtifactError::write(&folder))?;
        let recall = self.recall(cache)?;
        let (decoder, training) = match self.seed {
            Some(seed) => {
                let (decoder, trained) = self.trained(seed, &manifest)?;
                (decoder, Some(trained))
            }
            None => (self.given()?, None),
        };
        let fingerprint = self.fingerprint()?;
        let (result, answers) = self.score(&decoder, &fingerprint, training, recall)?;
        self.publish(manifest, &result, &answers)?;
        Ok(result)
    }

    /// What decides the result, without files.
    fn manifest(&self) -> Result<Manifest, FinetuneError> {
        let Experiment { model, config, .. } = self.experiment;
        let by = match (self.seed, self.experiment.adapter) {
            (Some(seed), _) => json!({ "training": config.training(seed) }),
            (None, Some(adapter)) => json!({ "adapter": adapter_digests(adapter)? }),
            (None, None) => Value::Null,
        };
        let mut inputs = self.pair.digests();
        inputs.insert("model".to_owned(), model.fingerprint.clone());
        // What the format says: its name stays when its file is edited.
        let format = sha256_hex(format!("{:?}", model.wrapping));
        inputs.insert("format".to_owned(), format);
        let mut config = json!({
            "arm": self.pair.name,
            "source": self.pair.source,
            "target": self.pair.target,
            "revision": self.experiment.revision,
            "trained": {
                "model": self.experiment.name,
                "device": model.device.api(),
                "dtype": model.decoder.dtype().name(),
                "format": model.wrapping.name(),
                "space": config.answers.space,
                "by": by,
            },
            "asked": {
                "scoring_version": SCORING_VERSION,
                "answers": config.answers,
                "ends": model.ends()?,
                "gate": config.gate,
                "intervals": config.intervals,
            },
        });
        if !model.variables().is_empty() {
            config["trained"]["template_vars"] = json!(model.variables());
        }
        Ok(Manifest::new(TOOL, "finetune", config, inputs))
    }

    /// The part of a manifest that decides the training.
    fn identity(manifest: &Manifest) -> Manifest {
        let mut inputs = manifest.inputs.clone();
        inputs.retain(|name, _| TRAINED.contains(&name.as_str()));
        let config = manifest.config["trained"].clone();
        Manifest::new(TOOL, "finetune checkpoint", config, inputs)
    }

    /// The result of a run that has ended, if it is this one. Weights that were trained otherwise would be lost, so that
    /// they are an error.
    fn finished(&self, ours: &Manifest) -> Result<Option<RunResult>, FinetuneError> {
        let folder = self.folder();
        let Some(found) = Manifest::read(&folder)? else {
            return Ok(None);
        };
        let trained = |manifest: &Manifest| {
            let Manifest { config, inputs, .. } = Self::identity(manifest);
            json!({ "config": config, "inputs": inputs })
        };
        let (theirs, own) = (trained(&found), trained(ours));
        if theirs != own {
            return Err(FinetuneError::OtherRun {
                folder,
                differs: differing(&theirs, &own),
            });
        }
        if found.fingerprint != ours.fingerprint {
            return Ok(None);
        }
        for (name, digest) in &found.files {
            let path = folder.join(name);
            if !path.is_file() || sha256_file(&path)? != *digest {
                return Ok(None);
            }
        }
        let path = folder.join(RESULTS);
        let bytes = fs::read(&path).map_err(ArtifactError::read(&path))?;
        match serde_json::from_slice::<RunResult>(&bytes) {
            Ok(result) => {
                let level = self.experiment.config.intervals.level;
                Ok(Some(result.with_methods(level)))
            }
            Err(error) => Err(ArtifactError::read(&path)(error.into()).into()),
        }
    }

    /// What the base answers to the source language's questions before training, which the language pairs of one world share.
    fn recall(&self, cache: &mut RecallCache) -> Result<Vec<AnswerRecord>, FinetuneError> {
        // The types are of a target language.
        let untyped = |row: &&FictionalRow| FictionalRow {
            type_: None,
            ..(*row).clone()
        };
        let rows: Vec<FictionalRow> = self.pair.source_questions().iter().map(untyped).collect();
        let key = digest(&rows);
        if let Some(answers) = cache.get(&key) {
            return Ok(answers.clone());
        }
        let rows: Vec<&FictionalRow> = rows.iter().collect();
        let evaluator = RowEvaluator {
            model: self.experiment.model,
            decoder: &self.experiment.model.decoder,
            fingerprint: &self.experiment.model.fingerprint,
            settings: &self.experiment.config.answers,
            cache: self.kept,
            stop: self.stop,
            progress: self.progress,
        };
        let what = format!("{} before training", self.name());
        let answers = evaluator.ask(AnswerMethod::Ranking, &Split::Recall, &rows, &what)?;
        cache.insert(key, answers.clone());
        Ok(answers)
    }

    /// Trains, or goes on with a training, and writes what came out of it.
    fn trained(
        &self,
        seed: u64,
        manifest: &Manifest,
    ) -> Result<(Decoder, TrainingSummary), FinetuneError> {
        let Experiment { model, config, .. } = self.experiment;
        let (name, folder, rows) = (self.name(), self.folder(), &self.pair.splits.train);
        let examples = examples(model, &config.answers.space, rows)?;
        let training = TrainingJob {
            name: &name,
            folder: &folder,
            rows,
            config: &config.training(seed),
            settings: &config.training,
            checkpoints: &TrainingCheckpoints::new(&folder, Self::identity(manifest)),
            stop: self.stop,
            progress: self.progress,
        };
        let (decoder, trained) = training.run(model.decoder.clone(), examples)?;
        match decoder.adapter()? {
            Some(adapter) => {
                write_adapter(&adapter, self.experiment.base, &folder.join(ADAPTER))?;
                if self.experiment.merge {
                    self.write_merged(decoder.clone())?;
                }
            }
            // All weights were trained.
            None => self.write_model(&decoder)?,
        }
        Ok((decoder, trained))
    }

    /// Names the weights that are asked: the base's, and what was trained or given.
    fn fingerprint(&self) -> Result<String, FinetuneError> {
        let added = match self.experiment.adapter {
            Some(adapter) => adapter_digests(adapter)?,
            None => {
                let mut files = BTreeMap::new();
                for name in [ADAPTER, MODEL] {
                    if let Some(manifest) = Manifest::read(&self.folder().join(name))? {
                        files.extend(manifest.files);
                    }
                }
                files
            }
        };
        let base = &self.experiment.model.fingerprint;
        Ok(sha256_hex(
            json!({ "base": base, "added": added }).to_string(),
        ))
    }

    /// The base with the adapter that was given.
    fn given(&self) -> Result<Decoder, FinetuneError> {
        let mut decoder = self.experiment.model.decoder.clone();
        if let Some(folder) = self.experiment.adapter {
            decoder.attach(&Adapter::read(folder)?)?;
        }
        if self.experiment.merge {
            self.write_merged(decoder.clone())?;
        }
        Ok(decoder)
    }

    /// Writes the merged model of a run that has ended without.
    fn merge_later(&self) -> Result<(), FinetuneError> {
        let folder = self.folder();
        if !self.experiment.merge || is_there(&folder.join(MODEL))? {
            return Ok(());
        }
        let own = folder.join(ADAPTER);
        let adapter = Adapter::read(self.experiment.adapter.unwrap_or(&own))?;
        let mut decoder = self.experiment.model.decoder.clone();
        decoder.attach(&adapter)?;
        self.write_merged(decoder)
    }

    fn write_merged(&self, mut decoder: Decoder) -> Result<(), FinetuneError> {
        decoder.merge()?;
        self.write_model(&decoder)
    }

    fn write_model(&self, decoder: &Decoder) -> Result<(), FinetuneError> {
        let Experiment { folder, base, .. } = *self.experiment;
        let ends = self.experiment.model.unnamed_ends()?;
        write_model(decoder, (folder, base), ends, &self.folder().join(MODEL))
    }

    /// Writes results and answers, and at last the manifest that says that they are whole.
    fn publish(
        &self,
        mut manifest: Manifest,
        result: &RunResult,
        answers: &[AnswerRecord],
    ) -> Result<(), FinetuneError> {
        let folder = self.folder();
        let mut write = |name: &str, content: String| {
            manifest.files.insert(name.to_owned(), sha256_hex(&content));
            replace_file(&folder.join(name), content.as_bytes())
        };
        let lines = answers
            .iter()
            .map(|answer| serde_json::to_string(answer).expect("an answer is plain data") + "\n");
        write(ANSWERS, lines.collect())?;
        let json = serde_json::to_string_pretty(result).expect("a result is plain data");
        write(RESULTS, json + "\n")?;
        let json = manifest.to_json();
        replace_file(&folder.join(Manifest::FILE), json.as_bytes())?;
        Ok(())
    }
}
