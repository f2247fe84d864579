//! xCOPA, xCSQA and the mini sets: parallel texts to Parquet, card and manifest.

use super::{card, columns::encode_texts, items::TextItem, parallel_texts::ParallelTexts};
use crate::Task;
use crate::load_languages;
use crate::{
    BuildReport, DatasetError, Exception,
    output::{self, BuiltDataset, TOOL},
    parquet,
};
use clika_base::files::{Manifest, sha256_hex};
use clika_base::types::{Language, LanguageCode};
use clika_base::{Project, Section};
use serde_json::{Value, json};
use std::{collections::BTreeMap, path::Path};

/// Where the texts of xCOPA and xCSQA come from.
#[derive(Clone, Debug)]
pub enum TextOrigin {
    /// Written for this project in every language.
    Original,
    /// Imported from the paper's release.
    Release,
    /// Translated from English; the value says with what and when, by language.
    Translated {
        /// Engine, model and dates of each language, for manifest and card.
        engines: BTreeMap<LanguageCode, Value>,
        /// SHA-256 of the English source.
        source_sha256: String,
        /// What the translation has to say about single items.
        exceptions: Vec<Exception>,
        /// Items that no usable translation was found for, left out in every language.
        left_out: Vec<Exception>,
    },
}

/// A text item written in one language: a row of the Parquet file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextRow {
    /// The item's id, equal in every language.
    pub id: String,
    /// COPA's premise; `None` for an item that is a question.
    pub premise: Option<String>,
    /// The question, in the row's language.
    pub question: String,
    /// The choices in the order shown.
    pub choices: Vec<String>,
    /// The position of the right choice, from 0.
    pub label: i64,
    /// The right choice.
    pub answer: String,
    /// What is asked about a premise: `cause` or `effect`.
    pub relation: Option<String>,
    /// Rows that share this are not independent.
    pub cluster_id: String,
}

/// The items of a mini set, as the project holds them, without those of languages that it leaves out.
pub fn mini_items(task: Task, project: &Project) -> Result<ParallelTexts, DatasetError> {
    let mut parallel = ParallelTexts::read(task, &project.items().join(task.name()))?;
    let is_kept = |code: &LanguageCode| !project.language(code).is_left_out();
    parallel.languages.retain(|code, _| is_kept(code));
    Ok(parallel)
}

/// Builds a dataset of texts into `out/<task>`, unless it is there from the same texts.
pub fn build_texts(
    parallel: &ParallelTexts,
    origin: &TextOrigin,
    project: &Project,
    out: &Path,
    force: bool,
) -> Result<BuiltDataset, DatasetError> {
    let task = parallel.task;
    let languages = load_languages(&project.languages())?;
    let parallel = &parallel.spelled_as(&languages);
    check_choices(parallel)?;
    let (mut written, mut left_out) = (Vec::new(), Vec::new());
    for code in parallel.languages.keys() {
        let language = languages.iter().find(|known| known.code == *code);
        // Texts of others are taken as they are; those written for the project belong to its languages.
        if language.is_none() && !matches!(origin, TextOrigin::Release) {
            return Err(DatasetError::NoTemplate {
                task,
                language: code.clone(),
            });
        }
        match questions(task, code, language) {
            Ok(questions) => written.push(WrittenLanguage { code, questions }),
            Err(exception) => left_out.push(exception),
        }
    }
    let manifest = manifest(parallel, origin, &written);
    output::build(
        task.name(),
        &out.join(task.name()),
        manifest,
        force,
        |draft| {
            let mut report = report(parallel, origin);
            report.left_out.splice(0..0, left_out);
            for WrittenLanguage { code, questions } in &written {
                let items = parallel.languages[*code].iter();
                let rows: Vec<_> = items.map(|item| row(task, item, *questions)).collect();
                let bytes = encode_texts(&rows).map_err(|source| DatasetError::Parquet {
                    dataset: task.to_string(),
                    language: (*code).clone(),
                    source,
                })?;
                report.rows.insert((*code).clone(), rows.len());
                draft.write(&parquet::file(code, "test"), &bytes)?;
            }
            let card = card::card(parallel, origin, &report, &draft.mark());
            draft.write("README.md", card.as_bytes())?;
            Ok(report)
        },
    )
}

