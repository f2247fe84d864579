use crate::rope::Rope;

/// What a decoder looks like: everything that `config.json` says about its arithmetic and the names of its tensors.
///
/// A family's folder translates its configuration into this; the decoder knows no families.
#[derive(Clone, Debug, PartialEq)]
pub struct Architecture {
    /// The family, such as `llama`.
    pub family: &'static str,
    /// Rows of the embedding.
    pub vocabulary: usize,
    /// Width of the residual stream (`hidden_size`).
    pub hidden: usize,
    /// Width inside the MLP (`intermediate_size`).
    pub intermediate: usize,
    /// Decoder layers (`num_hidden_layers`).
    pub layers: usize,
    /// Query heads (`num_attention_heads`).
    pub heads: usize,
    /// Key and value heads (`num_key_value_heads`).
    pub kv_heads: usize,
    /// Width of a head.
    pub head_dim: usize,
    /// The longest sequence that the model was made for, where the configuration says.
    pub context_tokens: Option<usize>,
    /// How the residual stream is normalized.
    pub norm: Norm,
    /// For each layer, how positions enter.
    pub positions: Vec<PositionEncoding>,
    /// For each layer, the tokens that a query sees, itself included; `None` for all before it.
    pub windows: Vec<Option<usize>>,
    /// What products of queries and keys are multiplied by; `1 / √head_dim` in most families.
    pub score_scale: f64,
    /// The bound of these products, `cap · tanh(score / cap)` (`attn_logit_softcapping`).
    pub score_softcap: Option<f64>,
    /// The MLP's non-linearity.
    pub activation: Activation,
    /// How attention and MLP are added to the residual stream.
    pub residual: Residual,
    /// How queries and keys are normalized, if they are.
    pub query_key_norm: Option<QueryKeyNorm>,
    /// What embeddings are multiplied by (Gemma's √hidden).
    pub embedding_scale: Option<f64>,
    /// Whether the rows of the output matrix have length 1 (Baichuan2's NormHead).
    pub normalized_head: bool,
    /// What logits are multiplied by (`logit_scale`).
    pub logit_scale: Option<f64>,
    /// The bound of logits, `cap · tanh(logit / cap)` (`final_logit_softcapping`).
    pub logit_softcap: Option<f64>,
    /// Whether the embedding is the output matrix too.
    pub tied: bool,
    /// Which linear layers have a bias.
    pub biases: Biases,
    /// What the tensors are called.
    pub names: TensorNames,
}

/// A norm of the residual stream.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Norm {
    /// Root mean square (`rms_norm_eps`).
    Rms {
        /// Added to the mean square.
        epsilon: f64,
        /// How the weight enters.
        weight: RmsWeight,
    },
    /// Mean and variance (`layer_norm_epsilon`).
    Layer {
        /// Added to the variance.
        epsilon: f64,
        /// Whether there is a bias.
        bias: bool,
    },
}

/// How the weight of an RMS norm enters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RmsWeight {
    /// As a factor of what is already rounded to the type of the activations (Llama).
    Rounded,
    /// As a factor in 32 bits; the product is rounded (OLMo 2).
    Wide,
    /// `1 + weight` as a factor in 32 bits; the product is rounded (Gemma).
    OnePlus,
}

/// How attention and MLP are added to the residual stream `x`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Residual {
    /// One after the other, each to its input before the norm.
    BeforeNorm,
    /// One after the other, each to its input after the norm (BLOOM's `apply_residual_connection_post_layernorm`).
    AfterNorm,
    /// Both to `x`, which both read; without a norm of its own the MLP reads what the attention reads.
    Parallel,
}

/// How queries and keys are normalized.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QueryKeyNorm {
    /// Each head by itself, with the same weights (Qwen3, Gemma 3).
    ByHead,
    /// All heads as one row (OLMo 2).
    WholeWidth,
}

/// How positions enter the attention.
#[derive(Clone, Debug, PartialEq)]
pub enum PositionEncoding {
    /// Rotated queries and keys.
    Rope(Rope),
    /// A penalty that grows with the distance.
    Alibi,
    /// Not at all: only the causal mask tells positions apart (some layers of Cohere 2).
    None,
}

/// A non-linearity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activation {
    /// `x · sigmoid(x)`.
    Silu,
    /// GELU with the error function.
    Gelu,
    /// GELU's approximation by tanh.
    GeluTanh,
}

