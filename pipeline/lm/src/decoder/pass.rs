use super::{
    Decoder, kernels,
    rotation::Rotation,
    sequence::Sequence,
    spans::{Span, slopes, spans},
};
use crate::{Dtype, Position};
use burn::tensor::{Device as BurnDevice, Int, Tensor, TensorData};

/// What all layers need to know about the sequences that the model is run on.
pub(super) struct Pass<'a> {
    pub(super) sequences: &'a [Sequence<'a>],
    /// Whether caches are wanted.
    pub(super) keep: bool,
    /// The rows of the sequences' last tokens.
    pub(super) ends: Tensor<1, Int>,
    pub(super) rotation: Option<Rotation>,
    /// Of the last tokens alone.
    pub(super) end_rotation: Option<Rotation>,
    pub(super) means: Means,
    /// Whether queries and keys have to be looked at: burn takes a row of scores that are all NaN for one in which everything
    /// is masked, and gives zeros. On a GPU this costs as much as a norm, and f16 is the type that overflows there.
    pub(super) guards: bool,
}

/// How attention is computed.
pub(super) enum Means {
    /// By our kernels, with ALiBi's slopes.
    Kernels(Option<Vec<f32>>),
    /// By burn, span by span.
    Spans(Vec<Span>),
}

/// Whose states a layer is to give.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// All tokens'.
    All,
    /// The sequences' last tokens'.
    Ends,
}

impl<'a> Pass<'a> {
    /// `x` are the states before the first layer.
    pub(super) fn new(
        decoder: &Decoder,
        sequences: &'a [Sequence<'a>],
        keep: bool,
        x: &Tensor<2>,
    ) -> Self {
        let architecture = &decoder.architecture;
        let (dtype, device) = (decoder.dtype, &decoder.device);
        let whole = sequences
            .iter()
            .map(|sequence| (sequence.past_tokens(), sequence.all_tokens()));
        let ends = sequences
            .iter()
            .map(|sequence| (sequence.all_tokens() - 1, sequence.all_tokens()));
        let (rotation, end_rotation) = match &architecture.position {
            Position::Rope(rope) => (
                Some(Rotation::new(rope, whole, dtype, device)),
                Some(Rotation::new(rope, ends, dtype, device)),
            ),
            Position::Alibi => (None, None),
        };
        let means = if kernels::apply(x) {
            let alibi = architecture.position == Position::Alibi;
            Means::Kernels(alibi.then(|| slopes(architecture.heads)))
        } else {
            Means::Spans(spans(sequences, architecture, dtype, device))
        };
        let on_gpu = *device != BurnDevice::flex() && !device.is_autodiff();
        let guards = !(on_gpu && dtype != Dtype::F16);
        let rows = sequences.iter().scan(0_i64, |end, sequence| {
            *end += sequence.tokens.len() as i64;
            Some(*end - 1)
        });
        let rows = TensorData::new(rows.collect::<Vec<_>>(), [sequences.len()]);
        Self {
            sequences,
            keep,
            ends: Tensor::from_data(rows, device),
            rotation,
            end_rotation,
            means,
            guards,
        }
    }

    /// The rows of `[tokens, width]` or `[tokens, heads, head_dim]` that are wanted.
    pub(super) fn rows<const D: usize>(&self, x: Tensor<D>, wanted: Wanted) -> Tensor<D> {
        match wanted {
            Wanted::All => x,
            Wanted::Ends => x.select(0, self.ends.clone()),
        }
    }
}
