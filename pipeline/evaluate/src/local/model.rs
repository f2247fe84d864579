use super::{
    encode::Wrapping,
    ends::{Ends, generation_ends},
};
use crate::EvaluateError;
use clika_artifacts::{sha256_file, sha256_hex};
use clika_core::{NoProgress, Progress};
use clika_lm::{Adapter, CheckpointError, Decoder, Dtype, Place};
use clika_templates::{ModelFormat, default_format, load_format};
use clika_tokenizer::{TemplateVariables, Tokenizer};
use std::{collections::BTreeSet, path::Path, sync::OnceLock};

/// A model with its tokenizer and the format of its prompts.
pub struct LocalModel {
    /// What it is called.
    pub name: String,
    /// The weights.
    pub decoder: Decoder,
    /// Text to tokens.
    pub tokenizer: Tokenizer,
    /// How a prompt is wrapped.
    pub wrapping: Wrapping,
    /// SHA-256 over configuration, tokenizer and weights: what decides an answer beside the prompt.
    pub fingerprint: String,
    /// Where it runs.
    pub place: Place,
    /// Values for variables of its own template.
    pub(super) variables: TemplateVariables,
    /// The ends that its folder names for generation.
    pub(super) generation_ends: BTreeSet<u32>,
    /// All ends, once they were asked for.
    pub(super) ends: OnceLock<Ends>,
}

/// The name on the command line of the model's own `chat_template`.
const OWN: &str = "own";

impl LocalModel {
    /// Loads the model of a folder.
    ///
    /// `name` decides the format where `format` is `None`: a file of `formats`, or `own` for the model's own
    /// `chat_template`.
    pub fn load(
        folder: &Path,
        name: &str,
        (format, formats): (Option<&str>, &Path),
        place: &Place,
        dtype: Option<Dtype>,
        progress: &dyn Progress,
    ) -> Result<Self, EvaluateError> {
        // First what fails fast.
        let mut tokenizer = Tokenizer::load(folder)?;
        let generation_ends = generation_ends(folder)?;
        let wrapping = wrapping(&tokenizer, name, format, formats)?;
        let architecture = clika_lm::read_architecture(folder)?;
        tokenizer.limit(architecture.vocabulary);
        let fingerprint = fingerprint(folder, progress)?;
        let decoder = Decoder::load(folder, place, dtype, progress)?;
        Ok(Self {
            name: name.to_owned(),
            decoder,
            tokenizer,
            wrapping,
            fingerprint,
            place: place.clone(),
            variables: TemplateVariables::new(),
            generation_ends,
            ends: OnceLock::new(),
        })
    }
}

impl LocalModel {
    /// Puts an adapter on the model, which is another one from then on.
    pub fn attach(&mut self, folder: &Path) -> Result<(), EvaluateError> {
        self.decoder.attach(&Adapter::read(folder)?)?;
        let adapter = fingerprint(folder, &NoProgress)?;
        self.fingerprint = sha256_hex(format!("{} {adapter}", self.fingerprint));
        Ok(())
    }
}

fn wrapping(
    tokenizer: &Tokenizer,
    name: &str,
    format: Option<&str>,
    formats: &Path,
) -> Result<Wrapping, EvaluateError> {
    let chosen = match format {
        Some(OWN) => ModelFormat::Own,
        Some(format) => ModelFormat::Named(format.to_owned()),
        None => default_format(formats, name, tokenizer.chat_template().is_some())?,
    };
    match chosen {
        ModelFormat::Named(name) => {
            let format = Box::new(load_format(formats, &name)?);
            Ok(Wrapping::Format { name, format })
        }
        ModelFormat::Own if tokenizer.chat_template().is_some() => Ok(Wrapping::Own),
        ModelFormat::Own => Err(EvaluateError::NoChatTemplate),
    }
}

/// SHA-256 over the names and contents of the files that decide what a model says.
fn fingerprint(folder: &Path, progress: &dyn Progress) -> Result<String, EvaluateError> {
    let unreadable = |source| CheckpointError::Read {
        path: folder.to_owned(),
        source,
    };
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let decides = path.extension().is_some_and(|extension| {
            ["json", "model", "safetensors", "bin", "jinja"]
                .iter()
                .any(|known| extension == *known)
        }) || path.file_name().is_some_and(|name| name == "merges.txt");
        if decides && path.is_file() {
            names.push(path);
        }
    }
    names.sort();
    progress.start(names.len() as u64, "files checked");
    let mut text = String::new();
    for path in names {
        let name = path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned());
        let name = name.as_deref().unwrap_or("");
        text += &format!("{name} {}\n", sha256_file(&path)?);
        progress.step(name);
    }
    progress.finish();
    Ok(sha256_hex(text))
}
