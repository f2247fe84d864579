// Coefficients are given as published, with more digits than an f64 holds.
#![allow(clippy::excessive_precision)]

use std::f64::consts::SQRT_2;

/// Distribution function of the standard normal: `Φ(x) = P(Z ≤ x)`.
///
/// In `[0, 1]`; NaN for NaN. Relative error below 10⁻¹⁵ times `max(1, x²)` in both tails, down to the smallest
/// normal number (x ≥ −37.5). Rational approximations of W. J. Cody (1993, Algorithm 715, ACM TOMS 19).
pub fn normal_cdf(x: f64) -> f64 {
    const CENTRE: ([f64; 5], [f64; 4]) = (
        [
            2.235_252_035_460_683_928_7,
            161.028_231_068_555_878_81,
            1_067.689_485_460_370_958_2,
            18_154.981_253_343_561_249,
            0.065_682_337_918_207_449_113,
        ],
        [
            47.202_581_904_688_241_870,
            976.098_551_737_776_693_22,
            10_260.932_208_618_978_205,
            45_507.789_335_026_729_956,
        ],
    );
    const MIDDLE: ([f64; 9], [f64; 8]) = (
        [
            0.398_941_512_088_134_667_64,
            8.883_149_794_388_375_941_2,
            93.506_656_132_177_855_979,
            597.270_276_394_800_262_26,
            2_494.537_585_290_372_671_1,
            6_848.190_450_536_282_332_6,
            11_602.651_437_647_350_124,
            9_842.714_838_383_978_021_8,
            1.076_557_677_372_019_231_7e-8,
        ],
        [
            22.266_688_044_328_115_691,
            235.387_901_782_624_998_61,
            1_519.377_599_407_554_805_0,
            6_485.558_298_266_760_755_0,
            18_615.571_640_885_098_091,
            34_900.952_721_145_977_266,
            38_912.003_286_093_271_411,
            19_685.429_676_859_990_727,
        ],
    );
    const TAIL: ([f64; 6], [f64; 5]) = (
        [
            0.215_898_534_057_956_99,
            0.127_401_161_160_247_363_9,
            0.022_235_277_870_649_807,
            0.001_421_619_193_227_893_466,
            2.911_287_495_116_879_2e-5,
            0.023_073_441_764_940_173_03,
        ],
        [
            1.284_260_096_144_911_21,
            0.468_238_212_480_865_118,
            0.065_988_137_868_928_551_5,
            0.003_782_396_332_027_582_44,
            7.297_515_550_839_662_05e-5,
        ],
    );
    const INV_SQRT_2_PI: f64 = 0.398_942_280_401_432_677_94;

    let y = x.abs();
    if y > 39.0 {
        // Below the smallest subnormal number, and the factors beneath would be 0 · ∞.
        return if x < 0.0 { 0.0 } else { 1.0 };
    }
    if y <= 0.674_489_75 {
        let square = y * y;
        return 0.5 + x * ratio(&CENTRE.0, &CENTRE.1, square);
    }
    let scaled = if y <= 4.0 * SQRT_2 {
        ratio(&MIDDLE.0, &MIDDLE.1, y)
    } else {
        let inverse = 1.0 / (y * y);
        (INV_SQRT_2_PI - inverse * ratio(&TAIL.0, &TAIL.1, inverse)) / y
    };
    // exp(−y²/2) in two factors: rounding y² at once would cost the tail its digits.
    let head = (y * 16.0).trunc() / 16.0;
    let upper = (-head * head / 2.0).exp() * (-(y - head) * (y + head) / 2.0).exp() * scaled;
    if x < 0.0 { upper } else { 1.0 - upper }
}

