use super::{Control, FictionalConfig, Names};
use crate::draw;
use clika_core::{LanguageCode, Year};
use std::collections::BTreeSet;

/// Which coined place lies where and when it was founded.
#[derive(Clone, Debug, PartialEq)]
pub struct World {
    /// What everything is called.
    pub names: Names,
    /// The continent of each place.
    pub continents: Vec<usize>,
    /// The year each place was founded in.
    pub founded: Vec<Year>,
    seed: u64,
    taught_places: usize,
}

impl World {
    /// Draws the facts of a world. Names and facts do not depend on the languages that are looked at.
    pub fn draw(names: Names, config: &FictionalConfig, seed: u64) -> Self {
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

    /// The place whose facts a test takes for a place: itself, but another one of those that the test is
    /// about where a control shuffles them.
    pub(crate) fn tested_as(
        &self,
        target: &LanguageCode,
        tested: &[usize],
        control: Control,
    ) -> Vec<usize> {
        if control == Control::RandomLabel {
            let purpose = ["fictional", "random-label", target.as_str()];
            draw::shuffle(tested.to_vec(), self.seed, &purpose)
        } else {
            tested.to_vec()
        }
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
        choices.insert(position.min(choices.len()), right);
        choices
    }

    /// Where the right choice stands for each place: every position equally often.
    pub(crate) fn positions(&self, choices: usize) -> Vec<usize> {
        let purpose = ["fictional", "positions"];
        draw::balanced(self.continents.len(), choices, self.seed, &purpose)
    }
}
