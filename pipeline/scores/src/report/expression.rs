use crate::metrics::{
    Floors, PlaceAccuracy, beyond_independence, beyond_letters, chance, chance_corrected,
    rescaled_accuracy, rescaled_unfloored,
};
use std::collections::BTreeSet;

/// A score as a formula over shares of items, so that it can be computed again for every resample.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Expression {
    /// The share with this number.
    Share(usize),
    /// Re-scaled accuracy of a share.
    Ra {
        /// The accuracy.
        accuracy: usize,
        /// The reference model's accuracy.
        reference: f64,
        /// The number of choices.
        choices: usize,
    },
    /// `(share − chance) / (1 − chance)`: 0 at chance, 1 when all is right.
    AboveChance {
        /// The accuracy.
        accuracy: usize,
        /// The number of choices.
        choices: usize,
    },
    /// `(consistency − accuracy) / (1 − accuracy)`: consistency beyond what independent answers
    /// of English accuracy have.
    BeyondIndependence {
        /// The consistency with English.
        consistency: usize,
        /// The accuracy in English.
        english: usize,
        /// The accuracy in the language.
        accuracy: usize,
        /// Of the items wrong in the language, the share right in English.
        elsewhere: usize,
    },
    /// Consistency beyond what the languages' letters alone give. Its interval is one of resamples.
    BeyondLetters {
        /// The consistency with English.
        consistency: usize,
        /// The accuracy in the language.
        accuracy: usize,
        /// Of the items wrong in the language, the share right in English.
        elsewhere: usize,
        /// By the place of the right option.
        places: Vec<PlaceShares>,
    },
    /// The mean; undefined if one of them is, or if there is none.
    Mean(Vec<Expression>),
    /// The first minus the second.
    Difference(Box<Expression>, Box<Expression>),
    /// The first divided by the second; undefined where the second is 0.
    Ratio(Box<Expression>, Box<Expression>),
}

/// The numbers of the shares of [`PlaceAccuracy`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct PlaceShares {
    /// Of the items.
    pub(crate) items: usize,
    /// The accuracy in the language.
    pub(crate) here: usize,
    /// The accuracy in English.
    pub(crate) english: usize,
}

impl PlaceShares {
    /// The shares; `None` where no item stands at the place, so that there is no accuracy.
    pub(crate) fn values(self, shares: &[Option<f64>]) -> Option<PlaceAccuracy> {
        Some(PlaceAccuracy {
            items: shares[self.items]?,
            here: shares[self.here]?,
            english: shares[self.english]?,
        })
    }
}

impl Expression {
    /// The value for the given shares; `None` where it is undefined.
    pub(crate) fn value(&self, shares: &[Option<f64>]) -> Option<f64> {
        match self {
            Self::Share(index) => shares[*index],
            Self::Ra {
                accuracy,
                reference,
                choices,
            } => rescaled_accuracy(shares[*accuracy]?, chance(*choices)?, *reference),
            Self::AboveChance { accuracy, choices } => {
                chance_corrected(shares[*accuracy]?, chance(*choices)?)
            }
            Self::BeyondIndependence {
                consistency,
                english,
                ..
            } => chance_corrected(shares[*consistency]?, shares[*english]?),
            Self::BeyondLetters {
                consistency,
                places,
                ..
            } => {
                let places = places.iter().filter_map(|place| place.values(shares));
                beyond_letters(shares[*consistency]?, places)
            }
            Self::Mean(terms) => {
                let mut sum = 0.0;
                for term in terms {
                    sum += term.value(shares)?;
                }
                (!terms.is_empty()).then(|| sum / terms.len() as f64)
            }
            Self::Difference(a, b) => Some(a.value(shares)? - b.value(shares)?),
            Self::Ratio(a, b) => {
                let divisor = b.value(shares)?;
                (divisor != 0.0).then_some(a.value(shares)? / divisor)
            }
        }
    }

    /// The numbers of the shares that an interval is made from, each once: their values decide the score.
    pub(crate) fn parts(&self) -> BTreeSet<usize> {
        match self {
            Self::Share(index) => BTreeSet::from([*index]),
            Self::Ra { accuracy, .. } | Self::AboveChance { accuracy, .. } => {
                BTreeSet::from([*accuracy])
            }
            Self::BeyondIndependence {
                consistency,
                accuracy,
                elsewhere,
                ..
            }
            | Self::BeyondLetters {
                consistency,
                accuracy,
                elsewhere,
                ..
            } => BTreeSet::from([*accuracy, *consistency, *elsewhere]),
            Self::Mean(terms) => terms.iter().flat_map(Self::parts).collect(),
            Self::Difference(a, b) | Self::Ratio(a, b) => &a.parts() | &b.parts(),
        }
    }

    /// The numbers of all shares of the formula, each once.
    pub(crate) fn shares(&self) -> BTreeSet<usize> {
        match self {
            Self::BeyondIndependence { english, .. } => {
                let mut shares = self.parts();
                shares.insert(*english);
                shares
            }
            Self::BeyondLetters { places, .. } => {
                let mut shares = self.parts();
                shares.extend(places.iter().flat_map(|it| [it.items, it.here, it.english]));
                shares
            }
            Self::Mean(terms) => terms.iter().flat_map(Self::shares).collect(),
            Self::Difference(a, b) | Self::Ratio(a, b) => &a.shares() | &b.shares(),
            Self::Share(_) | Self::Ra { .. } | Self::AboveChance { .. } => self.parts(),
        }
    }

