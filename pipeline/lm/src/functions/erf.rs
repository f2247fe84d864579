use super::exp;

/// The error function, with an absolute error below 3e-7.
///
/// Near 0 the Taylor series, else one minus the complement, in the form and with the coefficients of Numerical Recipes'
/// `erfcc` (a Chebyshev fit with a relative error of 1.2e-7).
#[inline(always)]
pub(crate) fn erf(x: f32) -> f32 {
    let size = x.abs();
    let t = 1.0 / (1.0 + 0.5 * size);
    let mut power = 0.170_872_77_f32;
    for coefficient in [
        -0.822_152_2,
        1.488_515_9,
        -1.135_204,
        0.278_868_07,
        -0.186_288_06,
        0.096_784_18,
        0.374_091_96,
        1.000_023_7,
        -1.265_512_2,
    ] {
        power = power * t + coefficient;
    }
    let far = 1.0 - t * exp(power - size * size);
    let square = x * x;
    // 2/√π · Σ (-1)ⁿ x²ⁿ / (n! (2n + 1))
    let mut series = 0.000_120_553_33_f32;
    for coefficient in [
        -0.000_854_832_7,
        0.005_223_977_6,
        -0.026_866_171,
        0.112_837_92,
        -0.376_126_39,
        std::f32::consts::FRAC_2_SQRT_PI,
    ] {
        series = series * square + coefficient;
    }
    if size < 0.5 {
        x * series
    } else {
        far.copysign(x)
    }
}

/// The density of the normal distribution.
#[inline(always)]
pub(crate) fn gaussian(x: f32) -> f32 {
    const SCALE: f32 = std::f32::consts::FRAC_2_SQRT_PI * std::f32::consts::FRAC_1_SQRT_2 / 2.0;
    SCALE * exp(-0.5 * x * x)
}

#[cfg(test)]
mod tests {
    /// By integration of the density with Simpson's rule in f64, which no table of ours enters.
    fn expected(x: f64) -> f64 {
        const STEPS: usize = 2000;
        let density = |t: f64| (-t * t).exp();
        let width = x / STEPS as f64;
        let inner: f64 = (1..STEPS)
            .map(|n| density(n as f64 * width) * if n % 2 == 1 { 4.0 } else { 2.0 })
            .sum();
        2.0 / std::f64::consts::PI.sqrt() * width / 3.0 * (density(0.0) + inner + density(x))
    }

    #[test]
    fn agrees_with_the_integral() {
        let mut worst = 0.0_f64;
        for step in 0..=600 {
            let x = step as f32 / 100.0;
            worst = worst.max((f64::from(super::erf(x)) - expected(f64::from(x))).abs());
            assert_eq!(super::erf(-x), -super::erf(x));
        }
        assert!(worst < 3e-7, "absolute error {worst}");
        assert_eq!(super::erf(10.0), 1.0);
        assert!(super::erf(f32::NAN).is_nan());
        // 1 / √(2π)
        assert!((super::gaussian(0.0) - 0.398_942_3).abs() < 1e-7);
        assert!((super::gaussian(1.0) - 0.241_970_7).abs() < 1e-7);
    }
}
