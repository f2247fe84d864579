//! What an adapter does to a model, from its configuration: every tensor that this asks for is there and fits, and every
//! tensor that is there is asked for.

use super::{
    Adapter, AdapterConfig, Selection,
    config::TrainedBias,
    parts::{Kind, Part},
    patterns::{Patterns, is_end},
    tensors::{Tensors, conflict, no_module, not_adaptable},
    train::LoraTargets,
};
use crate::{Architecture, LmError, QueryKeyValue};
use std::collections::BTreeMap;

/// What an adapter does to a model.
#[derive(Default)]
pub(super) struct Plan<'a> {
    /// What is added, by module.
    pub(super) updates: BTreeMap<String, Update<'a>>,
    /// Whether the updates of embedding and head are not one and the same.
    pub(super) unties: bool,
    /// What replaces a parameter, by its name.
    pub(super) replaced: BTreeMap<String, &'a [f32]>,
    /// What replaces rows of an embedding or a head, by module.
    pub(super) rows: BTreeMap<String, Rows<'a>>,
}

/// Numbers of rows, and what they become.
pub(super) type Rows<'a> = (&'a [usize], &'a [f32]);

/// The update of a module's weight.
pub(super) struct Update<'a> {
    pub(super) rank: usize,
    pub(super) scale: f32,
    /// `[rank, in_features]`, of an embedding `[rank, vocabulary]`.
    pub(super) a: &'a [f32],
    /// `[out_features, rank]`, of an embedding `[hidden, rank]`.
    pub(super) b: &'a [f32],
    /// Of B.
    pub(super) bias: Option<&'a [f32]>,
    /// DoRA's.
    pub(super) magnitude: Option<&'a [f32]>,
}

/// A plan in the making.
pub(super) struct Planner<'a, 'm> {
    pub(super) config: &'a AdapterConfig,
    pub(super) parts: &'m [Part],
    /// Whether the model ties its head to its embedding.
    pub(super) tied: bool,
    pub(super) tensors: Tensors<'a>,
    pub(super) plan: Plan<'a>,
}

impl<'a> Plan<'a> {
    pub(super) fn new(
        adapter: &'a Adapter,
        parts: &[Part],
        architecture: &Architecture,
    ) -> Result<Self, LmError> {
        let mut planner = Planner {
            config: &adapter.config,
            parts,
            tied: architecture.tied,
            tensors: Tensors::new(&adapter.tensors, architecture.vocabulary),
            plan: Self::default(),
        };
        planner.updates(architecture)?;
        planner.saved_modules()?;
        planner.biases()?;
        planner.tokens()?;
        planner.saved_embeddings()?;
        planner.tensors.check_all_asked(parts)?;
        Ok(planner.plan)
    }
}

impl Planner<'_, '_> {
    /// `target_modules` and what changes them.
    fn updates(&mut self, architecture: &Architecture) -> Result<(), LmError> {
        const FIELD: &str = "target_modules";
        let targets = self.targets(architecture)?;
        let patterns = Patterns::new(self.config, &targets)?;
        let mut picked = Vec::new();
        for part in self.parts {
            picked.push(patterns.target(&part.name)?);
        }
        self.tie(&mut picked);
        for (part, _) in self.parts.iter().zip(picked).filter(|(_, picked)| *picked) {
            let (rank, scale) = patterns.rank_and_scale(&part.name)?;
            let update = Update::new(self.config, part, (rank, scale), &mut self.tensors)?;
            self.plan.updates.insert(part.name.clone(), update);
        }
        if self.plan.updates.is_empty() {
            return Err(LmError::AdapterTarget {
                field: FIELD,
                target: targets.to_json().to_string(),
                problem: "no module of the model is left for it",
            });
        }
        self.check_tied_updates()
    }

    /// The names or the pattern of the modules that get an adapter.
    fn targets(&self, architecture: &Architecture) -> Result<Selection, LmError> {
        const FIELD: &str = "target_modules";
        let names = &architecture.names;
        match &self.config.targets {
            // What PEFT takes for these families; it knows none for a model whose code is not in transformers.
            None => match names.query_key_value {
                QueryKeyValue::Stacked(_) => Err(no_module(FIELD, "null")),
                QueryKeyValue::Separate(_) | QueryKeyValue::ByHead(_) => {
                    let modules = LoraTargets::Paper.modules(names).into_iter();
                    Ok(Selection::List(modules.map(str::to_owned).collect()))
                }
            },
            Some(Selection::Pattern(pattern)) if pattern.to_lowercase() == "all-linear" => {
                let linear = self.parts.iter().filter(|part| part.kind == Kind::Linear);
                Ok(Selection::List(linear.map(|it| it.name.clone()).collect()))
            }
            Some(Selection::Pattern(pattern)) => Ok(Selection::Pattern(pattern.clone())),
            Some(Selection::List(targets)) => {
                let is_there = |target: &&String| {
                    let mut parts = self.parts.iter();
                    parts.any(|part| is_end(&part.name, target))
                };
                match targets.iter().find(|target| !is_there(target)) {
                    Some(target) => Err(no_module(FIELD, target)),
                    None => Ok(Selection::List(targets.clone())),
                }
            }
        }
    }

