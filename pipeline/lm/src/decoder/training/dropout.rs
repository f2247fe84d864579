use crate::decoder::kernels;
use burn::tensor::{Distribution, Tensor};

/// Which numbers are left out in a step of a training.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Dropout {
    /// The probability of being left out.
    pub(crate) rate: f32,
    /// Of the training's seed, the step and the part of the batch.
    pub(crate) key: u64,
}

/// Which numbers of a tensor are left out.
pub(super) enum Mask {
    /// None.
    Nothing,
    /// Those that our kernel derives from a key.
    Key(f32, u64),
    /// 0 or `1 / (1 - rate)`.
    Factors(Box<Tensor<2>>),
}

impl Dropout {
    /// The mask for what goes into a module.
    pub(super) fn mask(&self, x: &Tensor<2>, module: &str) -> Mask {
        if self.rate == 0.0 {
            return Mask::Nothing;
        }
        if kernels::supports(x) {
            // FNV-1a: any hash that is the same tomorrow.
            let name = module
                .bytes()
                .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
                    (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
                });
            return Mask::Key(self.rate, kernels::mix_bits(self.key ^ name));
        }
        let stays = 1.0 - f64::from(self.rate);
        let options = (&x.device(), x.dtype());
        let drawn = Tensor::random(x.dims(), Distribution::Bernoulli(stays), options);
        Mask::Factors(Box::new(drawn / stays))
    }
}

impl Mask {
    pub(super) fn apply(&self, x: Tensor<2>) -> Tensor<2> {
        match self {
            Self::Nothing => x,
            Self::Key(rate, key) => kernels::dropout(x, *rate, *key),
            Self::Factors(factors) => x * factors.as_ref().clone(),
        }
    }
    /// Adds what it leaves of `product`'s result, which is given what to add to, to `onto`.
    pub(super) fn add(
        &self,
        onto: Option<Tensor<2>>,
        product: impl FnOnce(Option<Tensor<2>>) -> Tensor<2>,
    ) -> Tensor<2> {
        match (self, onto) {
            (Self::Nothing, onto) => product(onto),
            (_, Some(onto)) => kernels::sum(onto, self.apply(product(None))),
            (_, None) => self.apply(product(None)),
        }
    }
}
