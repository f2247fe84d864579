use crate::metrics::{chance, chance_corrected, rescaled_accuracy};

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
    },
    /// The mean; undefined if one of them is, or if there is none.
    Mean(Vec<Expression>),
    /// The first minus the second.
    Difference(Box<Expression>, Box<Expression>),
    /// The first divided by the second; undefined where the second is 0.
    Ratio(Box<Expression>, Box<Expression>),
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
            } => chance_corrected(shares[*consistency]?, shares[*english]?),
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
