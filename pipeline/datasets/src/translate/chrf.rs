//! chrF (Popović, 2015) as sacreBLEU computes it: character n-grams up to 6, β = 2, no word n-grams, without spaces.

use std::collections::HashMap;

const ORDER: usize = 6;
const BETA: f64 = 2.0;

/// N-grams of a hypothesis, of a reference, and of both, for each order.
#[derive(Clone, Copy, Debug, Default)]
struct NgramCounts {
    hypothesis: [usize; ORDER],
    reference: [usize; ORDER],
    matching: [usize; ORDER],
}

/// chrF of one text against a reference, from 0 to 100.
pub fn chrf(hypothesis: &str, reference: &str) -> f64 {
    score(&count(hypothesis, reference))
}

/// chrF of many texts together: counts are added up before precision and recall are taken. `None` without texts.
pub fn corpus_chrf<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Option<f64> {
    let mut total: Option<NgramCounts> = None;
    for (hypothesis, reference) in pairs {
        let counts = count(hypothesis, reference);
        let total = total.get_or_insert_default();
        for order in 0..ORDER {
            total.hypothesis[order] += counts.hypothesis[order];
            total.reference[order] += counts.reference[order];
            total.matching[order] += counts.matching[order];
        }
    }
    total.map(|total| score(&total))
}

fn count(hypothesis: &str, reference: &str) -> NgramCounts {
    let letters =
        |text: &str| -> Vec<char> { text.chars().filter(|c| !c.is_whitespace()).collect() };
    let (hypothesis, reference) = (letters(hypothesis), letters(reference));
    let mut counts = NgramCounts::default();
    for order in 1..=ORDER {
        let mut left = HashMap::<&[char], usize>::new();
        for gram in reference.windows(order) {
            *left.entry(gram).or_default() += 1;
        }
        counts.reference[order - 1] = reference.windows(order).len();
        // An order that the reference has none of is not counted against the hypothesis.
        if counts.reference[order - 1] > 0 {
            counts.hypothesis[order - 1] = hypothesis.windows(order).len();
        }
        for gram in hypothesis.windows(order) {
            if let Some(left) = left.get_mut(gram).filter(|left| **left > 0) {
                *left -= 1;
                counts.matching[order - 1] += 1;
            }
        }
    }
    counts
}

/// F-score of precision and recall, both averaged over the orders that both sides have.
fn score(counts: &NgramCounts) -> f64 {
    let (mut precision, mut recall, mut orders) = (0.0, 0.0, 0.0);
    for order in 0..ORDER {
        let (hypothesis, reference) = (counts.hypothesis[order], counts.reference[order]);
        if hypothesis > 0 && reference > 0 {
            precision += counts.matching[order] as f64 / hypothesis as f64;
            recall += counts.matching[order] as f64 / reference as f64;
            orders += 1.0;
        }
    }
    if orders == 0.0 || precision + recall == 0.0 {
        return 0.0;
    }
    let (precision, recall) = (precision / orders, recall / orders);
    let factor = BETA * BETA;
    100.0 * (1.0 + factor) * precision * recall / (factor * precision + recall)
}
