//! When a signature counts, to the second. The skew of the clocks counts at both ends.

use core::time::Duration;

use countersign_core::Code;
use proptest::prelude::*;

use crate::support::{Attempt, at, options};

/// Verifies a signature made at second 0, by a profile with 300 s of age and 30 s of skew.
fn at_second(now: i64, expires: Option<i64>) -> Result<(), Code> {
    let mut attempt = Attempt::unsigned();
    attempt.sign(&expires.map_or_else(options, |second| options().expires(at(second))));
    attempt.now = at(now);
    attempt.verify().map(drop).map_err(|refusal| refusal.code())
}

#[test]
fn created_may_be_ahead_by_the_skew() {
    assert_eq!(at_second(-31, None), Err(Code::CreatedInFuture));
    assert_eq!(at_second(-30, None), Ok(()));
}

#[test]
fn created_counts_for_the_age_and_the_skew() {
    assert_eq!(at_second(330, None), Ok(()));
    assert_eq!(at_second(331, None), Err(Code::TooOld));
}

#[test]
fn expires_counts_until_the_skew_is_over() {
    assert_eq!(at_second(90, Some(60)), Ok(()));
    assert_eq!(at_second(91, Some(60)), Err(Code::Expired));
}

#[test]
fn expires_does_not_make_a_signature_younger() {
    assert_eq!(at_second(330, Some(10_000)), Ok(()));
    assert_eq!(at_second(331, Some(10_000)), Err(Code::TooOld));
}

#[test]
fn a_signature_that_expired_before_it_was_made_is_expired() {
    assert_eq!(at_second(0, Some(-31)), Err(Code::Expired));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    #[test]
    fn a_token_is_kept_until_the_last_second_that_is_accepted(
        age in 0_u64..1000,
        skew in 0_u64..100,
        expires in proptest::option::of(0_i64..1500),
    ) {
        let mut attempt = Attempt::unsigned();
        attempt.sign(&expires.map_or_else(options, |second| options().expires(at(second))));
        attempt.profile = attempt.profile.max_age(Duration::from_secs(age)).clock_skew(Duration::from_secs(skew));
        let last = attempt.authenticate().unwrap().replay_token().keep_until();

        attempt.now = last;
        prop_assert_eq!(attempt.authenticate().unwrap().replay_token().keep_until(), last);
        attempt.now = last.after(Duration::from_secs(1));
        let code = attempt.authenticate().unwrap_err().code();
        prop_assert!(matches!(code, Code::TooOld | Code::Expired));
    }
}
