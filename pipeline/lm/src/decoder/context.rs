use super::{
    Decoder,
    groups::{SequenceGroup, alibi_slopes, group_sequences},
    kernels,
    rotary::RotaryEmbedding,
    sequence::Sequence,
};
use crate::{Dtype, PositionEncoding};
use burn::tensor::{Device as BurnDevice, Int, Tensor, TensorData};

/// What all layers need to know about the sequences that the model is run on.
pub(super) struct ForwardContext<'a> {
    pub(super) sequences: &'a [Sequence<'a>],
    /// Whether caches are wanted.
    pub(super) use_cache: bool,
    /// The rows of the sequences' last tokens.
    pub(super) last_rows: Tensor<1, Int>,
    pub(super) rotary: Option<RotaryEmbedding>,
    /// Of the last tokens only.
    pub(super) last_rotary: Option<RotaryEmbedding>,
    pub(super) attention_path: AttentionPath,
    /// Whether burn's attention has to be checked for NaN in queries and keys: if all scores of a row are NaN, burn takes
    /// the row as masked and returns zeros. On a GPU the check costs as much as a norm, and only f16 overflows there.
    pub(super) check_nan: bool,
}

/// The two ways to compute attention: our kernels on the processor, or burn's operations on any device.
pub(super) enum AttentionPath {
    /// By our kernels, with ALiBi's slopes.
    Kernels(Option<Vec<f32>>),
    /// By burn's operations, group by group.
    Burn(Vec<SequenceGroup>),
}

/// The tokens whose hidden states a layer returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OutputTokens {
    /// All tokens.
    All,
    /// The last token of each sequence.
    Last,
}

impl<'a> ForwardContext<'a> {
    /// `x` are the states before the first layer.
    pub(super) fn new(
        decoder: &Decoder,
        sequences: &'a [Sequence<'a>],
        use_cache: bool,
        x: &Tensor<2>,
    ) -> Self {
        let architecture = &decoder.architecture;
        let (dtype, device) = (decoder.dtype, &decoder.device);
        let new_tokens = sequences
            .iter()
            .map(|sequence| (sequence.past_tokens(), sequence.all_tokens()));
        let last_tokens = sequences
            .iter()
            .map(|sequence| (sequence.all_tokens() - 1, sequence.all_tokens()));
        let (rotary, last_rotary) = match &architecture.position {
            PositionEncoding::Rope(rope) => (
                Some(RotaryEmbedding::new(rope, new_tokens, dtype, device)),
                Some(RotaryEmbedding::new(rope, last_tokens, dtype, device)),
            ),
            PositionEncoding::Alibi => (None, None),
        };
        let attention_path = if kernels::supports(x) {
            let alibi = architecture.position == PositionEncoding::Alibi;
            AttentionPath::Kernels(alibi.then(|| alibi_slopes(architecture.heads)))
        } else {
            AttentionPath::Burn(group_sequences(sequences, architecture, dtype, device))
        };
        let on_gpu = *device != BurnDevice::flex() && !device.is_autodiff();
        let check_nan = !(on_gpu && dtype != Dtype::F16);
        let rows = sequences.iter().scan(0_i64, |end, sequence| {
            *end += sequence.tokens.len() as i64;
            Some(*end - 1)
        });
        let rows = TensorData::new(rows.collect::<Vec<_>>(), [sequences.len()]);
        Self {
            sequences,
            use_cache,
            last_rows: Tensor::from_data(rows, device),
            rotary,
            last_rotary,
            attention_path,
            check_nan,
        }
    }

    /// The rows of `[tokens, width]` or `[tokens, heads, head_dim]` that belong to the output tokens.
    pub(super) fn rows<const D: usize>(
        &self,
        x: Tensor<D>,
        output_tokens: OutputTokens,
    ) -> Tensor<D> {
        match output_tokens {
            OutputTokens::All => x,
            OutputTokens::Last => x.select(0, self.last_rows.clone()),
        }
    }
}
