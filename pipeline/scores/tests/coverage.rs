//! A part of `make coverage`: a handful of cells and fewer samples.

#[allow(dead_code)] // `make coverage` asks for the others.
#[path = "../examples/coverage/simulation.rs"]
mod simulation;

use simulation::{Cell, Clustering, Coverage, INDEPENDENT, KINDS, LEAST, PRINTED, Score};

const SAMPLES: usize = 300;
const RESAMPLES: usize = 100;

fn run(score: Score, n: usize, clustering: Clustering) -> [Coverage; 4] {
    let cell = Cell {
        score,
        n,
        clustering,
    };
    cell.run(SAMPLES, RESAMPLES)
}

#[test]
fn no_printed_interval_covers_far_less_than_it_claims() {
    // Three standard errors of a coverage of .9 from 300 samples, √(.9 · .1 / 300) = .0173.
    let tolerance = 3.0 * (LEAST * (1.0 - LEAST) / SAMPLES as f64).sqrt();
    let pairs = Clustering {
        sizes: &[2],
        correlation: 0.8,
    };
    for (score, n, clustering) in [
        (Score::Share(0.02), 20, INDEPENDENT),
        (Score::Share(0.5), 60, INDEPENDENT),
        (Score::Share(0.95), 60, pairs),
        (Score::Share(1.0), 20, pairs),
        (Score::Difference(0.05, 0.0), 60, INDEPENDENT),
        (Score::XrrCorrected(0.9, 0.95), 20, INDEPENDENT),
        (Score::RaMean(0.25, 0.25), 60, INDEPENDENT),
        (Score::RaRatio(0.9, 0.9), 20, INDEPENDENT),
        (Score::EnCoCorrected(0.9, 0.9), 60, INDEPENDENT),
        (Score::EnCoBeyondLetters(0.5, 0.5), 200, INDEPENDENT),
    ] {
        let found = run(score, n, clustering);
        for (coverage, kind) in found.iter().zip(KINDS).take(PRINTED) {
            let share = coverage.share();
            assert!(
                share >= LEAST - tolerance,
                "{score:?}, {n} items, {kind}: {share}"
            );
        }
    }
}

#[test]
fn the_simulation_sees_what_a_bootstrap_alone_misses() {
    // All of 20 items are right with probability .98²⁰ = .67, and then no resample holds a wrong one.
    let found = run(Score::Share(0.98), 20, INDEPENDENT);
    for alone in &found[PRINTED..] {
        assert!(alone.share() < 0.5, "{found:?}");
    }
    // What it costs.
    assert!(found[0].mean_width() > found[2].mean_width());
}
