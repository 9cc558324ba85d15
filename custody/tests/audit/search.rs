//! Finding records, and following them.

use std::time::Duration;

use countersign_core::{Environment, KeyId};
use countersign_custody::audit::{self, Draft, Filter, Outcome, Tail, search};
use countersign_custody::store::RedbStore;

use crate::log::{Map, NOW, draft, log_of};

fn by(change: impl FnOnce(&mut Filter)) -> Filter {
    let mut filter = Filter::default();
    change(&mut filter);
    filter
}

fn found(store: &Map, filter: &Filter) -> Vec<u64> {
    let page = search(store, filter, 1, 1000).unwrap();
    assert!(page.is_last);
    let entries = page.entries.iter();
    entries.map(|entry| entry.record().sequence).collect()
}

#[test]
fn by_each_member_and_by_all_together() {
    let store = log_of(12);
    let other = Draft::new(NOW + 13, "bob", "setting.changed")
        .reason("Longer WEEKENDS")
        .refused("not_permitted");
    audit::record(&store, &[other]).unwrap();
    let text = |text: &str| Some(text.to_owned());
    let is_found = |filter: Filter, expected: &[u64]| assert_eq!(found(&store, &filter), expected);
    let first_12: Vec<u64> = (1..=12).collect();
    is_found(by(|filter| filter.actor = text("bob")), &[13]);
    is_found(by(|filter| filter.act = text("key.used")), &[1, 4, 7, 10]);
    is_found(by(|filter| filter.act = text("key.*")), &first_12);
    is_found(by(|filter| filter.act = text("key")), &[]);
    let k1 = KeyId::new("k1").unwrap();
    is_found(by(|filter| filter.keyid = Some(k1)), &[1, 5, 9]);
    is_found(
        by(|filter| filter.environment = Some(Environment::Live)),
        &first_12,
    );
    let refused = Outcome::Refused("not_permitted".into());
    is_found(by(|filter| filter.outcome = Some(refused)), &[13]);
    is_found(by(|filter| filter.outcome = Some(Outcome::Done)), &first_12);
    is_found(by(|filter| filter.text = text("weekends")), &[13]);
    is_found(by(|filter| filter.text = text("K1")), &[1, 5, 9]);
    let times = |filter: &mut Filter| {
        filter.from_ms = Some(NOW + 4);
        filter.before_ms = Some(NOW + 8);
    };
    is_found(by(times), &[4, 5, 6, 7]);
    let both = |filter: &mut Filter| {
        times(filter);
        filter.act = text("key.used");
    };
    is_found(by(both), &[4, 7]);
    assert_eq!(found(&store, &Filter::default()).len(), 13);
}

#[test]
fn pages_cover_everything_once() {
    let store = log_of(1300);
    let filter = Filter {
        act: Some("key.used".into()),
        ..Filter::default()
    };
    for limit in [1, 7, 512, 10_000] {
        let (mut from, mut seen) = (1, Vec::new());
        loop {
            let page = search(&store, &filter, from, limit).unwrap();
            assert!(page.entries.len() <= limit);
            seen.extend(page.entries.iter().map(|entry| entry.record().sequence));
            from = page.next;
            if page.is_last {
                break;
            }
        }
        assert!(
            seen.iter().copied().eq((1..=1300).filter(|n| n % 3 == 1)),
            "{limit}"
        );
    }
    assert!(search(&Map::default(), &filter, 1, 9).unwrap().is_last);
}

#[test]
fn every_time_finds_its_first_record() {
    let store = log_of(33);
    for at in 0..40 {
        let filter = Filter {
            from_ms: Some(NOW + at),
            ..Filter::default()
        };
        let expected: Vec<u64> = (at.max(1)..=33).collect();
        assert_eq!(found(&store, &filter), expected);
    }
}

#[test]
fn a_tail_gets_what_comes_as_it_comes() {
    let store = RedbStore::in_memory().unwrap();
    let filter = Filter {
        act: Some("key.issued".into()),
        ..Filter::default()
    };
    let mut tail = Tail::new(&store, filter, 1);
    assert_eq!(tail.next(Duration::ZERO).unwrap(), []);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for n in 1..=30 {
                audit::record(&store, &[draft(n)]).unwrap();
            }
        });
        let mut seen = Vec::new();
        while seen.len() < 10 {
            let came = tail.next(Duration::from_secs(10)).unwrap();
            seen.extend(came.iter().map(|entry| entry.record().sequence));
        }
        assert!(seen.into_iter().eq((3..=30).step_by(3)));
    });
    assert_eq!(tail.next(Duration::ZERO).unwrap(), []);
}
