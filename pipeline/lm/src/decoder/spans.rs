//! Sequences that attention can take together.

use super::sequence::Sequence;
use crate::{Architecture, Dtype, Position, device::burn_dtype};
use burn::tensor::{Bool, Device as BurnDevice, Tensor, TensorData};

/// Neighbouring sequences of equal length behind the same cache.
pub(super) struct Span {
    /// The first one's number.
    pub(super) first: usize,
    /// How many there are.
    pub(super) sequences: usize,
    /// The first token's place among all tokens.
    pub(super) start: usize,
    /// Tokens of each.
    pub(super) length: usize,
    /// Tokens of the cache before them.
    pub(super) past: usize,
    /// ALiBi's penalties, `[1, heads, length, past + length]`.
    pub(super) penalty: Option<Tensor<4>>,
    /// What lies outside of the model's sliding window, `[sequences, heads, length, past + length]`; `None` where nothing does.
    pub(super) outside: Option<Tensor<4, Bool>>,
}

/// Splits sequences into spans.
pub(super) fn spans(
    sequences: &[Sequence],
    architecture: &Architecture,
    dtype: Dtype,
    device: &BurnDevice,
) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    let mut start = 0;
    for (number, sequence) in sequences.iter().enumerate() {
        let length = sequence.tokens.len();
        let joined = spans.last_mut().filter(|span| {
            let other = &sequences[span.first];
            other.tokens.len() == length && other.same_past(sequence)
        });
        match joined {
            Some(span) => span.sequences += 1,
            None => spans.push(Span {
                first: number,
                sequences: 1,
                start,
                length,
                past: sequence.past_tokens(),
                penalty: None,
                outside: None,
            }),
        }
        start += length;
    }
    for span in &mut spans {
        if architecture.position == Position::Alibi {
            span.penalty = Some(penalty(span, architecture.heads, dtype, device));
        }
        // All layers with a window have the same one.
        let window = architecture.windows.iter().flatten().next();
        span.outside = window.and_then(|window| outside(span, *window, architecture.heads, device));
    }
    spans
}

/// The slopes of ALiBi (Press et al., 2022): powers of two where the heads are a power of two, else those of the next
/// lower power of two and every second one of the next higher.
pub(super) fn slopes(heads: usize) -> Vec<f32> {
    let powers = |count: usize| {
        let base = 2_f32.powf(-8.0 / count as f32);
        (1..=count).map(move |power| base.powi(power as i32))
    };
    let below = if heads.is_power_of_two() {
        heads
    } else {
        heads.next_power_of_two() / 2
    };
    let between = powers(2 * below).step_by(2);
    powers(below).chain(between).take(heads).collect()
}

fn penalty(span: &Span, heads: usize, dtype: Dtype, device: &BurnDevice) -> Tensor<4> {
    let keys = span.past + span.length;
    let mut values = Vec::with_capacity(heads * span.length * keys);
    for slope in slopes(heads) {
        for query in span.past..keys {
            values.extend((0..keys).map(|key| slope * (key as f32 - query as f32)));
        }
    }
    let data = TensorData::new(values, [1, heads, span.length, keys]);
    Tensor::from_data(data, (device, burn_dtype(dtype)))
}

fn outside(
    span: &Span,
    window: usize,
    heads: usize,
    device: &BurnDevice,
) -> Option<Tensor<4, Bool>> {
    let keys = span.past + span.length;
    if keys <= window {
        return None;
    }
    let rows = (span.past..keys)
        .flat_map(|query| (0..keys).map(move |key| key > query || query - key >= window));
    let data = TensorData::new(rows.collect::<Vec<bool>>(), [1, 1, span.length, keys]);
    let mask = Tensor::<4, Bool>::from_data(data, device);
    Some(mask.expand([span.sequences, heads, span.length, keys]))
}

#[cfg(test)]
mod tests {
    use super::slopes;

    #[test]
    fn slopes_are_those_of_the_paper() {
        // By hand from the paper's rule: 2^-1 .. 2^-8 for 8 heads.
        let expected: Vec<f32> = (1..=8).map(|n| 0.5_f32.powi(n)).collect();
        assert_eq!(slopes(8), expected);
        // 5 heads: four of 4 heads (2^-2, 2^-4, 2^-6, 2^-8), then the first of 8 heads.
        assert_eq!(slopes(5), [0.25, 0.0625, 0.015625, 0.00390625, 0.5]);
    }
}
