//! The replay cache: a token is fresh once, and what is full refuses.

use std::collections::BTreeMap;

use core::time::Duration;

use countersign_core::{
    Authentic, Code, Environment, KeyRecord, ReplayCache, ReplayStore, SharedSecret, SignOptions,
    SigningKey, Spend, UnixSeconds,
};
use proptest::prelude::*;

use crate::support::{Attempt, at, options};

/// An authentic request whose token is kept until second `keep_until`.
fn authentic(nonce: &str, keep_until: i64) -> Authentic {
    let mut attempt = Attempt::unsigned();
    attempt.profile = attempt
        .profile
        .max_age(Duration::ZERO)
        .clock_skew(Duration::ZERO);
    attempt.now = at(keep_until);
    attempt.sign(&SignOptions::new(attempt.now).nonce(nonce));
    let authentic = attempt.authenticate().unwrap();
    assert_eq!(authentic.replay_token().keep_until(), at(keep_until));
    authentic
}

fn spend(cache: &mut ReplayCache, authentic: &Authentic, now: i64) -> Spend {
    cache.spend(authentic.replay_token(), at(now))
}

#[test]
fn a_token_is_fresh_once() {
    let mut cache = ReplayCache::new(4, 1);
    let one = authentic("one", 100);
    assert_eq!(spend(&mut cache, &one, 0), Spend::Fresh);
    assert_eq!(spend(&mut cache, &one, 0), Spend::Replayed);
}

#[test]
fn a_replay_within_the_skew_is_refused() {
    let mut attempt = Attempt::good();
    attempt.now = at(-30);
    attempt.verify().unwrap();
    for second in [-30, 0, 300, 330] {
        attempt.now = at(second);
        assert_eq!(
            attempt.verify().unwrap_err().code(),
            Code::Replayed,
            "at {second}"
        );
    }
}

#[test]
fn without_a_nonce_the_signature_itself_is_used_once() {
    let mut attempt = Attempt::unsigned();
    attempt.profile = attempt.profile.nonce_required(false);
    attempt.sign(&SignOptions::new(at(0)));
    attempt.verify().unwrap();
    assert_eq!(attempt.verify().unwrap_err().code(), Code::Replayed);
    attempt.sign(&SignOptions::new(at(1)));
    attempt.verify().unwrap();
}

#[test]
fn one_key_does_not_spend_the_nonce_of_another() {
    // The second pair runs together to the same text.
    for (keyid, nonces) in [("k8", ["n", "n"]), ("k71", ["1n", "n"])] {
        let secret = SharedSecret::new(vec![8; 32]).unwrap();
        let mut attempt = Attempt::unsigned();
        let record = KeyRecord::new(keyid, Environment::Live, &secret).unwrap();
        attempt.ring.insert(record);
        attempt.sign(&options().nonce(nonces[0]));
        attempt.verify().unwrap();
        let other = SigningKey::new(keyid, &secret).unwrap();
        attempt.sign_with(&other, &options().nonce(nonces[1]));
        attempt.verify().unwrap();
    }
}

#[test]
fn a_full_cache_refuses_and_forgets_nobody() {
    let mut cache = ReplayCache::new(2, 1);
    let [one, two, three] = ["one", "two", "three"].map(|nonce| authentic(nonce, 100));
    assert_eq!(spend(&mut cache, &one, 0), Spend::Fresh);
    assert_eq!(spend(&mut cache, &two, 0), Spend::Fresh);
    assert_eq!(spend(&mut cache, &three, 100), Spend::Full);
    assert_eq!(spend(&mut cache, &one, 100), Spend::Replayed);
    assert_eq!(spend(&mut cache, &two, 100), Spend::Replayed);
}

#[test]
fn a_token_makes_room_the_second_after_it_ended() {
    let mut cache = ReplayCache::new(1, 1);
    let (old, new) = (authentic("old", 100), authentic("new", 200));
    assert_eq!(spend(&mut cache, &old, 0), Spend::Fresh);
    assert_eq!(spend(&mut cache, &new, 100), Spend::Full);
    assert_eq!(spend(&mut cache, &new, 101), Spend::Fresh);
}

