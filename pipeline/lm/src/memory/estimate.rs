//! How much memory a model takes while it works, from its configuration alone.
//!
//! What is kept is known to the number: weights, gradients, AdamW's means, and of each layer what the way back needs. What
//! comes and goes meanwhile is not; those factors are measured, and the constants say where.

use crate::{Architecture, Dtype, MlpNames, QueryKeyValue, Targets, TrainingConfig};

/// What a model is to do, as far as it decides the memory that it takes.
#[derive(Clone, Debug, PartialEq)]
pub enum Work {
    /// To answer: [`crate::Scoring`] and [`crate::Generating`].
    Answers {
        /// Tokens that are run at a time.
        batch_tokens: usize,
        /// How.
        answered: Answered,
    },
    /// To learn: [`crate::Trainer`].
    Training {
        /// Its configuration.
        config: TrainingConfig,
        /// Whether the model that it begins from is kept beside it.
        beside: bool,
    },
}

/// How a model answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answered {
    /// By the likeliest token after a prompt: no cache is kept, and the ends of prompts alone have logits.
    Letters,
    /// By the likeliest text after a prompt: each of its tokens has logits.
    Texts,
    /// By what it writes, token by token.
    Written,
}

/// Bytes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Need {
    /// Of the weights.
    pub weights: f64,
    /// Of what a training holds from its first step to its last: gradients, AdamW's means, a second set of weights.
    pub held: f64,
    /// Of what a batch takes, at most.
    pub batch: f64,
}

/// What comes and goes, by the device. A width is what a layer's matrices give for a token, all together.
struct Factors {
    /// Widths that a layer takes on the way forward.
    forward: f64,
    /// Widths that it takes on the way back, beside what was kept.
    backward: f64,
    /// Bytes for a number of the logits in scoring.
    logits: f64,
    /// Bytes for a number of the logits in training.
    loss: f64,
    /// Matrices as large as the embedding, in f32, while all weights learn.
    embeddings: f64,
    /// Numbers in f32 for a token, a head and a token that it looks at.
    scores: f64,
    /// Share of all this that the allocator takes for itself.
    lost: f64,
    /// Bytes that any work takes.
    any: f64,
}

/// Of the kernels in f32. Measured by `tests/estimate.rs`, which holds the estimate to what Linux counts.
const PROCESSOR: Factors = Factors {
    forward: 1.2,
    backward: 1.2,
    logits: 4.0,
    loss: 8.0,
    embeddings: 1.0,
    scores: 0.0,
    lost: 0.0,
    any: 8.0 * MIB,
};

/// Of burn's operations: counted in the code, and `lost` so that the whole is what a stand-in for CUDA's driver was asked for
/// (`tests/estimate.rs`). None was measured on a card.
const GPU: Factors = Factors {
    forward: 1.0,
    backward: 2.0,
    logits: 6.0,
    loss: 20.0,
    embeddings: 3.0,
    scores: 3.0,
    lost: 0.15,
    any: 64.0 * MIB,
};

const MIB: f64 = (1 << 20) as f64;

/// Numbers of logits that a training has at a time.
const LOGITS: f64 = (1_u64 << 23) as f64;

/// Tokens of a prompt, or of a row to learn, of those that the datasets here have: enough for what is estimated before any
/// of them is read.
const LENGTH: f64 = 64.0;

/// Of the tokens of a row to learn, those of the answer, at most: they alone have logits.
const ANSWER: f64 = 0.25;

impl Need {
    /// What `work` takes on a processor or a GPU.
    pub fn of(architecture: &Architecture, dtype: Dtype, on_processor: bool, work: &Work) -> Self {
        let by_kernels = on_processor && dtype == Dtype::F32;
        let factors = if by_kernels { PROCESSOR } else { GPU };
        let shape = Shape::of(architecture, dtype);
        let weights = shape.parameters * shape.bytes;
        let (held, batch) = match work {
            Work::Answers {
                batch_tokens,
                answered,
            } => {
                let tokens = *batch_tokens as f64;
                (0.0, shape.answers(&factors, tokens, *answered))
            }
            Work::Training { config, beside } => {
                let held = shape.held(config, architecture, *beside);
                (held, shape.batch(&factors, config, architecture))
            }
        };
        Self {
            weights,
            held,
            batch: batch * (1.0 + factors.lost) + factors.any,
        }
    }

    /// What surely has to fit.
    pub fn certain(&self) -> f64 {
        self.weights + self.held
    }

    /// All of it.
    pub fn total(&self) -> f64 {
        self.certain() + self.batch
    }
}

