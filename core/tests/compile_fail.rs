//! The way of a request has no short cuts: what would skip a step doesn't compile.
//!
//! After a change of compiler, `TRYBUILD=overwrite cargo test --test compile_fail` writes what it
//! says now beside each case.

#[test]
fn a_step_that_is_skipped_or_taken_twice_does_not_compile() {
    trybuild::TestCases::new().compile_fail("tests/compile_fail/*.rs");
}
