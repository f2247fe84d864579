use crate::FinetuneError;
use clika_base::files::sha256_hex;
use clika_base::types::LanguageCode;
use clika_datasets::{Control, FictionalConfig, FictionalRow, RowKind, Splits, WorldRelation};
use clika_scores::metrics::chance;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A fictional world in a source and a target language: what is taught, and what is asked. A run trains and asks one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LanguagePair {
    /// The name in tables and folders: `de`, `cognate-de`, `alias`.
    pub name: String,
    /// What everything is taught in.
    pub source: LanguageCode,
    /// What is asked about without being taught.
    pub target: LanguageCode,
    /// What the world is a control for.
    pub control: Control,
    /// The rows.
    pub splits: Splits,
    /// Controls that are tested with the same training.
    pub control_tests: Vec<ControlTest>,
}

/// A control that needs no training of its own: other questions to the model that the language pair trained.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ControlTest {
    /// The name in tables: `random-label`.
    pub name: String,
    /// Questions in the target language on places that were not taught in it.
    pub rows: Vec<FictionalRow>,
}

impl LanguagePair {
    /// The pair of a target language, named after everything that differs from the paper's experiment.
    pub fn new(config: &FictionalConfig, target: LanguageCode, splits: Splits) -> Self {
        let mut parts = Vec::new();
        if config.relation == WorldRelation::Founding {
            parts.push(config.relation.name());
        }
        parts.extend(config.control.path_name());
        if config.source.as_str() != "en" {
            parts.push(config.source.as_str());
        }
        // The alias world has one target, the source under other names.
        if config.control != Control::Alias {
            parts.push(target.as_str());
        }
        Self {
            name: parts.join("-"),
            source: config.source.clone(),
            target,
            control: config.control,
            splits,
            control_tests: Vec::new(),
        }
    }

    /// The share that a guess has right: one of the choices of the tested questions.
    ///
    /// # Errors
    /// A question without choices, and no question at all.
    pub(crate) fn chance(&self) -> Result<f64, FinetuneError> {
        let first = self.splits.test.first();
        let row = first.ok_or_else(|| FinetuneError::Setting {
            problem: format!("the world of `{}` has no question to ask", self.name),
        })?;
        let choices = row.choices.as_ref().map_or(0, Vec::len);
        chance(choices).ok_or_else(|| FinetuneError::Row {
            id: row.id.clone(),
            problem: "has no choices",
        })
    }

    /// Questions of the gate in the source language.
    pub(crate) fn source_questions(&self) -> Vec<&FictionalRow> {
        self.gate(RowKind::Qa, |language| language == self.source.as_str())
    }

    /// Questions of the gate in the target language, on places that are taught in it.
    pub(crate) fn target_questions(&self) -> Vec<&FictionalRow> {
        self.gate(RowKind::Qa, |language| language == self.target.as_str())
    }

    /// Names to translate.
    pub(crate) fn translations(&self) -> Vec<&FictionalRow> {
        self.gate(RowKind::Translation, |_| true)
    }

    fn gate(&self, kind: RowKind, language: impl Fn(&str) -> bool) -> Vec<&FictionalRow> {
        let of = |row: &&FictionalRow| row.kind == kind && language(&row.language);
        self.splits.gate.iter().filter(of).collect()
    }

    /// SHA-256 of the rows, by split.
    pub(crate) fn digests(&self) -> BTreeMap<String, String> {
        let mut digests = BTreeMap::from([
            ("train".to_owned(), digest(&self.splits.train)),
            ("gate".to_owned(), digest(&self.splits.gate)),
            ("test".to_owned(), digest(&self.splits.test)),
        ]);
        for ControlTest { name, rows } in &self.control_tests {
            digests.insert(format!("test of {name}"), digest(rows));
        }
        digests
    }
}

/// SHA-256 of rows, with everything that they say.
pub(crate) fn digest<'a>(rows: impl IntoIterator<Item = &'a FictionalRow>) -> String {
    let rows: Vec<Value> = rows.into_iter().map(row).collect();
    sha256_hex(Value::Array(rows).to_string())
}

fn row(row: &FictionalRow) -> Value {
    let FictionalRow {
        id,
        kind,
        language,
        relation,
        entity,
        template,
        type_,
        prompt,
        query,
        response,
        answer,
        choices,
        label,
    } = row;
    json!([
        id,
        kind.name(),
        language,
        relation,
        entity,
        template,
        type_,
        prompt,
        query,
        response,
        answer,
        choices,
        label
    ])
}
