/// eˣ to 2 units in the last place, in a form that compilers turn into vector instructions.
///
/// Cody and Waite's reduction to `[-ln 2 / 2, ln 2 / 2]` and a polynomial of degree 7 with the coefficients of the
/// exponential series; 0 below -87, and bounded at `e^88` above.
#[inline(always)]
pub(crate) fn exp(x: f32) -> f32 {
    const LN_2_HIGH: f32 = 0.693_359_4;
    const LN_2_LOW: f32 = -2.121_944_4e-4;
    let clamped = x.clamp(-87.0, 88.0);
    let n = (clamped * std::f32::consts::LOG2_E).round_ties_even();
    let r = clamped - n * LN_2_HIGH - n * LN_2_LOW;
    let mut p = 1.0 / 5040.0;
    for coefficient in [
        1.0 / 720.0,
        1.0 / 120.0,
        1.0 / 24.0,
        1.0 / 6.0,
        0.5,
        1.0,
        1.0,
    ] {
        p = p * r + coefficient;
    }
    let power = f32::from_bits(((n as i32 + 127) as u32) << 23);
    if x < -87.0 { 0.0 } else { p * power }
}

#[cfg(test)]
mod tests {
    #[test]
    fn agrees_with_the_library() {
        let mut worst = 0.0_f64;
        for step in -87_000..=88_000 {
            let x = step as f32 / 1000.0;
            let expected = f64::from(x).exp();
            worst = worst.max((f64::from(super::exp(x)) / expected - 1.0).abs());
        }
        assert!(worst < 3e-7, "relative error {worst}");
        assert_eq!(super::exp(-200.0), 0.0);
    }
}