/// An architecture's sizes.
struct Shape {
    parameters: f64,
    /// Of a number.
    bytes: f64,
    layers: f64,
    hidden: f64,
    inner: f64,
    /// 2 with a gate.
    uppers: f64,
    queries: f64,
    keys: f64,
    heads: f64,
    vocabulary: f64,
}

impl Shape {
    fn of(it: &Architecture, dtype: Dtype) -> Self {
        Self {
            parameters: it.parameters() as f64,
            bytes: dtype.bytes() as f64,
            layers: it.layers as f64,
            hidden: it.hidden as f64,
            inner: it.intermediate as f64,
            uppers: match it.names.mlp {
                MlpNames::Gated { .. } => 2.0,
                MlpNames::Plain { .. } => 1.0,
            },
            queries: (it.heads * it.head_dim) as f64,
            keys: (it.kv_heads * it.head_dim) as f64,
            heads: it.heads as f64,
            vocabulary: it.vocabulary as f64,
        }
    }

    /// What the matrices of a layer give for a token.
    fn width(&self) -> f64 {
        self.queries + 2.0 * self.keys + 2.0 * self.hidden + self.uppers * self.inner
    }

    fn answers(&self, factors: &Factors, tokens: f64, answered: Answered) -> f64 {
        let caches = match answered {
            Answered::Letters => 0.0,
            Answered::Texts | Answered::Written => self.layers * 2.0 * self.keys * self.bytes,
        };
        let scores = factors.scores * self.heads * LENGTH * 4.0;
        let layer = factors.forward * self.width() * self.bytes + scores;
        let rows = match answered {
            Answered::Texts => tokens,
            Answered::Letters | Answered::Written => tokens / LENGTH,
        };
        tokens * (caches + layer) + rows * self.vocabulary * factors.logits
    }

    fn held(&self, config: &TrainingConfig, architecture: &Architecture, beside: bool) -> f64 {
        match &config.lora {
            // Both factors, their gradients and two means, f32.
            Some(lora) => {
                let ends = adapted(architecture, lora.targets)
                    .map(|[rows, columns]| (rows + columns) as f64);
                let one_layer: f64 = ends.sum();
                16.0 * self.layers * lora.rank as f64 * one_layer
            }
            None => {
                let master = if self.bytes < 4.0 { 4.0 } else { 0.0 };
                let second = if beside { self.bytes } else { 0.0 };
                self.parameters * (12.0 + master + second)
            }
        }
    }

    fn batch(
        &self,
        factors: &Factors,
        config: &TrainingConfig,
        architecture: &Architecture,
    ) -> f64 {
        let tokens = config.batch_tokens as f64;
        // The layer's input, queries, keys, values, what was attended to, the middle, gate and up.
        let mut kept = 2.0 * self.hidden + 2.0 * self.queries + 2.0 * self.keys;
        kept += self.uppers * self.inner;
        if architecture.query_key_norm {
            kept += self.queries + self.keys;
        }
        if let Some(lora) = &config.lora {
            let of = adapted(architecture, lora.targets).map(|[_, columns]| {
                // On a GPU what is left out is kept.
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
        let scores = factors.scores * self.heads * LENGTH * 4.0;
        let layer = factors.backward * self.width() * self.bytes + scores;
        let logits = LOGITS.min(ANSWER * tokens * self.vocabulary) * factors.loss;
        let embeddings = match &config.lora {
            Some(_) => 0.0,
            None => factors.embeddings * self.vocabulary * self.hidden * 4.0,
        };
        tokens * (all * self.bytes + layer) + logits + embeddings
    }
}

/// Rows and columns of the matrices of a layer that get an adapter.
fn adapted(it: &Architecture, targets: Targets) -> impl Iterator<Item = [usize; 2]> {
    let (hidden, inner) = (it.hidden, it.intermediate);
    let (queries, keys) = (it.heads * it.head_dim, it.kv_heads * it.head_dim);
    let mut all = match (targets, it.names.query_key_value) {
        (Targets::Paper, QueryKeyValue::Separate(_)) => vec![[queries, hidden], [keys, hidden]],
        (Targets::Attention | Targets::All, QueryKeyValue::Separate(_)) => {
            vec![[queries, hidden], [keys, hidden], [keys, hidden]]
        }
        (_, QueryKeyValue::Stacked(_) | QueryKeyValue::ByHead(_)) => {
            vec![[queries + 2 * keys, hidden]]
        }
    };
    if targets != Targets::Paper {
        all.push([hidden, queries]);
    }
    if targets == Targets::All {
        let uppers = match it.names.mlp {
            MlpNames::Gated { .. } => 2,
            MlpNames::Plain { .. } => 1,
        };
        all.extend(std::iter::repeat_n([inner, hidden], uppers));
        all.push([hidden, inner]);
    }
    all.into_iter()
}
