//! The weights of a model one by one, under the names of a checkpoint.

use super::{
    Decoder, Linear, NormLayer, Trainable,
    attention::{Attention, Projection},
    layer::{Layer, Norms},
    load::normalize_rows,
    training::Gradients,
    weight::Weight,
};
use crate::{
    LmError,
    guard::{catch_device_errors, compute_error},
};
use burn::tensor::{DType, Tensor};

/// A function from a parameter's name, whether it is a matrix, and its value to its new value. Vectors are `[1, width]`.
pub(crate) type ParameterMap<'a> = dyn FnMut(&str, bool, Tensor<2>) -> Tensor<2> + 'a;

impl Decoder {
    /// Replaces every trainable parameter by the result of `change`.
    ///
    /// `change` gets the parameter itself, so that it can change it in place if it is not shared.
    pub(crate) fn map_parameters(&mut self, trainable: Trainable, change: &mut ParameterMap) {
        match trainable {
            Trainable::Adapter => {
                for linear in self.linears_mut() {
                    let names = ["A", "B"].map(|factor| linear.lora_name(factor));
                    if let Some(lora) = &mut linear.lora {
                        replace(&mut lora.a, |a| change(&names[0], true, a));
                        replace(&mut lora.b, |b| change(&names[1], true, b));
                    }
                }
            }
            Trainable::All => self.map_all(change),
        }
    }

    fn map_all(&mut self, change: &mut ParameterMap) {
        let (embedding, head) = (self.embedding_name(), self.head_name());
        let tied = self.architecture.tied;
        if tied {
            // Held twice, it would be copied.
            self.head.weight = Weight::plain(placeholder());
        }
        self.embedding
            .replace(|weight| change(&embedding, true, weight));
        let embedding_norm = self.embedding_norm.as_mut();
        for norm in embedding_norm.into_iter().chain([&mut self.norm]) {
            norm.change(change);
        }
        for layer in &mut self.layers {
            for norm in layer.norms_mut() {
                norm.change(change);
            }
        }
        for linear in self.linears_mut() {
            let [weight, bias] = ["weight", "bias"].map(|end| format!("{}.{end}", linear.name));
            linear.weight.replace(|x| change(&weight, true, x));
            if let Some(x) = &mut linear.bias {
                replace(x, |x| change(&bias, false, x));
            }
        }
        if tied {
            self.head.weight = self.embedding.clone();
        } else {
            let lengths = &mut self.head_lengths;
            self.head.weight.replace(|weight| match lengths {
                None => change(&head, true, weight),
                Some(lengths) => {
                    let dtype = weight.dtype();
                    let whole = weight.cast(DType::F32) * lengths.clone();
                    let (unit, new) = normalize_rows(change(&head, true, whole.cast(dtype)));
                    *lengths = new;
                    unit
                }
            });
        }
    }

    /// Replaces the head's weight by one as a checkpoint has it.
    pub(crate) fn set_head(&mut self, weight: Tensor<2>) {
        let weight = match &mut self.head_lengths {
            None => weight,
            Some(lengths) => {
                let (unit, new) = normalize_rows(weight);
                *lengths = new;
                unit
            }
        };
        self.head.weight = Weight::new(weight);
    }

    /// Turns the gradient of a normalized head into that of the rows as they are stored.
    pub(crate) fn finish_head_gradient(&self, gradients: &mut Gradients) {
        let Some(lengths) = &self.head_lengths else {
            return;
        };
        gradients.change(&self.head_name(), |gradient| {
            let unit = self.head.weight.tensor().cast(DType::F32);
            let along = (gradient.clone() * unit.clone()).sum_dim(1);
            (gradient - unit * along) / lengths.clone()
        });
    }

