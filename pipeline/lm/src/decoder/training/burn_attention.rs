//! The backward pass of attention in burn's operations, where our kernels do not apply.

use crate::decoder::{
    attention::{Attention, batch_of},
    cache::KeyValue,
    groups::SequenceGroup,
};
use burn::tensor::{Bool, DType, Tensor, activation};

impl Attention {
    /// Gradients of queries, keys and values; the sequences have no past.
    pub(super) fn burn_attention_backward(
        &self,
        query: &Tensor<3>,
        own: &KeyValue,
        gradient: &Tensor<2>,
        groups: &[SequenceGroup],
    ) -> [Tensor<3>; 3] {
        let mut parts: [Vec<Tensor<3>>; 3] = Default::default();
        let [tokens, heads, width] = query.dims();
        let gradient = gradient.clone().reshape([tokens, heads, width]);
        for group in groups {
            let of = |x: &Tensor<3>| batch_of(x, group.start, [group.count, group.length]);
            let all_heads = |x: &Tensor<3>| self.repeat_kv(of(x));
            let (key, value) = (all_heads(&own.key), all_heads(&own.value));
            let (query, gradient) = (of(query), of(&gradient));
            let dtype = query.dtype();
            let scale = f64::from(self.scoring.scale);
            let mut scores = query.clone().matmul(key.clone().swap_dims(2, 3));
            scores = scores.cast(DType::F32) * scale;
            let bend = self.scoring.softcap.map(|cap| {
                let bent = (scores.clone() / cap).tanh();
                scores = bent.clone() * cap;
                bent.square().neg() + 1.0
            });
            if let Some(bias) = &group.alibi_bias {
                scores = scores + bias.clone().cast(DType::F32);
            }
            let mask = match group.window_mask.clone().filter(|_| self.window.is_some()) {
                Some(mask) => mask,
                None => causal_mask(group.length, scores.dims(), &scores),
            };
            let probabilities = activation::softmax(scores.mask_fill(mask, f32::NEG_INFINITY), 3);
            let narrow = probabilities.clone().cast(dtype);
            let of_value = narrow.swap_dims(2, 3).matmul(gradient.clone());
            let of_probabilities = gradient.matmul(value.swap_dims(2, 3)).cast(DType::F32);
            let along = (of_probabilities.clone() * probabilities.clone()).sum_dim(3);
            let mut of_scores = (of_probabilities - along) * probabilities * scale;
            if let Some(bend) = bend {
                of_scores = of_scores * bend;
            }
            let of_scores = of_scores.cast(dtype);
            let of_query = of_scores.clone().matmul(key);
            let of_key = of_scores.swap_dims(2, 3).matmul(query);
            for (parts, part) in parts.iter_mut().zip([
                of_query,
                self.sum_shared_heads(of_key),
                self.sum_shared_heads(of_value),
            ]) {
                let [sequences, heads, length, width] = part.dims();
                let part = part.swap_dims(1, 2);
                parts.push(part.reshape([sequences * length, heads, width]));
            }
        }
        parts.map(|parts| Tensor::cat(parts, 0))
    }

    /// Adds up the gradients of heads that share a key or value.
    fn sum_shared_heads(&self, x: Tensor<4>) -> Tensor<4> {
        let sharing = self.heads / self.kv_heads;
        if sharing == 1 {
            return x;
        }
        let [sequences, _, length, width] = x.dims();
        x.reshape([sequences, self.kv_heads, sharing, length, width])
            .sum_dim(2)
            .squeeze_dim(2)
    }
}

/// The causal mask: keys after a query, `[sequences, heads, length, length]`.
fn causal_mask(length: usize, shape: [usize; 4], like: &Tensor<4>) -> Tensor<4, Bool> {
    let mask = Tensor::<2, Bool>::tril_mask([length, length], 0, &like.device());
    mask.unsqueeze::<4>().expand(shape)
}
