//! The forward and backward passes of training, layer by layer and by hand.
//!
//! burn's autodiff would keep every intermediate tensor and could not use our kernels. Here a layer keeps the results of
//! its matrix products and computes the rest again, and frozen weights cost no gradient. `forward_train` also returns what
//! its counterpart `backward` needs.

mod attention;
mod burn_attention;
mod dropout;
mod gradients;
mod layer;
mod linear;
mod loss;
mod mlp;
mod norm;
mod sums;

pub(crate) use dropout::Dropout;
pub(crate) use gradients::Gradients;
use gradients::InputGradient;
pub(crate) use sums::DeferredSum;

use super::{Decoder, context::ForwardContext, kernels, segment::Segment};
use crate::{
    LmError, TrainingExample,
    tree::{Path, TokenTree},
};
use burn::tensor::{IndexingUpdateOp, Tensor};
use layer::Saved;

/// Which weights are trained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trainable {
    /// Those of the adapter.
    Adapter,
    /// All.
    All,
}

/// What all layers need to know about a training step: which weights are trained, dropout, recomputation and the scale of
/// the loss.
pub(crate) struct TrainContext {
    pub(crate) trainable: Trainable,
    /// Dropout of an adapter's input.
    pub(crate) dropout: Dropout,
    /// Whether layers keep only their input and are computed again in the backward pass.
    pub(crate) recompute: bool,
    /// What each answer token's loss is multiplied by before gradients are taken.
    pub(crate) scale: f32,
}

/// What a layer saved in the forward pass: all that its backward pass needs, or its input, to compute that again.
enum SavedLayer {
    All(Box<Saved>),
    Input(Box<Tensor<2>>),
}

impl Decoder {
    /// Runs the forward and the backward pass of some examples: adds the gradients of the cross-entropy of their answers,
    /// and returns the sum of it over their tokens, which the host need not wait for.
    pub(crate) fn forward_backward(
        &self,
        examples: &[&TrainingExample],
        train: &TrainContext,
        gradients: &mut Gradients,
    ) -> Result<DeferredSum, LmError> {
        let paths: Vec<Path> = examples
            .iter()
            .map(|example| Path {
                // The last token predicts nothing.
                tokens: &example.tokens[..example.tokens.len() - 1],
                first_output: example.answer - 1,
            })
            .collect();
        let tree = if self.on_processor() {
            TokenTree::new(&paths)
        } else {
            TokenTree::of_whole(&paths)
        };
        let segments = Segment::of_tree(&tree, None);
        self.check(&segments)?;
        let answers = answers(examples, &tree);
        let ids = self.ids(&segments);
        let embedded = self.scale_embedded(self.embedding.rows(ids.clone()));
        let mut x = match &self.embedding_norm {
            Some(norm) => norm.forward(embedded.clone()),
            None => embedded.clone(),
        };
        let context = ForwardContext::new(self, segments, false, &x);

        let mut saved_layers = Vec::with_capacity(self.layers.len());
        for layer in &self.layers {
            let (out, saved) = layer.forward_train(x.clone(), &context, train);
            saved_layers.push(if train.recompute {
                SavedLayer::Input(Box::new(x))
            } else {
                SavedLayer::All(Box::new(saved))
            });
            x = out;
        }
        let (loss, gradient) = self.answer_loss(&x, &answers, train, gradients);

        let mut gradient = Some(gradient);
        for (number, (layer, saved)) in self.layers.iter().zip(saved_layers).enumerate().rev() {
            let saved = match saved {
                SavedLayer::All(saved) => *saved,
                SavedLayer::Input(x) => layer.forward_train(*x, &context, train).1,
            };
            // Below the first layer only the embedding can be trained.
            let wanted = number > 0 || train.trainable == Trainable::All;
            let Some(above) = gradient else { break };
            gradient = layer.backward(saved, above, &context, train, gradients, wanted);
        }
        if let (Trainable::All, Some(gradient)) = (train.trainable, gradient) {
            let gradient = match &self.embedding_norm {
                Some(norm) => norm.backward(&embedded, gradient, train, gradients),
                None => gradient,
            };
            let zeros = kernels::zeros(self.embedding.dims(), &self.device);
            let gradient = self.scale_embedded(gradient).cast(burn::tensor::DType::F32);
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

/// The rows, among the tokens of all pieces, whose next tokens belong to answers, and these next tokens. A row that several
/// examples share is there once for each.
struct Answers {
    rows: Vec<i64>,
    targets: Vec<u32>,
}

fn answers(examples: &[&TrainingExample], tree: &TokenTree) -> Answers {
    let rows = tree.output_rows();
    let answers = examples.iter().zip(&tree.outputs);
    let pairs = answers.flat_map(|(example, outputs)| {
        let rows = outputs.iter().map(|&output| rows[output] as i64);
        rows.zip(example.tokens[example.answer..].iter().copied())
    });
    let (rows, targets) = pairs.unzip();
    Answers { rows, targets }
}
