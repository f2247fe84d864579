use super::kernels::{self, PackedWeight};
use burn::tensor::{DType, Int, Tensor};
use std::sync::Arc;

/// The weight of a linear layer or an embedding, `[out_features, in_features]`. A clone shares the numbers.
#[derive(Clone)]
pub(crate) enum Weight {
    /// A tensor of burn: on other devices, and for weights that are trained.
    Plain(Box<Tensor<2>>),
    /// In the order of our products, for a weight on the processor that stays as it is.
    Packed(Arc<PackedWeight>),
}

impl Weight {
    /// Packs a matrix that our kernels can take.
    pub(crate) fn new(weight: Tensor<2>) -> Self {
        if kernels::supports(&weight) {
            Self::Packed(Arc::new(PackedWeight::new(weight)))
        } else {
            Self::plain(weight)
        }
    }

    /// Leaves a matrix as it is.
    pub(super) fn plain(weight: Tensor<2>) -> Self {
        Self::Plain(Box::new(weight))
    }

    /// `[out_features, in_features]`
    pub(crate) fn dims(&self) -> [usize; 2] {
        match self {
            Self::Plain(weight) => weight.dims(),
            Self::Packed(weight) => weight.dims(),
        }
    }

    /// The type of the numbers.
    pub(crate) fn dtype(&self) -> DType {
        match self {
            Self::Plain(weight) => weight.dtype(),
            Self::Packed(_) => DType::F32,
        }
    }

    /// The matrix as a tensor; of a packed one a copy.
    pub(crate) fn tensor(&self) -> Tensor<2> {
        match self {
            Self::Plain(weight) => weight.as_ref().clone(),
            Self::Packed(weight) => weight.unpacked(),
        }
    }

    /// Packs it, if our kernels can take it.
    pub(super) fn pack(&mut self) {
        if let Self::Plain(weight) = self {
            *self = Self::new(weight.as_ref().clone());
        }
    }

    /// Makes it a tensor that can be changed in place.
    pub(super) fn unpack(&mut self) {
        if let Self::Packed(weight) = self {
            *self = Self::plain(weight.unpacked());
        }
    }

    /// Replaces the matrix by the result of `change`, and packs that if the matrix was packed.
    pub(crate) fn replace(&mut self, change: impl FnOnce(Tensor<2>) -> Tensor<2>) {
        let nothing = Self::plain(Tensor::empty([0, 0], &burn::tensor::Device::flex()));
        *self = match std::mem::replace(self, nothing) {
            Self::Plain(weight) => Self::plain(change(*weight)),
            Self::Packed(weight) => {
                let plain = weight.unpacked();
                // Not held twice, where it is not shared.
                drop(weight);
                Self::new(change(plain))
            }
        };
    }

    /// Some rows, `[rows, in_features]`.
    pub(super) fn rows(&self, numbers: Tensor<1, Int>) -> Tensor<2> {
        match self {
            Self::Plain(weight) => weight.as_ref().clone().select(0, numbers),
            Self::Packed(weight) => {
                let numbers = numbers.into_data();
                weight.rows(numbers.iter::<i64>().map(|number| number as usize))
            }
        }
    }

    /// `x · weightᵀ`
    ///
    /// # Shapes
    /// input: `[rows, in_features]`, output: `[rows, out_features]`
    pub(super) fn product(&self, x: &Tensor<2>) -> Tensor<2> {
        match self {
            Self::Plain(weight) => product(x, weight),
            Self::Packed(weight) => kernels::linear(x, weight, None),
        }
    }

    /// [`Weight::product`] of several weights.
    pub(super) fn products<const M: usize>(weights: [&Self; M], x: &Tensor<2>) -> [Tensor<2>; M] {
        let packed = weights.map(|weight| match weight {
            Self::Packed(weight) => Some(weight.as_ref()),
            Self::Plain(_) => None,
        });
        if packed.iter().all(Option::is_some) {
            kernels::linear_each(x, packed.map(|weight| weight.expect("all of them are")))
        } else {
            weights.map(|weight| weight.product(x))
        }
    }

    /// `gradient · weight`, added to `onto` if there is something.
    ///
    /// # Shapes
    /// input: `[rows, out_features]`, output: `[rows, in_features]`
    pub(super) fn product_backward(
        &self,
        gradient: &Tensor<2>,
        onto: Option<Tensor<2>>,
    ) -> Tensor<2> {
        match self {
            Self::Plain(weight) => matmul(gradient, weight, onto),
            Self::Packed(weight) => kernels::linear_backward(gradient, weight, onto),
        }
    }
}

/// `x · weightᵀ`
///
/// # Shapes
/// - x: `[rows, in_features]`
/// - weight: `[out_features, in_features]`
pub(super) fn product(x: &Tensor<2>, weight: &Tensor<2>) -> Tensor<2> {
    if kernels::supports(x) {
        kernels::linear(x, &PackedWeight::new(weight.clone()), None)
    } else {
        // A transposed view: no backend copies it.
        x.clone().matmul(weight.clone().transpose())
    }
}

/// `out + x · weightᵀ`, for shapes as in [`product`].
pub(super) fn add_product(out: Tensor<2>, x: &Tensor<2>, weight: &Tensor<2>) -> Tensor<2> {
    if kernels::supports(x) && kernels::supports(&out) {
        kernels::linear(x, &PackedWeight::new(weight.clone()), Some(out))
    } else {
        out + product(x, weight)
    }
}

/// `x · y`, added to `onto` if there is something.
pub(super) fn matmul(x: &Tensor<2>, y: &Tensor<2>, onto: Option<Tensor<2>>) -> Tensor<2> {
    if kernels::supports(x) {
        return kernels::matmul(x, y, onto);
    }
    let product = x.clone().matmul(y.clone());
    match onto {
        Some(onto) => onto + product,
        None => product,
    }
}

/// `xᵀ · y`
pub(super) fn matmul_transposed(x: &Tensor<2>, y: &Tensor<2>) -> Tensor<2> {
    if kernels::supports(x) {
        kernels::matmul_transposed(x, y)
    } else {
        x.clone().transpose().matmul(y.clone())
    }
}
