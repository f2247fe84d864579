use super::{
    encode::Wrapping,
    generation_defaults::GenerationDefaults,
    stop::{StopConditions, TemplateEnd, template_end},
};
use crate::EvaluateError;
use clika_base::files::{sha256_file_once, sha256_hex};
use clika_base::templates::{
    DefaultFormat, ModelFormat, TemplateTraits, default_format, load_format,
};
use clika_base::types::{NoProgress, Progress};
use clika_base::{ProjectPath, ToProjectPath};
use clika_checkpoint::gguf::GgufFile;
use clika_checkpoint::tokenizer::{TemplateVariables, Tokenizer, TokenizerError};
use clika_lm::{Adapter, Checkpoint, CheckpointError, Decoder, Device, Dtype};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::OnceLock,
};

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
    /// Why it is wrapped so, where that might be done otherwise.
    pub format_comment: Option<String>,
    /// SHA-256 over configuration, tokenizer, weights and adapter: what decides an answer besides the prompt.
    pub fingerprint: String,
    /// The same by what the files hold.
    pub hashes: ModelHashes,
    /// Where it runs.
    pub device: Device,
    /// Values for variables of its own template.
    pub(super) variables: TemplateVariables,
    /// What its folder says for generation.
    pub(super) generation: GenerationDefaults,
    /// All ends, once they were asked for.
    pub(super) ends: OnceLock<StopConditions>,
}

/// SHA-256 of a model's files, by what they hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelHashes {
    /// All files of the weights.
    pub weights: String,
    /// Configuration, tokenizer and templates.
    pub settings: String,
    /// The adapter, where there is one.
    pub adapter: Option<String>,
}

/// The name on the command line of the model's own `chat_template`.
const OWN: &str = "own";

impl LocalModel {
    /// Loads the model of a folder or of a GGUF file.
    ///
    /// `name` decides the format where `format` is `None`: a file of `formats`, or `own` for the model's own
    /// `chat_template`.
    pub fn load(
        folder: &Path,
        name: &str,
        (format, formats): (Option<&str>, &(impl ToProjectPath + ?Sized)),
        device: &Device,
        dtype: Option<Dtype>,
        progress: &dyn Progress,
    ) -> Result<Self, EvaluateError> {
        // First what fails fast.
        let mut tokenizer = Tokenizer::load(folder)?;
        let generation = GenerationDefaults::read(folder)?;
        let (wrapping, format_comment) = wrapping(
            (&tokenizer, &generation.ends),
            name,
            format,
            &formats.to_project_path(),
        )?;
        if let Some(comment) = &format_comment {
            progress.note(comment);
        }
        let architecture = clika_lm::read_architecture(folder)?;
        tokenizer.limit(architecture.vocabulary);
        let (within, files) = files_of_model(folder)?;
        let digests = digests(&within, &files, progress)?;
        let is_weights = |name: &str| files.get(name) == Some(&FileKind::Weights);
        let hashes = ModelHashes {
            weights: summed(&digests, is_weights),
            settings: summed(&digests, |name| !is_weights(name)),
            adapter: None,
        };
        let decoder = Decoder::load(folder, device, dtype, progress)?;
        Ok(Self {
            name: name.to_owned(),
            decoder,
            tokenizer,
            wrapping,
            format_comment,
            fingerprint: summed(&digests, |_| true),
            hashes,
            device: device.clone(),
            variables: TemplateVariables::new(),
            generation,
            ends: OnceLock::new(),
        })
    }
}

impl LocalModel {
    /// Sets variables of the model's own template, such as `enable_thinking`; call it before anything is asked.
    ///
    /// # Errors
    /// A format that is not the model's own template, and a name that the template never reads.
    pub fn set_variables(&mut self, variables: &TemplateVariables) -> Result<(), EvaluateError> {
        match (&self.wrapping, self.tokenizer.chat_template()) {
            _ if variables.is_empty() => {}
            (Wrapping::Own, Some(template)) => template.check_variables(variables)?,
            _ => {
                return Err(EvaluateError::NoTemplateVariables {
                    format: self.wrapping.name().to_owned(),
                });
            }
        }
        self.variables.clone_from(variables);
        self.ends = OnceLock::new();
        Ok(())
    }

    /// The variables of its own template.
    pub fn variables(&self) -> &TemplateVariables {
        &self.variables
    }

    /// Puts an adapter on the model, which is another one from then on.
    pub fn attach(&mut self, folder: &Path) -> Result<(), EvaluateError> {
        self.decoder.attach(&Adapter::read(folder)?)?;
        let files = top_level(folder, |name| {
            has_extension(name, &["json", "safetensors", "bin"])
        })?;
        let adapter = summed(&digests(folder, &files, &NoProgress)?, |_| true);
        self.fingerprint = sha256_hex(format!("{} {adapter}", self.fingerprint));
        self.hashes.adapter = Some(adapter);
        Ok(())
    }
}

