//! Rotary position embedding: which numbers of a head are rotated together, and by which angles.

use std::{f32::consts::PI, f64::consts::TAU};

/// The angles that queries and keys are rotated by.
#[derive(Clone, Debug, PartialEq)]
pub struct Rope {
    /// How many numbers at the beginning of a head are rotated; even.
    pub width: usize,
    /// Which of them are rotated together.
    pub pairs: RopePairs,
    /// The base of the wavelengths (`rope_theta`).
    pub theta: f32,
    /// How the angles are stretched beyond the context of the pretraining.
    pub scaling: RopeScaling,
}

/// Which numbers are rotated together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RopePairs {
    /// A number of the first half with that of the second half.
    Halves,
    /// Neighbours (Cohere).
    Neighbours,
}

/// A stretching of the angles (`rope_scaling`, in newer files `rope_parameters`).
#[derive(Clone, Debug, PartialEq)]
pub enum RopeScaling {
    /// None.
    None,
    /// Positions are divided by `factor`.
    Linear {
        /// The divisor.
        factor: f32,
    },
    /// The base grows with the sequence once it is longer than `context`.
    Dynamic {
        /// How much longer sequences may be.
        factor: f32,
        /// The context of the pretraining.
        context: f32,
    },
    /// Long wavelengths are stretched, short ones kept, with a smooth passage (Llama 3.1).
    Llama3 {
        /// Of the long wavelengths.
        factor: f32,
        /// Where the passage begins, in wavelengths per context.
        low_freq_factor: f32,
        /// Where it ends.
        high_freq_factor: f32,
        /// The context of the pretraining.
        context: f32,
    },
    /// Each pair of dimensions has its own divisor (`longrope` with one list for all lengths; GGUF's `rope_freqs`).
    Factors {
        /// The divisors of the angles, one for each pair.
        factors: Vec<f32>,
    },
    /// YaRN (Peng et al., 2023).
    Yarn {
        /// How much longer sequences may be.
        factor: f32,
        /// Multiplies sine and cosine.
        attention_factor: f32,
        /// Rotations within the context above which nothing is stretched.
        beta_fast: f32,
        /// Rotations within the context below which everything is.
        beta_slow: f32,
        /// Whether the bounds are rounded to whole dimensions.
        truncate: bool,
        /// The context of the pretraining.
        context: f32,
    },
}

impl Rope {
    /// Cosines and sines for a sequence's positions `from..to`, each `[to - from, width / 2]`, row by row.
    ///
    /// `to` is the sequence's length, on which the dynamic scaling depends.
    pub fn table(&self, from: usize, to: usize) -> (Vec<f32>, Vec<f32>) {
        let frequencies = self.frequencies(to);
        let factor = match self.scaling {
            RopeScaling::Yarn {
                attention_factor, ..
            } => attention_factor,
            RopeScaling::None
            | RopeScaling::Linear { .. }
            | RopeScaling::Dynamic { .. }
            | RopeScaling::Factors { .. }
            | RopeScaling::Llama3 { .. } => 1.0,
        };
        let angles = (from..to).flat_map(|position| {
            frequencies
                .iter()
                .map(move |frequency| position as f32 * frequency)
        });
        angles
            .map(|angle| (angle.cos() * factor, angle.sin() * factor))
            .unzip()
    }

    /// Whether the angles of earlier positions depend on the sequence's length.
    pub const fn depends_on_length(&self) -> bool {
        matches!(self.scaling, RopeScaling::Dynamic { .. })
    }

    /// Angle per position of each pair of dimensions, in f32 as PyTorch computes them.
    fn frequencies(&self, tokens: usize) -> Vec<f32> {
        let inverse = |theta: f32| -> Vec<f32> {
            (0..self.width / 2)
                .map(|pair| 1.0 / theta.powf((2 * pair) as f32 / self.width as f32))
                .collect()
        };
        match self.scaling {
            RopeScaling::None => inverse(self.theta),
            // PyTorch multiplies the factor into the power before it inverts.
            RopeScaling::Factors { ref factors } => (0..self.width / 2)
                .zip(factors)
                .map(|(pair, factor)| {
                    let power = (2 * pair) as f32 / self.width as f32;
                    1.0 / (factor * self.theta.powf(power))
                })
                .collect(),
            RopeScaling::Linear { factor } => {
                inverse(self.theta).iter().map(|f| f / factor).collect()
            }
            RopeScaling::Dynamic { factor, context } => {
                let tokens = (tokens as f32).max(context);
                let growth = factor * tokens / context - (factor - 1.0);
                let width = self.width as f32;
                inverse(self.theta * growth.powf(width / (width - 2.0)))
            }
            RopeScaling::Llama3 {
                factor,
                low_freq_factor,
                high_freq_factor,
                context,
            } => {
                let stretch = |frequency: f32| {
                    let wavelength = 2.0 * PI / frequency;
                    if wavelength > context / low_freq_factor {
                        return frequency / factor;
                    }
                    if wavelength < context / high_freq_factor {
                        return frequency;
                    }
                    let smooth = (context / wavelength - low_freq_factor)
                        / (high_freq_factor - low_freq_factor);
                    (1.0 - smooth) * frequency / factor + smooth * frequency
                };
                inverse(self.theta).into_iter().map(stretch).collect()
            }
            RopeScaling::Yarn {
                factor,
                beta_fast,
                beta_slow,
                truncate,
                context,
                ..
            } => {
                let width = self.width as f64;
                // The dimension that turns so many times within the context; in f64, as the bounds are rounded.
                let dimension = |rotations: f32| {
                    let turns = f64::from(context) / (f64::from(rotations) * TAU);
                    width * turns.ln() / (2.0 * f64::from(self.theta).ln())
                };
                let (mut low, mut high) = (dimension(beta_fast), dimension(beta_slow));
                if truncate {
                    (low, high) = (low.floor(), high.ceil());
                }
                let (low, mut high) = (low.max(0.0), high.min(width - 1.0));
                if low == high {
                    high += 0.001;
                }
                let (low, high) = (low as f32, high as f32);
                let stretch = |(pair, frequency): (usize, f32)| {
                    let ramp = ((pair as f32 - low) / (high - low)).clamp(0.0, 1.0);
                    frequency / factor * ramp + frequency * (1.0 - ramp)
                };
                let frequencies = inverse(self.theta).into_iter().enumerate();
                frequencies.map(stretch).collect()
            }
        }
    }
}

/// YaRN's factor for sine and cosine where the configuration names none.
pub fn yarn_attention_factor(factor: f32, mscale: Option<f32>, mscale_all_dim: Option<f32>) -> f32 {
    let scale = |weight: f32| {
        if factor <= 1.0 {
            1.0
        } else {
            0.1 * weight * factor.ln() + 1.0
        }
    };
    match (mscale, mscale_all_dim) {
        (Some(mscale), Some(all)) => scale(mscale) / scale(all),
        (Some(_), None) | (None, Some(_)) | (None, None) => scale(1.0),
    }
}