/// Which linear layers have a bias.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Biases {
    /// Queries, keys and values.
    pub query_key_value: bool,
    /// The attention's output.
    pub output: bool,
    /// The MLP.
    pub mlp: bool,
}

/// What the tensors of a checkpoint are called, without `.weight` and `.bias`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TensorNames {
    /// Stands before every name but that of the head; may be missing in the file as a whole.
    pub prefix: &'static str,
    /// The embedding.
    pub embedding: &'static str,
    /// A norm right after the embedding.
    pub embedding_norm: Option<&'static str>,
    /// A layer, before its number.
    pub layer: &'static str,
    /// The norms of a layer.
    pub norms: LayerNorms,
    /// Queries, keys and values.
    pub query_key_value: QueryKeyValue,
    /// The attention's output.
    pub output: &'static str,
    /// The MLP.
    pub mlp: MlpNames,
    /// The norm after the last layer.
    pub norm: &'static str,
    /// The output matrix.
    pub head: &'static str,
    /// What the output matrix is called in files, where that is another name; `head` is read as well.
    pub stored_head: &'static str,
    /// Ends of names that old checkpoints hold and nobody needs.
    pub ignored: &'static [&'static str],
}

/// The norms of a layer, as far as it has them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LayerNorms {
    /// Of what the attention reads.
    pub before_attention: Option<&'static str>,
    /// Of what the attention gives, before it is added.
    pub after_attention: Option<&'static str>,
    /// Of what the MLP reads.
    pub before_mlp: Option<&'static str>,
    /// Of what the MLP gives, before it is added.
    pub after_mlp: Option<&'static str>,
}

impl LayerNorms {
    /// Norms before attention and MLP, and none after them.
    pub const fn before(attention: &'static str, mlp: &'static str) -> Self {
        Self {
            before_attention: Some(attention),
            after_attention: None,
            before_mlp: Some(mlp),
            after_mlp: None,
        }
    }
}

/// How queries, keys and values lie in a checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QueryKeyValue {
    /// A matrix each.
    Separate([&'static str; 3]),
    /// One matrix: all queries, then all keys, then all values (Baichuan's `W_pack`).
    Stacked(&'static str),
    /// One matrix: query, key and value of the first head, then of the second (BLOOM).
    ByHead(&'static str),
}

/// The matrices of an MLP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MlpNames {
    /// `down(activation(gate(x)) · up(x))`.
    Gated {
        /// The gate.
        gate: &'static str,
        /// What is gated.
        up: &'static str,
        /// Back to the residual stream.
        down: &'static str,
    },
    /// `down(activation(up(x)))`.
    Plain {
        /// To the MLP's width.
        up: &'static str,
        /// Back to the residual stream.
        down: &'static str,
    },
}

impl Architecture {
    /// The rotations of the layers, each once.
    pub fn ropes(&self) -> Vec<&Rope> {
        let mut ropes: Vec<&Rope> = Vec::new();
        for position in &self.positions {
            if let PositionEncoding::Rope(rope) = position
                && !ropes.contains(&rope)
            {
                ropes.push(rope);
            }
        }
        ropes
    }

    /// The number of a layer's rotation among [`Architecture::ropes`].
    pub fn rope_number(&self, layer: usize) -> Option<usize> {
        match &self.positions[layer] {
            PositionEncoding::Rope(rope) => self.ropes().iter().position(|other| *other == rope),
            PositionEncoding::Alibi | PositionEncoding::None => None,
        }
    }

    /// Whether positions enter as a penalty of the distance.
    pub fn has_alibi(&self) -> bool {
        self.positions.contains(&PositionEncoding::Alibi)
    }

    /// Numbers in the weights, biases and norms aside: what memory and time are estimated from.
    pub fn parameters(&self) -> u128 {
        // Wide enough for whatever a configuration claims.
        let [hidden, inner, layers, vocabulary] =
            [self.hidden, self.intermediate, self.layers, self.vocabulary].map(|n| n as u128);
        let [heads, kv_heads, width] =
            [self.heads, self.kv_heads, self.head_dim].map(|n| n as u128);
        let attention = hidden * (2 * heads + 2 * kv_heads) * width;
        let matrices = match self.names.mlp {
            MlpNames::Gated { .. } => 3,
            MlpNames::Plain { .. } => 2,
        };
        let embeddings = if self.tied { 1 } else { 2 };
        layers * (attention + matrices * hidden * inner) + embeddings * vocabulary * hidden
    }
}
