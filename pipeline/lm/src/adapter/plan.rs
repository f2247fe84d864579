//! Works out what an adapter changes in a model, and checks that its tensors fit: every tensor that the configuration asks
//! for is there, and every tensor that is there is asked for.

use super::{
    Adapter, AdapterConfig, ModuleSelection,
    config::TrainedBias,
    modules::{Module, ModuleKind},
    patterns::{Patterns, is_last_part},
    tensors::{Tensors, conflict, no_module, not_adaptable},
    train::LoraTargets,
};
use crate::{Architecture, LmError, QueryKeyValue};
use std::collections::BTreeMap;

/// The changes that an adapter makes to a model.
#[derive(Default)]
pub(super) struct AttachPlan<'a> {
    /// The low-rank updates, by module.
    pub(super) updates: BTreeMap<String, LoraUpdate<'a>>,
    /// Whether embedding and head get different updates.
    pub(super) unties: bool,
    /// Parameters that are replaced, by name.
    pub(super) replaced: BTreeMap<String, &'a [f32]>,
    /// Rows of an embedding or a head that are replaced, by module.
    pub(super) rows: BTreeMap<String, Rows<'a>>,
}

/// The numbers of some rows, and their new values.
pub(super) type Rows<'a> = (&'a [usize], &'a [f32]);

/// The low-rank update of a module's weight.
pub(super) struct LoraUpdate<'a> {
    pub(super) rank: usize,
    pub(super) scale: f32,
    /// `[rank, in_features]`, of an embedding `[rank, vocabulary]`.
    pub(super) a: &'a [f32],
    /// `[out_features, rank]`, of an embedding `[hidden, rank]`.
    pub(super) b: &'a [f32],
    /// The bias of B.
    pub(super) bias: Option<&'a [f32]>,
    /// The magnitudes of DoRA.
    pub(super) magnitude: Option<&'a [f32]>,
}

/// Builds an [`AttachPlan`] from a configuration and tensors.
pub(super) struct Planner<'a, 'm> {
    pub(super) config: &'a AdapterConfig,
    pub(super) modules: &'m [Module],
    /// Whether the model ties its head to its embedding.
    pub(super) tied: bool,
    pub(super) tensors: Tensors<'a>,
    pub(super) plan: AttachPlan<'a>,
}