/// A language that a dataset is written in.
struct WrittenLanguage<'a> {
    code: &'a LanguageCode,
    /// What is asked about a premise; `None` where items are questions.
    questions: Option<&'a Section>,
}

/// What a language asks about a premise, or why it is left out. Where items are questions, its code is enough.
fn questions<'a>(
    task: Task,
    code: &LanguageCode,
    language: Option<&'a Language>,
) -> Result<Option<&'a Section>, Exception> {
    let Some(spec) = task.dataset().section() else {
        return Ok(None);
    };
    let section = language.and_then(|language| language.section(spec.name));
    section.map(Some).ok_or_else(|| match language {
        Some(language) => {
            Exception::of_language(language, &format!("its file has no [{}]", spec.name))
        }
        None => Exception {
            language: code.clone(),
            qid: None,
            name: code.to_string(),
            reason: format!(
                "there is no templates/languages/{code}.toml with [{}]",
                spec.name
            ),
        },
    })
}

/// A set that nobody could be evaluated on is not built.
fn check_choices(parallel: &ParallelTexts) -> Result<(), DatasetError> {
    let task = parallel.task;
    for (language, items) in &parallel.languages {
        let other = items
            .iter()
            .find(|item| item.choices.len() != task.choices());
        if let Some(item) = other {
            return Err(DatasetError::Choices {
                task,
                item: item.id.clone(),
                language: language.clone(),
                found: item.choices.len(),
            });
        }
    }
    Ok(())
}

fn manifest(
    parallel: &ParallelTexts,
    origin: &TextOrigin,
    languages: &[WrittenLanguage<'_>],
) -> Manifest {
    let mut inputs = BTreeMap::new();
    for (language, items) in &parallel.languages {
        let lines: String = items
            .iter()
            .map(|item| format!("{}\n", item.line()))
            .collect();
        inputs.insert(format!("items/{language}"), sha256_hex(lines));
    }
    let mut config = json!({});
    match origin {
        TextOrigin::Original => config["origin"] = json!("original"),
        TextOrigin::Release => config["origin"] = json!("release"),
        TextOrigin::Translated {
            engines,
            source_sha256,
            ..
        } => {
            config["origin"] = json!("translated");
            config["translation"] = json!(engines);
            inputs.insert("source".to_owned(), source_sha256.clone());
        }
    }
    if parallel.task.has_premise() {
        let questions: BTreeMap<_, _> = languages
            .iter()
            .map(|language| (language.code, language.questions))
            .collect();
        config["questions"] = json!(questions);
    }
    let stage = format!("datasets {}", parallel.task);
    Manifest::new(TOOL, &stage, config, inputs)
}

fn report(parallel: &ParallelTexts, origin: &TextOrigin) -> BuildReport {
    let mut report = BuildReport {
        exceptions: parallel.faults(),
        ..BuildReport::default()
    };
    if let TextOrigin::Translated {
        exceptions,
        left_out,
        ..
    } = origin
    {
        report.exceptions.extend(exceptions.iter().cloned());
        report.left_out.clone_from(left_out);
    }
    // Labels are equal in every language.
    for item in parallel.languages.values().next().into_iter().flatten() {
        let positions = report.positions.len().max(item.choices.len());
        report.positions.resize(positions, 0);
        report.positions[item.label] += 1;
    }
    report
}

fn row(task: Task, item: &TextItem, questions: Option<&Section>) -> TextRow {
    let id = format!("{task}-{}", item.id);
    let (premise, question) = match item.asks {
        None => (None, item.text.as_str()),
        Some(asks) => {
            let questions = questions.expect("languages without questions are left out");
            (Some(item.text.clone()), questions.text(asks.name()))
        }
    };
    TextRow {
        premise,
        question: question.to_owned(),
        choices: item.choices.clone(),
        label: i64::try_from(item.label).expect("an item has few choices"),
        answer: item.choices[item.label].clone(),
        relation: item.asks.map(|asks| asks.name().to_owned()),
        cluster_id: id.clone(),
        id,
    }
}
