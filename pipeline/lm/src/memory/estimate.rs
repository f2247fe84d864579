//! Estimates how much memory a model takes for a workload, from its configuration alone.
//!
//! What is kept is known exactly: weights, gradients, AdamW's moments, and the activations that the backward pass needs.
//! Temporary tensors are not known; factors for them are measured, and the constants say where.

use crate::{
    Architecture, Dtype, LoraTargets, MlpNames, QueryKeyValue, Residual, TrainingConfig,
    decoder::PART_TOKENS,
};

/// What a model is loaded for, as far as it decides the memory that it takes.
#[derive(Clone, Debug, PartialEq)]
pub enum Workload {
    /// Scoring ([`crate::Scorer`]) or generation ([`crate::Generator`]).
    Inference {
        /// Tokens that are run at a time.
        batch_tokens: usize,
        /// How the model answers.
        mode: InferenceMode,
    },
    /// Training ([`crate::Trainer`]).
    Training {
        /// Its configuration.
        config: TrainingConfig,
        /// Whether the model that the training begins from is kept in memory too.
        keeps_base: bool,
    },
}

/// How a model answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InferenceMode {
    /// By the likeliest token after a prompt: no KV cache is kept, and only the last tokens of prompts have logits.
    NextToken,
    /// By the likeliest text after a prompt: each of its tokens has logits.
    Scoring,
    /// By the text that it generates, token by token.
    Generation,
}

/// The bytes that a model takes for a workload.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MemoryEstimate {
    /// Of the weights.
    pub weights: f64,
    /// Of what a training keeps from its first step to its last: gradients, AdamW's moments, a second set of weights.
    pub training_state: f64,
    /// Of what a batch takes, at most.
    pub batch: f64,
}

/// Factors for temporary tensors, by device. A width is the number of outputs of all matrices of a layer for a token.
struct TemporaryFactors {
    /// Widths that a layer takes in the forward pass.
    forward: f64,
    /// Widths that it takes in the backward pass, besides saved activations.
    backward: f64,
    /// Bytes for a number of the logits in scoring.
    logits: f64,
    /// Bytes for a number of the logits in training.
    loss: f64,
    /// Matrices as large as the embedding, in f32, while all weights are trained.
    embeddings: f64,
    /// Attention scores in f32 for each pair of a token and a token that it attends to, by head.
    scores: f64,
    /// Share of all this that the allocator takes for itself.
    allocator_overhead: f64,
    /// Bytes that any workload takes.
    base: f64,
}

/// Of the kernels in f32. Measured by `tests/estimate.rs`, which holds the estimate to what Linux counts.
const PROCESSOR: TemporaryFactors = TemporaryFactors {
    forward: 1.0,
    backward: 1.2,
    logits: 4.0,
    loss: 8.0,
    embeddings: 1.0,
    scores: 0.0,
    allocator_overhead: 0.0,
    base: 6.0 * MIB,
};

/// Of burn's operations: counted in the code, and `allocator_overhead` so that the whole is what a stand-in for CUDA's driver was asked for
/// (`tests/estimate.rs`). None was measured on a card.
const GPU: TemporaryFactors = TemporaryFactors {
    forward: 1.0,
    backward: 2.0,
    logits: 6.0,
    loss: 20.0,
    embeddings: 3.0,
    scores: 3.0,
    allocator_overhead: 0.15,
    base: 64.0 * MIB,
};

const MIB: f64 = (1 << 20) as f64;

/// Numbers of logits that a training has at a time.
const LOGITS: f64 = (1_u64 << 23) as f64;

/// Numbers of logits that a thread has at a time when it scores.
const SCORED_LOGITS: f64 = (1_u64 << 22) as f64;

/// Tokens of a typical prompt or training row of the datasets here: a guess, made before any of them is read.
const SEQUENCE_TOKENS: f64 = 64.0;

/// The largest share of a training row's tokens that belong to the answer: only they have logits.
const ANSWER_SHARE: f64 = 0.25;

