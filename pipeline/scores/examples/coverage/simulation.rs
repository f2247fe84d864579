//! Samples of known truth, and how often intervals cover it.

use clika_scores::metrics::*;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

/// The confidence that intervals claim.
pub const LEVEL: f64 = 0.95;
/// What no interval may cover less than.
pub const LEAST: f64 = 0.9;
/// RA's chance and reference accuracy: xGeo's.
const RA: (f64, f64) = (0.25, 0.97);
/// Options of an item whose letters are preferred.
const PLACES: usize = 4;
/// XRR's chance: one of twenty continents.
const CHANCE: f64 = 0.05;

/// What an interval is made for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Score {
    /// A share of this size.
    Share(f64),
    /// The accuracies of two models on the same items: shares that only the one has right, and only the other.
    Difference(f64, f64),
    /// XRR with its floor: the share right in the source language, and of it in the target language.
    Xrr(f64, f64),
    /// XRR on the scale from chance to 1.
    XrrCorrected(f64, f64),
    /// The mean RA of nine languages, of the accuracies from the first to the second in equal steps.
    RaMean(f64, f64),
    /// RA of a language over that of English.
    RaRatio(f64, f64),
    /// RA of a model less that of another one, on two languages each.
    RaChange(f64, f64),
    /// en-CO corrected for independent answers: accuracies in the language and in English, which are independent.
    EnCoCorrected(f64, f64),
    /// en-CO beyond letters, of four options whose right ones stand at each place equally often: how often either language
    /// answers A to whatever it does not know, and the accuracy among the other answers. The languages are independent.
    EnCoBeyondLetters(f64, f64),
}

/// Items in clusters, with the correlation of two items of a cluster.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Clustering {
    /// Items of a cluster, by turns.
    pub sizes: &'static [usize],
    /// The correlation of two items of a cluster.
    pub correlation: f64,
}

/// Items that have nothing to do with each other.
pub const INDEPENDENT: Clustering = Clustering {
    sizes: &[1],
    correlation: 0.0,
};

/// A setting whose coverage is asked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cell {
    /// What for.
    pub score: Score,
    /// Items.
    pub n: usize,
    /// How they hang together.
    pub clustering: Clustering,
}

/// What a kind of interval did in a cell.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Coverage {
    /// Samples.
    pub samples: usize,
    /// Samples for which there is an interval.
    pub defined: usize,
    /// Those of them whose interval does not hold the truth.
    pub missing: usize,
    /// The sum of the intervals' widths.
    pub width: f64,
}

impl Coverage {
    /// The share of the samples whose interval does not miss the truth; where there is no interval, none does.
    pub fn share(&self) -> f64 {
        1.0 - self.missing as f64 / self.samples as f64
    }

    /// The mean width.
    pub fn mean_width(&self) -> Option<f64> {
        (self.defined > 0).then(|| self.width / self.defined as f64)
    }

    fn of(interval: Option<(f64, f64)>, truth: f64) -> Self {
        // The truth is a number by another way, and may differ in its last bits.
        const ROUNDING: f64 = 1e-9;
        let (defined, missing, width) = interval.map_or((0, false, 0.0), |(low, high)| {
            let holds = low - ROUNDING <= truth && truth <= high + ROUNDING;
            (1, !holds, high - low)
        });
        Self {
            samples: 1,
            defined,
            missing: usize::from(missing),
            width,
        }
    }

    fn add(&mut self, other: &Self) {
        self.samples += other.samples;
        self.defined += other.defined;
        self.missing += other.missing;
        self.width += other.width;
    }
}

/// The kinds: as they are printed, with either bootstrap, and the two bootstraps alone, as they were printed before.
pub const KINDS: [&str; 4] = [
    "printed",
    "printed, `--interval bca`",
    "percentile alone",
    "BCa alone",
];

/// The kinds of [`KINDS`] that the program prints.
pub const PRINTED: usize = 2;

struct Sample {
    clusters: Vec<usize>,
    shares: Vec<Share>,
}

/// The accuracies by place, of shares that are three for each place after the first three.
fn places(shares: &[Option<f64>]) -> impl Iterator<Item = PlaceAccuracy> {
    shares[3..].chunks(3).filter_map(|place| {
        Some(PlaceAccuracy {
            items: place[0]?,
            here: place[1]?,
            english: place[2]?,
        })
    })
}

