use super::{
    Adapter, AdapterTensor,
    modules::Module,
    plan::{AttachPlan, LoraUpdate},
};
use crate::{
    Decoder, LmError,
    decoder::{Lora, Trainable, matrix},
    guard::{catch_device_errors, compute_error},
};
use burn::tensor::Tensor;
use std::collections::BTreeMap;

impl Decoder {
    /// Puts an adapter on the model, in place of the one that it has. After an error the model is as it was.
    pub fn attach(&mut self, adapter: &Adapter) -> Result<(), LmError> {
        let mut next = self.clone();
        next.detach();
        let modules = Module::all(&next);
        let plan = AttachPlan::new(adapter, &modules, next.architecture())?;
        if !(plan.replaced.is_empty() && plan.rows.is_empty()) {
            next.without_adapter = Some(Box::new(next.clone()));
            next.replace_parameters(&plan);
        }
        next.add_updates(&plan);
        next.untied |= plan.unties && next.architecture().tied;
        if adapter.check_plain().is_ok() && next.head.lora.is_none() {
            next.adapter_config = Some(adapter.config.clone());
        }
        *self = next;
        Ok(())
    }

    /// Takes the adapter off, if there is one.
    pub fn detach(&mut self) {
        if let Some(without_adapter) = self.without_adapter.take() {
            *self = *without_adapter;
        }
        for linear in self.linears_mut() {
            linear.lora = None;
        }
        self.head.lora = None;
        self.embedding_lora = None;
        self.adapter_config = None;
        self.untied = false;
    }

    /// The adapter that is on the model, if it is plain: if it only adds low-rank updates to linear layers.
    pub fn adapter(&self) -> Result<Option<Adapter>, LmError> {
        let Some(config) = self.adapter_config.clone() else {
            return Ok(None);
        };
        let mut tensors = BTreeMap::new();
        let mut held = self.clone();
        catch_device_errors(self.device(), || {
            for linear in held.linears_mut() {
                if let Some(lora) = linear.lora.take() {
                    for (factor, x) in [("A", lora.a), ("B", lora.b)] {
                        tensors.insert(linear.lora_name(factor), adapter_tensor(x)?);
                    }
                }
            }
            Ok(())
        })?;
        Ok(Some(Adapter { config, tensors }))
    }

    /// Merges the adapter into the weights.
    ///
    /// # Errors
    /// [`LmError::Unmergeable`] if the weights of the architecture cannot express the adapter; the model is as it was.
    pub fn merge(&mut self) -> Result<(), LmError> {
        if self.untied {
            return Err(LmError::Unmergeable {
                module: self.head.name.clone(),
                problem: "the adapter changes one of embedding and head, which the model ties",
            });
        }
        let mut linears = self.linears_mut().into_iter();
        let without = linears.find(|linear| linear.lacks_bias());
        let without = without.map(|linear| linear.name.clone());
        let of_head = || self.head.lacks_bias().then(|| self.head.name.clone());
        if let Some(module) = without.or_else(of_head) {
            return Err(LmError::Unmergeable {
                module,
                problem: "the adapter has a bias (`lora_bias`), and the layer has none",
            });
        }
        for linear in self.linears_mut() {
            linear.merge();
        }
        if let Some(lora) = self.embedding_lora.take() {
            self.embedding
                .replace(|weight| lora.merged(&weight.transpose()).transpose());
            if self.architecture().tied {
                // The head's update is the same, and so is its weight.
                self.head.lora = None;
                self.head.weight = self.embedding.clone();
            }
        }
        self.head.merge();
        self.adapter_config = None;
        self.without_adapter = None;
        Ok(())
    }