/// Quantile of the standard normal: the `x` with `Φ(x) = p`.
///
/// `None` unless `0 < p < 1`. Relative error about 10⁻¹⁶: M. J. Wichura (1988, Algorithm AS 241, PPND16).
pub fn normal_quantile(p: f64) -> Option<f64> {
    const CENTRE: ([f64; 8], [f64; 8]) = (
        [
            3.387_132_872_796_366_608_0,
            133.141_667_891_784_377_45,
            1_971.590_950_306_551_442_7,
            13_731.693_765_509_461_125,
            45_921.953_931_549_871_457,
            67_265.770_927_008_700_853,
            33_430.575_583_588_128_105,
            2_509.080_928_730_122_672_7,
        ],
        [
            1.0,
            42.313_330_701_600_911_252,
            687.187_007_492_057_908_30,
            5_394.196_021_424_751_107_7,
            21_213.794_301_586_595_867,
            39_307.895_800_092_710_610,
            28_729.085_735_721_942_674,
            5_226.495_278_852_854_561_0,
        ],
    );
    const MIDDLE: ([f64; 8], [f64; 8]) = (
        [
            1.423_437_110_749_683_577_34,
            4.630_337_846_156_545_295_90,
            5.769_497_221_460_691_405_50,
            3.647_848_324_763_204_605_04,
            1.270_458_252_452_368_382_58,
            0.241_780_725_177_450_611_770,
            0.022_723_844_989_269_184_583_3,
            7.745_450_142_783_414_076_40e-4,
        ],
        [
            1.0,
            2.053_191_626_637_758_821_87,
            1.676_384_830_183_803_849_40,
            0.689_767_334_985_100_004_550,
            0.148_103_976_427_480_074_590,
            0.015_198_666_563_616_457_197_0,
            5.475_938_084_995_344_946_00e-4,
            1.050_750_071_644_416_843_24e-9,
        ],
    );
    const TAIL: ([f64; 8], [f64; 8]) = (
        [
            6.657_904_643_501_103_777_20,
            5.463_784_911_164_114_369_90,
            1.784_826_539_917_291_335_80,
            0.296_560_571_828_504_891_230,
            0.026_532_189_526_576_123_093_0,
            0.001_242_660_947_388_078_438_60,
            2.711_555_568_743_487_578_15e-5,
            2.010_334_399_292_288_132_65e-7,
        ],
        [
            1.0,
            0.599_832_206_555_887_937_690,
            0.136_929_880_922_735_805_310,
            0.014_875_361_290_850_615_025_0,
            7.868_691_311_456_132_591_00e-4,
            1.846_318_317_510_054_681_80e-5,
            1.421_511_758_316_445_888_70e-7,
            2.044_263_103_389_939_785_64e-15,
        ],
    );

    if !(p > 0.0 && p < 1.0) {
        return None;
    }
    let centred = p - 0.5;
    if centred.abs() <= 0.425 {
        let r = 0.180_625 - centred * centred;
        return Some(centred * horner(&CENTRE.0, r) / horner(&CENTRE.1, r));
    }
    let r = (-p.min(1.0 - p).ln()).sqrt();
    let x = if r <= 5.0 {
        horner(&MIDDLE.0, r - 1.6) / horner(&MIDDLE.1, r - 1.6)
    } else {
        horner(&TAIL.0, r - 5.0) / horner(&TAIL.1, r - 5.0)
    };
    Some(x.copysign(centred))
}

/// The polynomial with these coefficients, the constant first.
fn horner(coefficients: &[f64], x: f64) -> f64 {
    coefficients
        .iter()
        .rev()
        .fold(0.0, |sum, coefficient| sum * x + coefficient)
}

/// A ratio of polynomials as Algorithm 715 lists them: the leading coefficient of the numerator stands last,
/// behind the constant; that of the denominator is 1 and not listed.
fn ratio(numerator: &[f64], denominator: &[f64], x: f64) -> f64 {
    let degree = denominator.len();
    let upper = numerator[..degree]
        .iter()
        .fold(numerator[degree], |sum, coefficient| sum * x + coefficient);
    let lower = denominator
        .iter()
        .fold(1.0, |sum, coefficient| sum * x + coefficient);
    upper / lower
}