impl Score {
    /// The score as it is computed of the data and of resamples.
    fn statistic(self, shares: &[Option<f64>]) -> Option<f64> {
        if let Self::EnCoCorrected(..) = self {
            return chance_corrected(shares[1]?, shares[3]?);
        }
        if let Self::EnCoBeyondLetters(..) = self {
            return beyond_letters(shares[1]?, places(shares));
        }
        let shares: Option<Vec<f64>> = shares.iter().copied().collect();
        self.value(&shares?, Floors::Kept)
    }

    /// The score of the shares whose intervals make its own.
    fn value(self, shares: &[f64], floors: Floors) -> Option<f64> {
        let (random, reference) = RA;
        let ra = |accuracy: f64| match floors {
            Floors::Kept => rescaled_accuracy(accuracy, random, reference),
            Floors::Removed => Some((accuracy - random) / (reference - random)),
        };
        match self {
            Self::Share(_) => Some(shares[0]),
            Self::Difference(..) => Some(shares[0] - shares[1]),
            Self::Xrr(..) => Some(match floors {
                Floors::Kept => xrr(shares[0], CHANCE),
                Floors::Removed => xrr_unfloored(shares[0], CHANCE),
            }),
            Self::XrrCorrected(..) => chance_corrected(shares[0], CHANCE),
            Self::RaMean(..) => {
                let all: Option<Vec<f64>> = shares.iter().map(|&it| ra(it)).collect();
                all.map(|all| all.iter().sum::<f64>() / all.len() as f64)
            }
            Self::RaRatio(..) => {
                let below = ra(shares[1])?;
                (below != 0.0).then_some(ra(shares[0])? / below)
            }
            Self::RaChange(..) => {
                Some((ra(shares[0])? + ra(shares[1])? - ra(shares[2])? - ra(shares[3])?) / 2.0)
            }
            Self::EnCoCorrected(..) => beyond_independence(shares[0], shares[1], shares[2]),
            // Languages that are independent among the items of a place have no en-CO beyond letters.
            Self::EnCoBeyondLetters(..) => Some(0.0),
        }
    }

    /// The shares in the population.
    fn population(self) -> Vec<f64> {
        match self {
            Self::Share(share) => vec![share],
            Self::Difference(a, b) | Self::RaRatio(a, b) => vec![a, b],
            Self::Xrr(_, ratio) | Self::XrrCorrected(_, ratio) => vec![ratio],
            Self::RaMean(from, to) => {
                let step = |language: u8| from + (to - from) * f64::from(language) / 8.0;
                (0..9).map(step).collect()
            }
            Self::RaChange(a, b) => vec![a, a, b, b],
            Self::EnCoCorrected(accuracy, english) => vec![accuracy, english, english],
            // Accuracy, en-CO and the share right in English elsewhere; their values are not asked for.
            Self::EnCoBeyondLetters(..) => vec![0.5; 3],
        }
    }
}

impl Cell {
    /// The score in the population.
    fn truth(&self) -> Option<f64> {
        self.score.value(&self.score.population(), Floors::Kept)
    }

    /// The coverage of each kind over so many samples.
    pub fn run(&self, samples: usize, resamples: usize) -> [Coverage; 4] {
        let truth = self.truth();
        let one = |sample: usize| {
            let mut generator = ChaCha8Rng::seed_from_u64(1);
            generator.set_stream(sample as u64);
            self.intervals(&mut generator, resamples, sample as u64)
                .map(|interval| {
                    truth.map_or_else(Coverage::default, |truth| Coverage::of(interval, truth))
                })
        };
        let add = |mut sums: [Coverage; 4], one: [Coverage; 4]| {
            for (sum, one) in sums.iter_mut().zip(&one) {
                sum.add(one);
            }
            sums
        };
        let samples = (0..samples).into_par_iter().map(one);
        samples.reduce(|| [Coverage::default(); 4], add)
    }

