//! How often the intervals that clika prints hold the truth: `make coverage`.
//!
//! Draws samples from populations of known shares, makes every kind of interval for each, and prints Markdown. Ends with 1
//! if a kind that the program prints holds the truth in less than 90 % of the samples of any cell.
//! A part of a score's name as argument runs that score alone: `make coverage SCORE=letters`.

mod simulation;

use simulation::{Cell, Clustering, Coverage, INDEPENDENT, KINDS, LEAST, LEVEL, PRINTED, Score};
use std::process::ExitCode;

/// Samples of a cell; a coverage of .95 then has a standard error of .007.
const SAMPLES: usize = 1_000;
/// Resamples of a bootstrap. The program draws 10,000, which moves an end by less than the sample does.
const RESAMPLES: usize = 300;
const SIZES: [usize; 3] = [20, 60, 200];
const SHARES: [f64; 13] = [
    0.0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 1.0,
];

const fn clustered(sizes: &'static [usize], correlation: f64) -> Clustering {
    Clustering { sizes, correlation }
}

/// For shares all of them, for other scores the first three.
const CLUSTERINGS: [Clustering; 7] = [
    INDEPENDENT,
    clustered(&[2], 0.8),
    clustered(&[5], 0.3),
    clustered(&[2], 0.3),
    clustered(&[5], 0.8),
    clustered(&[20], 0.3),
    clustered(&[1, 1, 1, 9], 0.8),
];

/// The scores of a kind, and how many of the clusterings it is asked for.
fn kinds() -> Vec<(&'static str, usize, Vec<Score>)> {
    let all = |of: fn(f64, f64) -> Score, pairs: &[(f64, f64)]| -> Vec<Score> {
        pairs.iter().map(|&(a, b)| of(a, b)).collect()
    };
    vec![
        (
            "share",
            CLUSTERINGS.len(),
            SHARES.map(Score::Share).to_vec(),
        ),
        (
            "difference of two models",
            3,
            all(
                Score::Difference,
                &[
                    (0.0, 0.0),
                    (0.01, 0.01),
                    (0.05, 0.05),
                    (0.05, 0.0),
                    (0.1, 0.02),
                    (0.2, 0.0),
                    (0.2, 0.2),
                    (0.3, 0.1),
                    (0.5, 0.5),
                    (0.9, 0.05),
                    (1.0, 0.0),
                ],
            ),
        ),
        (
            "XRR",
            3,
            all(
                Score::Xrr,
                &[
                    (0.5, 0.02),
                    (0.5, 0.05),
                    (0.9, 0.1),
                    (0.9, 0.5),
                    (0.9, 0.95),
                    (1.0, 0.99),
                    (1.0, 1.0),
                ],
            ),
        ),
        (
            "XRR, chance-corrected",
            3,
            all(
                Score::XrrCorrected,
                &[
                    (0.5, 0.0),
                    (0.5, 0.05),
                    (0.9, 0.1),
                    (0.9, 0.5),
                    (0.9, 0.95),
                    (1.0, 0.99),
                    (1.0, 1.0),
                ],
            ),
        ),
        (
            "mean RA of nine languages",
            3,
            all(
                Score::RaMean,
                &[
                    (0.2, 0.2),
                    (0.25, 0.25),
                    (0.1, 0.4),
                    (0.25, 0.5),
                    (0.5, 0.5),
                    (0.8, 1.0),
                    (0.98, 0.98),
                    (1.0, 1.0),
                ],
            ),
        ),
        (
            "RA over that of English",
            3,
            all(
                Score::RaRatio,
                &[
                    (0.25, 0.5),
                    (0.3, 0.9),
                    (0.5, 0.5),
                    (0.7, 0.5),
                    (0.9, 0.9),
                    (0.8, 0.98),
                    (0.98, 0.5),
                    (1.0, 1.0),
                ],
            ),
        ),
        (
            "change of RA",
            3,
            all(
                Score::RaChange,
                &[
                    (0.25, 0.25),
                    (0.5, 0.25),
                    (0.5, 0.5),
                    (0.9, 0.9),
                    (0.98, 0.98),
                    (1.0, 0.9),
                    (1.0, 1.0),
                ],
            ),
        ),
        (
            "en-CO, corrected",
            3,
            all(
                Score::EnCoCorrected,
                &[
                    (0.1, 0.5),
                    (0.3, 0.9),
                    (0.5, 0.5),
                    (0.5, 0.98),
                    (0.9, 0.3),
                    (0.9, 0.9),
                    (0.95, 0.05),
                    (0.98, 0.98),
                ],
            ),
        ),
        (
            "en-CO beyond letters",
            3,
            all(
                Score::EnCoBeyondLetters,
                &[
                    (0.0, 0.5),
                    (0.0, 0.9),
                    (0.5, 0.25),
                    (0.5, 0.5),
                    (0.5, 0.9),
                    (0.8, 0.3),
                ],
            ),
        ),
    ]
}

