use clika_checkpoint::{CheckpointError, Dtype};
use miette::Diagnostic;
use std::path::PathBuf;

impl LmError {
    /// The same error with the number that what was run has for those who asked.
    pub(crate) fn renumbered(self, of: impl FnOnce(usize) -> usize) -> Self {
        match self {
            Self::NotFinite { number, dtype } => Self::NotFinite {
                number: of(number),
                dtype,
            },
            other => other,
        }
    }
}

/// Why a model cannot be loaded or run.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum LmError {
    /// Configuration or weights cannot be used.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// A token id beyond the vocabulary.
    #[error("token {token} is not in the vocabulary of {vocabulary}")]
    #[diagnostic(help("tokenizer and weights belong to different models"))]
    Token {
        /// The id.
        token: u32,
        /// The rows of the embedding.
        vocabulary: usize,
    },
    /// More tokens than the model was made for.
    #[error("a prompt has {tokens} tokens, but the model's context is {context}")]
    #[diagnostic(help(
        "use fewer --shots, a prompt without a worked example, or a model with a longer context"
    ))]
    Context {
        /// Of the prompt, with those to be generated.
        tokens: usize,
        /// Of the model.
        context: usize,
    },
    /// A logit is NaN or infinite.
    #[error("the model gives NaN or infinity for prompt {number}, computed in {}", dtype.name())]
    #[diagnostic(help("{}", dtype.beyond_range()))]
    NotFinite {
        /// From 0: of the query, prompt or position.
        number: usize,
        /// What the model is computed in.
        dtype: Dtype,
    },
    /// Trainable weights that are not worth keeping.
    #[error("{path} is not written: `{name}` holds NaN or infinity in {}", dtype.name())]
    #[diagnostic(help("{}", dtype.beyond_range()))]
    WouldNotBeFinite {
        /// The file.
        path: PathBuf,
        /// The tensor.
        name: String,
        /// Its type.
        dtype: Dtype,
    },
    /// Nothing to continue.
    #[error("the prompt has no tokens")]
    #[diagnostic(help("this tokenizer adds no token at the start, so the text must not be empty"))]
    EmptyPrompt,
    /// No such device.
    #[error("no device `{asked}`")]
    #[diagnostic(help("there are {there}; `clika devices` lists them"))]
    Device {
        /// What was asked for.
        asked: String,
        /// What there is.
        there: String,
    },
    /// A device that cannot be trusted.
    #[error(
        "{device} computes wrongly: in a product of {shape} numbers, {wrong} of {all} differ from the processor's"
    )]
    #[diagnostic(help("use --device cpu; a newer driver may fix it"))]
    WrongProduct {
        /// Where.
        device: String,
        /// Rows, what is summed, and columns.
        shape: String,
        /// Elements that are wrong.
        wrong: usize,
        /// Elements.
        all: usize,
    },
    /// A type that a device does not have.
    #[error("{device} cannot compute in {}", dtype.name())]
    #[diagnostic(help("use --dtype f32 or another device"))]
    DeviceDtype {
        /// Where.
        device: String,
        /// In which type.
        dtype: Dtype,
    },
    /// A device that is there and cannot be used.
    #[error("{device} cannot be used: {problem}")]
    #[diagnostic(help("{help}"))]
    Unusable {
        /// Which.
        device: String,
        /// What is missing or broken.
        problem: String,
        /// What to install.
        help: String,
    },
    /// It does not fit.
    #[error("{device} has {free_gib:.1} GiB free, and {needed_gib:.1} GiB are needed for {what}")]
    #[diagnostic(help("{advice}"))]
    Memory {
        /// Where.
        device: String,
        /// What has to fit.
        what: String,
        /// What there is.
        free_gib: f64,
        /// What it takes.
        needed_gib: f64,
        /// Options that take less memory.
        advice: String,
    },
    /// Something did not fit while the model was at work, and it cannot be made smaller.
    #[error("the device ran out of memory for {over}")]
    #[diagnostic(help("{advice}"))]
    OutOfMemory {
        /// What was run.
        over: String,
        /// Options that take less memory.
        advice: String,
    },
    /// The device does not answer any more.
    #[error("the device was lost: {problem}")]
    #[diagnostic(help(
        "what was saved before is intact, and the same command continues from it; if the device is lost again, restart its \
         driver or the machine, or use another --device"
    ))]
    DeviceLost {
        /// What it said last.
        problem: String,
    },
    /// The device gave up.
    #[error("the device failed: {problem}")]
    #[diagnostic(help(
        "what was saved before is intact, and the same command continues from it; --device cpu avoids the device"
    ))]
    Compute {
        /// What it said.
        problem: String,
    },
    /// Low-rank matrices without rank.
    #[error("an adapter needs a rank of at least 1")]
    #[diagnostic(help("the paper's is 128"))]
    Rank,
    /// An adapter's file cannot be used.
    #[error("{path}: {problem}")]
    #[diagnostic(help(
        "clika reads LoRA adapters that PEFT saved: adapter_config.json and adapter_model.safetensors or .bin"
    ))]
    Adapter {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// A field of an adapter's configuration that clika does not read as PEFT does, or that says what PEFT refuses.
    #[error("{}: `{field}` {problem}", path.display())]
    #[diagnostic(help("{help}"))]
    AdapterField {
        /// adapter_config.json.
        path: PathBuf,
        /// The field.
        field: String,
        /// What is wrong with it.
        problem: String,
        /// What to do.
        help: String,
    },
    /// A pattern of an adapter's configuration that cannot be used.
    #[error("`{field}` in adapter_config.json: the pattern `{pattern}` cannot be used: {problem}")]
    #[diagnostic(help("give the modules' names instead"))]
    AdapterPattern {
        /// The field.
        field: &'static str,
        /// The pattern, with what PEFT puts around it.
        pattern: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A name in an adapter's configuration that cannot be followed on this model.
    #[error("the adapter does not fit this model: `{field}` names `{target}`: {problem}")]
    #[diagnostic(help(
        "base_model_name_or_path in its adapter_config.json says which model it was trained on"
    ))]
    AdapterTarget {
        /// The field.
        field: &'static str,
        /// What it names.
        target: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// A tensor of an adapter that is missing, too many or of the wrong shape.
    #[error("the adapter's tensor `{name}` {problem}")]
    #[diagnostic(help(
        "adapter_config.json and the weights belong to different adapters, or one of them was changed after it was saved"
    ))]
    AdapterTensor {
        /// Its name.
        name: String,
        /// What is wrong with it.
        problem: String,
    },
    /// An adapter that cannot become part of the weights.
    #[error("the adapter cannot be merged: `{module}`: {problem}")]
    #[diagnostic(help("evaluate it as it is (--adapter), without --merge"))]
    Unmergeable {
        /// Where.
        module: String,
        /// Why.
        problem: &'static str,
    },
    /// An adapter that does more than those that are trained here.
    #[error(
        "the adapter has `{what}`, but training supports only adapters that add to linear layers"
    )]
    #[diagnostic(help("train a new adapter, or evaluate this one without training it further"))]
    NotPlain {
        /// A field or tensor.
        what: String,
    },
    /// A file of tensors that clika or PEFT writes is cut off or holds something else.
    #[error("{path}: {problem}")]
    #[diagnostic(help(
        "it was damaged after it was written, or is not such a file; use another copy"
    ))]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// An adapter that was trained on another model.
    #[error("the adapter does not belong to this model: `{module}`: {problem}")]
    #[diagnostic(help(
        "base_model_name_or_path in its adapter_config.json says which model it was trained on"
    ))]
    OtherBase {
        /// The module.
        module: String,
        /// What does not fit.
        problem: String,
    },
    /// An adapter that was trained after tokens were added to the model.
    #[error("the adapter was trained on a model with more tokens: `{module}`: {problem}")]
    #[diagnostic(help(
        "tokens were added before it was trained: load the base in transformers, resize_token_embeddings to the adapter's own \
         tokenizer, apply the adapter with PEFT, merge_and_unload, save model and tokenizer, and evaluate that folder"
    ))]
    MoreTokens {
        /// The module.
        module: String,
        /// What does not fit.
        problem: String,
    },
    /// An example without a token to predict.
    #[error("example {number} has no answer to learn, or nothing before it")]
    NoAnswer {
        /// From 0.
        number: usize,
    },
    /// No step would be taken.
    #[error("there is nothing to learn: no example, no epoch or no step")]
    NothingToLearn,
    /// The loss or its gradient is not finite.
    #[error(
        "the training diverged: in step {step} the loss is {loss} and the gradient's length {gradient_norm}, computed in {} (examples {examples:?})",
        dtype.name()
    )]
    #[diagnostic(help("lower the learning rate, or else: {}", dtype.beyond_range()))]
    Diverged {
        /// From 1.
        step: usize,
        /// The loss.
        loss: f64,
        /// The length of the gradient.
        gradient_norm: f64,
        /// What the model is computed in.
        dtype: Dtype,
        /// The batch.
        examples: Vec<usize>,
    },
    /// A state of another training.
    #[error("{path} belongs to another training run: {problem}")]
    #[diagnostic(help("give the run a folder of its own, or remove this one to start again"))]
    OtherTraining {
        /// The state's folder.
        path: PathBuf,
        /// What differs.
        problem: String,
    },
    /// A file cannot be read.
    #[error("cannot read {path}")]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file cannot be written.
    #[error("cannot write {path}")]
    #[diagnostic(help("check whether the disk is full; what was saved before is still there"))]
    Unwritable {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}
