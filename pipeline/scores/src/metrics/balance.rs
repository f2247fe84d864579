use crate::metrics::{Answer, ItemMean, UnequalLength};

/// AC3, SeaEval (Wang et al., 2023, §4): the harmonic mean of accuracy and consistency.
///
/// `2·A·C / (A + C)`, in `[0, 1]`. `None` when both are 0.
pub fn ac3(accuracy: f64, consistency: f64) -> Option<f64> {
    let sum = accuracy + consistency;
    (sum > 0.0).then(|| 2.0 * accuracy * consistency / sum)
}

/// Consistency over sets of `size` languages, as a mean over items for resampling; see [`consistency`].
fn consistency_mean(
    languages: &[Vec<Answer>],
    size: usize,
) -> Result<Option<ItemMean>, UnequalLength> {
    let items = languages.first().map_or(0, Vec::len);
    if let Some(other) = languages.iter().find(|answers| answers.len() != items) {
        return Err(UnequalLength {
            first: items,
            second: other.len(),
        });
    }
    if size < 2 || size > languages.len() || items == 0 {
        return Ok(None);
    }
    let sets = binomial(languages.len(), size);
    // An item agrees in a set exactly when the set lies inside the languages that chose one option, so the
    // agreeing sets can be counted instead of listed.
    let values = (0..items).map(|item| {
        let mut chose = [0; 256];
        for answers in languages {
            match answers[item] {
                Answer::Choice(choice) => chose[usize::from(choice)] += 1,
                Answer::Invalid => {}
            }
        }
        chose.map(|count| binomial(count, size)).iter().sum::<f64>() / sets
    });
    Ok(Some(ItemMean::new(values.collect())))
}

/// Consistency over sets of `size` languages, SeaEval (Wang et al., 2023, §4).
///
/// The share of items for which all languages of a set choose the same option, right or wrong, averaged over all
/// sets of `size` languages; in `[0, 1]`. `languages` holds the answers of each language, parallel by item. An
/// invalid answer agrees with nothing; SeaEval, which maps every output to an option, has none. `None` for fewer
/// than two languages in a set, more than there are, and no items.
pub fn consistency(languages: &[Vec<Answer>], size: usize) -> Result<Option<f64>, UnequalLength> {
    Ok(consistency_mean(languages, size)?.and_then(|mean| mean.value()))
}

/// Gap between the best and the worst language: `max − min`, not negative; `None` without languages.
pub fn worst_language_gap(scores: &[f64]) -> Option<f64> {
    let best = scores.iter().copied().reduce(f64::max)?;
    let worst = scores.iter().copied().reduce(f64::min)?;
    Some(best - worst)
}

/// The number of ways to choose `k` of `n`; exact below 2⁵³.
fn binomial(n: usize, k: usize) -> f64 {
    if k > n {
        return 0.0;
    }
    // Every partial product is itself a binomial coefficient, so the division leaves no rest.
    (0..k).fold(1.0, |ways, i| ways * (n - i) as f64 / (i + 1) as f64)
}
