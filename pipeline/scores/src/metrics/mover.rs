use crate::metrics::ClusteredShare;

/// The interval of a score of several shares, from the intervals of the shares, as its two ends.
///
/// The method of variance estimates recovery (MOVER; Zou and Donner, 2008, Statistics in Medicine 27; for a difference
/// of two shares Newcombe, 1998): let `δ_i` be the change of the score when share `i` alone goes to that end of its own
/// interval which raises the score. The upper end is `score + √(Σ_ij r_ij |δ_i δ_j|)`, and so downwards. `r_ij` is the
/// correlation of the shares over their clusters, with a minus where one rises and the other falls:
///
/// - Shares of two tasks have none.
/// - Where one of them is 0 or 1, so that it cannot be estimated, it is 1, the widest; of shares that exclude each other
///   0, to which theirs goes (see [`difference_interval`](crate::metrics::difference_interval)).
/// - Shares that never differ in `C` clusters may differ in the next one: it is `8 / C − 1` at least.
///
/// `score` gets a value for each share. `None` where it is undefined at one of the ends.
pub fn mover(
    shares: &[&ClusteredShare],
    score: impl Fn(&[f64]) -> Option<f64>,
) -> Option<(f64, f64)> {
    Moves::new(shares, WIDEST).interval(score)
}

/// What an unknown correlation is taken for, so that the interval is the widest.
pub(crate) const WIDEST: f64 = 1.0;

/// Shares that may go to the ends of their intervals, with what is known of how they go together.
pub(crate) struct Moves<'a> {
    shares: &'a [&'a ClusteredShare],
    /// By pair, the first being the earlier.
    links: Vec<Vec<Link>>,
    unknown: f64,
}

enum Link {
    /// Of two tasks.
    Apart,
    /// Of one task, but one of them is 0 or 1.
    Unknown,
    Correlated {
        by: f64,
        /// The least that may narrow an interval.
        least: f64,
    },
}

/// What the score does when a share goes to an end of its interval.
struct Move {
    by: f64,
    /// −1 for the lower end, 1 for the upper.
    direction: f64,
}

impl<'a> Moves<'a> {
    /// `unknown` stands for a correlation of which nothing is known.
    pub(crate) fn new(shares: &'a [&'a ClusteredShare], unknown: f64) -> Self {
        let of = |(i, one): (usize, &&'a ClusteredShare)| {
            let others = shares[i + 1..].iter();
            others.map(|other| Link::of(one, other)).collect()
        };
        Self {
            shares,
            links: shares.iter().enumerate().map(of).collect(),
            unknown,
        }
    }

    pub(crate) fn interval(&self, score: impl Fn(&[f64]) -> Option<f64>) -> Option<(f64, f64)> {
        let estimates: Vec<f64> = self.shares.iter().map(|share| share.value).collect();
        let estimate = score(&estimates)?;
        let (mut rises, mut falls) = (Vec::new(), Vec::new());
        for (i, share) in self.shares.iter().enumerate() {
            let moved = |end: f64, direction: f64| {
                let mut values = estimates.clone();
                values[i] = end;
                let by = score(&values)? - estimate;
                Some(Move { by, direction })
            };
            let (low, high) = (moved(share.low, -1.0)?, moved(share.high, 1.0)?);
            let (least, most) = if low.by < high.by {
                (low, high)
            } else {
                (high, low)
            };
            falls.push(Move {
                by: least.by.min(0.0),
                ..least
            });
            rises.push(Move {
                by: most.by.max(0.0),
                ..most
            });
        }
        Some((
            estimate - self.together(&falls),
            estimate + self.together(&rises),
        ))
    }

    /// How far all moves together take the score.
    fn together(&self, moves: &[Move]) -> f64 {
        let mut sum = 0.0;
        for (i, one) in moves.iter().enumerate() {
            sum += one.by * one.by;
            for (link, other) in self.links[i].iter().zip(&moves[i + 1..]) {
                let correlation = match link {
                    Link::Apart => 0.0,
                    Link::Unknown => self.unknown,
                    Link::Correlated { by, least } => {
                        (by * one.direction * other.direction).max(*least)
                    }
                };
                sum += 2.0 * (one.by * other.by).abs() * correlation;
            }
        }
        sum.max(0.0).sqrt()
    }
}

impl Link {
    fn of(one: &ClusteredShare, other: &ClusteredShare) -> Self {
        /// Two shares that never differ in `C` clusters may in the next one. What 0 of `C` say of it is a correlation of
        /// `1 − 7/C` where the shares are ½, and of `1 − 20/C` where they are .9.
        const UNSEEN: f64 = 8.0;
        if !one.is_beside(other) {
            return Self::Apart;
        }
        let least = (UNSEEN / one.clusters.min(other.clusters) as f64 - 1.0).min(0.0);
        match one.correlation(other) {
            Some(by) => Self::Correlated { by, least },
            None => Self::Unknown,
        }
    }
}
