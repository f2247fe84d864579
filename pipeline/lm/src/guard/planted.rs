//! Failures that a test plans for its own thread, as if a device had failed.

use super::memory_advice;
use crate::LmError;
use std::cell::RefCell;

thread_local! {
    static PLAN: RefCell<Vec<Option<Planted>>> = const { RefCell::new(Vec::new()) };
}

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Planted {
    Memory,
    Lost,
}

/// The next guarded works of this thread end as `plan` says, after they have done all that they do: so late does a device
/// tell at the latest.
pub(crate) fn plan(plan: impl IntoIterator<Item = Option<Planted>>) {
    let mut plan: Vec<_> = plan.into_iter().collect();
    plan.reverse();
    PLAN.set(plan);
}

/// The `number`th guarded work from now, from 0, ends so.
pub(crate) fn plan_one(number: usize, planted: Planted) {
    plan(std::iter::repeat_n(None, number).chain([Some(planted)]));
}

/// Works that are left of the plan.
pub(crate) fn left() -> usize {
    PLAN.with_borrow(Vec::len)
}

pub(super) fn failure() -> Option<LmError> {
    let planted = PLAN.with_borrow_mut(Vec::pop).flatten()?;
    Some(match planted {
        Planted::Memory => LmError::OutOfMemory {
            over: "the work".to_owned(),
            lower: memory_advice(&[], false),
        },
        Planted::Lost => LmError::DeviceLost {
            problem: "it was unplugged".to_owned(),
        },
    })
}
