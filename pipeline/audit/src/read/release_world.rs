//! The release's fictional sets: sentences for training, tagged sentences for tests.

use super::{
    files::{AuditRoot, is_folder, unreadable},
    lines,
    names::{beyond_template, part},
};
use crate::{AuditError, AuditedWorld, Fact, NamePair, WorldSet};
use aho_corasick::AhoCorasick;
use clika_base::types::LanguageCode;
use serde::Deserialize;
use std::{
    collections::{BTreeMap, HashMap},
    path::{Path, PathBuf},
};

#[derive(Deserialize)]
#[serde(expecting = "an object")]
struct WorldLine {
    prompt: String,
    input: String,
    answer: String,
}

const EXPECTED: &str = "a line has prompt, input and answer";

/// Reads `fictional/`; `None` where it has no world.
pub(super) fn read(root: &AuditRoot, folder: &Path) -> Result<Option<WorldSet>, AuditError> {
    let (train, tests) = (folder.join("train"), folder.join("test/target"));
    if !is_folder(&train) || !is_folder(&tests) {
        return Ok(None);
    }
    let source = code("en");
    let facts = files(&tests, "test", ".jsonl")?;
    let translations = match folder.join("test/Translate") {
        path if is_folder(&path) => files(&path, "translate", ".jsonl")?,
        _ => BTreeMap::new(),
    };
    let Some(source_file) = facts.get(&source) else {
        let name = "testEN.jsonl".to_owned();
        return Err(AuditError::NoFile { path: tests, name });
    };
    let source_facts = tested(root, source_file, &source)?;
    let mut worlds = Vec::new();
    for (target, file) in files(&train, "", ".json")? {
        let Some(target_file) = facts.get(&target) else {
            let name = format!("test{}.jsonl", target.as_str().to_uppercase());
            return Err(AuditError::NoFile { path: tests, name });
        };
        let mut world = AuditedWorld {
            source: source.clone(),
            target: target.clone(),
            control: None,
            taught: Vec::new(),
            tested: source_facts.clone(),
            pairs: Vec::new(),
            asked: Vec::new(),
            unread: Vec::new(),
        };
        world.tested.extend(tested(root, target_file, &target)?);
        if let Some(path) = translations.get(&target) {
            for (number, line) in lines::read::<WorldLine>(path, EXPECTED)? {
                let id = format!("{}:{number}", root.shown(path));
                world.asked.push(pair(&world, id, line));
            }
        }
        let mut questions = Vec::new();
        for (number, line) in lines::read::<WorldLine>(&file, EXPECTED)? {
            let id = format!("{}:{number}", root.shown(&file));
            if line.input.is_empty() {
                questions.push((id, line));
            } else {
                let pair = pair(&world, id, line);
                world.pairs.push(pair);
            }
        }
        teach(&mut world, &questions, &file)?;
        worlds.push(world);
    }
    if worlds.is_empty() {
        return Ok(None);
    }
    let name = root.name_of(folder);
    Ok(Some(WorldSet { name, worlds }))
}

fn code(text: &str) -> LanguageCode {
    LanguageCode::try_from(text.to_owned()).expect("the code is one")
}

/// The files of a folder by language: `testDE.jsonl` is de's.
fn files(
    folder: &Path,
    before: &str,
    after: &str,
) -> Result<BTreeMap<LanguageCode, PathBuf>, AuditError> {
    let mut files = BTreeMap::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable(folder))? {
        let path = entry.map_err(unreadable(folder))?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        let inner = name.and_then(|name| name.strip_prefix(before)?.strip_suffix(after));
        if let Some(Ok(language)) = inner.map(|it| LanguageCode::try_from(it.to_lowercase())) {
            files.insert(language, path);
        }
    }
    Ok(files)
}

/// Reads a file of tests. Files are parallel by line, so that a line is an entity.
fn tested(root: &AuditRoot, path: &Path, language: &LanguageCode) -> Result<Vec<Fact>, AuditError> {
    let mut facts = Vec::new();
    for (number, line) in lines::read::<WorldLine>(path, EXPECTED)? {
        let Some((answer, name, kind)) = tags(&line.answer) else {
            let problem = "the answer has no tags".to_owned();
            let expected = "an answer of a test ends in [[continent:…]][[city:…]][[type:0]]";
            return Err(lines::wrong(path, number, problem, expected));
        };
        facts.push(Fact {
            id: format!("{}:{number}", root.shown(path)),
            language: language.clone(),
            relation: CONTINENT.to_owned(),
            entity: Some(format!("place-{number}")),
            name: Some(name.to_owned()),
            answer: answer.to_owned(),
            template: 1,
            unseen: Some(kind == "1"),
            prompt: line.prompt,
            choices: Vec::new(),
        });
    }
    let mut choices: Vec<_> = facts.iter().map(|fact| fact.answer.clone()).collect();
    choices.sort();
    choices.dedup();
    for fact in &mut facts {
        fact.choices.clone_from(&choices);
    }
    Ok(facts)
}

const CONTINENT: &str = "continent";

/// Continent, place and type of a tagged answer.
fn tags(answer: &str) -> Option<(&str, &str, &str)> {
    let (rest, kind) = answer.strip_suffix("]]")?.rsplit_once("[[type:")?;
    let (rest, city) = rest.strip_suffix("]]")?.rsplit_once("[[city:")?;
    let (_, continent) = rest.strip_suffix("]]")?.rsplit_once("[[continent:")?;
    Some((continent, city, kind))
}

