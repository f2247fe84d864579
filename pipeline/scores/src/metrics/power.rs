use crate::metrics::normal_quantile;

/// The smallest difference in accuracy that a paired test can be expected to find.
///
/// The `d` for which McNemar's test at the two-sided level `alpha` has the given power on `items` items, of which
/// the share `discordant` is right for one model only. Solves Connor's (1987, Biometrics 43, p. 209) sample size
/// `n = (z_α √ψ + z_β √(ψ − d²))² / d²` for `d`, with `ψ = discordant`, `z_α = Φ⁻¹(1 − α/2)`, `z_β = Φ⁻¹(power)`:
/// `d = √ψ · (z_α √n + z_β √(n + z_β² − z_α²)) / (n + z_β²)`.
///
/// In `(0, ψ]`. `None` when even `d = ψ` would not be found, for no items, for `discordant` outside `(0, 1]`, and
/// unless `0 < alpha < power < 1`. A normal approximation for independent items: with few discordant items, or
/// with clusters, the difference has to be larger.
pub fn detectable_difference(items: usize, discordant: f64, alpha: f64, power: f64) -> Option<f64> {
    let meaningful = items > 0 && discordant > 0.0 && discordant <= 1.0 && alpha < power;
    let (n, z_alpha, z_beta) = (
        items as f64,
        normal_quantile(1.0 - alpha / 2.0)?,
        normal_quantile(power)?,
    );
    let spread = n + z_beta * z_beta - z_alpha * z_alpha;
    if !meaningful || spread < 0.0 {
        return None;
    }
    let difference =
        discordant.sqrt() * (z_alpha * n.sqrt() + z_beta * spread.sqrt()) / (n + z_beta * z_beta);
    (difference <= discordant).then_some(difference)
}

/// Half the width of a proportion's confidence interval, for planning a single, unpaired score.
///
/// `z · √(p (1 − p) / n)` with `z = Φ⁻¹((1 + level)/2)` (Wald), for independent items; at `p = ½` it is widest.
/// `None` for no items, `proportion` outside `[0, 1]`, or `level` not between 0 and 1.
pub fn half_width(items: usize, proportion: f64, level: f64) -> Option<f64> {
    if items == 0 || !(0.0..=1.0).contains(&proportion) || !(level > 0.0 && level < 1.0) {
        return None;
    }
    let z = normal_quantile(0.5 + level / 2.0)?;
    Some(z * (proportion * (1.0 - proportion) / items as f64).sqrt())
}