    fn add_updates(&mut self, plan: &AttachPlan) {
        let device = self.device().clone();
        let lora = |update: &LoraUpdate, weight: &dyn Fn() -> Tensor<2>| {
            let rank = update.rank;
            let of = |x: &[f32], shape| matrix(x.to_vec(), shape, &device);
            let row = |x: &[f32]| of(x, [1, x.len()]);
            let a = of(update.a, [rank, update.a.len() / rank]);
            let b = of(update.b, [update.b.len() / rank, rank]);
            let mut lora = Lora::new(a, b, update.scale);
            lora.bias = update.bias.map(|bias| row(bias) * update.scale);
            if let Some(magnitude) = update.magnitude {
                lora.set_magnitude(row(magnitude), &weight());
            }
            lora
        };
        for linear in self.linears_mut() {
            let update = plan.updates.get(&linear.name);
            linear.lora = update.map(|update| lora(update, &|| linear.weight.tensor()));
        }
        let update = plan.updates.get(&self.head.name);
        self.head.lora = update.map(|update| lora(update, &|| self.head.weight.tensor()));
        let [embedding, _] = self.embedding_and_head();
        let update = plan.updates.get(&embedding);
        // An embedding is a linear layer of the tokens, with its weight transposed.
        self.embedding_lora =
            update.map(|update| lora(update, &|| self.embedding.tensor().transpose()));
    }

    fn replace_parameters(&mut self, plan: &AttachPlan) {
        let device = self.device().clone();
        let [embedding, head] = self.embedding_and_head();
        let weights = [&embedding, &head].map(|name| format!("{name}.weight"));
        let new = |values: &[f32], old: &Tensor<2>| {
            matrix(values.to_vec(), old.dims(), &device).cast(old.dtype())
        };
        if plan.replaced.keys().any(|name| !weights.contains(name)) {
            let ends = (self.head.clone(), self.head_lengths.clone());
            self.map_parameters(Trainable::All, &mut |name, _, value| {
                let values = plan.replaced.get(name);
                match values.filter(|_| !weights.iter().any(|end| end == name)) {
                    Some(values) => new(values, &value),
                    None => value,
                }
            });
            (self.head, self.head_lengths) = ends;
        }
        if let Some(values) = plan.replaced.get(&weights[0]) {
            self.embedding.replace(|weight| new(values, &weight));
        }
        if let Some(values) = plan.replaced.get(&weights[1]) {
            let weight = new(values, &self.head.weight.tensor());
            self.set_head(weight);
        }
        if let Some((rows, values)) = plan.rows.get(&embedding) {
            self.embedding
                .replace(|weight| with_rows(weight, rows, values));
        }
        if let Some((rows, values)) = plan.rows.get(&head) {
            self.head
                .weight
                .replace(|weight| with_rows(weight, rows, values));
        }
        if self.architecture().tied {
            let [one, other] = weights.map(|name| plan.replaced.get(&name));
            let rows = [embedding, head].map(|name| plan.rows.get(&name));
            if one == other && rows[0] == rows[1] {
                self.head.weight = self.embedding.clone();
            } else {
                self.untied = true;
            }
        }
    }

    /// The names of embedding and head.
    fn embedding_and_head(&self) -> [String; 2] {
        let names = &self.architecture().names;
        let embedding = format!("{}{}", names.prefix, names.embedding);
        [embedding, names.head.to_owned()]
    }
}

/// A matrix with some rows replaced.
fn with_rows(mut matrix_: Tensor<2>, rows: &[usize], values: &[f32]) -> Tensor<2> {
    let [_, width] = matrix_.dims();
    let device = matrix_.device();
    for (&row, values) in rows.iter().zip(values.chunks(width)) {
        let values = matrix(values.to_vec(), [1, width], &device).cast(matrix_.dtype());
        matrix_ = matrix_.slice_assign([row..row + 1, 0..width], values);
    }
    matrix_
}

fn adapter_tensor(x: Tensor<2>) -> Result<AdapterTensor, LmError> {
    let shape = x.dims().to_vec();
    let data = x.try_into_data().map_err(compute_error)?;
    let values = data.iter::<f32>().collect();
    Ok(AdapterTensor { shape, values })
}
