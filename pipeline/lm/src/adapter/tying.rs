//! Fields that change embedding and head, which a model may tie.

use super::{
    modules::{Module, ModuleKind},
    plan::Planner,
    tensors::{conflict, no_module, not_adaptable},
};
use crate::LmError;

impl<'a> Planner<'a, '_> {
    /// `ensure_weight_tying`: if one of embedding and head is picked, both are.
    pub(super) fn tie(&self, picked: &mut [bool]) {
        let ends =
            || (0..picked.len()).filter(|number| self.modules[*number].is_embedding_or_head());
        let [ends, found]: [Vec<usize>; 2] =
            [ends().collect(), ends().filter(|it| picked[*it]).collect()];
        if self.tied && self.config.ensure_weight_tying && !found.is_empty() {
            for number in ends {
                picked[number] = true;
            }
        }
    }

    /// With `ensure_weight_tying` a head's update is the embedding's transposed, and both are in the file.
    pub(super) fn check_tied_updates(&mut self) -> Result<(), LmError> {
        let updates = &self.plan.updates;
        let (embedding, head) = match self.embedding_and_head().map(|end| updates.get(end)) {
            [Some(embedding), Some(head)] => (embedding, head),
            [None, None] => return Ok(()),
            [Some(_), None] | [None, Some(_)] => {
                self.plan.unties = true;
                return Ok(());
            }
        };
        let same = embedding.scale == head.scale
            && is_transposed(embedding.b, head.a, embedding.rank)
            && is_transposed(head.b, embedding.a, embedding.rank);
        if self.tied && self.config.ensure_weight_tying && !same {
            return Err(differs(format!(
                "{}.lora_A.weight",
                self.embedding_and_head()[1]
            )));
        }
        // A magnitude is of the head's rows, and of the embedding's columns.
        self.plan.unties = !same || self.config.dora;
        Ok(())
    }

    /// The same check for weights that are replaced as a whole.
    pub(super) fn check_tied_weights(&self) -> Result<(), LmError> {
        let names = self.embedding_and_head().map(|end| format!("{end}.weight"));
        let [embedding, head] = names.each_ref().map(|it| self.plan.replaced.get(it));
        if self.tied && self.config.ensure_weight_tying && embedding != head {
            let [_, name] = names;
            return Err(differs(name));
        }
        Ok(())
    }

    /// `trainable_token_indices`
    pub(super) fn tokens(&mut self) -> Result<(), LmError> {
        const FIELD: &str = "trainable_token_indices";
        let config = self.config;
        for (name, rows) in &config.trainable_tokens {
            let mut found = false;
            for module in self.modules {
                let named = match name {
                    Some(name) => module.name.ends_with(name),
                    None => module.kind == ModuleKind::Embedding,
                };
                if named {
                    self.rows(module, rows)?;
                    found = true;
                }
            }
            if !found {
                return Err(no_module(FIELD, name.as_deref().unwrap_or("null")));
            }
        }
        if self.tied {
            self.share_rows()?;
        }
        Ok(())
    }

    fn rows(&mut self, module: &Module, rows: &'a [usize]) -> Result<(), LmError> {
        const FIELD: &str = "trainable_token_indices";
        if !matches!(module.kind, ModuleKind::Embedding | ModuleKind::Head) {
            return Err(not_adaptable(FIELD, &module.name));
        }
        self.check_untouched(&module.name)?;
        let [vocabulary, hidden] = module.shape;
        if let Some(token) = rows.iter().find(|row| **row >= vocabulary) {
            return Err(LmError::MoreTokens {
                module: module.name.clone(),
                problem: format!("it has {vocabulary} rows, and `{FIELD}` names {token}"),
            });
        }
        let [embedding, _] = self.embedding_and_head();
        let mut tokens = self.config.trainable_tokens.iter();
        let of_embedding = tokens.find(|(name, _)| {
            let name = name.as_ref();
            name.is_none_or(|name| embedding.ends_with(name.as_str()))
        });
        if self.tied
            && module.kind == ModuleKind::Head
            && let Some((_, others)) = of_embedding
        {
            // A tied head that names the same tokens has the embedding's rows, which are in the file once.
            if others == rows {
                return Ok(());
            }
            if self.config.ensure_weight_tying {
                return Err(conflict("ensure_weight_tying", &module.name));
            }
        }
        let tensor = format!("{}.token_adapter.trainable_tokens_delta", module.name);
        let values = self.tensors.take(tensor, &[rows.len(), hidden], FIELD)?;
        self.plan.rows.insert(module.name.clone(), (rows, values));
        Ok(())
    }

    /// The rows of an embedding are those of the head that is tied to it, unless the head has its own.
    fn share_rows(&mut self) -> Result<(), LmError> {
        let [embedding, head] = self.embedding_and_head();
        if let Some(rows) = self.plan.rows.get(embedding).copied() {
            self.check_untouched(head)?;
            self.plan.rows.entry(head.to_owned()).or_insert(rows);
        }
        Ok(())
    }

    /// Checks that no other field changes a module: PEFT replaces rows only of such modules.
    fn check_untouched(&self, module: &str) -> Result<(), LmError> {
        let replaced = &self.plan.replaced;
        if self.plan.updates.contains_key(module)
            || replaced.contains_key(&format!("{module}.weight"))
        {
            return Err(conflict("trainable_token_indices", module));
        }
        Ok(())
    }

    /// The weights of embedding and head, which PEFT saves if they have an adapter, or on request.
    pub(super) fn saved_embeddings(&mut self) -> Result<(), LmError> {
        let ends = || {
            self.modules
                .iter()
                .filter(|module| module.is_embedding_or_head())
        };
        let mut shared: Option<&[f32]> = None;
        let modules: Vec<&Module> = ends().collect();
        for &module in &modules {
            let end = match self.plan.updates.contains_key(&module.name) {
                // PEFT wraps a layer that it adapts.
                true => "base_layer.weight",
                false => "weight",
            };
            let name = format!("{}.{end}", module.name);
            if !self.tensors.is_left(&name) {
                continue;
            }
            self.replace(module, "weight", end, "save_embedding_layers")?;
            let values = self.plan.replaced[&format!("{}.weight", module.name)];
            if self.tied && shared.is_some_and(|shared| shared != values) {
                return Err(differs(name));
            }
            shared = Some(values);
        }
        // PEFT loads one of them into the weight that both are.
        if let (true, Some(values)) = (self.tied, shared) {
            for module in modules {
                let weight = format!("{}.weight", module.name);
                self.plan.replaced.entry(weight).or_insert(values);
            }
        }
        Ok(())
    }

    /// The names of embedding and head.
    fn embedding_and_head(&self) -> [&str; 2] {
        let named = |embedding: bool| {
            let mut modules = self.modules.iter();
            let module = modules.find(|it| {
                it.is_embedding_or_head() && (it.kind == ModuleKind::Embedding) == embedding
            });
            match module {
                Some(module) => module.name.as_str(),
                None => unreachable!("every model has an embedding and a head"),
            }
        };
        [named(true), named(false)]
    }
}

fn differs(name: String) -> LmError {
    LmError::AdapterTensor {
        name,
        problem: "is not the embedding's, to which it is tied".to_owned(),
    }
}

/// Whether `[rows, columns]` and `[columns, rows]` are each other transposed, of which `columns` are given.
fn is_transposed(one: &[f32], other: &[f32], columns: usize) -> bool {
    let rows = one.len() / columns;
    let at = |row: usize, column: usize| other.get(column * rows + row);
    let mut numbers = one.iter().enumerate();
    one.len() == other.len()
        && numbers.all(|(number, x)| at(number / columns, number % columns) == Some(x))
}