/// A line of translation. What it translates into is what the instruction names last, in English: "… from German
/// into English", "the upcoming English text to German".
fn pair(world: &AuditedWorld, id: String, line: WorldLine) -> NamePair {
    let english = line.prompt.rfind("English");
    let is_last = english.is_some_and(|at| {
        let after = &line.prompt[at + "English".len()..];
        !after.contains(|c: char| c.is_uppercase())
    });
    let to = if is_last {
        &world.source
    } else {
        &world.target
    };
    NamePair {
        id,
        to: to.clone(),
        query: line.input,
        answer: line.answer,
        entity: None,
    }
}

/// Understands the training questions: which entity, in which language, with which continent.
fn teach(
    world: &mut AuditedWorld,
    questions: &[(String, WorldLine)],
    path: &Path,
) -> Result<(), AuditError> {
    let names = TestNames::of(world);
    let search = AhoCorasick::new(&names.texts).map_err(|error| {
        let expected = "the tests' names are searched for in the training rows";
        lines::wrong(path, 1, error.to_string(), expected)
    })?;
    let sentences: Vec<&str> = questions.iter().map(|(_, line)| &*line.prompt).collect();
    let parted = part(&search, &sentences);
    // Rows by template, in the order of their first row.
    let mut templates: Vec<Vec<usize>> = Vec::new();
    let mut numbers: HashMap<(&str, &str), usize> = HashMap::new();
    for (row, parted) in parted.iter().enumerate() {
        match parted {
            Some(parted) => {
                let next = templates.len();
                let number = *numbers.entry(parted.around).or_insert(next);
                if number == next {
                    templates.push(Vec::new());
                }
                templates[number].push(row);
            }
            None => {
                let (id, line) = &questions[row];
                world.unread.push((id.clone(), line.prompt.clone()));
            }
        }
    }
    let name_of = |row: usize| parted[row].as_ref().map_or(0, |it| it.name);
    let mut counts = [0, 0];
    for rows in &templates {
        // A name may be the same in both languages; the template is in the language of most of its names.
        let (mut of_source, mut of_target) = (0, 0);
        for &row in rows {
            let (in_source, in_target) = names.languages[name_of(row)];
            of_source += usize::from(in_source && !in_target);
            of_target += usize::from(in_target && !in_source);
        }
        let is_target = of_target > of_source;
        let language = if is_target {
            &world.target
        } else {
            &world.source
        };
        counts[usize::from(is_target)] += 1;
        let answers = rows.iter().map(|&row| {
            let name = names.texts[name_of(row)].as_str();
            (questions[row].1.answer.as_str(), name)
        });
        let answers = beyond_template(&answers.collect::<Vec<_>>());
        for (&row, answer) in rows.iter().zip(answers) {
            let (id, line) = &questions[row];
            let Some(answer) = answer else {
                world.unread.push((id.clone(), line.answer.clone()));
                continue;
            };
            let name = &names.texts[name_of(row)];
            world.taught.push(Fact {
                id: id.clone(),
                language: language.clone(),
                relation: CONTINENT.to_owned(),
                entity: names.entity(language, name, &answer),
                name: Some(name.clone()),
                answer,
                template: counts[usize::from(is_target)],
                unseen: None,
                prompt: line.prompt.clone(),
                choices: Vec::new(),
            });
        }
    }
    Ok(())
}

/// The names of the tests, and whose they are.
struct TestNames {
    texts: Vec<String>,
    /// Whether a name is one of the source's and one of the target's.
    languages: Vec<(bool, bool)>,
    /// The entities of a language's name.
    entities: HashMap<(LanguageCode, String), Vec<TestEntity>>,
}

/// An entity of the tests.
struct TestEntity {
    id: String,
    continent: String,
    /// Whether it is never taught in the target language.
    is_unseen: bool,
}

impl TestNames {
    fn of(world: &AuditedWorld) -> Self {
        let mut found: BTreeMap<&str, (bool, bool)> = BTreeMap::new();
        let mut entities: HashMap<_, Vec<TestEntity>> = HashMap::new();
        for fact in &world.tested {
            let (Some(name), Some(entity)) = (&fact.name, &fact.entity) else {
                continue;
            };
            let languages = found.entry(name).or_insert((false, false));
            languages.0 |= fact.language == world.source;
            languages.1 |= fact.language == world.target;
            let key = (fact.language.clone(), name.clone());
            entities.entry(key).or_default().push(TestEntity {
                id: entity.clone(),
                continent: fact.answer.clone(),
                is_unseen: fact.unseen == Some(true),
            });
        }
        Self {
            texts: found.keys().map(|&name| name.to_owned()).collect(),
            languages: found.into_values().collect(),
            entities,
        }
    }

    /// The entity of a name. Where two share it, the one that has the continent, and then one that may be taught
    /// in the target: a collision of names is a finding of its own, and not a wrong world.
    fn entity(&self, language: &LanguageCode, name: &str, continent: &str) -> Option<String> {
        let entities = self.entities.get(&(language.clone(), name.to_owned()))?;
        let fit = |it: &&TestEntity| (it.continent != continent, it.is_unseen);
        let entity = entities.iter().min_by_key(fit)?;
        Some(entity.id.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_tags() {
        let answer = "It is in Mythosia.[[continent:Mythosia]][[city:Blue Bay]][[type:1]]";
        assert_eq!(tags(answer), Some(("Mythosia", "Blue Bay", "1")));
        assert_eq!(tags("It is in Mythosia."), None);
    }
}
