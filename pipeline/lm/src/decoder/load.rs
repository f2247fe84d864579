use super::{
    Decoder,
    attention::{Attention, Projection, Scoring},
    layer::{Layer, Norms},
    linear::Linear,
    mlp::Mlp,
    norm::NormLayer,
    random,
    tied::{has_own_head, stored_head},
    weight::Weight,
};
use crate::device::burn_dtype;
use crate::{
    Architecture, Device, Dtype, LmError, MlpNames, Norm, QueryKeyNorm, QueryKeyValue, TensorNames,
    guard::catch_device_errors, memory, read_architecture,
};
use burn::tensor::{DType, Device as BurnDevice, Tensor, TensorData};
use clika_base::types::Progress;
use clika_checkpoint::{Checkpoint, TensorValues};
use std::path::Path;

impl Decoder {
    /// Loads the model of a folder or of a GGUF file, tensor by tensor; `dtype` is the type to compute in, by default the one that suits the
    /// device.
    ///
    /// Every tensor of the checkpoint is used, or listed by [`Decoder::unused`] and named in a note; a missing or misshapen
    /// one is an error.
    pub fn load(
        folder: &Path,
        device: &Device,
        dtype: Option<Dtype>,
        progress: &dyn Progress,
    ) -> Result<Self, LmError> {
        Self::load_on(folder, device, &device.burn_device(), dtype, progress)
    }

    /// [`Decoder::load`] with burn's handle of the device.
    pub(crate) fn load_on(
        folder: &Path,
        device: &Device,
        on: &BurnDevice,
        dtype: Option<Dtype>,
        progress: &dyn Progress,
    ) -> Result<Self, LmError> {
        let mut architecture = read_architecture(folder)?;
        let mut checkpoint = Checkpoint::open(folder)?;
        if architecture.tied {
            architecture.tied = !has_own_head(&architecture.names, &mut checkpoint, progress)?;
        }
        let stored = checkpoint.dtype().unwrap_or(Dtype::F32);
        let dtype = dtype.unwrap_or(device.default_dtype(stored));
        device.check_dtype(dtype)?;
        memory::check_weights(device, &architecture, dtype)?;
        let names = &architecture.names;
        let loader = Loader {
            prefix: prefix(names, &checkpoint),
            source: Source::Checkpoint(&mut checkpoint),
            architecture: &architecture,
            dtype,
            device: on,
        };
        keep_freed_memory();
        let mut decoder = catch_device_errors(on, || loader.decoder(progress))?;
        decoder.check_loaded()?;
        checkpoint.check_taken()?;
        let known = |name: &str| names.ignored.iter().any(|end| name.ends_with(end));
        let unused = checkpoint.unused().into_iter();
        decoder.unused = unused
            .filter(|name| !known(name))
            .map(str::to_owned)
            .collect();
        if !decoder.unused.is_empty() {
            progress.note(&format!(
                "tensors of the checkpoint that the model does not use: {}",
                decoder.unused.join(", ")
            ));
        }
        if folder.join("adapter_config.json").is_file() {
            progress.note(&format!(
                "{} also contains an adapter, which is not applied: --adapter applies one. transformers with PEFT \
                 applies this one unasked; without its adapter_config.json both do the same",
                folder.display()
            ));
        }
        Ok(decoder)
    }
}

impl Decoder {
    /// Checks that the device had room for all weights.
    pub(super) fn check_loaded(&self) -> Result<(), LmError> {
        let there = self.check_allocated(std::iter::empty());
        there.map_err(|error| {
            let over = || format!("the weights in {}", self.dtype.name());
            error.with_memory_details(over, || self.memory_advice(&[]))
        })
    }
}

/// The prefix of the names in this file: published BLOOM models have none.
pub(super) fn prefix(names: &TensorNames, checkpoint: &Checkpoint) -> &'static str {
    // The embedding may stand there under the head's name alone.
    let plain = [names.embedding, names.norm].map(|name| format!("{name}.weight"));
    if plain.iter().any(|name| checkpoint.has(name)) {
        ""
    } else {
        names.prefix
    }
}

/// Builds a decoder from tensors that it takes one by one.
pub(super) struct Loader<'a> {
    pub(super) prefix: &'static str,
    pub(super) source: Source<'a>,
    pub(super) architecture: &'a Architecture,
    pub(super) dtype: Dtype,
    pub(super) device: &'a BurnDevice,
}

/// Where tensors come from.
pub(super) enum Source<'a> {
    /// Files.
    Checkpoint(&'a mut Checkpoint),
    /// Random numbers.
    Random,
}