impl MemoryEstimate {
    /// Estimates what `workload` takes on a processor or a GPU.
    pub fn of(
        architecture: &Architecture,
        dtype: Dtype,
        on_processor: bool,
        workload: &Workload,
    ) -> Self {
        let by_kernels = on_processor && dtype == Dtype::F32;
        let factors = if by_kernels { PROCESSOR } else { GPU };
        let sizes = Sizes::of(architecture, dtype);
        let weights = sizes.parameters * sizes.bytes;
        let (training_state, batch) = match workload {
            Workload::Inference { batch_tokens, mode } => {
                let batch = sizes.inference_batch(&factors, *batch_tokens, *mode, by_kernels);
                (0.0, batch)
            }
            Workload::Training { config, keeps_base } => {
                let state = sizes.training_state(config, architecture, *keeps_base);
                (
                    state,
                    sizes.training_batch(&factors, config, architecture, by_kernels),
                )
            }
        };
        Self {
            weights,
            training_state,
            batch: batch * (1.0 + factors.allocator_overhead) + factors.base,
        }
    }

    /// The bytes that are known exactly and have to fit: of the weights and of the state of a training.
    pub fn fixed(&self) -> f64 {
        self.weights + self.training_state
    }

    /// All bytes.
    pub fn total(&self) -> f64 {
        self.fixed() + self.batch
    }
}

/// The sizes of an architecture, as floats.
struct Sizes {
    parameters: f64,
    /// Bytes of a weight or an activation.
    bytes: f64,
    layers: f64,
    hidden: f64,
    inner: f64,
    /// Up-projections of an MLP: 2 with a gate.
    up_projections: f64,
    queries: f64,
    keys: f64,
    heads: f64,
    vocabulary: f64,
    /// Copies of logits that are there at a time: one more where they are multiplied or bounded.
    logits: f64,
}

impl Sizes {
    fn of(it: &Architecture, dtype: Dtype) -> Self {
        Self {
            parameters: it.parameters() as f64,
            bytes: dtype.bytes() as f64,
            layers: it.layers as f64,
            hidden: it.hidden as f64,
            inner: it.intermediate as f64,
            up_projections: match it.names.mlp {
                MlpNames::Gated { .. } => 2.0,
                MlpNames::Plain { .. } => 1.0,
            },
            queries: (it.heads * it.head_dim) as f64,
            keys: (it.kv_heads * it.head_dim) as f64,
            heads: it.heads as f64,
            vocabulary: it.vocabulary as f64,
            logits: match (it.logit_scale, it.logit_softcap) {
                (None, None) => 1.0,
                (Some(_), _) | (_, Some(_)) => 2.0,
            },
        }
    }

    /// The number of outputs of all matrices of a layer for a token.
    fn width(&self) -> f64 {
        self.queries + 2.0 * self.keys + 2.0 * self.hidden + self.up_projections * self.inner
    }

    fn inference_batch(
        &self,
        factors: &TemporaryFactors,
        batch_tokens: usize,
        mode: InferenceMode,
        by_kernels: bool,
    ) -> f64 {
        let tokens = batch_tokens as f64;
        let caches = match mode {
            // Kernels score a prompt with what follows it.
            InferenceMode::NextToken => 0.0,
            InferenceMode::Scoring if by_kernels => 0.0,
            InferenceMode::Scoring | InferenceMode::Generation => {
                self.layers * 2.0 * self.keys * self.bytes
            }
        };
        let scores = factors.scores * self.heads * SEQUENCE_TOKENS * 4.0;
        let layer = factors.forward * self.width() * self.bytes + scores;
        let at_once = if by_kernels {
            tokens_at_once(batch_tokens)
        } else {
            tokens
        };
        let rows = match mode {
            // Those of questions have none.
            InferenceMode::Scoring if by_kernels => at_once / 2.0,
            InferenceMode::Scoring => at_once,
            InferenceMode::NextToken | InferenceMode::Generation => at_once / SEQUENCE_TOKENS,
        };
        let mut logits = rows * self.vocabulary;
        if by_kernels {
            logits = logits.min(rayon::current_num_threads() as f64 * SCORED_LOGITS);
        }
        tokens * caches + at_once * layer + logits * factors.logits * self.logits
    }

