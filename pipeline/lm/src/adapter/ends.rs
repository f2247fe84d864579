//! What fields do to embedding and head, which a model may tie.

use super::{
    parts::{Kind, Part},
    plan::Planner,
    tensors::{conflict, no_module, not_adaptable},
};
use crate::LmError;

impl<'a> Planner<'a, '_> {
    /// `ensure_weight_tying`: what is picked of embedding and head is picked of both.
    pub(super) fn tie(&self, picked: &mut [bool]) {
        let ends = || (0..picked.len()).filter(|number| self.parts[*number].is_end());
        let [ends, found]: [Vec<usize>; 2] =
            [ends().collect(), ends().filter(|it| picked[*it]).collect()];
        if self.tied && self.config.tie && !found.is_empty() {
            for number in ends {
                picked[number] = true;
            }
        }
    }

    /// With `ensure_weight_tying` a head's update is the embedding's transposed, and both are in the file.
    pub(super) fn check_tied_updates(&mut self) -> Result<(), LmError> {
        let updates = &self.plan.updates;
        let (embedding, head) = match self.ends().map(|end| updates.get(end)) {
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
        if self.tied && self.config.tie && !same {
            return Err(differs(format!("{}.lora_A.weight", self.ends()[1])));
        }
        // A magnitude is of the head's rows, and of the embedding's columns.
        self.plan.unties = !same || self.config.dora;
        Ok(())
    }

    /// The same for weights that are replaced as a whole.
    pub(super) fn check_tied_weights(&self) -> Result<(), LmError> {
        let names = self.ends().map(|end| format!("{end}.weight"));
        let [embedding, head] = names.each_ref().map(|it| self.plan.replaced.get(it));
        if self.tied && self.config.tie && embedding != head {
            let [_, name] = names;
            return Err(differs(name));
        }
        Ok(())
    }

    /// `trainable_token_indices`
    pub(super) fn tokens(&mut self) -> Result<(), LmError> {
        const FIELD: &str = "trainable_token_indices";
        let config = self.config;
        for (name, rows) in &config.tokens {
            let mut found = false;
            for part in self.parts {
                let named = match name {
                    Some(name) => part.name.ends_with(name),
                    None => part.kind == Kind::Embedding,
                };
                if named {
                    self.rows(part, rows)?;
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

    fn rows(&mut self, part: &Part, rows: &'a [usize]) -> Result<(), LmError> {
        const FIELD: &str = "trainable_token_indices";
        if !matches!(part.kind, Kind::Embedding | Kind::Head) {
            return Err(not_adaptable(FIELD, &part.name));
        }
        self.check_untouched(&part.name)?;
        let [vocabulary, hidden] = part.shape;
        if let Some(token) = rows.iter().find(|row| **row >= vocabulary) {
            return Err(LmError::MoreTokens {
                module: part.name.clone(),
                problem: format!("it has {vocabulary} rows, and `{FIELD}` names {token}"),
            });
        }
        let [embedding, _] = self.ends();
        let mut tokens = self.config.tokens.iter();
        let of_embedding = tokens.find(|(name, _)| {
            let name = name.as_ref();
            name.is_none_or(|name| embedding.ends_with(name.as_str()))
        });
        if self.tied
            && part.kind == Kind::Head
            && let Some((_, others)) = of_embedding
        {
            // A tied head that names the same tokens has the embedding's rows, which are in the file once.
            if others == rows {
                return Ok(());
            }
            if self.config.tie {
                return Err(conflict("ensure_weight_tying", &part.name));
            }
        }
        let tensor = format!("{}.token_adapter.trainable_tokens_delta", part.name);
        let values = self.tensors.take(tensor, &[rows.len(), hidden], FIELD)?;
        self.plan.rows.insert(part.name.clone(), (rows, values));
        Ok(())
    }

    /// The rows of an embedding are those of the head that is tied to it, unless the head has its own.
    fn share_rows(&mut self) -> Result<(), LmError> {
        let [embedding, head] = self.ends();
        if let Some(rows) = self.plan.rows.get(embedding).copied() {
            self.check_untouched(head)?;
            self.plan.rows.entry(head.to_owned()).or_insert(rows);
        }
        Ok(())
    }

    /// PEFT can replace rows of what no other field changes.
    fn check_untouched(&self, module: &str) -> Result<(), LmError> {
        let replaced = &self.plan.replaced;
        if self.plan.updates.contains_key(module)
            || replaced.contains_key(&format!("{module}.weight"))
        {
            return Err(conflict("trainable_token_indices", module));
        }
        Ok(())
    }

    /// The weights of embedding and head, which PEFT saves with an adapter of theirs, or when it is told to.
    pub(super) fn saved_embeddings(&mut self) -> Result<(), LmError> {
        let ends = || self.parts.iter().filter(|part| part.is_end());
        let mut shared: Option<&[f32]> = None;
        let parts: Vec<&Part> = ends().collect();
        for &part in &parts {
            let end = match self.plan.updates.contains_key(&part.name) {
                // PEFT wraps a layer that it adapts.
                true => "base_layer.weight",
                false => "weight",
            };
            let name = format!("{}.{end}", part.name);
            if !self.tensors.is_left(&name) {
                continue;
            }
            self.replace(part, "weight", end, "save_embedding_layers")?;
            let values = self.plan.replaced[&format!("{}.weight", part.name)];
            if self.tied && shared.is_some_and(|shared| shared != values) {
                return Err(differs(name));
            }
            shared = Some(values);
        }
        // PEFT loads one of them into the weight that both are.
        if let (true, Some(values)) = (self.tied, shared) {
            for part in parts {
                let weight = format!("{}.weight", part.name);
                self.plan.replaced.entry(weight).or_insert(values);
            }
        }
        Ok(())
    }

    /// The names of embedding and head.
    fn ends(&self) -> [&str; 2] {
        let named = |embedding: bool| {
            let mut parts = self.parts.iter();
            let part = parts.find(|it| it.is_end() && (it.kind == Kind::Embedding) == embedding);
            match part {
                Some(part) => part.name.as_str(),
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