impl<'a> AttachPlan<'a> {
    pub(super) fn new(
        adapter: &'a Adapter,
        modules: &[Module],
        architecture: &Architecture,
    ) -> Result<Self, LmError> {
        let mut planner = Planner {
            config: &adapter.config,
            modules,
            tied: architecture.tied,
            tensors: Tensors::new(&adapter.tensors, architecture.vocabulary),
            plan: Self::default(),
        };
        planner.updates(architecture)?;
        planner.saved_modules()?;
        planner.biases()?;
        planner.tokens()?;
        planner.saved_embeddings()?;
        planner.tensors.check_all_requested(modules)?;
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
        for module in self.modules {
            picked.push(patterns.target(&module.name)?);
        }
        self.tie(&mut picked);
        for (module, _) in self
            .modules
            .iter()
            .zip(picked)
            .filter(|(_, picked)| *picked)
        {
            let (rank, scale) = patterns.rank_and_scale(&module.name)?;
            let update = LoraUpdate::new(self.config, module, (rank, scale), &mut self.tensors)?;
            self.plan.updates.insert(module.name.clone(), update);
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
    fn targets(&self, architecture: &Architecture) -> Result<ModuleSelection, LmError> {
        const FIELD: &str = "target_modules";
        let names = &architecture.names;
        match &self.config.targets {
            // What PEFT takes for these families; it knows none for a model whose code is not in transformers.
            None => match names.query_key_value {
                QueryKeyValue::Stacked(_) => Err(no_module(FIELD, "null")),
                QueryKeyValue::Separate(_) | QueryKeyValue::ByHead(_) => {
                    let modules = LoraTargets::Paper.modules(names).into_iter();
                    Ok(ModuleSelection::List(modules.map(str::to_owned).collect()))
                }
            },
            Some(ModuleSelection::Pattern(pattern)) if pattern.to_lowercase() == "all-linear" => {
                let linear = self
                    .modules
                    .iter()
                    .filter(|module| module.kind == ModuleKind::Linear);
                Ok(ModuleSelection::List(
                    linear.map(|it| it.name.clone()).collect(),
                ))
            }
            Some(ModuleSelection::Pattern(pattern)) => {
                Ok(ModuleSelection::Pattern(pattern.clone()))
            }
            Some(ModuleSelection::List(targets)) => {
                let is_there = |target: &&String| {
                    let mut modules = self.modules.iter();
                    modules.any(|module| is_last_part(&module.name, target))
                };
                match targets.iter().find(|target| !is_there(target)) {
                    Some(target) => Err(no_module(FIELD, target)),
                    None => Ok(ModuleSelection::List(targets.clone())),
                }
            }
        }
    }

    /// `modules_to_save`: modules, or modules that contain others. PEFT compares the ends of names, with or without a dot.
    fn saved_modules(&mut self) -> Result<(), LmError> {
        const FIELD: &str = "modules_to_save";
        let modules = self.modules;
        for name in &self.config.modules_to_save {
            if !modules.iter().any(|module| module.is_within(name)) {
                return Err(no_module(FIELD, name));
            }
        }
        let within = |module: &Module| {
            self.config
                .modules_to_save
                .iter()
                .any(|name| module.is_within(name))
        };
        let mut picked: Vec<bool> = modules.iter().map(within).collect();
        self.tie(&mut picked);
        for (module, _) in modules.iter().zip(picked).filter(|(_, picked)| *picked) {
            if self.plan.updates.contains_key(&module.name) {
                return Err(conflict(FIELD, &module.name));
            }
            self.replace(module, "weight", "weight", FIELD)?;
            if module.bias.is_some() {
                self.replace(module, "bias", "bias", FIELD)?;
            }
        }
        self.check_tied_weights()
    }

    /// `bias`
    fn biases(&mut self) -> Result<(), LmError> {
        for module in self.modules.iter().filter(|module| module.bias.is_some()) {
            let adapted = self.plan.updates.contains_key(&module.name);
            let wanted = match self.config.bias {
                TrainedBias::None => false,
                TrainedBias::LoraOnly => adapted,
                TrainedBias::All => true,
            };
            let name = format!("{}.bias", module.name);
            if !wanted {
                continue;
            }
            if self.plan.replaced.contains_key(&name) {
                // For a replaced module PEFT saves this bias once more, and the bias of the original module.
                for holder in ["modules_to_save", "original_module"] {
                    let name = format!("{}.{holder}.bias", module.name);
                    self.tensors.skip(name);
                }
                continue;
            }
            // PEFT wraps a layer that it adapts.
            let end = if adapted { "base_layer.bias" } else { "bias" };
            self.replace(module, "bias", end, "bias")?;
        }
        Ok(())
    }

    /// Replaces a parameter of a module, `weight` or `bias`; `end` is its name in the file.
    pub(super) fn replace(
        &mut self,
        module: &Module,
        parameter: &str,
        end: &str,
        field: &'static str,
    ) -> Result<(), LmError> {
        let shape = match (parameter, module.bias) {
            ("bias", Some(width)) => vec![width],
            _ if module.kind == ModuleKind::Norm => vec![module.shape[1]],
            _ => module.shape.to_vec(),
        };
        let name = format!("{}.{end}", module.name);
        let values = self.tensors.take(name, &shape, field)?;
        let parameter = format!("{}.{parameter}", module.name);
        self.plan.replaced.insert(parameter, values);
        Ok(())
    }
}

impl<'a> LoraUpdate<'a> {
    fn new(
        config: &AdapterConfig,
        module: &Module,
        (rank, scale): (usize, f32),
        tensors: &mut Tensors<'a>,
    ) -> Result<Self, LmError> {
        const FIELD: &str = "target_modules";
        let name = &module.name;
        let [rows, columns] = module.shape;
        let (ends, inputs, outputs) = match module.kind {
            ModuleKind::Linear | ModuleKind::Head => {
                (["lora_A.weight", "lora_B.weight"], columns, rows)
            }
            ModuleKind::Embedding => (["lora_embedding_A", "lora_embedding_B"], rows, columns),
            ModuleKind::Norm | ModuleKind::NormalizedHead => {
                return Err(not_adaptable(FIELD, name));
            }
        };
        if config.lora_bias && module.kind == ModuleKind::Embedding {
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