    /// The interval of each kind for a sample.
    fn intervals(
        &self,
        generator: &mut ChaCha8Rng,
        resamples: usize,
        seed: u64,
    ) -> [Option<(f64, f64)>; 4] {
        let Sample { clusters, shares } = self.sample(generator);
        let table = Resampler::new(&clusters, seed, resamples);
        let statistic = |counts: &[u32]| {
            let values: Vec<Option<f64>> = shares.iter().map(|it| it.weighted(counts)).collect();
            self.score.statistic(&values)
        };
        let Some(estimate) = statistic(&table.original()) else {
            return [None; 4];
        };
        let distribution = table.distribution(statistic);
        let jackknife = &table.jackknives(|counts| vec![statistic(counts)])[0];
        let alone = [
            (IntervalMethod::Percentile, percentile(&distribution, LEVEL)),
            (
                IntervalMethod::Bca,
                bca(&distribution, estimate, jackknife, LEVEL),
            ),
        ]
        .map(|(method, interval)| {
            interval.map(|Interval { low, high, .. }| ScoreInterval { low, high, method })
        });
        let made_of = &shares[..self.score.population().len()];
        let clustered: Option<Vec<ClusteredShare>> = made_of
            .iter()
            .map(|share| ClusteredShare::new(share, &table, LEVEL))
            .collect();
        let printed = alone.map(|alone| {
            let clustered: Vec<&ClusteredShare> = clustered.as_ref()?.iter().collect();
            match self.score {
                Score::Difference(..) => difference_interval(clustered[0], clustered[1], || alone),
                Score::EnCoBeyondLetters(..) => {
                    let values: Vec<Option<f64>> = shares.iter().map(Share::value).collect();
                    let parts = [clustered[0], clustered[1], clustered[2]];
                    beyond_letters_interval(parts, places(&values), || alone)
                }
                score => score_interval(&clustered, |it, floors| score.value(it, floors), || alone),
            }
        });
        [printed[0], printed[1], alone[0], alone[1]]
            .map(|interval| interval.map(|it| (it.low, it.high)))
    }

    /// A sample of the population.
    fn sample(&self, generator: &mut ChaCha8Rng) -> Sample {
        let sizes = self.clustering.sizes.iter().cycle().enumerate();
        let clusters = sizes.flat_map(|(cluster, &size)| std::iter::repeat_n(cluster, size));
        let clusters: Vec<usize> = clusters.take(self.n).collect();
        let mut rows = Vec::with_capacity(self.n);
        for items in clusters.chunk_by(|a, b| a == b) {
            let common = generator.random::<f64>();
            rows.extend(items.iter().map(|_| self.row(common, generator)));
        }
        let width = rows.first().map_or(0, Vec::len);
        let shares = (0..width).map(|share| rows.iter().map(|row| row[share]).collect());
        Sample {
            clusters,
            shares: shares.collect(),
        }
    }

    /// What an item is to each share: one number decides, that of its cluster or its own.
    fn row(&self, common: f64, generator: &mut ChaCha8Rng) -> Vec<Option<bool>> {
        // Two items that both take their cluster's number are alike: the correlation is the square.
        let own = generator.random::<f64>();
        let takes = |correlation: f64, generator: &mut ChaCha8Rng| {
            generator.random::<f64>() < f64::sqrt(correlation)
        };
        let item = if takes(self.clustering.correlation, generator) {
            common
        } else {
            own
        };
        /// The correlation of two languages on an item.
        const LANGUAGES: f64 = 0.3;
        let mut in_a_language = |right: f64| {
            let own = generator.random::<f64>();
            let number = if takes(LANGUAGES, generator) {
                item
            } else {
                own
            };
            number < right
        };
        match self.score {
            Score::Share(right) => vec![Some(item < right)],
            Score::Difference(a, b) => vec![Some(item < a), Some(item >= 1.0 - b)],
            Score::Xrr(source, ratio) | Score::XrrCorrected(source, ratio) => {
                let known = generator.random::<f64>() < source;
                vec![known.then_some(item < ratio)]
            }
            Score::RaMean(..) | Score::RaRatio(..) | Score::RaChange(..) => {
                let languages = self.score.population();
                languages
                    .into_iter()
                    .map(|right| Some(in_a_language(right)))
                    .collect()
            }
            Score::EnCoCorrected(right, english) => {
                let (here, there) = (item < right, generator.random::<f64>() < english);
                let elsewhere = (!here).then_some(there);
                vec![Some(here), here.then_some(there), elsewhere, Some(there)]
            }
            Score::EnCoBeyondLetters(prefers, right) => {
                let place = generator.random_range(0..PLACES);
                // The item's number decides what the language knows; a right option at A is also found by preference.
                let rate = if place == 0 {
                    prefers + (1.0 - prefers) * right
                } else {
                    (1.0 - prefers) * right
                };
                let (here, there) = (item < rate, generator.random::<f64>() < rate);
                let mut row = vec![Some(here), here.then_some(there), (!here).then_some(there)];
                for each in 0..PLACES {
                    let at = place == each;
                    row.extend([Some(at), at.then_some(here), at.then_some(there)]);
                }
                row
            }
        }
    }
}
