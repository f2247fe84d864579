//! The items that were answered, with their texts.

use crate::sources::Sources;
use clika_base::types::LanguageCode;
use clika_datasets::Task;
use clika_scores::predictions::Prediction;
use serde_json::{Map, Value, json};

/// The items of all answers: a set for each task, and for each version of it that somebody answered.
pub(super) struct ItemSets {
    sets: Vec<ItemSet>,
}

/// The items of a task in one order.
struct ItemSet {
    task: Task,
    ids: Vec<String>,
    clusters: Vec<String>,
    origins: Vec<Option<String>>,
    /// The texts of each language, an object or null for each item.
    texts: Map<String, Value>,
    labels: Map<String, Value>,
    /// Items without a text in some language.
    unknown: usize,
}

impl ItemSets {
    pub(super) fn new(sources: &Sources, languages: &[&str]) -> Self {
        let mut sets: Vec<ItemSet> = Vec::new();
        for source in &sources.answers {
            for (key, answers) in source.collection.iter() {
                if find(&sets, key.task, answers).is_none() {
                    sets.push(ItemSet::new(key.task, answers));
                }
            }
        }
        for set in &mut sets {
            set.describe(sources, languages);
        }
        Self { sets }
    }

    /// The number of the set that answers are to.
    pub(super) fn of(&self, task: Task, answers: &[Prediction]) -> usize {
        find(&self.sets, task, answers).expect("every set of answers was seen")
    }

    /// All items.
    pub(super) fn items(&self) -> usize {
        self.sets.iter().map(|it| it.ids.len()).sum()
    }

    /// Items whose text is not known in some language.
    pub(super) fn unknown(&self) -> usize {
        self.sets.iter().map(|it| it.unknown).sum()
    }

    pub(super) fn json(&self) -> Vec<Value> {
        let tasks: Vec<Task> = Task::all().collect();
        let sets = self.sets.iter().map(|set| {
            let task = tasks.iter().position(|it| *it == set.task);
            let known = set.origins.iter().any(Option::is_some);
            json!({
                "task": task,
                "ids": set.ids,
                "clusters": set.clusters,
                "origins": if known { json!(set.origins) } else { Value::Null },
                "texts": set.texts,
                "labels": set.labels,
            })
        });
        sets.collect()
    }
}

fn find(sets: &[ItemSet], task: Task, answers: &[Prediction]) -> Option<usize> {
    let same = |set: &ItemSet| {
        let ids = set.ids.iter().zip(answers);
        set.task == task
            && set.ids.len() == answers.len()
            && ids.into_iter().all(|(id, answer)| *id == answer.item_id)
    };
    sets.iter().position(same)
}

impl ItemSet {
    fn new(task: Task, answers: &[Prediction]) -> Self {
        let clusters = answers.iter().map(|it| it.cluster_id.clone());
        Self {
            task,
            ids: answers.iter().map(|it| it.item_id.clone()).collect(),
            clusters: clusters.collect(),
            origins: vec![None; answers.len()],
            texts: Map::new(),
            labels: Map::new(),
            unknown: 0,
        }
    }

    /// Adds texts, labels and origins of every language that somebody answered in.
    fn describe(&mut self, sources: &Sources, languages: &[&str]) {
        let mut unknown = vec![false; self.ids.len()];
        for code in languages {
            let Ok(language) = LanguageCode::try_from((*code).to_owned()) else {
                continue;
            };
            let collections = sources.answers.iter().map(|it| &it.collection);
            let found = collections.flat_map(|it| it.iter()).find(|(key, answers)| {
                let one = std::slice::from_ref(self);
                key.language == language && find(one, key.task, answers) == Some(0)
            });
            let Some((_, answers)) = found else {
                continue;
            };
            let mut texts = Vec::with_capacity(answers.len());
            for (item, answer) in answers.iter().enumerate() {
                let text = sources.questions.asked(self.task, &language, answer);
                unknown[item] |= text.is_none();
                if let Some(origin) = text.and_then(|it| it.origin.as_ref()) {
                    self.origins[item].get_or_insert_with(|| origin.clone());
                }
                texts.push(text.map(|it| {
                    let mut text = json!({ "question": it.question, "choices": it.choices });
                    for (key, value) in [("premise", &it.premise), ("relation", &it.relation)] {
                        if let Some(value) = value {
                            text[key] = json!(value);
                        }
                    }
                    text
                }));
            }
            let labels: Vec<u8> = answers.iter().map(|it| it.label).collect();
            self.texts.insert((*code).to_owned(), json!(texts));
            self.labels.insert((*code).to_owned(), json!(labels));
        }
        // Names of languages say more than their codes.
        for origin in self.origins.iter_mut().flatten() {
            *origin = sources.language(origin).english.to_owned();
        }
        self.unknown = unknown.into_iter().filter(|it| *it).count();
    }
}