#[test]
fn a_clock_set_back_makes_no_forgotten_token_fresh() {
    let mut cache = ReplayCache::new(1, 1);
    let (old, new) = (authentic("old", 100), authentic("new", 200));
    assert_eq!(spend(&mut cache, &old, 0), Spend::Fresh);
    assert_eq!(spend(&mut cache, &new, 101), Spend::Fresh);
    assert_eq!(spend(&mut cache, &old, 0), Spend::Replayed);
}

#[test]
fn a_store_that_does_not_answer_refuses() {
    let refused = |answer| authentic("one", 100).spent(answer).unwrap_err().code();
    assert_eq!(refused(Spend::Unavailable), Code::ReplayStoreUnavailable);
    assert_eq!(refused(Spend::Full), Code::ReplayCacheFull);
    assert_eq!(refused(Spend::Replayed), Code::Replayed);
    assert!(authentic("one", 100).spent(Spend::Fresh).is_ok());
}

#[test]
fn memory_is_taken_at_the_start_and_stays() {
    let mut cache = ReplayCache::new(100, 7);
    let memory = cache.memory();
    assert_eq!(memory, 256 * 24);
    for n in 0..300_i32 {
        spend(
            &mut cache,
            &authentic(&n.to_string(), i64::from(n) + 50),
            i64::from(n),
        );
        assert_eq!(cache.memory(), memory);
    }
    assert_eq!(
        ReplayCache::new(0, 7).memory(),
        2 * 24,
        "a cache holds one token at least"
    );
}

/// The shortest cache that could be right, for a clock that doesn't go back.
struct Model {
    capacity: usize,
    live: BTreeMap<[u8; 16], UnixSeconds>,
}

impl Model {
    fn spend(&mut self, id: [u8; 16], keep_until: UnixSeconds, now: UnixSeconds) -> Spend {
        self.live.retain(|_, kept_until| *kept_until >= now);
        if self.live.contains_key(&id) {
            Spend::Replayed
        } else if self.live.len() == self.capacity {
            Spend::Full
        } else {
            self.live.insert(id, keep_until);
            Spend::Fresh
        }
    }
}

/// Tokens that end at 0, 1, .. 63.
fn pool() -> Vec<Authentic> {
    (0..64_i64)
        .map(|second| authentic(&second.to_string(), second))
        .collect()
}

#[test]
fn the_cache_answers_what_the_model_answers() {
    let pool = pool();
    let steps = proptest::collection::vec((0_usize..64, 0_i64..3), 1..200);
    let config = ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(300)
    };
    proptest::test_runner::TestRunner::new(config)
        .run(
            &(1_usize..20, any::<u64>(), steps),
            |(capacity, seed, steps)| {
                let mut cache = ReplayCache::new(capacity, seed);
                let mut model = Model {
                    capacity,
                    live: BTreeMap::new(),
                };
                let mut now = 0;
                for (index, pause) in steps {
                    now += pause;
                    let token = pool[index].replay_token();
                    // A token comes here only while its signature is accepted.
                    if token.keep_until() < at(now) {
                        continue;
                    }
                    let expected = model.spend(*token.id(), token.keep_until(), at(now));
                    prop_assert_eq!(cache.spend(token, at(now)), expected);
                    prop_assert!(model.live.len() <= capacity);
                }
                Ok(())
            },
        )
        .unwrap();
}

#[test]
fn no_token_is_fresh_twice_however_the_clock_moves() {
    let pool = pool();
    let steps = proptest::collection::vec((0_usize..64, 0_i64..70), 1..200);
    let config = ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(300)
    };
    proptest::test_runner::TestRunner::new(config)
        .run(
            &(1_usize..20, any::<u64>(), steps),
            |(capacity, seed, steps)| {
                let mut cache = ReplayCache::new(capacity, seed);
                let mut spent = [false; 64];
                for (index, now) in steps {
                    if spend(&mut cache, &pool[index], now) == Spend::Fresh {
                        prop_assert!(!spent[index], "token {index} was fresh twice");
                        spent[index] = true;
                    }
                }
                Ok(())
            },
        )
        .unwrap();
}
