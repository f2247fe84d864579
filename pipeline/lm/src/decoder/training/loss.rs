use super::{Answers, DeferredSum, Gradients, TrainContext, Trainable};
use crate::decoder::{Decoder, kernels, weight::matmul_transposed};
use burn::tensor::{DType, IndexingUpdateOp, Int, Tensor, TensorData, activation};

/// Numbers of logits that are in memory at a time.
const LOGITS: usize = 1 << 23;

impl Decoder {
    /// The sum of the answers' cross-entropy and its gradient for the states `x` after the last layer, `[tokens, hidden]`.
    ///
    /// Logits are computed for tokens of answers only, and some at a time.
    pub(super) fn answer_loss(
        &self,
        x: &Tensor<2>,
        answers: &Answers,
        train: &TrainContext,
        gradients: &mut Gradients,
    ) -> (DeferredSum, Tensor<2>) {
        let count = answers.rows.len();
        let rows = TensorData::new(answers.rows.clone(), [count]);
        let rows = Tensor::<1, Int>::from_data(rows, &self.device);
        let last = x.clone().select(0, rows.clone());
        let states = self.norm.forward(last.clone());
        let at_once = (LOGITS / self.architecture.vocabulary).max(1);
        let mut loss = DeferredSum::default();
        let mut parts = Vec::new();
        for (number, targets) in answers.targets.chunks(at_once).enumerate() {
            let states = states.clone().narrow(0, number * at_once, targets.len());
            let plain = self.head.base(&states).cast(DType::F32);
            let kept = self.finish().map(|_| plain.clone());
            let logits = self.finish_logits(plain);
            let (of_part, gradient) = if kernels::supports(&logits) {
                let (losses, gradient) = kernels::cross_entropy(logits, targets, train.scale);
                (DeferredSum::known(losses.iter().sum()), gradient)
            } else {
                cross_entropy(logits, targets, train.scale)
            };
            loss.add(of_part);
            let gradient = self.finish_logits_backward(kept, gradient);
            let gradient = gradient.cast(self.head.weight.dtype());
            if train.trainable == Trainable::All {
                let of_head = matmul_transposed(&gradient, &states);
                gradients.add(&self.head_name(), of_head);
            }
            parts.push(self.head.weight.product_backward(&gradient, None));
        }
        let gradient = match parts.len() {
            1 => parts.remove(0),
            _ => Tensor::cat(parts, 0),
        };
        let gradient = self.norm.backward(&last, gradient, train, gradients);
        let zeros = Tensor::zeros(x.dims(), (&self.device, gradient.dtype()));
        let gradient = zeros.select_assign(0, rows, gradient, IndexingUpdateOp::Add);
        (loss, gradient)
    }

    /// The name of the head's weight in a checkpoint: the embedding's, where it is tied.
    pub(in crate::decoder) fn head_name(&self) -> String {
        if self.architecture.tied {
            self.embedding_name()
        } else {
            format!("{}.weight", self.head.name)
        }
    }
}

fn cross_entropy(logits: Tensor<2>, targets: &[u32], scale: f32) -> (DeferredSum, Tensor<2>) {
    let rows = targets.len();
    let targets = targets.iter().map(|&token| i64::from(token)).collect();
    let targets = TensorData::new::<i64, _>(targets, [rows, 1]);
    let targets = Tensor::<2, Int>::from_data(targets, &logits.device());
    // 0, and NaN where a logit is infinite: minus infinity alone would not show in the loss.
    let zero = (logits.clone() - logits.clone()).sum();
    let log_probabilities = activation::log_softmax(logits, 1);
    let chosen = log_probabilities.clone().gather(1, targets.clone());
    let loss = DeferredSum::on_device((chosen.sum() + zero).neg());
    let ones = Tensor::full([rows, 1], -scale, (&log_probabilities.device(), DType::F32));
    let gradient = log_probabilities.exp() * scale;
    let gradient = gradient.scatter(1, targets, ones, IndexingUpdateOp::Add);
    (loss, gradient)
}
