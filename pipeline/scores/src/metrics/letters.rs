use crate::metrics::{
    Answer, ClusteredShare, JudgedAnswer, ScoreInterval, Share, chance_corrected,
};

/// Accuracy among the items whose right option stands at a place, in `[0, 1]`; undefined without such items.
pub fn accuracy_at_share(judged: &[JudgedAnswer], place: u8) -> Share {
    judged
        .iter()
        .map(|item| (item.right == place).then(|| item.is_right()))
        .collect()
}

/// Share of the items whose right option stands at a place, in `[0, 1]`; undefined without items.
pub fn place_share(judged: &[JudgedAnswer], place: u8) -> Share {
    judged
        .iter()
        .map(|item| Some(item.right == place))
        .collect()
}

/// The items whose right option stands at one place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PlaceAccuracy {
    /// Their share of all items.
    pub items: f64,
    /// The accuracy among them in the language.
    pub here: f64,
    /// The accuracy among them in English.
    pub english: f64,
}

/// en-CO corrected for what preferred letters give.
///
/// A model that answers A to everything has the same items right in all languages: its en-CO is 1, and so is
/// [`beyond_independence`](crate::metrics::beyond_independence), which corrects for accuracy alone. Here answers are taken
/// as independent among the items whose right option stands at the same place: `(C − L) / (1 − L)`, where `C` is en-CO and
/// `L = Σ i·h·e / Σ i·h` over the places, with their share of the `i`tems and the accuracies `h`ere and in `e`nglish. 0
/// where letters explain all agreement, at most 1. `None` where nothing is right in the language, or where
/// `L` is 1: then nothing beyond letters could show.
pub fn beyond_letters(en_co: f64, places: impl IntoIterator<Item = PlaceAccuracy>) -> Option<f64> {
    let (mut both, mut right) = (0.0, 0.0);
    for place in places {
        right += place.items * place.here;
        both += place.items * place.here * place.english;
    }
    (right > 0.0)
        .then(|| chance_corrected(en_co, both / right))
        .flatten()
}

/// The variance of the number of items right in both languages that resamples need: answers that letters decide have
/// nearly none, and then a single item moves the score from one end to the other.
const LEAST_VARIANCE: f64 = 4.0;

/// The interval of [`beyond_letters`]: that of resamples where they tell how sure it is, and else `None`.
///
/// They do where accuracy, en-CO and the share right in English elsewhere suit them ([`ClusteredShare::suits_bootstrap`]), and
/// where the items right in both, were the answers independent at each place, would have a variance of 4 at least:
/// `n · Σ i·h(1 − h)·e(1 − e)`, with the effective number of items `n`.
pub fn beyond_letters_interval(
    [accuracy, en_co, elsewhere]: [&ClusteredShare; 3],
    places: impl IntoIterator<Item = PlaceAccuracy>,
    bootstrap: impl FnOnce() -> Option<ScoreInterval>,
) -> Option<ScoreInterval> {
    let of_place = |place: PlaceAccuracy| {
        place.items * place.here * (1.0 - place.here) * place.english * (1.0 - place.english)
    };
    let variance = accuracy.effective * places.into_iter().map(of_place).sum::<f64>();
    let shares = [accuracy, en_co, elsewhere];
    let suits = variance >= LEAST_VARIANCE && shares.iter().all(|share| share.suits_bootstrap());
    suits.then(bootstrap).flatten()
}

/// The option's place that is answered most often, and how often; of equals the first. `None` without a valid answer.
pub fn top_letter(answers: impl IntoIterator<Item = Answer>) -> Option<(u8, usize)> {
    let mut counts = [0; 256];
    for answer in answers {
        match answer {
            Answer::Choice(place) => counts[usize::from(place)] += 1,
            Answer::Invalid => {}
        }
    }
    let (place, count) = (0..=u8::MAX)
        .zip(counts)
        .reduce(|most, next| if next.1 > most.1 { next } else { most })?;
    (count > 0).then_some((place, count))
}
