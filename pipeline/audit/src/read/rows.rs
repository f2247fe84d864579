//! Datasets of ours: Parquet, one folder a language.

use super::{
    ReadDataset, ReadOutcome, built,
    files::{AuditFolder, AuditRoot, is_folder, language, subfolders},
    parquet::ParquetTable,
};
use crate::{AuditError, AuditedWorld, ChoiceItem, ChoiceSet, Fact, NamePair, WorldSet};
use clika_base::files::Manifest;
use clika_base::types::LanguageCode;
use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

/// Reads a dataset's folder; `None` where `data` holds no language.
pub(super) fn dataset(root: &AuditRoot, folder: &Path) -> Result<Option<ReadOutcome>, AuditError> {
    let name = root.name_of(folder);
    let refused = built::refused(folder, &name);
    let data = folder.join("data");
    let languages = if is_folder(&data) {
        subfolders(&data)?
    } else {
        Vec::new()
    };
    let is_world = |it: &AuditFolder| file(it, "train").is_file();
    if languages.is_empty() {
        return Ok((!refused.is_empty()).then_some(ReadOutcome {
            read: None,
            findings: refused,
        }));
    }
    let mut codes = BTreeMap::new();
    for language_folder in &languages {
        codes.insert(language(language_folder)?, language_folder.name.clone());
    }
    let mut findings: Vec<_> = built::files(folder, &name, &codes)?.into_iter().collect();
    findings.extend(refused);
    if languages.iter().any(is_world) {
        let worlds = worlds(root, folder, &languages)?;
        let read = Some(ReadDataset::Worlds(WorldSet { name, worlds }));
        return Ok(Some(ReadOutcome { read, findings }));
    }
    let (mut items, mut answers) = (BTreeMap::new(), BTreeMap::new());
    for language_folder in &languages {
        let path = existing(file(language_folder, "test"))?;
        let code = language(language_folder)?;
        let table = ParquetTable::open(&path)?;
        items.insert(code.clone(), choice_items(&table, &root.shown(&path))?);
        answers.insert(code, table.optional_texts("answer")?);
    }
    findings.extend(built::items(&name, &items, &answers));
    let read = Some(ReadDataset::Choices(ChoiceSet {
        name,
        languages: items,
    }));
    Ok(Some(ReadOutcome { read, findings }))
}

fn file(language: &AuditFolder, split: &str) -> PathBuf {
    language.path.join(split_file(split))
}

/// The file's name of a split.
pub(super) fn split_file(split: &str) -> String {
    format!("{split}-00000-of-00001.parquet")
}

fn existing(path: PathBuf) -> Result<PathBuf, AuditError> {
    if path.is_file() {
        return Ok(path);
    }
    let name = path
        .file_name()
        .map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let folder = path.parent().unwrap_or(&path).to_owned();
    Err(AuditError::NoFile { path: folder, name })
}

fn choice_items(table: &ParquetTable, at: &str) -> Result<Vec<ChoiceItem>, AuditError> {
    let (ids, questions) = (table.texts("id")?, table.texts("question")?);
    let (premises, relations) = (
        table.optional_texts("premise")?,
        table.optional_texts("relation")?,
    );
    let origins = table.optional_texts("origin_language")?;
    let (entities, countries) = (
        table.optional_texts("qid")?,
        table.optional_texts("country_qid")?,
    );
    let (labels, mut choices) = (table.numbers("label")?, table.lists("choices")?);
    let mut items = Vec::with_capacity(table.rows());
    for (row, id) in ids.into_iter().enumerate() {
        let Some(choices) = choices[row].take() else {
            return Err(table.problem(format!("row {} has no `choices`", row + 1)));
        };
        let origin = match &origins[row] {
            Some(code) => Some(
                LanguageCode::try_from(code.clone()).map_err(|problem| table.problem(problem))?,
            ),
            None => None,
        };
        let question = &questions[row];
        let relation = relations[row].clone();
        // xCOPA's column says what is asked about the premise.
        let (text, asks, relation) = match &premises[row] {
            Some(premise) => (format!("{premise} {question}"), relation, None),
            None => (question.clone(), None, relation),
        };
        items.push(ChoiceItem {
            id,
            at: format!("{at}, row {}", row + 1),
            text,
            asks,
            choices,
            label: labels[row],
            origin,
            relation,
            entity: entities[row].clone(),
            country: countries[row].clone(),
        });
    }
    Ok(items)
}

