//! Functions of one number in forms that compilers turn into vector instructions.

mod erf;
mod exp;
mod tanh;

pub(crate) use erf::{erf, gaussian};
pub(crate) use exp::exp;
pub(crate) use tanh::tanh;
