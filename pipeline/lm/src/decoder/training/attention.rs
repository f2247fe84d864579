use super::{Gradients, InputGradient, TrainContext, linear::SavedLora, mlp::required_gradient};
use crate::decoder::{
    attention::{Attention, Projection},
    cache::KeyValue,
    context::{AttentionPath, ForwardContext, OutputTokens},
    kernels,
    linear::Linear,
    norm::NormLayer,
};
use burn::tensor::Tensor;

/// What attention saves in the forward pass for its backward pass.
pub(super) struct Saved {
    /// Of the LoRA module of each matrix of the projection.
    projection: Vec<Option<SavedLora>>,
    /// Queries and keys before their norms, where they have any.
    plain: Option<[Tensor<3>; 2]>,
    query: Tensor<3>,
    own: KeyValue,
    attended: Tensor<2>,
    output: Option<SavedLora>,
}

impl Attention {
    pub(super) fn forward_train(
        &self,
        x: &Tensor<2>,
        context: &ForwardContext,
        train: &TrainContext,
    ) -> (Tensor<2>, Saved) {
        let ([query, key, value], projection) = self.project_and_keep(x, train);
        let normed = self.query_norm.is_some();
        let plain = normed.then(|| [query.clone(), key.clone()]);
        let rotary = context.rotary(self.rotary, OutputTokens::All);
        let query = self.norm_and_rotate(query, self.query_norm.as_ref(), rotary);
        let key = self.norm_and_rotate(key, self.key_norm.as_ref(), rotary);
        let mut own = KeyValue { key, value };
        let attended = match &context.attention_path {
            AttentionPath::Kernels(slopes) => {
                own = KeyValue {
                    key: kernels::contiguous(own.key),
                    value: kernels::contiguous(own.value),
                };
                kernels::attend(&kernels::AttentionInput {
                    query: &query,
                    own: &own,
                    segments: &context.segments,
                    layer: 0,
                    asked_only: false,
                    window: self.window,
                    scoring: self.scoring,
                    slopes: slopes.as_deref(),
                })
            }
            AttentionPath::Burn(groups) => {
                self.attend_by_burn(&query, &own, context, 0, OutputTokens::All, groups)
                    .0
            }
        };
        let (out, output) = self.output.forward_train(&attended, train);
        let saved = Saved {
            projection,
            plain,
            query,
            own,
            attended,
            output,
        };
        (out, saved)
    }

    /// Adds the gradients of the weights, and returns that of `x`, the input, if wanted.
    #[allow(clippy::too_many_arguments)]
    pub(super) fn backward(
        &self,
        x: &Tensor<2>,
        saved: Saved,
        gradient: &Tensor<2>,
        context: &ForwardContext,
        train: &TrainContext,
        gradients: &mut Gradients,
        wanted: bool,
    ) -> Option<Tensor<2>> {
        let Saved {
            projection,
            plain,
            query,
            own,
            attended,
            output,
        } = saved;
        let mut of_attended = InputGradient::new(true);
        self.output.backward(
            &attended,
            output,
            gradient,
            train,
            gradients,
            &mut of_attended,
        );
        let of_attended = required_gradient(of_attended);
        let [of_query, of_key, of_value] = match &context.attention_path {
            AttentionPath::Kernels(slopes) => {
                kernels::attend_backward(&kernels::AttentionBackwardInput {
                    query: &query,
                    own: &own,
                    attended: &attended,
                    gradient: &of_attended,
                    segments: &context.segments,
                    window: self.window,
                    scoring: self.scoring,
                    slopes: slopes.as_deref(),
                })
            }
            AttentionPath::Burn(groups) => {
                self.burn_attention_backward(&query, &own, &of_attended, groups)
            }
        };
        let rotary = context.rotary(self.rotary, OutputTokens::All);
        let rotated_backward = |x: Tensor<3>| match rotary {
            Some(rotary) => rotary.backward(x),
            None => x,
        };
        let [mut of_query, mut of_key] = [of_query, of_key].map(rotated_backward);
        if let Some([query, key]) = plain {
            let mut norm_backward = |norm: &Option<NormLayer>, x: Tensor<3>, gradient| match norm {
                Some(norm) => norm.backward_heads(&x, gradient, train, gradients),
                None => gradient,
            };
            of_query = norm_backward(&self.query_norm, query, of_query);
            of_key = norm_backward(&self.key_norm, key, of_key);
        }
        self.project_backward(
            x,
            projection,
            [of_query, of_key, of_value],
            train,
            gradients,
            wanted,
        )
    }

    fn project_and_keep(
        &self,
        x: &Tensor<2>,
        train: &TrainContext,
    ) -> ([Tensor<3>; 3], Vec<Option<SavedLora>>) {
        match &self.projection {
            Projection::Separate(all) => {
                let all = all.each_ref().map(Box::as_ref);
                let mut kept = Vec::with_capacity(3);
                let parts = Linear::forward_train_each(all, x, train).map(|(out, lora)| {
                    kept.push(lora);
                    self.split_heads(out)
                });
                (parts, kept)
            }
            Projection::Stacked(all) | Projection::ByHead(all) => {
                let (out, lora) = all.forward_train(x, train);
                (self.split_query_key_value(out), vec![lora])
            }
        }
    }

    fn project_backward(
        &self,
        x: &Tensor<2>,
        kept: Vec<Option<SavedLora>>,
        parts: [Tensor<3>; 3],
        train: &TrainContext,
        gradients: &mut Gradients,
        wanted: bool,
    ) -> Option<Tensor<2>> {
        let [tokens, _] = x.dims();
        let flat = |x: Tensor<3>| {
            let [tokens, heads, width] = x.dims();
            x.reshape([tokens, heads * width])
        };
        let mut of_x = InputGradient::new(wanted);
        let mut one = |linear: &Linear, kept, gradient: Tensor<2>| {
            linear.backward(x, kept, &gradient, train, gradients, &mut of_x);
        };
        let mut kept = kept.into_iter().map(|kept| (kept,));
        let mut next = || kept.next().and_then(|(kept,)| kept);
        match &self.projection {
            Projection::Separate(all) => {
                for (linear, part) in all.iter().zip(parts) {
                    one(linear, next(), flat(part));
                }
            }
            Projection::Stacked(all) => {
                let gradient = Tensor::cat(parts.map(flat).into(), 1);
                one(all, next(), gradient);
            }
            Projection::ByHead(all) => {
                let parts = parts.map(|part| part.unsqueeze_dim::<4>(2));
                let gradient = Tensor::cat(parts.into(), 2);
                let width = 3 * self.heads * self.head_dim;
                one(all, next(), gradient.reshape([tokens, width]));
            }
        }
        of_x.sum()
    }
}