impl Loader<'_> {
    pub(super) fn decoder(mut self, progress: &dyn Progress) -> Result<Decoder, LmError> {
        let architecture = self.architecture;
        let names = &architecture.names;
        let (vocabulary, hidden) = (architecture.vocabulary, architecture.hidden);
        progress.start(architecture.layers as u64 + 2, "layers");
        let embedding = self.embedding([vocabulary, hidden])?;
        let embedding_norm = names.embedding_norm;
        let embedding_norm = embedding_norm.map(|name| self.norm(name)).transpose()?;
        progress.step("embedding");
        let mut layers = Vec::with_capacity(architecture.layers);
        for number in 0..architecture.layers {
            layers.push(self.layer(number)?);
            progress.step("layers");
        }
        let norm = self.norm(names.norm)?;
        let (head, head_lengths) = self.head(&embedding)?;
        progress.step("head");
        progress.finish();
        Ok(Decoder {
            architecture: architecture.clone(),
            dtype: self.dtype,
            device: self.device.clone(),
            embedding,
            embedding_lora: None,
            embedding_norm,
            layers,
            norm,
            head,
            head_lengths,
            unused: Vec::new(),
            adapter_config: None,
            without_adapter: None,
            untied: false,
        })
    }

    /// If embedding and head are one matrix, a file may store it under either name.
    fn embedding(&mut self, shape: [usize; 2]) -> Result<Weight, LmError> {
        let names = &self.architecture.names;
        let plain = format!("{}{}.weight", self.prefix, names.embedding);
        let head = self.stored_head();
        let by_head = match &self.source {
            Source::Checkpoint(checkpoint) => !checkpoint.has(&plain) && checkpoint.has(&head),
            Source::Random => false,
        };
        let name = if self.architecture.tied && by_head {
            head
        } else {
            plain
        };
        let embedding = self.tensor(&name, shape)?;
        // Where it is no factor of a product, its rows are read as they are.
        let in_products = self.architecture.tied && !self.architecture.normalized_head;
        Ok(if in_products {
            Weight::new(embedding)
        } else {
            Weight::plain(embedding)
        })
    }

    /// The name of the output matrix in the file.
    fn stored_head(&self) -> String {
        let names = &self.architecture.names;
        match &self.source {
            Source::Checkpoint(checkpoint) => stored_head(names, checkpoint),
            Source::Random => format!("{}.weight", names.head),
        }
    }

    /// A tensor by its whole name.
    fn tensor<const D: usize>(
        &mut self,
        name: &str,
        shape: [usize; D],
    ) -> Result<Tensor<D>, LmError> {
        match &mut self.source {
            Source::Checkpoint(checkpoint) => {
                let data = match checkpoint.take(name, &shape, self.dtype)? {
                    TensorValues::F32(values) => TensorData::new(values, shape),
                    TensorValues::F16(values) => TensorData::new(values, shape),
                    TensorValues::Bf16(values) => TensorData::new(values, shape),
                };
                Ok(Tensor::from_data(
                    data,
                    (self.device, burn_dtype(self.dtype)),
                ))
            }
            Source::Random => Ok(random::tensor(name, shape, self.dtype, self.device)),
        }
    }

    fn take<const D: usize>(
        &mut self,
        name: &str,
        end: &str,
        shape: [usize; D],
    ) -> Result<Tensor<D>, LmError> {
        let name = format!("{}{name}.{end}", self.prefix);
        self.tensor(&name, shape)
    }

    fn weight(&mut self, name: &str, shape: [usize; 2]) -> Result<Tensor<2>, LmError> {
        self.take(name, "weight", shape)
    }

    /// `shape` is `[out_features, in_features]`.
    fn linear(&mut self, name: &str, shape: [usize; 2], bias: bool) -> Result<Linear, LmError> {
        let weight = Weight::new(self.weight(name, shape)?);
        let bias = bias
            .then(|| self.take(name, "bias", [shape[0]]))
            .transpose()?;
        Ok(Linear {
            name: self.full_name(name),
            weight,
            bias: bias.map(Tensor::<1>::unsqueeze),
            lora: None,
        })
    }

    /// The name of a module in transformers, with the prefix that a file may leave out.
    fn full_name(&self, name: &str) -> String {
        format!("{}{name}", self.architecture.names.prefix)
    }

    fn norm(&mut self, name: &str) -> Result<NormLayer, LmError> {
        let kind = self.architecture.norm;
        self.norm_of(name, kind, self.architecture.hidden)
    }

    fn norm_of(&mut self, name: &str, kind: Norm, width: usize) -> Result<NormLayer, LmError> {
        let weight = self.take(name, "weight", [width])?;
        let bias = match kind {
            Norm::Rms { .. } | Norm::Layer { bias: false, .. } => None,
            Norm::Layer { bias: true, .. } => Some(self.take(name, "bias", [width])?),
        };
        Ok(NormLayer {
            name: self.full_name(name),
            kind,
            weight,
            bias,
        })
    }

    fn layer(&mut self, number: usize) -> Result<Layer, LmError> {
        let names = &self.architecture.names;
        let of = |part: &str| format!("{}.{number}.{part}", names.layer);
        let mut norm = |name: Option<&str>| name.map(|name| self.norm(&of(name))).transpose();
        let norms = Norms {
            before_attention: norm(names.norms.before_attention)?,
            after_attention: norm(names.norms.after_attention)?,
            before_mlp: norm(names.norms.before_mlp)?,
            after_mlp: norm(names.norms.after_mlp)?,
        };
        let attention = self.attention(number)?;
        let (hidden, inner) = (self.architecture.hidden, self.architecture.intermediate);
        let bias = self.architecture.biases.mlp;
        let (gate, up, down) = match names.mlp {
            MlpNames::Gated { gate, up, down } => (Some(gate), up, down),
            MlpNames::Plain { up, down } => (None, up, down),
        };
        let gate = gate.map(|gate| self.linear(&of(gate), [inner, hidden], bias));
        Ok(Layer {
            norms,
            attention,
            mlp: Mlp {
                gate: gate.transpose()?,
                up: self.linear(&of(up), [inner, hidden], bias)?,
                down: self.linear(&of(down), [hidden, inner], bias)?,
                activation: self.architecture.activation,
            },
            residual: self.architecture.residual,
        })
    }

    fn attention(&mut self, number: usize) -> Result<Attention, LmError> {
        let architecture = self.architecture;
        let names = &architecture.names;
        let of = |part: &str| format!("{}.{number}.{part}", names.layer);
        let (hidden, width) = (architecture.hidden, architecture.head_dim);
        let (queries, keys) = (architecture.heads * width, architecture.kv_heads * width);
        let bias = architecture.biases.query_key_value;
        let all = queries + 2 * keys;
        let projection = match names.query_key_value {
            QueryKeyValue::Separate([query, key, value]) => Projection::Separate([
                Box::new(self.linear(&of(query), [queries, hidden], bias)?),
                Box::new(self.linear(&of(key), [keys, hidden], bias)?),
                Box::new(self.linear(&of(value), [keys, hidden], bias)?),
            ]),
            QueryKeyValue::Stacked(name) => {
                Projection::Stacked(self.linear(&of(name), [all, hidden], bias)?)
            }
            QueryKeyValue::ByHead(name) => {
                Projection::ByHead(self.linear(&of(name), [all, hidden], bias)?)
            }
        };
        let mut head_norm = |name: &str, all: usize| {
            let width = architecture.query_key_norm.map(|normed| match normed {
                QueryKeyNorm::ByHead => width,
                QueryKeyNorm::WholeWidth => all,
            });
            let norm = width.map(|width| self.norm_of(&of(name), architecture.norm, width));
            norm.transpose()
        };
        let query_norm = head_norm("self_attn.q_norm", queries)?;
        let key_norm = head_norm("self_attn.k_norm", keys)?;
        Ok(Attention {
            projection,
            output: self.linear(
                &of(names.output),
                [hidden, queries],
                architecture.biases.output,
            )?,
            query_norm,
            key_norm,
            heads: architecture.heads,
            kv_heads: architecture.kv_heads,
            head_dim: width,
            window: architecture.windows[number],
            rotary: architecture.rope_number(number),
            scoring: Scoring {
                scale: architecture.score_scale as f32,
                softcap: architecture.score_softcap.map(|cap| cap as f32),
            },
        })
    }

    fn head(&mut self, embedding: &Weight) -> Result<(Linear, Option<Tensor<2>>), LmError> {
        let architecture = self.architecture;
        let shape = [architecture.vocabulary, architecture.hidden];
        let mut weight = if architecture.tied {
            embedding.clone()
        } else {
            let name = self.stored_head();
            Weight::new(self.tensor(&name, shape)?)
        };
        let mut lengths = None;
        if architecture.normalized_head {
            weight.replace(|weight| {
                let (weight, of_rows) = normalize_rows(weight);
                lengths = Some(of_rows);
                weight
            });
        }
        let head = Linear {
            name: architecture.names.head.to_owned(),
            weight,
            bias: None,
            lora: None,
        };
        Ok((head, lengths))
    }
}

/// Has glibc keep freed memory for what is allocated next: it gives pieces back to the system, whose pages are then set to
/// zero anew, unless a piece as large has been freed before. 32 MiB is the largest size that it goes by.
fn keep_freed_memory() {
    const PIECE: usize = (32 << 20) - (64 << 10);
    drop(std::hint::black_box(vec![0_u8; PIECE]));
}

/// Rows of length 1, and their lengths before, `[rows, 1]` in f32.
pub(super) fn normalize_rows(weight: Tensor<2>) -> (Tensor<2>, Tensor<2>) {
    let dtype = weight.dtype();
    let weight = weight.cast(DType::F32);
    let lengths = weight.clone().square().sum_dim(1).sqrt().clamp_min(1e-12);
    // NaN where the squares overflow: else the row would become zeros.
    let lengths = lengths.clone() + (lengths.clone() - lengths);
    ((weight / lengths.clone()).cast(dtype), lengths)
}
