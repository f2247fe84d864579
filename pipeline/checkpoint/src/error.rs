use miette::Diagnostic;
use std::path::PathBuf;

/// Why a checkpoint cannot be used.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum CheckpointError {
    /// A file of the model cannot be read.
    #[error("cannot read {}", path.display())]
    #[diagnostic(help(
        "a model's folder holds config.json, the tokenizer and weights, as Hugging Face publishes them"
    ))]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// config.json is none, or lacks something.
    #[error("{} is no usable configuration: {problem}", path.display())]
    #[diagnostic(help("compare it with the one that the model's authors published"))]
    Config {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// A model of another kind.
    #[error("architecture `{architecture}` is not supported")]
    #[diagnostic(help("supported are {supported}"))]
    Architecture {
        /// What config.json says.
        architecture: String,
        /// What there is.
        supported: String,
    },
    /// A known model with an option that would change its results.
    #[error("{}: `{option}` is not supported", path.display())]
    #[diagnostic(help("supported are {supported}"))]
    Option {
        /// The configuration.
        path: PathBuf,
        /// The key and its value.
        option: String,
        /// What there is.
        supported: &'static str,
    },
    /// There are no weights.
    #[error("no weights in {}", folder.display())]
    #[diagnostic(help(
        "looked for model.safetensors, pytorch_model.bin and their index files; a download that broke off is taken up by naming the model by its id again"
    ))]
    NoWeights {
        /// The folder.
        folder: PathBuf,
    },
    /// A file of weights is damaged, or none.
    #[error("{} is damaged: {problem}", path.display())]
    #[diagnostic(help("download it again; its size and checksum are on the model's page"))]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// The index names a file that is not there.
    #[error("{} names the shard `{shard}`, which is missing", index.display())]
    #[diagnostic(help("download the missing file"))]
    MissingShard {
        /// The index.
        index: PathBuf,
        /// The file that it names.
        shard: String,
    },
    /// A tensor that the architecture needs is not there.
    #[error("the weights lack `{name}` of shape {shape:?}")]
    #[diagnostic(help("the file belongs to another model or configuration"))]
    MissingTensor {
        /// Its name.
        name: String,
        /// The shape that config.json asks for.
        shape: Vec<usize>,
    },
    /// A tensor has another shape than the configuration says.
    #[error("`{name}` has shape {found:?}, and config.json asks for {expected:?}")]
    #[diagnostic(help("the file belongs to another model or configuration"))]
    Shape {
        /// Its name.
        name: String,
        /// The shape in the file.
        found: Vec<usize>,
        /// The shape that config.json asks for.
        expected: Vec<usize>,
    },
    /// A weight that is no number.
    #[error("`{name}` in {} holds {count} values that are not finite", path.display())]
    #[diagnostic(help(
        "a model with NaN or infinity in its weights answers nothing; take another checkpoint"
    ))]
    NotFinite {
        /// The tensor.
        name: String,
        /// The file.
        path: PathBuf,
        /// How many.
        count: usize,
    },
}