fn worlds(
    root: &AuditRoot,
    folder: &Path,
    languages: &[AuditFolder],
) -> Result<Vec<AuditedWorld>, AuditError> {
    let manifest = Manifest::read(folder)?;
    let said = |key: &str| {
        let config = &manifest.as_ref()?.config;
        Some(config.get("fictional")?.get(key)?.as_str()?.to_owned())
    };
    let (control, source) = (said("control"), said("source"));
    let mut worlds = Vec::new();
    for language_folder in languages {
        let path = file(language_folder, "train");
        if !path.is_file() {
            continue;
        }
        let target = language(language_folder)?;
        let train = SplitRows::read(root, &path)?;
        let mut test = SplitRows::read(root, &existing(file(language_folder, "test"))?)?;
        let gate = file(language_folder, "gate");
        if gate.is_file() {
            let gate = SplitRows::read(root, &gate)?;
            test.facts.extend(gate.facts);
            test.pairs.extend(gate.pairs);
        }
        let taught = train.facts.iter().map(|fact| &fact.language);
        let others: BTreeSet<_> = taught.filter(|it| **it != target).cloned().collect();
        let source = match &source {
            Some(code) => LanguageCode::try_from(code.clone()).ok(),
            None => others.first().cloned(),
        };
        let Some(source) = source else {
            return Err(AuditError::Parquet {
                path,
                problem: "no row is in a language other than the target".to_owned(),
            });
        };
        if let Some(of_source) = languages.iter().find(|it| it.name == source.as_str())
            && source != target
            && file(of_source, "test").is_file()
        {
            let rows = SplitRows::read(root, &file(of_source, "test"))?;
            test.facts.extend(rows.facts);
        }
        let mut world = AuditedWorld {
            source,
            target,
            control: control.clone(),
            taught: train.facts,
            tested: test.facts,
            pairs: train.pairs,
            asked: test.pairs,
            unread: Vec::new(),
        };
        name_entities(&mut world);
        worlds.push(world);
    }
    Ok(worlds)
}

/// The rows of a split.
struct SplitRows {
    facts: Vec<Fact>,
    pairs: Vec<NamePair>,
}

impl SplitRows {
    fn read(root: &AuditRoot, path: &Path) -> Result<Self, AuditError> {
        let table = ParquetTable::open(path)?;
        let at = root.shown(path);
        let (ids, kinds, languages) = (
            table.texts("id")?,
            table.texts("kind")?,
            table.texts("language")?,
        );
        let (prompts, queries) = (table.texts("prompt")?, table.optional_texts("query")?);
        let (answers, entities) = (table.texts("answer")?, table.optional_texts("entity")?);
        let relations = table.optional_texts("relation")?;
        let (templates, types) = (table.numbers("template")?, table.optional_numbers("type")?);
        let mut choices = table.lists("choices")?;
        let (mut facts, mut pairs) = (Vec::new(), Vec::new());
        for row in 0..table.rows() {
            let wrong = |problem: String| table.problem(format!("row {}: {problem}", row + 1));
            let language = LanguageCode::try_from(languages[row].clone()).map_err(wrong)?;
            let id = format!("{} ({at}, row {})", ids[row], row + 1);
            match kinds[row].as_str() {
                "qa" => facts.push(Fact {
                    id,
                    language,
                    relation: match &relations[row] {
                        Some(relation) => relation.clone(),
                        None => return Err(wrong("a question has no `relation`".to_owned())),
                    },
                    entity: entities[row].clone(),
                    name: None,
                    answer: answers[row].clone(),
                    template: usize::try_from(templates[row])
                        .map_err(|_| wrong("`template` is negative".to_owned()))?,
                    unseen: types[row].map(|it| it == 1),
                    prompt: prompts[row].clone(),
                    choices: choices[row].take().into_iter().flatten().collect(),
                }),
                "translation" => pairs.push(NamePair {
                    id,
                    to: language,
                    query: match &queries[row] {
                        Some(query) => query.clone(),
                        None => return Err(wrong("a translation has no `query`".to_owned())),
                    },
                    answer: answers[row].clone(),
                    entity: entities[row].clone(),
                }),
                other => {
                    return Err(wrong(format!("`{other}` is neither qa nor translation")));
                }
            }
        }
        Ok(Self { facts, pairs })
    }
}

/// Gives facts the names that translations say: rows of questions know the entity only.
fn name_entities(world: &mut AuditedWorld) {
    let mut names: BTreeMap<(LanguageCode, String), String> = BTreeMap::new();
    for pair in world.pairs.iter().chain(&world.asked) {
        let Some(entity) = &pair.entity else { continue };
        let from = if pair.to == world.source {
            &world.target
        } else {
            &world.source
        };
        for (language, name) in [(&pair.to, &pair.answer), (from, &pair.query)] {
            let key = (language.clone(), entity.clone());
            names.entry(key).or_insert_with(|| name.clone());
        }
    }
    for fact in world.taught.iter_mut().chain(&mut world.tested) {
        if let Some(entity) = &fact.entity {
            let key = (fact.language.clone(), entity.clone());
            fact.name = names.get(&key).cloned();
        }
    }
}
