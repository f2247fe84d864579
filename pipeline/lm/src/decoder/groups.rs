//! Sequences that attention can take together, as one batch.

use super::segment::Segment;
use crate::{Architecture, Dtype, device::burn_dtype};
use burn::tensor::{Bool, Device as BurnDevice, Tensor, TensorData};

/// Neighbouring sequences of equal length after the same cache, which attention takes as one batch.
pub(super) struct SequenceGroup {
    /// The number of the first sequence.
    pub(super) first: usize,
    /// The number of sequences.
    pub(super) count: usize,
    /// The row of the first token among all tokens.
    pub(super) start: usize,
    /// New tokens of each sequence.
    pub(super) length: usize,
    /// Tokens of the cache before them.
    pub(super) past: usize,
    /// ALiBi's bias, which is added to the scores, `[1, heads, length, past + length]`.
    pub(super) alibi_bias: Option<Tensor<4>>,
    /// True for the keys outside of the model's sliding window, `[count, heads, length, past + length]`; `None` if all keys are
    /// inside.
    pub(super) window_mask: Option<Tensor<4, Bool>>,
}

/// Puts neighbouring sequences of equal length and the same cache into groups.
pub(super) fn group_sequences(
    segments: &[Segment],
    architecture: &Architecture,
    dtype: Dtype,
    device: &BurnDevice,
) -> Vec<SequenceGroup> {
    let mut groups: Vec<SequenceGroup> = Vec::new();
    for (number, segment) in segments.iter().enumerate() {
        let length = segment.tokens.len();
        let joined = groups.last_mut().filter(|group| {
            let other = &segments[group.first];
            other.tokens.len() == length && other.same_past(segment)
        });
        match joined {
            Some(group) => group.count += 1,
            None => groups.push(SequenceGroup {
                first: number,
                count: 1,
                start: segment.start,
                length,
                past: segment.position,
                alibi_bias: None,
                window_mask: None,
            }),
        }
    }
    for group in &mut groups {
        if architecture.has_alibi() {
            group.alibi_bias = Some(alibi_bias(group, architecture.heads, dtype, device));
        }
        // All layers with a window have the same one.
        let window = architecture.windows.iter().flatten().next();
        group.window_mask =
            window.and_then(|window| window_mask(group, *window, architecture.heads, device));
    }
    groups
}

/// The slopes of ALiBi (Press et al., 2022): powers of two where the heads are a power of two, else those of the next
/// lower power of two and every second one of the next higher.
pub(super) fn alibi_slopes(heads: usize) -> Vec<f32> {
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

fn alibi_bias(group: &SequenceGroup, heads: usize, dtype: Dtype, device: &BurnDevice) -> Tensor<4> {
    let keys = group.past + group.length;
    let mut values = Vec::with_capacity(heads * group.length * keys);
    for slope in alibi_slopes(heads) {
        for query in group.past..keys {
            values.extend((0..keys).map(|key| slope * (key as f32 - query as f32)));
        }
    }
    let data = TensorData::new(values, [1, heads, group.length, keys]);
    Tensor::from_data(data, (device, burn_dtype(dtype)))
}

fn window_mask(
    group: &SequenceGroup,
    window: usize,
    heads: usize,
    device: &BurnDevice,
) -> Option<Tensor<4, Bool>> {
    let keys = group.past + group.length;
    if keys <= window {
        return None;
    }
    let rows = (group.past..keys)
        .flat_map(|query| (0..keys).map(move |key| key > query || query - key >= window));
    let data = TensorData::new(rows.collect::<Vec<bool>>(), [1, 1, group.length, keys]);
    let mask = Tensor::<4, Bool>::from_data(data, device);
    Some(mask.expand([group.count, heads, group.length, keys]))
}

#[cfg(test)]
mod tests {
    use super::alibi_slopes;

    #[test]
    fn slopes_are_those_of_the_paper() {
        // By hand from the paper's rule: 2^-1 .. 2^-8 for 8 heads.
        let expected: Vec<f32> = (1..=8).map(|n| 0.5_f32.powi(n)).collect();
        assert_eq!(alibi_slopes(8), expected);
        // 5 heads: four of 4 heads (2^-2, 2^-4, 2^-6, 2^-8), then the first of 8 heads.
        assert_eq!(alibi_slopes(5), [0.25, 0.0625, 0.015625, 0.00390625, 0.5]);
    }
}
