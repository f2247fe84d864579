//! The metadata of a model as the `config.json` that Hugging Face's transformers has for it.

use super::{
    GgufFile, GgufValue,
    kinds::{KINDS, Kind, Sizes, Tensors},
    names::ROPE_FACTORS,
};
use crate::{CheckpointError, gguf::BlockType};
use serde_json::{Map, Value, json};

/// What the metadata say of the arrangement of the weights.
pub(crate) struct GgufArchitecture {
    pub(super) name: &'static str,
    pub(super) layers: usize,
    pub(super) heads: usize,
    pub(super) kv_heads: usize,
    pub(super) tensors: Tensors,
}

/// What llama.cpp takes where a file names no `rope.freq_base`.
const DEFAULT_THETA: f64 = 10_000.0;

/// Keys of all architectures that are read, and those that change nothing in a model of text.
const KNOWN: [&str; 22] = [
    "attention.causal",
    "attention.head_count",
    "attention.head_count_kv",
    "attention.key_length",
    "attention.value_length",
    "block_count",
    "context_length",
    "embedding_length",
    "expert_count",
    "expert_used_count",
    "feed_forward_length",
    "pooling_type",
    "rope.dimension_count",
    "rope.freq_base",
    "rope.scale_linear",
    "rope.scaling.factor",
    "rope.scaling.finetuned",
    "rope.scaling.original_context_length",
    "rope.scaling.type",
    "tensor_data_layout",
    "use_parallel_residual",
    "vocab_size",
];

