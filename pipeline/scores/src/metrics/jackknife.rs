/// The values of a statistic when each cluster in turn is left out, by stratum.
#[derive(Clone, Debug, PartialEq)]
pub struct Jackknife {
    strata: Vec<Vec<Option<f64>>>,
}

impl Jackknife {
    /// One value a cluster, `None` where the statistic is undefined without it.
    pub fn new(strata: Vec<Vec<Option<f64>>>) -> Self {
        Self { strata }
    }

    /// The values, by stratum and cluster.
    pub fn strata(&self) -> &[Vec<Option<f64>>] {
        &self.strata
    }

    /// The acceleration of the BCa interval, for independent samples (Efron and Tibshirani, 1993, eq. 15.36).
    ///
    /// `Σ_s (Σ_i U_si³ / n_s³) / (6 · (Σ_s Σ_i U_si² / n_s²)^(3/2))` with `U_si = (n_s − 1)(mean_s − value_si)`,
    /// as in `scipy.stats.bootstrap`. `None` when a value is undefined or no cluster moves the statistic.
    pub fn acceleration(&self) -> Option<f64> {
        let (mut cubes, mut squares) = (0.0, 0.0);
        for stratum in &self.strata {
            let values: Vec<f64> = stratum.iter().copied().collect::<Option<_>>()?;
            // The mean of equal values may differ from them in the last bit, and the ratio would make an
            // acceleration of that bit.
            if values.windows(2).all(|pair| pair[0] == pair[1]) {
                continue;
            }
            let n = values.len() as f64;
            let mean = values.iter().sum::<f64>() / n;
            for value in values {
                let influence = (n - 1.0) * (mean - value) / n;
                squares += influence * influence;
                cubes += influence * influence * influence;
            }
        }
        (squares > 0.0).then(|| cubes / (6.0 * squares.powf(1.5)))
    }
}
