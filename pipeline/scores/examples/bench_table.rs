//! Times 10,000 resamples of a table: `cargo run --release -p clika-scores --example bench_table`.
//!
//! Four tasks in ten languages: xGeo (200 items) and xPeo (180) in clusters of two, xCSQA (1,000) and xCOPA (500)
//! of independent items. 60 shares: accuracy of the four tasks (40), en-CO of xGeo and xPeo (20). The English
//! en-CO is 1 by definition and costs the same.

use clika_scores::metrics::{
    Answer, JudgedAnswer, PairedItems, Resampler, Share, accuracy_share, bca, en_co_share,
};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::{error::Error, time::Instant};

const RESAMPLES: usize = 10_000;
const LANGUAGES: usize = 10;
/// Items, items a cluster, choices, and whether en-CO is asked.
const TASKS: [(usize, usize, u8, bool); 4] = [
    (200, 2, 4, true),
    (180, 2, 4, true),
    (1000, 1, 5, false),
    (500, 1, 2, false),
];

fn main() -> Result<(), Box<dyn Error>> {
    let mut generator = ChaCha8Rng::seed_from_u64(1);
    let mut shares: Vec<Share> = Vec::new();
    let mut clusters: Vec<Vec<usize>> = Vec::new();
    let mut start = 0;
    for (items, size, choices, with_en_co) in TASKS {
        let mut answers = |right: &[u8]| -> Vec<JudgedAnswer> {
            right
                .iter()
                .map(|&right| {
                    let drawn = generator.random_range(0..2 * choices);
                    let answer = Answer::Choice(if drawn < choices { drawn } else { right });
                    JudgedAnswer { answer, right }
                })
                .collect()
        };
        let right: Vec<u8> = (0..items)
            .map(|item| (item % usize::from(choices)) as u8)
            .collect();
        let languages: Vec<Vec<JudgedAnswer>> = (0..LANGUAGES).map(|_| answers(&right)).collect();
        for language in &languages {
            shares.push(accuracy_share(language).starting_at(start));
            if with_en_co {
                let pair = PairedItems::new(languages[0].as_slice(), language)?;
                shares.push(en_co_share(pair).starting_at(start));
            }
        }
        clusters.push((0..items).map(|item| item / size).collect());
        start += items;
    }
    let tasks: Vec<&[usize]> = clusters.iter().map(Vec::as_slice).collect();
    let resampler = Resampler::stratified(&tasks, 1, RESAMPLES);
    let statistics = |counts: &[u32]| -> Vec<Option<f64>> {
        shares.iter().map(|share| share.weighted(counts)).collect()
    };

    let started = Instant::now();
    let distributions = resampler.distributions(statistics);
    let resampled = started.elapsed();
    let jackknives = resampler.jackknives(statistics);
    let intervals = shares.iter().zip(&distributions).zip(&jackknives);
    let defined = intervals
        .filter_map(|((share, distribution), jackknife)| {
            bca(distribution, share.value()?, jackknife, 0.95)
        })
        .count();
    println!(
        "{} shares, {} items, {RESAMPLES} resamples: {:.2} s; with jackknife and {defined} BCa intervals: {:.2} s",
        shares.len(),
        resampler.items(),
        resampled.as_secs_f64(),
        started.elapsed().as_secs_f64(),
    );
    Ok(())
}
