use super::{Control, FictionalConfig, WorldLanguages, WorldNames};
use crate::{DatasetError, draw};
use clika_base::types::{LanguageCode, Year};
use std::collections::{BTreeMap, BTreeSet};

/// Which coined place lies where and when it was founded.
#[derive(Clone, Debug, PartialEq)]
pub struct World {
    /// What everything is called.
    pub names: WorldNames,
    /// The continent of each place.
    pub continents: Vec<usize>,
    /// The year each place was founded in.
    pub founded: Vec<Year>,
    seed: u64,
    taught_places: usize,
}

impl World {
    /// The world of a configuration: cognates get the names that they are to have, and every language has to tell its
    /// names apart.
    pub fn new(
        mut names: WorldNames,
        languages: &WorldLanguages,
        config: &FictionalConfig,
        seed: u64,
    ) -> Result<Self, DatasetError> {
        if config.control == Control::Cognate {
            for target in &languages.targets {
                names.lend(&languages.source.code, &target.code);
            }
        }
        for language in languages.targets.iter().chain([&languages.source]) {
            names.check(language)?;
        }
        Ok(Self::draw(names, config, seed))
    }

    /// Draws the facts of a world. Names and facts do not depend on the languages that are looked at.
    pub fn draw(names: WorldNames, config: &FictionalConfig, seed: u64) -> Self {
        let (places, purpose) = (config.places, ["fictional", "continents"]);
        let years = (config.first_year..=config.last_year).collect();
        let years: Vec<i32> = draw::shuffle(years, seed, &["fictional", "years"]);
        Self {
            names,
            continents: draw::balanced(places, config.continents, seed, &purpose),
            founded: (0..places)
                .map(|place| Year::from_astronomical(years[place % years.len()]))
                .collect(),
            seed,
            taught_places: config.taught_places,
        }
    }

    /// The places that are taught in a target language too, the paper's type 0: equally many of each
    /// continent, as far as that comes out even.
    pub fn taught(&self, target: &LanguageCode) -> BTreeSet<usize> {
        let purpose = ["fictional", "taught", target.as_str()];
        let order = draw::shuffle((0..self.continents.len()).collect(), self.seed, &purpose);
        let mut ranked = vec![0; self.names.continents.len()];
        let mut by_rank: Vec<(usize, usize, usize)> = order
            .into_iter()
            .enumerate()
            .map(|(position, place)| {
                let rank = &mut ranked[self.continents[place]];
                *rank += 1;
                (*rank, position, place)
            })
            .collect();
        by_rank.sort_unstable();
        by_rank
            .into_iter()
            .take(self.taught_places)
            .map(|(_, _, place)| place)
            .collect()
    }

    /// The place whose facts a test takes for each tested place: itself, but another one where a control
    /// shuffles them.
    ///
    /// Of the shuffled ones as many are right as a guesser has, one in as many as there are continents: who
    /// knows the facts scores at chance, neither above nor below. `agree` says whether two places have the same
    /// answer.
    pub(crate) fn tested_as(
        &self,
        target: &LanguageCode,
        tested: &[usize],
        control: Control,
        agree: impl Fn(usize, usize) -> bool,
    ) -> Vec<usize> {
        if control != Control::RandomLabel {
            return tested.to_vec();
        }
        let purpose = ["fictional", "random-label", target.as_str()];
        let order = draw::shuffle(tested.to_vec(), self.seed, &purpose);
        let kept = tested.len() / self.names.continents.len();
        let (kept, moved) = order.split_at(kept);
        let purpose = ["fictional", "random-label answers", target.as_str()];
        let mut facts = draw::shuffle(moved.to_vec(), self.seed, &purpose);
        for here in 0..moved.len() {
            if agree(moved[here], facts[here]) {
                // Answers change places where neither is right then.
                let other = (0..moved.len()).find(|&there| {
                    !agree(moved[here], facts[there]) && !agree(moved[there], facts[here])
                });
                if let Some(there) = other {
                    facts.swap(here, there);
                }
            }
        }
        let facts: BTreeMap<usize, usize> = moved.iter().copied().zip(facts).collect();
        let fact_of = |place: &usize| match facts.get(place) {
            Some(&fact) => fact,
            None => *place,
        };
        debug_assert!(kept.iter().all(|place| !facts.contains_key(place)));
        tested.iter().map(fact_of).collect()
    }

    /// The choices of a question on a continent, in the order shown: the right one stands at `position`.
    pub(crate) fn continent_choices(
        &self,
        place: usize,
        right: usize,
        position: usize,
    ) -> Vec<usize> {
        let others = (0..self.names.continents.len()).filter(|&other| other != right);
        self.placed(
            others.collect(),
            right,
            position,
            &["continent", &place.to_string()],
        )
    }

    /// The choices of a question on a year: other places' years, as many as there are continents.
    pub(crate) fn year_choices(&self, place: usize, right: Year, position: usize) -> Vec<Year> {
        let all: BTreeSet<Year> = self.founded.iter().copied().collect();
        let purpose = ["fictional", "years of others", &place.to_string()];
        let others = all.into_iter().filter(|&other| other != right).collect();
        let mut others = draw::shuffle(others, self.seed, &purpose);
        others.truncate(self.names.continents.len() - 1);
        self.placed(others, right, position, &["founding", &place.to_string()])
    }

    fn placed<T>(&self, others: Vec<T>, right: T, position: usize, purpose: &[&str]) -> Vec<T> {
        let purpose = [&["fictional", "choices"], purpose].concat();
        let mut choices = draw::shuffle(others, self.seed, &purpose);
        choices.insert(position, right);
        choices
    }

    /// Where the right choice stands for each of `count` questions: every position equally often. `of` names
    /// the questions.
    pub(crate) fn positions(&self, count: usize, of: &[&str]) -> Vec<usize> {
        let purpose = [&["fictional", "positions"], of].concat();
        draw::balanced(count, self.names.continents.len(), self.seed, &purpose)
    }
}
