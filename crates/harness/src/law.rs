//! The laws, which must hold for every catalogue. Each law is one file, whose doc comment is its
//! page.

mod again_does_nothing;
mod back_and_forth_keeps;
mod down_restores;
mod everything_is_documented;
mod fresh_equals_upgraded;
mod history_is_frozen;
mod integrity_holds;
mod interruption_is_atomic;
mod lookups_stay_fast;
mod queries_still_prepare;
mod starters_agree;
mod up_preserves;

use crate::check::Law;

/// All laws, in the order in which reports list them.
pub static LAWS: &[Law] = &[
    fresh_equals_upgraded::LAW,
    up_preserves::LAW,
    down_restores::LAW,
    back_and_forth_keeps::LAW,
    again_does_nothing::LAW,
    interruption_is_atomic::LAW,
    starters_agree::LAW,
    integrity_holds::LAW,
    queries_still_prepare::LAW,
    lookups_stay_fast::LAW,
    history_is_frozen::LAW,
    everything_is_documented::LAW,
];
