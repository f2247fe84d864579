use super::{AdapterTensor, modules::Module};
use crate::LmError;
use std::collections::{BTreeMap, BTreeSet};

/// The tensors of an adapter, and which of them were asked for.
pub(super) struct Tensors<'a> {
    all: &'a BTreeMap<String, AdapterTensor>,
    /// The size of the model's vocabulary.
    vocabulary: usize,
    requested: BTreeSet<String>,
}

impl<'a> Tensors<'a> {
    pub(super) const fn new(all: &'a BTreeMap<String, AdapterTensor>, vocabulary: usize) -> Self {
        Self {
            all,
            vocabulary,
            requested: BTreeSet::new(),
        }
    }

    /// A tensor that a field asks for.
    pub(super) fn take(
        &mut self,
        name: String,
        shape: &[usize],
        field: &str,
    ) -> Result<&'a [f32], LmError> {
        let Some(found) = self.all.get(&name) else {
            return Err(LmError::AdapterTensor {
                name,
                problem: format!("is missing, and `{field}` asks for it"),
            });
        };
        if found.shape != shape {
            let problem = format!(
                "the adapter is for {:?}, and the model has {shape:?}",
                found.shape
            );
            let module = name;
            return Err(match self.has_more_tokens(&found.shape, shape) {
                true => LmError::MoreTokens { module, problem },
                false => LmError::OtherBase { module, problem },
            });
        }
        self.requested.insert(name);
        Ok(&found.values)
    }

    /// Whether the shapes differ only in that the adapter has more tokens than the model.
    fn has_more_tokens(&self, found: &[usize], shape: &[usize]) -> bool {
        let mut pairs = found.iter().zip(shape);
        found.len() == shape.len()
            && pairs.all(|(found, model)| {
                found == model || (*model == self.vocabulary && found > model)
            })
    }

    /// Accepts a tensor that PEFT saves and does not read.
    pub(super) fn skip(&mut self, name: String) {
        self.requested.insert(name);
    }

    /// Whether the adapter has this tensor and nothing has asked for it yet.
    pub(super) fn is_left(&self, name: &str) -> bool {
        self.all.contains_key(name) && !self.requested.contains(name)
    }

    pub(super) fn check_rank(
        &self,
        name: &str,
        dimension: usize,
        rank: usize,
    ) -> Result<(), LmError> {
        let Some(found) = self.all.get(name) else {
            return Ok(());
        };
        if found.shape.get(dimension) == Some(&rank) {
            return Ok(());
        }
        Err(LmError::AdapterTensor {
            name: name.to_owned(),
            problem: format!(
                "has shape {:?}, and its rank is {rank} by `r` or `rank_pattern` in adapter_config.json",
                found.shape
            ),
        })
    }

    pub(super) fn check_all_requested(&self, modules: &[Module]) -> Result<(), LmError> {
        let Some(name) = self.all.keys().find(|name| self.is_left(name)) else {
            return Ok(());
        };
        let within = |module: &Module| {
            let rest = name.strip_prefix(&module.name);
            rest.is_some_and(|rest| rest.starts_with('.'))
        };
        Err(if modules.iter().any(within) {
            LmError::AdapterTensor {
                name: name.clone(),
                problem: "is there, and no field of adapter_config.json asks for it".to_owned(),
            }
        } else {
            LmError::OtherBase {
                module: name.clone(),
                problem: "the model has no such module".to_owned(),
            }
        })
    }
}

pub(super) fn no_module(field: &'static str, target: &str) -> LmError {
    about(field, target, "the model has no such module")
}

pub(super) fn not_adaptable(field: &'static str, target: &str) -> LmError {
    let problem = "PEFT knows no such adapter for a module of its kind";
    about(field, target, problem)
}

pub(super) fn conflict(field: &'static str, target: &str) -> LmError {
    about(field, target, "another field changes this module too")
}

fn about(field: &'static str, target: &str, problem: &'static str) -> LmError {
    LmError::AdapterTarget {
        field,
        target: target.to_owned(),
        problem,
    }
}
