//! Gradients, layer by layer and by hand.
//!
//! burn's automatic ones would keep every intermediate tensor and could not use our kernels. Here a layer keeps what its
//! matrix products gave and computes the rest anew, and frozen weights cost no gradient. `learn` goes forward and returns
//! what its counterpart `back` needs.

mod attention;
mod dropout;
mod gradients;
mod layer;
mod linear;
mod loss;
mod mlp;
mod norm;
mod spans;
mod sums;

pub(crate) use dropout::Dropout;
pub(crate) use gradients::Gradients;
pub(crate) use sums::Sum;

use super::{Decoder, kernels, pass::Pass, sequence::Sequence};
use crate::{Example, LmError};
use burn::tensor::{IndexingUpdateOp, Tensor};
use layer::Saved;

/// Which weights learn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trained {
    /// Those of the adapter.
    Adapter,
    /// All.
    All,
}

/// What holds for all layers while some examples are learnt.
pub(crate) struct Lesson {
    pub(crate) trained: Trained,
    /// On what goes into an adapter.
    pub(crate) dropout: Dropout,
    /// Whether layers keep only their input and are computed again in the backward pass.
    pub(crate) recompute: bool,
    /// What each answer token's loss is multiplied by before gradients are taken.
    pub(crate) scale: f32,
}

/// What a layer kept.
enum Kept {
    All(Box<Saved>),
    Input(Box<Tensor<2>>),
}

impl Decoder {
    /// Adds the gradients of the cross-entropy of the examples' answers, and returns the sum of it over their tokens, which
    /// the host need not wait for.
    pub(crate) fn learn(
        &self,
        examples: &[&Example],
        lesson: &Lesson,
        gradients: &mut Gradients,
    ) -> Result<Sum, LmError> {
        let sequences: Vec<Sequence> = examples
            .iter()
            .map(|example| Sequence {
                // The last token predicts nothing.
                tokens: &example.tokens[..example.tokens.len() - 1],
                past: None,
            })
            .collect();
        self.check(&sequences)?;
        let ids = self.ids(&sequences);
        let embedded = self.embedding.clone().select(0, ids.clone());
        let mut x = match &self.embedding_norm {
            Some(norm) => norm.forward(embedded.clone()),
            None => embedded.clone(),
        };
        let pass = Pass::new(self, &sequences, false, &x);

        let mut kept = Vec::with_capacity(self.layers.len());
        for layer in &self.layers {
            let (out, saved) = layer.learn(x.clone(), &pass, lesson);
            kept.push(if lesson.recompute {
                Kept::Input(Box::new(x))
            } else {
                Kept::All(Box::new(saved))
            });
            x = out;
        }
        let rows = answers(examples);
        let (loss, gradient) = self.answer_loss(&x, &rows, lesson, gradients);

        let mut gradient = Some(gradient);
        for (number, (layer, kept)) in self.layers.iter().zip(kept).enumerate().rev() {
            let saved = match kept {
                Kept::All(saved) => *saved,
                Kept::Input(x) => layer.learn(*x, &pass, lesson).1,
            };
            // Below the first layer nothing learns but the embedding.
            let wanted = number > 0 || lesson.trained == Trained::All;
            let Some(above) = gradient else { break };
            gradient = layer.back(saved, above, &pass, lesson, gradients, wanted);
        }
        if let (Trained::All, Some(gradient)) = (lesson.trained, gradient) {
            let gradient = match &self.embedding_norm {
                Some(norm) => norm.back(&embedded, gradient, lesson, gradients),
                None => gradient,
            };
            let zeros = kernels::zeros(self.embedding.dims(), &self.device);
            let gradient = gradient.cast(burn::tensor::DType::F32);
            let gradient = zeros.select_assign(0, ids, gradient, IndexingUpdateOp::Add);
            gradients.add(&self.embedding_name(), gradient);
        }
        Ok(loss)
    }

    /// The embedding's name in a checkpoint.
    pub(super) fn embedding_name(&self) -> String {
        let names = &self.architecture.names;
        format!("{}{}.weight", names.prefix, names.embedding)
    }
}

/// The rows, among the tokens of all sequences, whose next tokens belong to answers, and these next tokens.
struct Answers {
    rows: Vec<i64>,
    targets: Vec<u32>,
}

fn answers(examples: &[&Example]) -> Answers {
    let (mut rows, mut targets) = (Vec::new(), Vec::new());
    let mut start = 0;
    for example in examples {
        for place in example.answer..example.tokens.len() {
            rows.push((start + place - 1) as i64);
            targets.push(example.tokens[place]);
        }
        start += example.tokens.len() - 1;
    }
    Answers { rows, targets }
}