fn main() -> ExitCode {
    let mut found: Vec<(&str, Cell, [Coverage; 4])> = Vec::new();
    let asked = std::env::args().nth(1).unwrap_or_default();
    for (kind, clusterings, scores) in kinds() {
        if !kind.contains(&asked) {
            continue;
        }
        eprintln!("{kind}");
        for n in SIZES {
            for clustering in &CLUSTERINGS[..clusterings] {
                for &score in &scores {
                    let cell = Cell {
                        score,
                        n,
                        clustering: *clustering,
                    };
                    found.push((kind, cell, cell.run(SAMPLES, RESAMPLES)));
                }
            }
        }
    }
    if found.is_empty() {
        eprintln!("no score is called `{asked}`");
        return ExitCode::FAILURE;
    }
    println!(
        "Nominal {:.0} % intervals: {} cells, {SAMPLES} samples of each, {RESAMPLES} resamples of a sample.\n",
        100.0 * LEVEL,
        found.len()
    );
    summary(&found);
    println!("\n| score | n | clusters | {} |", header("coverage, width"));
    println!("|---|---|---|---|---|---|---|");
    for (_, cell, coverages) in &found {
        let kinds = coverages.map(|it| format!("{:.3}, {}", it.share(), width(&[it])));
        let clusters = clusters(&cell.clustering);
        println!(
            "| {:?} | {} | {clusters} | {} |",
            cell.score,
            cell.n,
            kinds.join(" | ")
        );
    }
    let fails = found
        .iter()
        .filter(|(_, _, coverages)| coverages[..PRINTED].iter().any(|it| it.share() < LEAST));
    match fails.count() {
        0 => ExitCode::SUCCESS,
        fails => {
            eprintln!(
                "{fails} cells are covered in less than {:.0} %",
                100.0 * LEAST
            );
            ExitCode::FAILURE
        }
    }
}

/// The lowest coverage of each score over its shares, by number of items, of independent ones and in clusters.
fn summary(found: &[(&str, Cell, [Coverage; 4])]) {
    println!(
        "| score | items | n | {} |",
        header("lowest coverage, mean width")
    );
    println!("|---|---|---|---|---|---|---|");
    let alone = |cell: &Cell| cell.clustering == INDEPENDENT;
    for (kind, ..) in found
        .chunk_by(|a, b| a.0 == b.0)
        .filter_map(|it| it.first())
    {
        for (independent, items) in [(true, "independent"), (false, "clustered")] {
            for n in SIZES {
                let rows: Vec<_> = found
                    .iter()
                    .filter(|(its, cell, _)| {
                        its == kind && cell.n == n && alone(cell) == independent
                    })
                    .collect();
                let columns: Vec<String> = (0..KINDS.len())
                    .map(|column| {
                        let of: Vec<Coverage> = rows.iter().map(|it| it.2[column]).collect();
                        let lowest = of.iter().map(Coverage::share).fold(1.0, f64::min);
                        format!("{lowest:.3}, {}", width(&of))
                    })
                    .collect();
                println!("| {kind} | {items} | {n} | {} |", columns.join(" | "));
            }
        }
    }
}

/// The mean width over the cells in which there are intervals.
fn width(cells: &[Coverage]) -> String {
    let widths: Vec<f64> = cells.iter().filter_map(Coverage::mean_width).collect();
    if widths.is_empty() {
        return "–".to_owned();
    }
    format!("{:.3}", widths.iter().sum::<f64>() / widths.len() as f64)
}

fn header(what: &str) -> String {
    KINDS.map(|kind| format!("{kind}: {what}")).join(" | ")
}

fn clusters(clustering: &Clustering) -> String {
    if *clustering == INDEPENDENT {
        return "–".to_owned();
    }
    let sizes: Vec<_> = clustering.sizes.iter().map(usize::to_string).collect();
    format!("{} at {}", sizes.join(", "), clustering.correlation)
}
