//! Arbitrary bytes as the text of every object of a schema: an answer or an error, no panic, no
//! hang, and an answer that agrees with itself.
//!
//! ```text
//! cargo +nightly fuzz run schema_text -- -dict=schema.dict
//! ```

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &[u8]| schema_fuzz_check::check(text));

mod schema_fuzz_check {
    include!("../check.rs");
}
