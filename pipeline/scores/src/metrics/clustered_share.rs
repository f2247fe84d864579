use crate::metrics::{Resampler, Share, clopper_pearson, student_quantile};

/// A share with what its clusters say of how sure it is.
///
/// Its interval is that of Korn and Graubard (1998, Survey Methodology 24): Clopper and Pearson's on an effective number
/// of items. Where no cluster has two items, that is the number of items. Otherwise it is the number of independent
/// items with the same variance, `R (1 − R) / v`, with `v = C/(C − 1) · Σ_c (u_c − R d_c)² / (Σ d_c)²` over the `C`
/// clusters, of whose `d_c` items `u_c` count, times `(t_{n−1} / t_{E−1})²` with the quantiles of Student's t, since few
/// clusters say little of `v`. `E` is the number of clusters that have any of the rarer outcome (Korn and Graubard: all
/// of them): of a share near 0 or 1 the others say nothing. It is at most the number of items, and at least Kish's
/// effective number of clusters, `K = (Σ d_c)² / Σ d_c²`, as if the items of a cluster were all alike. That least is
/// taken where `K R` or `K (1 − R)` is below 5, and so where the share is 0 or 1: there too few clusters of the rarer
/// outcome are expected for the sample to have shown them.
#[derive(Clone, Debug, PartialEq)]
pub struct ClusteredShare {
    /// The share, in `[0, 1]`.
    pub value: f64,
    /// The items that it is the share of.
    pub items: usize,
    /// The clusters that they lie in.
    pub clusters: usize,
    /// The effective number of items.
    pub effective: f64,
    /// The ends of the interval.
    pub low: f64,
    /// The upper one.
    pub high: f64,
    /// By cluster in the order of their numbers, `u_c − R d_c` over the items.
    influences: Vec<(u32, f64)>,
    /// The root of the sum of their squares.
    norm: f64,
}

/// Right and wrong effective items that a bootstrap needs, of each.
const BOTH: f64 = 10.0;
/// Clusters that a bootstrap needs.
const CLUSTERS: usize = 30;
/// Right and wrong clusters, if the items of each were alike, that an estimate of how alike they are needs, of each.
const ALIKE: f64 = 5.0;

impl ClusteredShare {
    /// The share in a table of clusters. `None` where it is undefined, or `level` is not between 0 and 1.
    pub fn new(share: &Share, table: &Resampler, level: f64) -> Option<Self> {
        let totals = table.totals(share);
        let sum = |of: fn(&(u32, f64, f64)) -> f64| totals.iter().map(of).sum::<f64>();
        let (items, squares) = (sum(|it| it.2), sum(|it| it.2 * it.2));
        let value = share.value()?;
        let influences: Vec<(u32, f64)> = totals
            .iter()
            .map(|&(cluster, upper, lower)| (cluster, (upper - value * lower) / items))
            .collect();
        let norm = influences.iter().map(|(_, it)| it * it).sum::<f64>().sqrt();
        let (clusters, least) = (totals.len() as f64, items * items / squares);
        let rarer = |&&(_, upper, lower): &&(u32, f64, f64)| {
            if value > 0.5 {
                upper < lower
            } else {
                upper > 0.0
            }
        };
        let telling = totals.iter().filter(rarer).count() as f64;
        let effective = if squares == items {
            items
        } else if least * value.min(1.0 - value) < ALIKE || telling < 2.0 {
            least
        } else {
            let variance = norm * norm * clusters / (clusters - 1.0);
            let few =
                student_quantile(level, items - 1.0)? / student_quantile(level, telling - 1.0)?;
            // Clusters that are all equally often right have no variance, which is chance and no certainty: hence the most.
            (value * (1.0 - value) / variance * few * few).clamp(least, items)
        };
        let (low, high) = clopper_pearson(value, effective, level)?;
        Some(Self {
            value,
            items: items as usize,
            clusters: totals.len(),
            effective,
            low,
            high,
            influences,
            norm,
        })
    }

    /// Whether resamples tell how sure it is: there are ten effective items on either side, and thirty clusters.
    pub fn suits_bootstrap(&self) -> bool {
        self.effective * self.value.min(1.0 - self.value) >= BOTH && self.clusters >= CLUSTERS
    }

    /// The correlation with another share of the table; `None` where one of them has no variance.
    pub(crate) fn correlation(&self, other: &Self) -> Option<f64> {
        let (mut theirs, mut product) = (other.influences.iter().peekable(), 0.0);
        for (cluster, influence) in &self.influences {
            while theirs.next_if(|(it, _)| it < cluster).is_some() {}
            if let Some((_, it)) = theirs.next_if(|(it, _)| it == cluster) {
                product += influence * it;
            }
        }
        let norms = self.norm * other.norm;
        (norms > 0.0).then(|| (product / norms).clamp(-1.0, 1.0))
    }

    /// Whether both are of one task, so that they may be correlated: tasks have clusters of their own.
    pub(crate) fn is_beside(&self, other: &Self) -> bool {
        let of = |it: &Self| Some((it.influences.first()?.0, it.influences.last()?.0));
        match (of(self), of(other)) {
            (Some((first, last)), Some((its_first, its_last))) => {
                first <= its_last && its_first <= last
            }
            (None, _) | (_, None) => false,
        }
    }
}
