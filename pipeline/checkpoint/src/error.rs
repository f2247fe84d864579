use crate::{Dtype, MissingWeights};
use miette::Diagnostic;
use std::path::{Path, PathBuf};

/// Why a checkpoint cannot be used.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum CheckpointError {
    /// A file of the model cannot be read.
    #[error("cannot read {}", path.display())]
    #[diagnostic(help(
        "a model's folder contains config.json, the tokenizer and the weights, as Hugging Face publishes them"
    ))]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// config.json is not a configuration, or lacks something.
    #[error("{} is not a usable configuration: {problem}", path.display())]
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
        "weights are *.safetensors, pytorch_model*.bin or *.gguf; to continue a broken download, name the model by its id again"
    ))]
    NoWeights {
        /// The folder.
        folder: PathBuf,
    },
    /// A set of shards is not whole.
    #[error("`{shard}` is missing from {}, which has other shards of the set", folder.display())]
    #[diagnostic(help(
        "download the missing file, or for safetensors the index that says which files belong together"
    ))]
    MissingPart {
        /// The folder.
        folder: PathBuf,
        /// The file that is missing.
        shard: String,
    },
    /// Several sets of shards, and nothing says which counts.
    #[error("several sets of weights are in {}: {}", folder.display(), files.join(", "))]
    #[diagnostic(help(
        "keep the files of one set, or add the model.safetensors.index.json that names them; of several GGUF files name the \
         one to use, --model FOLDER/FILE.gguf"
    ))]
    SeveralWeights {
        /// The folder.
        folder: PathBuf,
        /// The files.
        files: Vec<String>,
    },
    /// A tensor of one name with different numbers.
    #[error("`{name}` is in {} and, with other values, in {}", first.display(), second.display())]
    #[diagnostic(help(
        "remove the file that does not belong to the model, or name the right one in the index"
    ))]
    Twice {
        /// The tensor.
        name: String,
        /// A file that has it.
        first: PathBuf,
        /// Another one.
        second: PathBuf,
    },
    /// A tensor in an element type that is not read.
    #[error("{element} is not supported: `{name}` in {} has that type", path.display())]
    #[diagnostic(help(
        "safetensors and .bin may have F64, F32, F16 or BF16, and GGUF F32, F16, BF16, Q8_0, Q4_0, Q4_1, Q5_0, Q5_1 or Q2_K to \
         Q6_K; use the checkpoint from before quantization, or convert it"
    ))]
    Element {
        /// The tensor.
        name: String,
        /// The file.
        path: PathBuf,
        /// The element type, as the file names it.
        element: String,
    },
    /// A file of PyTorch's that holds what is not read.
    #[error("{}: {element} is not supported", path.display())]
    #[diagnostic(help(
        "weights must be tensors of F64, F32, F16 or BF16; save them as such, preferably in model.safetensors"
    ))]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The Python type.
        element: String,
    },
    /// A GGUF file whose metadata do not describe a model.
    #[error("the metadata of {} are not usable: {problem}", path.display())]
    #[diagnostic(help("download the file again, or use another conversion of the model"))]
    Metadata {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// A GGUF file with an option that would change its results.
    #[error("{}: {option} is not supported", path.display())]
    #[diagnostic(help("clika needs {needed}; the model in Hugging Face's form may be supported"))]
    GgufOption {
        /// The file.
        path: PathBuf,
        /// The option.
        option: String,
        /// What there would have to be.
        needed: String,
    },
    /// A part of a GGUF file under another part's name.
    #[error("{} is not the part that it is called: {problem}", path.display())]
    #[diagnostic(help(
        "parts lie in one folder under the names that they were published with, such as model-00001-of-00003.gguf: name one of them"
    ))]
    OtherPart {
        /// The file.
        path: PathBuf,
        /// What it is.
        problem: String,
    },
    /// A GGUF file of something else than a model.
    #[error("{} is not a model: its `general.type` is `{kind}`", path.display())]
    #[diagnostic(help(
        "name the model's own file; --adapter takes an adapter, as PEFT saves it: a folder with adapter_config.json"
    ))]
    NotAModel {
        /// The file.
        path: PathBuf,
        /// What it says that it is.
        kind: String,
    },
    /// A GGUF file has tensors that its architecture does not use.
    #[error("{} has tensors that its architecture does not use: {}", path.display(), names.join(", "))]
    #[diagnostic(help(
        "its metadata describe another model; download it again, or use another conversion"
    ))]
    TooManyTensors {
        /// The first file.
        path: PathBuf,
        /// The tensors, as transformers calls them.
        names: Vec<String>,
    },
    /// A file of weights was changed while it was read.
    #[error("{} was changed while it was read", path.display())]
    #[diagnostic(help("wait until what writes it, such as a download, has ended, and try again"))]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// Quantized weights stand where plain ones are needed.
    #[error("the weights are quantized: {} has `{found}` instead of `{name}`", path.display())]
    #[diagnostic(help("use the checkpoint from before quantization"))]
    Quantized {
        /// The file.
        path: PathBuf,
        /// The tensor that is needed.
        name: String,
        /// What is there.
        found: String,
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
    #[error(
        "the weights lack `{name}` of shape {shape:?}: it is not in {}",
        listed(files)
    )]
    #[diagnostic(help("the weights belong to another model or configuration"))]
    MissingTensor {
        /// The files that were opened.
        files: Vec<PathBuf>,
        /// Its name.
        name: String,
        /// The shape that config.json asks for.
        shape: Vec<usize>,
    },
    /// A tensor has another shape than the configuration says.
    #[error("`{name}` in {} has shape {found:?}, but the configuration says {expected:?}", path.display())]
    #[diagnostic(help("the file belongs to another model or configuration"))]
    Shape {
        /// The file.
        path: PathBuf,
        /// Its name.
        name: String,
        /// The shape in the file.
        found: Vec<usize>,
        /// The shape that config.json asks for.
        expected: Vec<usize>,
    },
    /// A weight that is not a number.
    #[error("`{name}` in {} has {count} values that are not finite", path.display())]
    #[diagnostic(help(
        "a model with NaN or infinity in its weights gives no usable answer; use another checkpoint"
    ))]
    NotFinite {
        /// The tensor.
        name: String,
        /// The file.
        path: PathBuf,
        /// How many.
        count: usize,
    },
    /// A weight that the type of the computation cannot hold.
    #[error("`{name}` in {} has {count} values beyond the range of {}", path.display(), dtype.name())]
    #[diagnostic(help("{}", dtype.beyond_range()))]
    Overflow {
        /// The tensor.
        name: String,
        /// The file.
        path: PathBuf,
        /// How many.
        count: usize,
        /// The type that it was to be computed in.
        dtype: Dtype,
    },
}

/// Files for a message: the first, and how many more.
fn listed(files: &[PathBuf]) -> String {
    match files {
        [] => "any file".to_owned(),
        [only] => only.display().to_string(),
        [first, more @ ..] => format!("{} or {} more", first.display(), more.len()),
    }
}

impl CheckpointError {
    /// Why there are no weights in a folder.
    pub(crate) fn no_weights(folder: &Path, problem: MissingWeights) -> Self {
        let folder = folder.to_owned();
        match problem {
            MissingWeights::Nothing => Self::NoWeights { folder },
            MissingWeights::Shard(shard) => Self::MissingPart { folder, shard },
            MissingWeights::Several(files) => Self::SeveralWeights { folder, files },
        }
    }
}