    fn training_state(
        &self,
        config: &TrainingConfig,
        architecture: &Architecture,
        keeps_base: bool,
    ) -> f64 {
        match &config.lora {
            // Both factors, their gradients and two moments, f32.
            Some(lora) => {
                let ends = adapted(architecture, lora.targets)
                    .map(|[rows, columns]| (rows + columns) as f64);
                let one_layer: f64 = ends.sum();
                16.0 * self.layers * lora.rank as f64 * one_layer
            }
            None => {
                let master = if self.bytes < 4.0 { 4.0 } else { 0.0 };
                let second = if keeps_base { self.bytes } else { 0.0 };
                self.parameters * (12.0 + master + second)
            }
        }
    }

    fn training_batch(
        &self,
        factors: &TemporaryFactors,
        config: &TrainingConfig,
        architecture: &Architecture,
        by_kernels: bool,
    ) -> f64 {
        let tokens = if by_kernels && config.lora.is_some() {
            tokens_at_once(config.batch_tokens)
        } else {
            config.batch_tokens as f64
        };
        // Input of the layer, queries, keys, values, output of the attention, input of the MLP, gate and up.
        let mut kept = 2.0 * self.hidden + 2.0 * self.queries + 2.0 * self.keys;
        kept += self.up_projections * self.inner;
        if architecture.query_key_norm.is_some() {
            kept += self.queries + self.keys;
        }
        let norms = architecture.names.norms;
        let after = [norms.after_attention, norms.after_mlp];
        kept += self.hidden * after.into_iter().flatten().count() as f64;
        if architecture.residual == Residual::Parallel {
            // The MLP reads what is kept already.
            kept -= self.hidden;
        }
        if let Some(lora) = &config.lora {
            let of = adapted(architecture, lora.targets).map(|[_, columns]| {
                // On a GPU the dropout mask is kept.
                let mask = factors.scores > 0.0 && lora.dropout > 0.0;
                lora.rank as f64 + if mask { columns as f64 } else { 0.0 }
            });
            kept += of.sum::<f64>();
        }
        let all = if config.recompute {
            self.layers * self.hidden + kept
        } else {
            self.layers * kept
        };
        let scores = factors.scores * self.heads * SEQUENCE_TOKENS * 4.0;
        let layer = factors.backward * self.width() * self.bytes + scores;
        let logits = LOGITS.min(ANSWER_SHARE * tokens * self.vocabulary);
        let logits = logits * factors.loss * self.logits;
        let embeddings = match &config.lora {
            Some(_) => 0.0,
            None => factors.embeddings * self.vocabulary * self.hidden * 4.0,
        };
        tokens * (all * self.bytes + layer) + logits + embeddings
    }
}

/// Tokens that all threads take through the layers at a time.
fn tokens_at_once(batch_tokens: usize) -> f64 {
    batch_tokens.min(PART_TOKENS * rayon::current_num_threads()) as f64
}

/// Rows and columns of the matrices of a layer that get an adapter.
fn adapted(it: &Architecture, targets: LoraTargets) -> impl Iterator<Item = [usize; 2]> {
    let (hidden, inner) = (it.hidden, it.intermediate);
    let (queries, keys) = (it.heads * it.head_dim, it.kv_heads * it.head_dim);
    let mut all = match (targets, it.names.query_key_value) {
        (LoraTargets::Paper, QueryKeyValue::Separate(_)) => vec![[queries, hidden], [keys, hidden]],
        (LoraTargets::Attention | LoraTargets::All, QueryKeyValue::Separate(_)) => {
            vec![[queries, hidden], [keys, hidden], [keys, hidden]]
        }
        (_, QueryKeyValue::Stacked(_) | QueryKeyValue::ByHead(_)) => {
            vec![[queries + 2 * keys, hidden]]
        }
    };
    if targets != LoraTargets::Paper {
        all.push([hidden, queries]);
    }
    if targets == LoraTargets::All {
        let up_projections = match it.names.mlp {
            MlpNames::Gated { .. } => 2,
            MlpNames::Plain { .. } => 1,
        };
        all.extend(std::iter::repeat_n([inner, hidden], up_projections));
        all.push([hidden, inner]);
    }
    all.into_iter()
}