impl GgufFile {
    fn kind(&self) -> Result<&'static Kind, CheckpointError> {
        const KEY: &str = "general.architecture";
        let name = self.text(KEY)?.ok_or_else(|| self.lacks(KEY))?;
        let kind = KINDS.iter().find(|kind| kind.name == name);
        kind.ok_or_else(|| CheckpointError::Architecture {
            architecture: name.to_owned(),
            supported: format!("{} in GGUF", KINDS.map(|kind| kind.name).join(", ")),
        })
    }

    pub(crate) fn architecture(&self) -> Result<GgufArchitecture, CheckpointError> {
        let kind = self.kind()?;
        let key = |end: &str| format!("{}.{end}", kind.name);
        let heads = self.same_in_all_layers(&key("attention.head_count"))?;
        let heads = heads.ok_or_else(|| self.lacks(&key("attention.head_count")))?;
        let kv_heads = self.same_in_all_layers(&key("attention.head_count_kv"))?;
        Ok(GgufArchitecture {
            name: kind.name,
            layers: self.needed_count(&key("block_count"))?,
            heads,
            // As many as there are heads, says the format.
            kv_heads: kv_heads.unwrap_or(heads),
            tensors: kind.tensors,
        })
    }

    /// The text of the `config.json`.
    ///
    /// # Errors
    /// An architecture that is not known, and a key that would change what is computed.
    pub fn config(&self) -> Result<String, CheckpointError> {
        let kind = self.kind()?;
        let architecture = self.architecture()?;
        let key = |end: &str| format!("{}.{end}", kind.name);
        let count = |end: &str| self.needed_count(&key(end));
        self.check_keys(kind)?;
        self.check_biases(kind)?;
        let (hidden, context) = (count("embedding_length")?, count("context_length")?);
        let (heads, kv_heads) = (architecture.heads, architecture.kv_heads);
        let head_dim = match self.count(&key("attention.key_length"))? {
            Some(width) => width,
            None if heads > 0 && hidden.is_multiple_of(heads) => hidden / heads,
            None => {
                return Err(self.problem(format!(
                    "an embedding of {hidden} cannot be split into {heads} heads"
                )));
            }
        };
        if head_dim == 0 || !head_dim.is_multiple_of(2) {
            return Err(self.problem(format!(
                "a head is {head_dim} wide, and half of it is rotated"
            )));
        }
        let width = "the width of a head";
        self.expect(&key("attention.value_length"), head_dim, width)?;
        if !kind.rotates_part {
            self.expect(&key("rope.dimension_count"), head_dim, width)?;
        }
        let vocabulary = self.vocabulary(hidden)?;
        self.expect(&key("vocab_size"), vocabulary, "the rows of the embedding")?;
        let intermediate = self.same_in_all_layers(&key("feed_forward_length"))?;
        let [epsilon, its_key] = kind.epsilon;
        let epsilon = key(epsilon);
        let epsilon = self.number(&epsilon)?.ok_or_else(|| self.lacks(&epsilon))?;
        let mut config = json!({
            "architectures": [kind.class],
            "model_type": kind.model_type,
            "vocab_size": vocabulary,
            "hidden_size": hidden,
            "intermediate_size": intermediate.ok_or_else(|| self.lacks(&key("feed_forward_length")))?,
            "num_hidden_layers": architecture.layers,
            "num_attention_heads": heads,
            "num_key_value_heads": kv_heads,
            "head_dim": head_dim,
            "max_position_embeddings": context,
            "rope_theta": shortest(self.number(&key("rope.freq_base"))?.unwrap_or(DEFAULT_THETA)),
            "tie_word_embeddings": !self.has("output.weight"),
            "torch_dtype": "float32",
        });
        // Stored in 32 bits: 1e-5 is meant, not what is nearest to it in 64.
        config[its_key] = json!(shortest(epsilon));
        let [activation, name] = kind.activation;
        config[activation] = json!(name);
        let sizes = Sizes {
            hidden,
            layers: architecture.layers,
            heads,
            head_dim,
        };
        for (key, value) in (kind.more)(self, &sizes)? {
            config[key] = value;
        }
        if let Some(scaling) = self.scaling(kind, [head_dim, context])? {
            config["rope_scaling"] = scaling;
        }
        for (key, modules) in kind.biases {
            config[*key] = json!(self.has_bias(modules[0]));
        }
        for (ours, theirs) in [("bos", "bos_token_id"), ("eos", "eos_token_id")] {
            if let Some(id) = self.token_id(ours)? {
                config[theirs] = json!(id);
            }
        }
        Ok(format!("{config:#}\n"))
    }

    /// The text of the `generation_config.json`: the tokens at which llama.cpp ends an answer by the metadata's keys.
    pub fn generation_config(&self) -> Result<String, CheckpointError> {
        let mut ends = Vec::new();
        for name in ["eos", "eot", "eom"] {
            if let Some(id) = self.token_id(name)?
                && !ends.contains(&id)
            {
                ends.push(id);
            }
        }
        let mut config = Map::new();
        if !ends.is_empty() {
            config.insert("eos_token_id".to_owned(), json!(ends));
        }
        Ok(format!("{:#}\n", Value::Object(config)))
    }

    fn has_bias(&self, module: &str) -> bool {
        self.has(&format!("blk.0.{module}.bias"))
    }

    /// transformers' classes have biases in all of these modules or in none; llama.cpp computes with any of them.
    fn check_biases(&self, kind: &Kind) -> Result<(), CheckpointError> {
        for (_, modules) in kind.biases {
            let [with, without]: [Vec<&str>; 2] = [true, false].map(|has| {
                let modules = modules.iter().copied();
                modules
                    .filter(|module| self.has_bias(module) == has)
                    .collect()
            });
            if !with.is_empty() && !without.is_empty() {
                return Err(self.unsupported(
                    format!(
                        "a bias in {} without one in {}",
                        with.join(", "),
                        without.join(", ")
                    ),
                    "biases in all of them or in none",
                ));
            }
        }
        Ok(())
    }

    fn unsupported(&self, option: String, needed: impl Into<String>) -> CheckpointError {
        CheckpointError::GgufOption {
            path: self.path().to_owned(),
            option,
            needed: needed.into(),
        }
    }

    /// The id of a named token, such as `bos`: the key's, or for SentencePiece the format's default.
    pub(crate) fn token_id(&self, name: &str) -> Result<Option<usize>, CheckpointError> {
        let given = self.count(&format!("tokenizer.ggml.{name}_token_id"))?;
        let default = match (self.text("tokenizer.ggml.model")?, name) {
            (Some("llama"), "unknown") => Some(0),
            (Some("llama"), "bos") => Some(1),
            (Some("llama"), "eos") => Some(2),
            _ => None,
        };
        Ok(given.or(default))
    }

    /// Keys that nobody here reads may change what is computed.
    fn check_keys(&self, kind: &Kind) -> Result<(), CheckpointError> {
        let refused = |key: &str, value: &GgufValue, needed: &str| {
            self.unsupported(format!("`{key} = {value}`"), needed)
        };
        for (key, value) in self.metadata() {
            let Some(end) = key
                .strip_prefix(kind.name)
                .and_then(|end| end.strip_prefix('.'))
            else {
                continue;
            };
            let zero = value.count() == Some(0);
            match end {
                "expert_count" | "expert_used_count" if !zero => {
                    return Err(refused(key, value, "a model without experts"));
                }
                _ if kind.keys.contains(&end) || kind.epsilon[0] == end => {}
                "attention.sliding_window" if !zero => {
                    return Err(refused(
                        key,
                        value,
                        "a model that attends to the whole text",
                    ));
                }
                "attention.causal" if value.flag() != Some(true) => {
                    return Err(refused(
                        key,
                        value,
                        "true, so that a token sees those before it only",
                    ));
                }
                "use_parallel_residual" if value.flag() != Some(false) => {
                    return Err(refused(
                        key,
                        value,
                        "false, so that the MLP follows the attention",
                    ));
                }
                "attention.sliding_window" => {}
                _ if !KNOWN.contains(&end) => {
                    return Err(refused(
                        key,
                        value,
                        "a model without this key, which may change its numbers",
                    ));
                }
                _ => {}
            }
        }
        let version = self.count("general.quantization_version")?;
        let mut tensors = self
            .parts
            .iter()
            .flat_map(|part| part.header.tensors.values());
        let quantized =
            |block: BlockType| !matches!(block, BlockType::F32 | BlockType::F16 | BlockType::Bf16);
        match version {
            Some(version) if version != 2 && tensors.any(|tensor| quantized(tensor.block)) => {
                Err(self.unsupported(
                    format!("`general.quantization_version = {version}`"),
                    "blocks of version 2",
                ))
            }
            Some(_) | None => Ok(()),
        }
    }

    /// The rows of the embedding, one for each token.
    fn vocabulary(&self, hidden: usize) -> Result<usize, CheckpointError> {
        const EMBEDDING: &str = "token_embd.weight";
        let mut parts = self.parts.iter();
        let embedding = parts.find_map(|part| part.header.tensors.get(EMBEDDING));
        let Some(embedding) = embedding else {
            return Err(self.problem(format!("it has no tensor `{EMBEDDING}`")));
        };
        let &[rows, width] = &*embedding.shape else {
            return Err(self.problem(format!("`{EMBEDDING}` has the shape {:?}", embedding.shape)));
        };
        if width != hidden {
            return Err(self.problem(format!(
                "`{EMBEDDING}` is {width} wide, and `embedding_length` is {hidden}"
            )));
        }
        let tokens = self.key("tokenizer.ggml.tokens").and_then(GgufValue::list);
        if let Some(tokens) = tokens
            && tokens.len() != rows
        {
            return Err(self.problem(format!(
                "`tokenizer.ggml.tokens` has {} tokens, and `{EMBEDDING}` has {rows} rows",
                tokens.len()
            )));
        }
        Ok(rows)
    }

    /// `rope_scaling`.
    fn scaling(
        &self,
        kind: &Kind,
        [head_dim, context]: [usize; 2],
    ) -> Result<Option<Value>, CheckpointError> {
        let key = |end: &str| format!("{}.rope.{end}", kind.name);
        let factor = match self.number(&key("scaling.factor"))? {
            Some(factor) => Some(factor),
            None => self.number(&key("scale_linear"))?,
        };
        let kind = self.text(&key("scaling.type"))?;
        // As llama.cpp: a factor without a type is linear, and 0 is as good as none.
        let factor = factor.filter(|&factor| factor != 0.0 && factor != 1.0);
        let linear = match (kind, factor) {
            (Some("none"), _) | (None | Some("linear"), None) => None,
            (None | Some("linear"), Some(factor)) => Some(factor),
            (Some(other), _) => {
                return Err(self.unsupported(
                    format!("`{} = {other}`", key("scaling.type")),
                    "none or linear",
                ));
            }
        };
        let factors = self.rope_factors(head_dim)?;
        match (linear, factors) {
            (None, None) => Ok(None),
            (Some(factor), None) => Ok(Some(
                json!({ "rope_type": "linear", "factor": shortest(factor) }),
            )),
            // What transformers calls the same: each wavelength has its own factor, at every length.
            (None, Some(factors)) => Ok(Some(json!({
                "rope_type": "longrope",
                "short_factor": factors,
                "long_factor": factors,
                "attention_factor": 1.0,
                "original_max_position_embeddings": context,
            }))),
            (Some(_), Some(_)) => Err(self.problem(format!(
                "it has `{ROPE_FACTORS}` and `{}`",
                key("scaling.factor")
            ))),
        }
    }

    /// The factors of the wavelengths, such as those of Llama 3.1.
    fn rope_factors(&self, head_dim: usize) -> Result<Option<Vec<f64>>, CheckpointError> {
        let mut parts = self.parts.iter();
        let found = parts.find_map(|part| Some((part, part.header.tensors.get(ROPE_FACTORS)?)));
        let Some((part, tensor)) = found else {
            return Ok(None);
        };
        if tensor.shape != [head_dim / 2] || tensor.block != BlockType::F32 {
            return Err(self.problem(format!(
                "`{ROPE_FACTORS}` is {} of shape {:?}, and should be F32 of shape [{}]",
                tensor.block.name(),
                tensor.shape,
                head_dim / 2
            )));
        }
        let mut bytes = vec![0; (tensor.bytes.end - tensor.bytes.start) as usize];
        std::os::unix::fs::FileExt::read_exact_at(&part.file, &mut bytes, tensor.bytes.start)
            .map_err(|source| CheckpointError::Read {
                path: part.path.clone(),
                source,
            })?;
        let mut factors = vec![0.0; head_dim / 2];
        tensor.block.dequantize(&bytes, &mut factors);
        if !factors
            .iter()
            .all(|factor| factor.is_finite() && *factor > 0.0)
        {
            return Err(self.problem(format!(
                "`{ROPE_FACTORS}` has a factor that is not positive"
            )));
        }
        Ok(Some(factors.into_iter().map(f64::from).collect()))
    }

    /// A number that may be named for each layer, if it is the same in all of them.
    fn same_in_all_layers(&self, key: &str) -> Result<Option<usize>, CheckpointError> {
        let Some(GgufValue::List(layers)) = self.key(key) else {
            return self.count(key);
        };
        match layers.split_first() {
            Some((first, others)) if others.iter().all(|other| other == first) => {
                let count = first.count();
                count
                    .map(Some)
                    .ok_or_else(|| self.problem(format!("`{key}` is a list of {first}")))
            }
            Some(_) | None => Err(self.unsupported(
                format!("`{key}` that differs from layer to layer"),
                "the same number in all layers",
            )),
        }
    }

    /// Fails where a key says something else than `expected`.
    fn expect(&self, key: &str, expected: usize, what: &str) -> Result<(), CheckpointError> {
        match self.count(key)? {
            Some(found) if found != expected => {
                Err(self.unsupported(format!("`{key} = {found}`"), format!("{expected}, {what}")))
            }
            Some(_) | None => Ok(()),
        }
    }
}

/// A number that was stored in 32 bits, as the shortest decimal that is stored so.
pub(super) fn shortest(number: f64) -> f64 {
    let narrow = number as f32;
    if f64::from(narrow) == number {
        let text = narrow.to_string();
        text.parse().expect("the text of a number is one")
    } else {
        number
    }
}