    /// Checks that memory did not run out when weights or `others` were written: a device tells only when they are read, so one
    /// number of each is read here.
    pub(crate) fn check_allocated<'a>(
        &self,
        others: impl Iterator<Item = &'a Tensor<2>>,
    ) -> Result<(), LmError> {
        if self.on_processor() {
            return Ok(());
        }
        let mut held = self.clone();
        let vectors = held.layers.iter_mut().flat_map(Layer::norms_mut);
        let mut all: Vec<Tensor<2>> = vectors.map(|it| it.weight.clone().unsqueeze()).collect();
        for linear in held.linears_mut() {
            all.push(linear.weight.tensor());
            all.extend(
                linear
                    .lora
                    .iter()
                    .flat_map(|lora| [&lora.a, &lora.b])
                    .cloned(),
            );
        }
        all.extend([&self.embedding, &self.head.weight].map(Weight::tensor));
        all.extend(others.cloned());
        catch_device_errors(&self.device, || {
            all.into_iter().try_for_each(|tensor| {
                let one = tensor.slice([0..1, 0..1]).try_into_data();
                one.map(|_| ()).map_err(compute_error)
            })
        })
    }

    /// Makes all weights tensors that can be changed in place.
    pub(crate) fn unpack(&mut self) {
        if self.architecture.tied && !self.untied {
            // Else there would be two copies.
            self.head.weight = Weight::plain(placeholder());
            self.embedding.unpack();
            self.head.weight = self.embedding.clone();
        } else {
            self.embedding.unpack();
            self.head.weight.unpack();
        }
        for linear in self.linears_mut() {
            linear.weight.unpack();
        }
    }

    /// Brings all weights of products into the order of our kernels.
    pub(crate) fn pack(&mut self) {
        if self.architecture.tied && !self.untied {
            self.head.weight = Weight::plain(placeholder());
            self.embedding.pack();
            self.head.weight = self.embedding.clone();
        } else {
            self.head.weight.pack();
        }
        for linear in self.linears_mut() {
            linear.weight.pack();
        }
    }

    /// The linear layers between embedding and head, as a model's file lists them.
    pub(crate) fn linears_mut(&mut self) -> Vec<&mut Linear> {
        self.layers
            .iter_mut()
            .flat_map(Layer::linears_mut)
            .collect()
    }
}

impl Layer {
    fn linears_mut(&mut self) -> Vec<&mut Linear> {
        let Attention {
            projection, output, ..
        } = &mut self.attention;
        let mut all: Vec<&mut Linear> = match projection {
            Projection::Separate(all) => all.iter_mut().map(AsMut::as_mut).collect(),
            Projection::Stacked(all) | Projection::ByHead(all) => vec![all],
        };
        all.push(output);
        all.extend(self.mlp.gate.as_mut());
        all.push(&mut self.mlp.up);
        all.push(&mut self.mlp.down);
        all
    }

    fn norms_mut(&mut self) -> impl Iterator<Item = &mut NormLayer> {
        let Attention {
            query_norm,
            key_norm,
            ..
        } = &mut self.attention;
        let Norms {
            before_attention,
            after_attention,
            before_mlp,
            after_mlp,
        } = &mut self.norms;
        [
            before_attention,
            after_attention,
            before_mlp,
            after_mlp,
            query_norm,
            key_norm,
        ]
        .into_iter()
        .flatten()
    }
}

impl NormLayer {
    fn change(&mut self, change: &mut ParameterMap) {
        let [weight, bias] = ["weight", "bias"].map(|end| format!("{}.{end}", self.name));
        let vector = |x: Tensor<2>| x.squeeze_dim::<1>(0);
        let x = std::mem::replace(
            &mut self.weight,
            Tensor::empty([0], &burn::tensor::Device::flex()),
        );
        self.weight = vector(change(&weight, false, x.unsqueeze()));
        if let Some(x) = self.bias.take() {
            self.bias = Some(vector(change(&bias, false, x.unsqueeze())));
        }
    }
}

fn replace(place: &mut Tensor<2>, change: impl FnOnce(Tensor<2>) -> Tensor<2>) {
    let value = std::mem::replace(place, placeholder());
    *place = change(value);
}

/// Stands in for a tensor that was taken out.
fn placeholder() -> Tensor<2> {
    Tensor::empty([0, 0], &burn::tensor::Device::flex())
}
