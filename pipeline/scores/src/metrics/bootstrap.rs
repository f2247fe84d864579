use crate::metrics::{Distribution, Jackknife, Share};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use std::collections::BTreeMap;

/// Draws the resamples of a clustered bootstrap (Davison and Hinkley, 1997, §3.8).
///
/// Items of one cluster are not independent (two questions about one person), so a resample draws whole clusters
/// with replacement, as many as there are. Several tasks in one table are strata: each draws from its own
/// clusters. A resample is given to the statistics as the number of times each item counts.
///
/// Resample `r` depends on the seed, on `r` and on the clusters in their order, and on nothing else: not on the
/// number of threads, the order of the items, or the other strata that follow.
#[derive(Clone, Debug)]
pub struct Resampler {
    /// The items of each cluster, by stratum.
    strata: Vec<Vec<Vec<u32>>>,
    items: usize,
    seed: u64,
    resamples: usize,
}

impl Resampler {
    /// A resampler for one task, given the cluster of each item.
    pub fn new<C: Ord>(clusters: &[C], seed: u64, resamples: usize) -> Self {
        Self::stratified(&[clusters], seed, resamples)
    }

    /// A resampler for several tasks, given the cluster of each item of each task.
    ///
    /// The items of the table are those of the first task, then those of the second and so on. Equal names in two
    /// tasks are two clusters.
    pub fn stratified<C: Ord>(tasks: &[&[C]], seed: u64, resamples: usize) -> Self {
        let mut items = 0;
        let strata = tasks
            .iter()
            .map(|clusters| {
                let mut members: BTreeMap<&C, Vec<u32>> = BTreeMap::new();
                for (item, cluster) in (items..).zip(*clusters) {
                    members.entry(cluster).or_default().push(item);
                }
                items += clusters.len() as u32;
                members.into_values().collect()
            })
            .collect();
        Self {
            strata,
            items: items as usize,
            seed,
            resamples,
        }
    }

    /// The number of items of the table.
    pub fn items(&self) -> usize {
        self.items
    }

    /// The counts of the data themselves: every item once. The statistics of these are the estimates.
    pub fn original(&self) -> Vec<u32> {
        vec![1; self.items]
    }

    /// The clusters that a share has items of: their number in the table, the items that count, and all of its items.
    pub(crate) fn totals(&self, share: &Share) -> Vec<(u32, f64, f64)> {
        let clusters = (0..).zip(self.strata.iter().flatten());
        let totals = clusters.map(|(cluster, items)| {
            let items = items.iter().filter_map(|&item| share.item(item as usize));
            let (mut upper, mut lower) = (0.0, 0.0);
            for counts in items {
                upper += f64::from(u8::from(counts));
                lower += 1.0;
            }
            (cluster, upper, lower)
        });
        totals.filter(|(_, _, items)| *items > 0.0).collect()
    }

    /// The distribution of one statistic of the counts.
    pub fn distribution(&self, statistic: impl Fn(&[u32]) -> Option<f64> + Sync) -> Distribution {
        Distribution::new(
            (0..self.resamples)
                .into_par_iter()
                .map_init(
                    || vec![0; self.items],
                    |counts, resample| {
                        self.draw(resample, counts);
                        statistic(counts)
                    },
                )
                .collect(),
        )
    }

    /// The distributions of many statistics over the same resamples.
    ///
    /// # Panics
    /// When the number of statistics differs from call to call.
    pub fn distributions(
        &self,
        statistics: impl Fn(&[u32]) -> Vec<Option<f64>> + Sync,
    ) -> Vec<Distribution> {
        self.distributions_watched(statistics, |_| {})
    }

    /// [`Resampler::distributions`], which tells `watch` now and then how many more resamples are drawn.
    ///
    /// # Panics
    /// When the number of statistics differs from call to call.
    pub fn distributions_watched(
        &self,
        statistics: impl Fn(&[u32]) -> Vec<Option<f64>> + Sync,
        mut watch: impl FnMut(usize),
    ) -> Vec<Distribution> {
        /// Enough that threads seldom wait for each other.
        const PART: usize = 250;
        let width = statistics(&self.original()).len();
        let mut rows: Vec<Vec<Option<f64>>> = Vec::with_capacity(self.resamples);
        while rows.len() < self.resamples {
            let part = rows.len()..self.resamples.min(rows.len() + PART);
            let drawn = part.len();
            rows.par_extend(part.into_par_iter().map_init(
                || vec![0; self.items],
                |counts, resample| {
                    self.draw(resample, counts);
                    statistics(counts)
                },
            ));
            watch(drawn);
        }
        let columns: Vec<Vec<Option<f64>>> = columns(width, &rows).collect();
        columns.into_par_iter().map(Distribution::new).collect()
    }

    /// The values of many statistics when each cluster in turn is left out, for [`bca`](crate::metrics::bca).
    ///
    /// # Panics
    /// When the number of statistics differs from call to call.
    pub fn jackknives(
        &self,
        statistics: impl Fn(&[u32]) -> Vec<Option<f64>> + Sync,
    ) -> Vec<Jackknife> {
        let width = statistics(&self.original()).len();
        let mut strata = vec![Vec::with_capacity(self.strata.len()); width];
        for clusters in &self.strata {
            let rows: Vec<_> = clusters
                .par_iter()
                .map_init(
                    || self.original(),
                    |counts, left_out| {
                        set(counts, left_out, 0);
                        let values = statistics(counts);
                        set(counts, left_out, 1);
                        values
                    },
                )
                .collect();
            for (statistic, column) in strata.iter_mut().zip(columns(width, &rows)) {
                statistic.push(column);
            }
        }
        strata.into_iter().map(Jackknife::new).collect()
    }

    /// Writes how often each item counts in a resample.
    fn draw(&self, resample: usize, counts: &mut [u32]) {
        counts.fill(0);
        for (stratum, clusters) in self.strata.iter().enumerate() {
            let mut generator = ChaCha8Rng::seed_from_u64(self.seed);
            generator.set_stream((stratum as u64) << 32 | resample as u64);
            for _ in 0..clusters.len() {
                // The range is of `u32`, so that the draw is the same where `usize` is narrower.
                let drawn = generator.random_range(0..clusters.len() as u32);
                for &item in &clusters[drawn as usize] {
                    counts[item as usize] += 1;
                }
            }
        }
    }
}

fn set(counts: &mut [u32], items: &[u32], count: u32) {
    for &item in items {
        counts[item as usize] = count;
    }
}

fn columns(width: usize, rows: &[Vec<Option<f64>>]) -> impl Iterator<Item = Vec<Option<f64>>> {
    assert!(
        rows.iter().all(|row| row.len() == width),
        "the number of statistics changes with the counts"
    );
    (0..width).map(|column| rows.iter().map(|row| row[column]).collect())
}
