//! `--model demo`: a small model that is made here, so that the experiment can be seen to work without one from elsewhere.
//!
//! It learns many worlds of the tested kind, but none of the tested names: to read the templates, to answer in the languages
//! and to translate names. What the tested world says it has to learn in the experiment like any other model.

mod config;
mod rows;

pub use config::{DemoConfig, MakingSettings, ShapeSettings, WorldSettings, read_demo};

use crate::{FinetuneError, TOOL, examples::examples};
use clika_base::Project;
use clika_base::files::{FolderDraft, Manifest, TakenFolder};
use clika_base::types::{LanguageCode, Progress};
use clika_checkpoint::tokenizer::train_bpe;
use clika_datasets::{FictionalConfig, FictionalRow};
use clika_evaluate::LocalModel;
use clika_lm::{Decoder, DeviceChoice, Dtype, Trainer, TrainingConfig, read_architecture};
pub use rows::demo_language_pairs;
use rows::rows;
use serde_json::json;
use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::atomic::{AtomicBool, Ordering},
    time::Instant,
};

/// The name on the command line.
pub const DEMO: &str = "demo";

/// The format of its prompts: the text alone.
pub const DEMO_FORMAT: &str = "none";

const BEGIN: &str = "<s>";
const END: &str = "</s>";

/// The folder of the demo's model for some languages, which is made if it is not there. `world` is the tested one.
///
/// The folder's name is of what decides the model, so that another configuration leaves it alone. Ends with
/// [`FinetuneError::Stopped`] soon after `stop` is set; what was learnt is lost then.
pub fn make_demo(
    config: &DemoConfig,
    languages: &[LanguageCode],
    (world, seed): (&FictionalConfig, u64),
    project: &Project,
    stop: &AtomicBool,
    progress: &dyn Progress,
) -> Result<PathBuf, FinetuneError> {
    let rows = rows(config, languages, (world, seed), project)?;
    let manifest = manifest(config, languages, &rows);
    let folder = project.demo().join(&manifest.fingerprint[..12]).join(DEMO);
    if let Some(made) = Manifest::finished(&folder)?
        && made.fingerprint == manifest.fingerprint
    {
        return Ok(folder);
    }
    // Two trainings that start at once make it once: the second one waits here.
    let taken = TakenFolder::wait(&folder)?;
    if let Some(made) = Manifest::read(&folder)?
        && made.fingerprint == manifest.fingerprint
        && made.describes(&folder)?
    {
        return Ok(folder);
    }
    progress.note(&format!(
        "making the demo's model once, from {} rows of {} other worlds in {} languages, with cognates and aliases",
        rows.len(),
        config.making.worlds,
        languages.len() + 1
    ));
    let draft = taken.draft()?;
    write_tokenizer(&draft, config, &rows)?;
    write_config(&draft, config)?;
    let device = DeviceChoice::Cpu.device()?;
    let architecture = read_architecture(draft.path()).map_err(clika_lm::LmError::from)?;
    let decoder = Decoder::random(&architecture, &device, Dtype::F32, config.seed)?;
    decoder.write(draft.path())?;
    let model = LocalModel::load(
        draft.path(),
        DEMO,
        (Some(DEMO_FORMAT), &project.formats()),
        &device,
        None,
        &clika_base::types::NoProgress,
    )?;
    let examples = examples(&model, " ", &rows)?;
    let mut trainer = Trainer::new(decoder, examples, &training(config))?;
    progress.start(trainer.steps() as u64, "steps");
    while trainer.done() < trainer.steps() {
        let begun = Instant::now();
        let step = trainer.step()?;
        let speed = step.tokens as f64 / begun.elapsed().as_secs_f64();
        progress.step(&format!(
            "demo's model, loss {:.3}, {speed:.0} tokens/s",
            step.loss
        ));
        if stop.load(Ordering::Relaxed) {
            return Err(FinetuneError::Stopped);
        }
    }
    progress.finish();
    trainer.into_decoder().write(draft.path())?;
    draft.publish_as(manifest)?;
    Ok(folder)
}

fn manifest(config: &DemoConfig, languages: &[LanguageCode], rows: &[FictionalRow]) -> Manifest {
    let inputs = BTreeMap::from([("rows".to_owned(), crate::language_pair::digest(rows))]);
    let made = json!({
        "seed": config.seed,
        "languages": languages,
        "making": config.making,
        "shape": config.shape,
    });
    Manifest::new(TOOL, "demo", made, inputs)
}

fn training(config: &DemoConfig) -> TrainingConfig {
    let MakingSettings {
        steps,
        batch,
        learning_rate,
        warmup_steps,
        batch_tokens,
        ..
    } = config.making;
    TrainingConfig {
        lora: None,
        learning_rate,
        warmup_steps,
        // As many as the steps need.
        epochs: steps * batch,
        max_steps: Some(steps),
        batch,
        weight_decay: 0.0,
        max_gradient_norm: 1.0,
        seed: config.seed,
        batch_tokens,
        recompute: false,
    }
}

fn write_tokenizer(
    draft: &FolderDraft,
    config: &DemoConfig,
    rows: &[FictionalRow],
) -> Result<(), FinetuneError> {
    let texts = rows
        .iter()
        .flat_map(|row| [row.prompt.as_str(), &row.query, &row.response]);
    let special = [BEGIN, END];
    let tokenizer = train_bpe(texts, config.making.vocabulary, &special)
        .map_err(clika_evaluate::EvaluateError::from)?;
    draft.write("tokenizer.json", tokenizer.as_bytes())?;
    let settings = json!({
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": BEGIN,
        "eos_token": END,
        "model_max_length": config.shape.max_position_embeddings,
    });
    draft.write(
        "tokenizer_config.json",
        format!("{settings:#}\n").as_bytes(),
    )?;
    Ok(())
}

fn write_config(draft: &FolderDraft, config: &DemoConfig) -> Result<(), FinetuneError> {
    let ShapeSettings {
        hidden_size,
        intermediate_size,
        num_hidden_layers,
        num_attention_heads,
        max_position_embeddings,
    } = config.shape;
    let keys = json!({
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "vocab_size": config.making.vocabulary,
        "hidden_size": hidden_size,
        "intermediate_size": intermediate_size,
        "num_hidden_layers": num_hidden_layers,
        "num_attention_heads": num_attention_heads,
        "num_key_value_heads": num_attention_heads,
        "max_position_embeddings": max_position_embeddings,
        "hidden_act": "silu",
        "rms_norm_eps": 1e-5,
        "rope_theta": 10000.0,
        "tie_word_embeddings": true,
        "attention_bias": false,
        "mlp_bias": false,
        "bos_token_id": 0,
        "eos_token_id": 1,
        "torch_dtype": "float32",
    });
    draft.write("config.json", format!("{keys:#}\n").as_bytes())?;
    Ok(())
}