fn wrapping(
    (tokenizer, generation_ends): (&Tokenizer, &BTreeSet<u32>),
    name: &str,
    format: Option<&str>,
    formats: &ProjectPath,
) -> Result<(Wrapping, Option<String>), EvaluateError> {
    let (chosen, comment) = match format {
        Some(OWN) => (ModelFormat::Own, None),
        Some(format) => (ModelFormat::Named(format.to_owned()), None),
        None => {
            let traits = traits(tokenizer, generation_ends)?;
            let DefaultFormat { format, comment } = default_format(formats, name, traits)?;
            (format, comment)
        }
    };
    let wrapping = match chosen {
        ModelFormat::Named(name) => {
            let format = Box::new(load_format(formats, &name)?);
            Wrapping::Format { name, format }
        }
        ModelFormat::Own if tokenizer.chat_template().is_some() => Wrapping::Own,
        ModelFormat::Own => return Err(EvaluateError::NoChatTemplate),
    };
    let comment = comment.map(|comment| {
        format!(
            "asked as a foundation model, format `{}`: {comment}; --format own asks it by its chat template",
            wrapping.name()
        )
    });
    Ok((wrapping, comment))
}

/// What the files say about the template.
fn traits(
    tokenizer: &Tokenizer,
    generation_ends: &BTreeSet<u32>,
) -> Result<TemplateTraits, EvaluateError> {
    let Some(template) = tokenizer.chat_template() else {
        return Ok(TemplateTraits::default());
    };
    let own: BTreeSet<u32> = generation_ends
        .iter()
        .copied()
        .chain(tokenizer.eos())
        .collect();
    let template_ends = match template_end(tokenizer, template, &TemplateVariables::new(), &own) {
        Ok(TemplateEnd::Token(token)) => Some(own.contains(&token)),
        // A template that fails says so where it is used.
        Ok(TemplateEnd::Text(_) | TemplateEnd::Nothing)
        | Err(
            EvaluateError::NoAssistantTurn
            | EvaluateError::Tokenizer(
                TokenizerError::Template { .. } | TokenizerError::NoDefaultTemplate { .. },
            ),
        ) => None,
        Err(error) => return Err(error),
    };
    Ok(TemplateTraits {
        chat_template: true,
        template_ends,
    })
}

/// What a file of a model holds.
#[derive(Clone, Copy, PartialEq, Eq)]
enum FileKind {
    Weights,
    Settings,
}

/// Files by their path from the folder.
type Files = BTreeMap<String, FileKind>;

/// The files that decide what a model says: those that its weights are read from, wherever they lie, and next to them
/// whatever else a loader reads; and the folder that their paths begin in.
fn files_of_model(folder: &Path) -> Result<(PathBuf, Files), EvaluateError> {
    let weights = Checkpoint::open(folder)?;
    if let Some(gguf) = GgufFile::open(folder)? {
        // Configuration and tokenizer are in the same file.
        let within = gguf.path().parent().unwrap_or(Path::new(""));
        let names = weights.files().map(|path| {
            let name = path.strip_prefix(within).unwrap_or(path);
            (name.to_string_lossy().into_owned(), FileKind::Weights)
        });
        return Ok((within.to_owned(), names.collect()));
    }
    // A tokenizer in these is read where there is no whole one.
    let parts = match folder.join("tokenizer.json").is_file() {
        true => &[][..],
        false => &["merges.txt", "vocab.txt"],
    };
    let beside =
        |name: &str| has_extension(name, &["json", "model", "jinja"]) || parts.contains(&name);
    let mut files = top_level(folder, beside)?;
    for path in weights.files() {
        let name = path.strip_prefix(folder).unwrap_or(path);
        files.insert(name.to_string_lossy().into_owned(), FileKind::Weights);
    }
    Ok((folder.to_owned(), files))
}

fn has_extension(name: &str, known: &[&str]) -> bool {
    let extension = Path::new(name).extension();
    extension.is_some_and(|extension| known.iter().any(|known| extension == *known))
}

/// The files that lie in a folder itself.
fn top_level(folder: &Path, decides: impl Fn(&str) -> bool) -> Result<Files, EvaluateError> {
    let unreadable = |source| CheckpointError::Read {
        path: folder.to_owned(),
        source,
    };
    let mut files = Files::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if decides(&name) && entry.path().is_file() {
            files.insert(name, FileKind::Settings);
        }
    }
    Ok(files)
}

/// The SHA-256 of each file.
fn digests(
    folder: &Path,
    files: &Files,
    progress: &dyn Progress,
) -> Result<BTreeMap<String, String>, EvaluateError> {
    progress.start(files.len() as u64, "files checked");
    let mut digests = BTreeMap::new();
    for name in files.keys() {
        digests.insert(name.clone(), sha256_file_once(&folder.join(name))?);
        progress.step(name);
    }
    progress.finish();
    Ok(digests)
}

/// SHA-256 over the names and contents of some of the files.
fn summed(digests: &BTreeMap<String, String>, of: impl Fn(&str) -> bool) -> String {
    let lines = digests.iter().filter(|(name, _)| of(name));
    let text: String = lines
        .map(|(name, digest)| format!("{name} {digest}\n"))
        .collect();
    sha256_hex(text)
}