    /// The same formula over shares that have other numbers.
    pub(crate) fn renumbered(&self, number: &impl Fn(usize) -> usize) -> Self {
        let boxed = |it: &Self| Box::new(it.renumbered(number));
        match self {
            Self::Share(share) => Self::Share(number(*share)),
            Self::Ra {
                accuracy,
                reference,
                choices,
            } => Self::Ra {
                accuracy: number(*accuracy),
                reference: *reference,
                choices: *choices,
            },
            Self::AboveChance { accuracy, choices } => Self::AboveChance {
                accuracy: number(*accuracy),
                choices: *choices,
            },
            Self::BeyondIndependence {
                consistency,
                english,
                accuracy,
                elsewhere,
            } => Self::BeyondIndependence {
                consistency: number(*consistency),
                english: number(*english),
                accuracy: number(*accuracy),
                elsewhere: number(*elsewhere),
            },
            Self::BeyondLetters {
                consistency,
                accuracy,
                elsewhere,
                places,
            } => {
                let places = places.iter().map(|place| PlaceShares {
                    items: number(place.items),
                    here: number(place.here),
                    english: number(place.english),
                });
                Self::BeyondLetters {
                    consistency: number(*consistency),
                    accuracy: number(*accuracy),
                    elsewhere: number(*elsewhere),
                    places: places.collect(),
                }
            }
            Self::Mean(terms) => {
                Self::Mean(terms.iter().map(|term| term.renumbered(number)).collect())
            }
            Self::Difference(a, b) => Self::Difference(boxed(a), boxed(b)),
            Self::Ratio(a, b) => Self::Ratio(boxed(a), boxed(b)),
        }
    }

    /// The score from the shares of [`Expression::parts`] alone, with its floors or without.
    pub(crate) fn of_parts(&self, share: &impl Fn(usize) -> f64, floors: Floors) -> Option<f64> {
        match self {
            Self::Share(index) => Some(share(*index)),
            Self::Ra {
                accuracy,
                reference,
                choices,
            } => {
                let (accuracy, chance) = (share(*accuracy), chance(*choices)?);
                match floors {
                    Floors::Kept => rescaled_accuracy(accuracy, chance, *reference),
                    Floors::Removed => rescaled_unfloored(accuracy, chance, *reference),
                }
            }
            Self::AboveChance { accuracy, choices } => {
                chance_corrected(share(*accuracy), chance(*choices)?)
            }
            Self::BeyondIndependence {
                consistency,
                accuracy,
                elsewhere,
                ..
            } => beyond_independence(share(*accuracy), share(*consistency), share(*elsewhere)),
            // Its parts do not decide it: its interval is one of resamples alone.
            Self::BeyondLetters { .. } => None,
            Self::Mean(terms) => {
                let mut sum = 0.0;
                for term in terms {
                    sum += term.of_parts(share, floors)?;
                }
                (!terms.is_empty()).then(|| sum / terms.len() as f64)
            }
            Self::Difference(a, b) => Some(a.of_parts(share, floors)? - b.of_parts(share, floors)?),
            Self::Ratio(a, b) => {
                let divisor = b.of_parts(share, floors)?;
                (divisor != 0.0).then_some(a.of_parts(share, floors)? / divisor)
            }
        }
    }

    /// Whether the score cannot be negative; without its floors it can.
    pub(crate) fn has_floor(&self) -> bool {
        match self {
            Self::Share(_) | Self::Ra { .. } => true,
            Self::AboveChance { .. }
            | Self::BeyondIndependence { .. }
            | Self::BeyondLetters { .. }
            | Self::Difference(..) => false,
            Self::Mean(terms) => terms.iter().all(Self::has_floor),
            Self::Ratio(a, b) => a.has_floor() && b.has_floor(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_by_hand() {
        let shares = [Some(0.6), Some(0.8), None, Some(0.0)];
        let share = |index| Box::new(Expression::Share(index));
        let mean = |indexes: &[usize]| {
            Expression::Mean(
                indexes
                    .iter()
                    .map(|&index| Expression::Share(index))
                    .collect(),
            )
        };
        let close = |expression: Expression, expected: f64| {
            let value = expression.value(&shares).unwrap();
            assert!((value - expected).abs() < 1e-12, "{expression:?}: {value}");
        };
        close(mean(&[0, 1]), 0.7);
        close(Expression::Difference(share(0), share(1)), -0.2);
        close(Expression::Ratio(share(0), share(1)), 0.75);
        // (0.6 − 0.25) / (1 − 0.25)
        close(
            Expression::AboveChance {
                accuracy: 0,
                choices: 4,
            },
            7.0 / 15.0,
        );
        // (0.8 − 0.6) / (1 − 0.6)
        close(
            Expression::BeyondIndependence {
                consistency: 1,
                english: 0,
                accuracy: 1,
                elsewhere: 3,
            },
            0.5,
        );
        // (0.6 − 0.2) / (0.746 − 0.2)
        close(
            Expression::Ra {
                accuracy: 0,
                reference: 0.746,
                choices: 5,
            },
            0.4 / 0.546,
        );

        assert_eq!(mean(&[0, 2]).value(&shares), None);
        assert_eq!(mean(&[]).value(&shares), None);
        assert_eq!(Expression::Ratio(share(0), share(3)).value(&shares), None);
        assert_eq!(Expression::Ratio(share(0), share(2)).value(&shares), None);
    }
}
