//! The same numbers as scipy, numpy and statsmodels; `reference.py` writes them to `reference.json`.

use clika_scores::metrics::*;
use serde::Deserialize;

#[derive(Deserialize)]
struct Reference {
    bootstrap: Vec<Bootstrap>,
    mcnemar: Vec<(u64, u64, f64)>,
    normal_cdf: Vec<(f64, f64)>,
    normal_quantile: Vec<(f64, f64)>,
    holm: Vec<(Vec<f64>, Vec<f64>)>,
    rank_c: RankC,
    consistency: Consistency,
    detectable_difference: Vec<(usize, f64, f64, f64, f64)>,
    beta_cdf: Vec<(f64, f64, f64, f64)>,
    beta_quantile: Vec<(f64, f64, f64, f64)>,
    student_quantile: Vec<(f64, f64, f64)>,
    clopper_pearson: Vec<(f64, f64, f64, f64, f64)>,
}

#[derive(Deserialize)]
struct Bootstrap {
    name: String,
    /// By stratum, cluster and item: counted above, counted below.
    strata: Vec<Vec<Vec<(u8, u8)>>>,
    level: f64,
    estimate: f64,
    distribution: Vec<f64>,
    percentile: (f64, f64),
    bca: (f64, f64),
    acceleration: f64,
}

#[derive(Deserialize)]
struct RankC {
    items: Vec<(Vec<f64>, Vec<f64>)>,
    value: f64,
}

#[derive(Deserialize)]
struct Consistency {
    /// −1 is an invalid answer.
    languages: Vec<Vec<i16>>,
    by_size: Vec<(usize, f64)>,
}

fn reference() -> Reference {
    serde_json::from_str(include_str!("reference.json")).expect("reference.json")
}

fn close(found: f64, expected: f64, relative: f64, what: &str) {
    assert!(
        (found - expected).abs() <= relative * expected.abs().max(f64::MIN_POSITIVE),
        "{what}: {found:e} instead of {expected:e}"
    );
}

#[test]
fn intervals_agree_with_scipy() {
    let cases = reference().bootstrap;
    assert_eq!(cases.len(), 4);
    for case in cases {
        let mut start = 0;
        let (mut shares, mut clusters): (Vec<Share>, Vec<Vec<usize>>) = (vec![], vec![]);
        for stratum in &case.strata {
            let items = stratum.iter().flatten();
            let share: Share = items
                .map(|&(above, below)| (below == 1).then_some(above == 1))
                .collect();
            shares.push(share.starting_at(start));
            let of_items = stratum.iter().enumerate();
            clusters.push(
                of_items
                    .flat_map(|(cluster, items)| vec![cluster; items.len()])
                    .collect(),
            );
            start += clusters.last().unwrap().len();
        }
        let statistic = |counts: &[u32]| {
            let values: Option<Vec<f64>> =
                shares.iter().map(|share| share.weighted(counts)).collect();
            values.map(|values| values.iter().sum::<f64>() / values.len() as f64)
        };
        let tasks: Vec<&[usize]> = clusters.iter().map(Vec::as_slice).collect();
        let resampler = Resampler::stratified(&tasks, 1, 0);
        let estimate = statistic(&resampler.original()).unwrap();
        close(estimate, case.estimate, 1e-14, &case.name);

        let jackknife = &resampler.jackknives(|counts| vec![statistic(counts)])[0];
        let acceleration = jackknife.acceleration().unwrap();
        close(acceleration, case.acceleration, 1e-9, &case.name);

        let distribution = Distribution::new(case.distribution.into_iter().map(Some).collect());
        let found = percentile(&distribution, case.level).unwrap();
        close(found.low, case.percentile.0, 1e-12, &case.name);
        close(found.high, case.percentile.1, 1e-12, &case.name);
        // scipy's own estimate: a last bit moves it past the resamples that equal it.
        let found = bca(&distribution, case.estimate, jackknife, case.level).unwrap();
        close(found.low, case.bca.0, 1e-10, &case.name);
        close(found.high, case.bca.1, 1e-10, &case.name);
    }
}

#[test]
fn mcnemar_agrees_with_scipys_binomial_test() {
    for (b, c, p) in reference().mcnemar {
        close(mcnemar(b, c), p, 1e-11, &format!("{b} {c}"));
    }
}

