/// Distribution function of the beta distribution, the regularized incomplete beta function `I_x(a, b)`.
///
/// In `[0, 1]`, for `a` and `b` above 0; 0 below `x = 0` and 1 above `x = 1`. The continued fraction of DLMF 8.17.22,
/// evaluated by the method of Lentz.
pub fn beta_cdf(x: f64, a: f64, b: f64) -> f64 {
    if x <= 0.0 {
        0.0
    } else if x >= 1.0 {
        1.0
    } else if x <= (a + 1.0) / (a + b + 2.0) {
        beta_density(x, a, b) * x * (1.0 - x) / a * fraction(x, a, b)
    } else {
        // The fraction converges on this side only.
        1.0 - beta_cdf(1.0 - x, b, a)
    }
}

/// Quantile of the beta distribution: the `x` with `I_x(a, b) = p`.
///
/// `None` unless `0 < p < 1` and `a` and `b` are above 0 and finite. Newton's steps, and halving wherever one leaves what
/// is known to hold the root.
pub fn beta_quantile(p: f64, a: f64, b: f64) -> Option<f64> {
    /// As many as halving alone needs from 1 to the least f64.
    const STEPS: usize = 1_200;
    let sound = |shape: f64| shape > 0.0 && shape.is_finite();
    if !(p > 0.0 && p < 1.0 && sound(a) && sound(b)) {
        return None;
    }
    let (mut low, mut high, mut x) = (0.0, 1.0, a / (a + b));
    for _ in 0..STEPS {
        let excess = beta_cdf(x, a, b) - p;
        if excess > 0.0 {
            high = x;
        } else {
            low = x;
        }
        let newton = x - excess / beta_density(x, a, b);
        let next = if newton > low && newton < high {
            newton
        } else {
            (low + high) / 2.0
        };
        if (next - x).abs() <= f64::EPSILON * x {
            return Some(next);
        }
        x = next;
    }
    Some(x)
}

/// The two-sided quantile of Student's t: `P(|T| ≤ t) = level` for `degrees` of freedom, which may be broken.
///
/// `None` unless `0 < level < 1` and the degrees are above 0.
pub fn student_quantile(level: f64, degrees: f64) -> Option<f64> {
    // ν / (ν + T²) follows a beta distribution.
    let x = beta_quantile(1.0 - level, degrees / 2.0, 0.5)?;
    Some((degrees * (1.0 - x) / x).sqrt())
}

fn beta_density(x: f64, a: f64, b: f64) -> f64 {
    let scale = libm::lgamma(a + b) - libm::lgamma(a) - libm::lgamma(b);
    (scale + (a - 1.0) * x.ln() + (b - 1.0) * (-x).ln_1p()).exp()
}

/// `1 / (1 + d₁ / (1 + d₂ / (1 + …)))` with the coefficients of DLMF 8.17.23.
fn fraction(x: f64, a: f64, b: f64) -> f64 {
    /// Instead of 0, by which Lentz's method would divide.
    const TINY: f64 = 1e-300;
    /// It needs about `√max(a, b)` of them.
    const TERMS: u32 = 100_000;
    let away = |value: f64| if value.abs() < TINY { TINY } else { value };
    let step = |term: u32| {
        let m = f64::from(term / 2);
        if term.is_multiple_of(2) {
            m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m))
        } else {
            -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0))
        }
    };
    let (mut upper, mut lower) = (1.0, 1.0 / away(1.0 + step(1)));
    let mut value = lower;
    for term in 2..TERMS {
        let coefficient = step(term);
        lower = 1.0 / away(1.0 + coefficient * lower);
        upper = away(1.0 + coefficient / upper);
        value *= upper * lower;
        if (upper * lower - 1.0).abs() < f64::EPSILON {
            break;
        }
    }
    value
}