    /// `modules_to_save`: modules, or what holds modules. PEFT compares the ends of names, dot or no dot.
    fn saved_modules(&mut self) -> Result<(), LmError> {
        const FIELD: &str = "modules_to_save";
        let parts = self.parts;
        for name in &self.config.saved {
            if !parts.iter().any(|part| part.is_within(name)) {
                return Err(no_module(FIELD, name));
            }
        }
        let within = |part: &Part| self.config.saved.iter().any(|name| part.is_within(name));
        let mut picked: Vec<bool> = parts.iter().map(within).collect();
        self.tie(&mut picked);
        for (part, _) in parts.iter().zip(picked).filter(|(_, picked)| *picked) {
            if self.plan.updates.contains_key(&part.name) {
                return Err(conflict(FIELD, &part.name));
            }
            self.replace(part, "weight", "weight", FIELD)?;
            if part.bias.is_some() {
                self.replace(part, "bias", "bias", FIELD)?;
            }
        }
        self.check_tied_weights()
    }

    /// `bias`
    fn biases(&mut self) -> Result<(), LmError> {
        for part in self.parts.iter().filter(|part| part.bias.is_some()) {
            let adapted = self.plan.updates.contains_key(&part.name);
            let wanted = match self.config.bias {
                TrainedBias::None => false,
                TrainedBias::LoraOnly => adapted,
                TrainedBias::All => true,
            };
            let name = format!("{}.bias", part.name);
            if !wanted {
                continue;
            }
            if self.plan.replaced.contains_key(&name) {
                // PEFT saves that of a module that is replaced once more, and that of the one that it replaces.
                for holder in ["modules_to_save", "original_module"] {
                    let name = format!("{}.{holder}.bias", part.name);
                    self.tensors.pass(name);
                }
                continue;
            }
            // PEFT wraps a layer that it adapts.
            let end = if adapted { "base_layer.bias" } else { "bias" };
            self.replace(part, "bias", end, "bias")?;
        }
        Ok(())
    }

    /// Takes what replaces a parameter of a module, `weight` or `bias`; `end` is what the file calls it.
    pub(super) fn replace(
        &mut self,
        part: &Part,
        parameter: &str,
        end: &str,
        field: &'static str,
    ) -> Result<(), LmError> {
        let shape = match (parameter, part.bias) {
            ("bias", Some(width)) => vec![width],
            _ if part.kind == Kind::Norm => vec![part.shape[1]],
            _ => part.shape.to_vec(),
        };
        let name = format!("{}.{end}", part.name);
        let values = self.tensors.take(name, &shape, field)?;
        let parameter = format!("{}.{parameter}", part.name);
        self.plan.replaced.insert(parameter, values);
        Ok(())
    }
}

impl<'a> Update<'a> {
    fn new(
        config: &AdapterConfig,
        part: &Part,
        (rank, scale): (usize, f32),
        tensors: &mut Tensors<'a>,
    ) -> Result<Self, LmError> {
        const FIELD: &str = "target_modules";
        let name = &part.name;
        let [rows, columns] = part.shape;
        let (ends, inputs, outputs) = match part.kind {
            Kind::Linear | Kind::Head => (["lora_A.weight", "lora_B.weight"], columns, rows),
            Kind::Embedding => (["lora_embedding_A", "lora_embedding_B"], rows, columns),
            Kind::Norm | Kind::NormalizedHead => return Err(not_adaptable(FIELD, name)),
        };
        if config.lora_bias && part.kind == Kind::Embedding {
            return Err(not_adaptable("lora_bias", name));
        }
        let [a, b] = ends.map(|end| format!("{name}.{end}"));
        tensors.check_rank(&a, 0, rank)?;
        tensors.check_rank(&b, 1, rank)?;
        let mut vector = |wanted: bool, end: &str, field| {
            let name = format!("{name}.{end}");
            // PEFT reads both names of a magnitude, and writes the shorter.
            let longer = format!("{name}.weight");
            let name = if tensors.is_left(&longer) {
                longer
            } else {
                name
            };
            wanted
                .then(|| tensors.take(name, &[outputs], field))
                .transpose()
        };
        Ok(Self {
            rank,
            scale,
            bias: vector(config.lora_bias, "lora_B.bias", "lora_bias")?,
            magnitude: vector(config.dora, "lora_magnitude_vector", "use_dora")?,
            a: tensors.take(a, &[rank, inputs], FIELD)?,
            b: tensors.take(b, &[outputs, rank], FIELD)?,
        })
    }
}
