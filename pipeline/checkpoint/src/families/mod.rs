//! Model families: a folder each, which translates `config.json` into an [`Architecture`].

mod baichuan;
mod bloom;
mod cohere;
mod config;
mod gemma;
mod gpt_neox;
mod llama;
mod olmo;
mod qwen;
mod rope;
mod windows;

use crate::{Architecture, CheckpointError, gguf::GgufFile};
use config::{ConfigFile, ModelClass};
use std::path::Path;

/// A family's entry in the registry.
struct Family {
    kinds: &'static [ModelClass],
    /// Reads the configuration.
    read: fn(&ConfigFile) -> Result<Architecture, CheckpointError>,
}

const FAMILIES: &[Family] = &[
    llama::FAMILY,
    qwen::FAMILY,
    gemma::FAMILY,
    olmo::FAMILY,
    cohere::FAMILY,
    gpt_neox::FAMILY,
    bloom::FAMILY,
    baichuan::FAMILY,
];

/// Reads the architecture of the model in `folder`, or of a GGUF file.
pub fn read_architecture(folder: &Path) -> Result<Architecture, CheckpointError> {
    if let Some(model) = GgufFile::open(folder)? {
        return parse_architecture(model.path(), &model.config()?);
    }
    let path = folder.join("config.json");
    let text = std::fs::read_to_string(&path).map_err(|source| CheckpointError::Read {
        path: path.clone(),
        source,
    })?;
    parse_architecture(&path, &text)
}

/// The architecture that a configuration's text describes; `path` is named in errors.
pub fn parse_architecture(path: &Path, text: &str) -> Result<Architecture, CheckpointError> {
    let (config, read) = ConfigFile::parse(path, text)?;
    let architecture = read(&config)?;
    check(&config, &architecture)?;
    Ok(architecture)
}

/// What would end in a panic or in nonsense later.
fn check(config: &ConfigFile, architecture: &Architecture) -> Result<(), CheckpointError> {
    /// Far above every model, far below what would overflow when multiplied.
    const MOST: usize = 1 << 24;
    for (key, value) in [
        ("vocab_size", architecture.vocabulary),
        ("hidden_size", architecture.hidden),
        ("intermediate_size", architecture.intermediate),
        ("num_attention_heads", architecture.heads),
        ("num_key_value_heads", architecture.kv_heads),
        ("head_dim", architecture.head_dim),
    ] {
        if value == 0 || value > MOST {
            return Err(config.problem(format!("`{key}` is {value}")));
        }
    }
    if !architecture.heads.is_multiple_of(architecture.kv_heads) {
        return Err(config.problem(format!(
            "{} attention heads cannot share {} key-value heads",
            architecture.heads, architecture.kv_heads
        )));
    }
    if architecture.windows.contains(&Some(0)) {
        return Err(config.problem("`sliding_window` is 0"));
    }
    Ok(())
}

/// A number of layers of which lists can be made.
fn layers(config: &ConfigFile, layers: usize) -> Result<usize, CheckpointError> {
    /// Far above every model.
    const MOST: usize = 100_000;
    if layers == 0 || layers > MOST {
        return Err(config.problem(format!("`num_hidden_layers` is {layers}")));
    }
    Ok(layers)
}

/// The width of a head that is not named.
fn head_dim(config: &ConfigFile, hidden: usize, heads: usize) -> Result<usize, CheckpointError> {
    if heads == 0 || !hidden.is_multiple_of(heads) {
        return Err(config.problem(format!(
            "a hidden size of {hidden} cannot be split into {heads} heads"
        )));
    }
    Ok(hidden / heads)
}

/// The scale of attention's scores in most families.
fn inverse_root(width: usize) -> f64 {
    1.0 / (width as f64).sqrt()
}

/// A number that has to be positive, where there is one.
fn positive(
    config: &ConfigFile,
    key: &str,
    number: Option<f64>,
) -> Result<Option<f64>, CheckpointError> {
    match number {
        Some(number) if !(number.is_finite() && number > 0.0) => {
            Err(config.problem(format!("`{key}` is {number}, and has to be positive")))
        }
        Some(_) | None => Ok(number),
    }
}

/// The activation that `key` names.
fn activation(
    config: &ConfigFile,
    key: &str,
    name: &str,
) -> Result<crate::Activation, CheckpointError> {
    match name {
        "silu" | "swish" => Ok(crate::Activation::Silu),
        "gelu" | "gelu_python" => Ok(crate::Activation::Gelu),
        // Three spellings of one formula.
        "gelu_pytorch_tanh" | "gelu_new" | "gelu_fast" => Ok(crate::Activation::GeluTanh),
        other => {
            Err(config.unsupported(format!("{key} = {other}"), "silu, gelu, gelu_pytorch_tanh"))
        }
    }
}
