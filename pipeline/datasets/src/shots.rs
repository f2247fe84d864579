//! Few-shot: answered items of a dataset that are shown before each item that is asked.

use crate::{DatasetError, LanguageItems, Question, draw::generator};
use clika_base::templates::{AnswerForm, PromptTemplate, TemplateError};
use clika_base::types::LanguageCode;
use rand::Rng;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// How many answered items are shown, and the seed that draws them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Shots {
    /// How many.
    pub count: usize,
    /// The seed.
    pub seed: u64,
}

/// Which items of a dataset are shown and which are therefore not asked: the same in every language.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ShotPlan {
    /// The ids of the exemplars, in the order shown.
    pub ids: Vec<String>,
    /// The ids of items that are asked without exemplars, and are not with them: exemplars, and items that share a cluster
    /// with one.
    pub set_aside: Vec<String>,
    /// Clusters that exemplars share with asked items, because nothing would be left to ask otherwise.
    pub shared_clusters: Vec<String>,
}

impl Shots {
    /// Draws exemplars from the items of a dataset of which the first `limit` are asked; `None` asks all.
    ///
    /// They are drawn from what is not asked, of clusters that are not asked. Where there are too few of these, they are
    /// drawn from everything, and are set aside with the asked items of their clusters; only where these would be all, the
    /// exemplars alone are. They are of different clusters, and their right choices stand at different places, as far as
    /// that is possible. An item with a fault in any language is not shown.
    ///
    /// # Errors
    /// Fewer items than are to be shown, or none left to ask.
    pub fn plan<'a>(
        self,
        dataset: &str,
        languages: &'a BTreeMap<LanguageCode, LanguageItems>,
        limit: Option<u32>,
    ) -> Result<ShotPlan, DatasetError> {
        // Every language has the same items, clusters and right choices in the same order.
        let items = languages.values().next();
        let items = items.map_or(&[][..], |items| &items.questions);
        let faulty: BTreeSet<&String> = languages.values().flat_map(|it| &it.listed).collect();
        let (asked, rest) = items.split_at(limit.map_or(items.len(), |limit| {
            items
                .len()
                .min(usize::try_from(limit).unwrap_or(usize::MAX))
        }));
        let usable = |items: &'a [Question]| -> Vec<&'a Question> {
            let usable = items.iter().filter(|item| !faulty.contains(&item.id));
            usable.collect()
        };
        let (of_asked, of_rest) = (usable(asked), usable(rest));
        // One item is left to ask.
        let most = of_rest.len() + of_asked.len().min(asked.len().saturating_sub(1));
        if self.count > most {
            return Err(DatasetError::TooManyShots {
                dataset: dataset.to_owned(),
                count: self.count,
                most,
                items: items.len(),
            });
        }
        let asked_clusters = clusters(asked);
        let apart = |item: &&Question| !asked_clusters.contains(item.cluster_id.as_str());
        let outside: Vec<&Question> = of_rest.iter().copied().filter(apart).collect();
        if outside.len() >= self.count {
            return Ok(plan(&self.draw(self.count, dataset, outside), &[], &[]));
        }
        let drawn = self.draw(self.count, dataset, usable(items));
        let drawn_clusters = clusters(drawn.iter().copied());
        let together = |item: &&Question| drawn_clusters.contains(item.cluster_id.as_str());
        let set_aside: Vec<&Question> = asked.iter().filter(together).collect();
        if set_aside.len() < asked.len() {
            return Ok(plan(&drawn, &set_aside, &[]));
        }
        // Whole clusters would leave nothing.
        let from_rest = self.count.min(of_rest.len());
        let mut drawn = self.draw(from_rest, dataset, of_rest);
        let set_aside = self.draw(self.count - from_rest, dataset, of_asked);
        drawn.extend(&set_aside);
        let left = clusters(asked.iter().filter(|item| !set_aside.contains(item)));
        let drawn_clusters = clusters(drawn.iter().copied());
        let shared: Vec<&str> = left.intersection(&drawn_clusters).copied().collect();
        Ok(plan(&drawn, &set_aside, &shared))
    }

    /// Draws from `pool`. Each item has a drawn number of its own, so that one more item leaves all others where they were.
    fn draw<'a>(self, count: usize, dataset: &str, pool: Vec<&'a Question>) -> Vec<&'a Question> {
        let number = |item: &Question| -> u64 {
            generator(self.seed, &["shots", dataset, &item.id]).random()
        };
        let mut pool: Vec<(u64, &Question)> =
            pool.into_iter().map(|item| (number(item), item)).collect();
        let mut drawn: Vec<&Question> = Vec::with_capacity(count);
        while drawn.len() < count {
            let alike = |of: &dyn Fn(&Question) -> bool| drawn.iter().filter(|it| of(it)).count();
            let best = pool.iter().enumerate().min_by_key(|(_, (number, item))| {
                let in_cluster = alike(&|other| other.cluster_id == item.cluster_id);
                let at_place = alike(&|other| other.label == item.label);
                (in_cluster, at_place, *number)
            });
            let Some((best, _)) = best else {
                break;
            };
            drawn.push(pool.swap_remove(best).1);
        }
        drawn
    }
}

impl ShotPlan {
    /// Whether an item is asked although exemplars are shown.
    pub fn asks(&self, id: &str) -> bool {
        !self.set_aside.iter().any(|it| it == id)
    }

    /// The exemplars in the words of one language, one after another: they stand in the place of the prompt's own example.
    ///
    /// # Errors
    /// A prompt that does not say how an answered item is written.
    pub fn text(
        &self,
        questions: &[Question],
        prompt: &PromptTemplate,
        form: AnswerForm,
    ) -> Result<String, TemplateError> {
        let mut text = String::new();
        for id in &self.ids {
            for question in questions.iter().filter(|question| question.id == *id) {
                text += &question.answered(prompt, form)?;
            }
        }
        Ok(text)
    }
}

fn plan(drawn: &[&Question], set_aside: &[&Question], shared_clusters: &[&str]) -> ShotPlan {
    let ids = |items: &[&Question]| items.iter().map(|item| item.id.clone()).collect();
    ShotPlan {
        ids: ids(drawn),
        set_aside: ids(set_aside),
        shared_clusters: shared_clusters.iter().map(|&it| it.to_owned()).collect(),
    }
}

fn clusters<'a>(items: impl IntoIterator<Item = &'a Question>) -> BTreeSet<&'a str> {
    let clusters = items.into_iter().map(|item| item.cluster_id.as_str());
    clusters.collect()
}

#[cfg(test)]
mod tests;
