//! Planned failures: a test makes calls of its own thread fail as if a device had failed.

use super::memory_advice;
use crate::LmError;
use std::cell::RefCell;

thread_local! {
    static PLAN: RefCell<Vec<Option<PlannedFailure>>> = const { RefCell::new(Vec::new()) };
}

/// The way in which a call fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PlannedFailure {
    Memory,
    Lost,
}

/// The next guarded calls of this thread end as `plan` says, after they have done all that they do: so late does a device
/// tell at the latest.
pub(crate) fn plan(plan: impl IntoIterator<Item = Option<PlannedFailure>>) {
    let mut plan: Vec<_> = plan.into_iter().collect();
    plan.reverse();
    PLAN.set(plan);
}

/// The `number`th guarded call from now, counted from 0, ends so.
pub(crate) fn plan_one(number: usize, planted: PlannedFailure) {
    plan(std::iter::repeat_n(None, number).chain([Some(planted)]));
}

/// Calls that are left in the plan.
pub(crate) fn left() -> usize {
    PLAN.with_borrow(Vec::len)
}

pub(super) fn failure() -> Option<LmError> {
    let planted = PLAN.with_borrow_mut(Vec::pop).flatten()?;
    Some(match planted {
        PlannedFailure::Memory => LmError::OutOfMemory {
            over: "the work".to_owned(),
            advice: memory_advice(&[], false),
        },
        PlannedFailure::Lost => LmError::DeviceLost {
            problem: "it was unplugged".to_owned(),
        },
    })
}
