use super::{
    Decoder,
    groups::{SequenceGroup, alibi_slopes, group_sequences},
    kernels,
    rotary::RotaryEmbedding,
    segment::Segment,
};
use crate::Dtype;
use burn::tensor::{Device as BurnDevice, Int, Tensor, TensorData};

/// What all layers need to know about the pieces of sequences that the model is run on.
pub(super) struct ForwardContext<'a> {
    pub(super) segments: Vec<Segment<'a>>,
    /// Whether caches are wanted; the pieces are whole sequences then.
    pub(super) use_cache: bool,
    /// The rows of the tokens that are asked for.
    output_rows: Tensor<1, Int>,
    /// The angles of all tokens and those of the tokens that are asked for, by each rotation of the model.
    rotaries: Vec<[RotaryEmbedding; 2]>,
    pub(super) attention_path: AttentionPath,
    /// Whether burn's attention has to be checked for NaN in queries and keys: if all scores of a row are NaN, burn takes
    /// the row as masked and returns zeros, and a bound would hide infinity. On a GPU the check costs as much as a norm, and
    /// only f16 overflows there.
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
    /// Those that are asked for, by [`Segment::outputs`].
    Asked,
}

impl<'a> ForwardContext<'a> {
    /// `x` are the states before the first layer.
    pub(super) fn new(
        decoder: &Decoder,
        segments: Vec<Segment<'a>>,
        use_cache: bool,
        x: &Tensor<2>,
    ) -> Self {
        let architecture = &decoder.architecture;
        let (dtype, device) = (decoder.dtype, &decoder.device);
        let all: Vec<(usize, usize)> = segments
            .iter()
            .map(|segment| (segment.position, segment.end()))
            .collect();
        let asked: Vec<(usize, usize)> = segments
            .iter()
            .map(|segment| (segment.end() - segment.outputs, segment.end()))
            .collect();
        let rotaries = architecture.ropes().into_iter().map(|rope| {
            [&all, &asked].map(|tokens| RotaryEmbedding::new(rope, tokens, dtype, device))
        });
        let rotaries = rotaries.collect();
        let attention_path = if kernels::supports(x) {
            let slopes = architecture.has_alibi();
            AttentionPath::Kernels(slopes.then(|| alibi_slopes(architecture.heads)))
        } else {
            AttentionPath::Burn(group_sequences(&segments, architecture, dtype, device))
        };
        let on_gpu = *device != BurnDevice::flex() && !device.is_autodiff();
        let bounded = architecture.score_softcap.is_some();
        let check_nan = bounded || !(on_gpu && dtype != Dtype::F16);
        let rows: Vec<i64> = segments
            .iter()
            .flat_map(|segment| {
                let end = segment.start + segment.tokens.len();
                (end - segment.outputs) as i64..end as i64
            })
            .collect();
        let count = rows.len();
        let rows = TensorData::new(rows, [count]);
        Self {
            segments,
            use_cache,
            output_rows: Tensor::from_data(rows, device),
            rotaries,
            attention_path,
            check_nan,
        }
    }

    /// The angles of a layer's rotation, by its number.
    pub(super) fn rotary(
        &self,
        number: Option<usize>,
        output_tokens: OutputTokens,
    ) -> Option<&RotaryEmbedding> {
        let [all, asked] = &self.rotaries[number?];
        Some(match output_tokens {
            OutputTokens::All => all,
            OutputTokens::Asked => asked,
        })
    }

    /// The rows of `[tokens, width]` or `[tokens, heads, head_dim]` that belong to the output tokens.
    pub(super) fn rows<const D: usize>(
        &self,
        x: Tensor<D>,
        output_tokens: OutputTokens,
    ) -> Tensor<D> {
        match output_tokens {
            OutputTokens::All => x,
            OutputTokens::Asked => x.select(0, self.output_rows.clone()),
        }
    }
}