#[test]
fn the_normal_distribution_agrees_with_scipy() {
    let reference = reference();
    for (x, p) in reference.normal_cdf {
        // exp(−x²/2) turns the last bit of x into x² last bits.
        close(
            normal_cdf(x),
            p,
            1e-15 * (x * x).max(1.0),
            &format!("Φ({x})"),
        );
    }
    for (p, x) in reference.normal_quantile {
        close(normal_quantile(p).unwrap(), x, 1e-14, &format!("Φ⁻¹({p})"));
    }
    assert_eq!(normal_cdf(f64::NEG_INFINITY), 0.0);
    assert_eq!(normal_cdf(f64::INFINITY), 1.0);
    for outside in [0.0, 1.0, -0.1, 1.1, f64::NAN] {
        assert_eq!(normal_quantile(outside), None);
    }
}

#[test]
fn holm_agrees_with_statsmodels() {
    for (raw, expected) in reference().holm {
        let raw: Vec<_> = raw.into_iter().map(Some).collect();
        for (found, expected) in holm(&raw).into_iter().zip(expected) {
            close(found.unwrap(), expected, 1e-12, &format!("{raw:?}"));
        }
    }
}

#[test]
fn rank_c_agrees_with_its_definition_in_sets() {
    let RankC { items, value } = reference().rank_c;
    let items: Vec<_> = items
        .iter()
        .map(|(first, second)| PairedItems::new(first, second).unwrap())
        .collect();
    close(rank_c(&items).unwrap(), value, 1e-12, "RankC");
}

#[test]
fn consistency_agrees_with_an_enumeration_of_sets() {
    let Consistency { languages, by_size } = reference().consistency;
    let answer = |choice: i16| u8::try_from(choice).map_or(Answer::Invalid, Answer::Choice);
    let languages: Vec<Vec<Answer>> = languages
        .into_iter()
        .map(|answers| answers.into_iter().map(answer).collect())
        .collect();
    assert_eq!(by_size.len(), 4);
    for (size, expected) in by_size {
        let found = consistency(&languages, size).unwrap().unwrap();
        close(found, expected, 1e-12, &format!("sets of {size}"));
    }
}

#[test]
fn the_detectable_difference_solves_connors_equation() {
    for (items, discordant, alpha, power, expected) in reference().detectable_difference {
        let found = detectable_difference(items, discordant, alpha, power).unwrap();
        close(found, expected, 1e-10, &format!("{items} {discordant}"));
    }
}

#[test]
fn the_beta_distribution_agrees_with_scipy() {
    let reference = reference();
    assert_eq!(
        (reference.beta_cdf.len(), reference.beta_quantile.len()),
        (8, 24)
    );
    for (x, a, b, p) in reference.beta_cdf {
        close(beta_cdf(x, a, b), p, 1e-11, &format!("I_{x}({a}, {b})"));
    }
    for (p, a, b, x) in reference.beta_quantile {
        let found = beta_quantile(p, a, b).unwrap();
        close(found, x, 1e-11, &format!("quantile {p} of Beta({a}, {b})"));
    }
    assert_eq!(
        (beta_cdf(-0.1, 2.0, 3.0), beta_cdf(1.1, 2.0, 3.0)),
        (0.0, 1.0)
    );
    for (p, a, b) in [
        (0.0, 1.0, 1.0),
        (1.0, 1.0, 1.0),
        (0.5, 0.0, 1.0),
        (0.5, 1.0, f64::NAN),
    ] {
        assert_eq!(beta_quantile(p, a, b), None);
    }
}

#[test]
fn students_quantiles_agree_with_scipy() {
    for (level, degrees, t) in reference().student_quantile {
        let found = student_quantile(level, degrees).unwrap();
        close(found, t, 1e-11, &format!("{level} {degrees}"));
    }
    assert_eq!(student_quantile(0.95, 0.0), None);
}

#[test]
fn clopper_and_pearsons_interval_agrees_with_scipy() {
    let cases = reference().clopper_pearson;
    assert_eq!(cases.len(), 18);
    for (right, n, level, low, high) in cases {
        let found = clopper_pearson(right / n, n, level).unwrap();
        close(found.0, low, 1e-11, &format!("{right} of {n}"));
        close(found.1, high, 1e-11, &format!("{right} of {n}"));
    }
}
