//! Refusals that several judges return.

use crate::facts::Refusal;

pub(super) fn refuse(what: impl Into<String>, remedy: &'static str) -> Option<Refusal> {
    Some(Refusal {
        what: what.into(),
        remedy,
    })
}

pub(super) fn refuse_attach() -> Option<Refusal> {
    refuse(
        "ATTACH or DETACH",
        "remove it: a step works on its own file only",
    )
}
