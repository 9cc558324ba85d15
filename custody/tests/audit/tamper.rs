//! Whatever is done to a log is found, and said where and how.

use countersign_custody::audit::{self, Checkpoint, Fault, Report, verify};
use countersign_custody::{Space, Store as _};

use crate::log::{Entries, Map, draft, key, keys, log_of, log_with_checkpoints, sign};

fn report(entries: Entries) -> Report {
    verify(&Map::of(entries), &keys(7), &[]).unwrap()
}

fn found(entries: Entries) -> (u64, Fault) {
    let finding = report(entries).finding.expect("it is found");
    assert!(finding.to_string().contains(&finding.sequence.to_string()));
    (finding.sequence, finding.fault)
}

#[test]
fn a_log_that_nobody_touched_is_good() {
    let (store, checkpoints) = log_with_checkpoints(&[5, 12]);
    audit::record(&store, &[draft(13)]).unwrap();
    let good = verify(&store, &keys(7), &checkpoints).unwrap();
    assert_eq!((good.records, good.checkpoints, good.vouched), (13, 4, 12));
    assert_eq!(good.head, audit::head(&store).unwrap());
    assert_eq!(good.root, sign(&store).root());
    assert!(good.is_good());
    let empty = verify(&Map::default(), &keys(7), &[]).unwrap();
    assert!(empty.is_good());
    assert_eq!((empty.records, empty.head), (0, None));
}

#[test]
fn every_flipped_bit_of_every_value_is_found_where_it_is() {
    let (store, _) = log_with_checkpoints(&[4, 9]);
    let entries = store.entries();
    for (entry @ (space, place), value) in &entries {
        let sequence = u64::from_be_bytes(place.as_slice().try_into().unwrap());
        for at in 0..value.len() {
            for flip in [1, 8, 128] {
                let mut entries = entries.clone();
                entries.get_mut(entry).unwrap()[at] ^= flip;
                let (first, fault) = found(entries);
                assert_eq!(
                    first, sequence,
                    "{space:?} {sequence}, byte {at}: {fault:?}"
                );
            }
        }
    }
}

#[test]
fn every_flipped_bit_of_every_key_is_found() {
    let (store, _) = log_with_checkpoints(&[4, 9]);
    let entries = store.entries();
    for (space, place) in entries.keys() {
        for at in 0..place.len() {
            for flip in [1, 2, 4, 8, 16, 32, 64, 128] {
                let mut entries = entries.clone();
                let value = entries.remove(&(*space, place.clone())).unwrap();
                let mut moved = place.clone();
                moved[at] ^= flip;
                let overwritten = entries.insert((*space, moved), value);
                // Two checkpoints that change places leave one.
                assert!(overwritten.is_none() || *space == Space::Audit);
                found(entries);
            }
        }
    }
}

#[test]
fn every_removed_record_is_named() {
    let (store, _) = log_with_checkpoints(&[9]);
    for sequence in 1..9 {
        let mut entries = store.entries();
        entries.remove(&key(sequence));
        assert_eq!(found(entries), (sequence, Fault::Removed));
    }
}

#[test]
fn a_removed_record_is_found_though_the_others_move_up() {
    let store = log_of(9);
    for removed in 1..9 {
        let mut entries = store.entries();
        for sequence in removed..9 {
            let next = entries[&key(sequence + 1)].clone();
            entries.insert(key(sequence), next);
        }
        entries.remove(&key(9));
        let (first, fault) = found(entries);
        assert_eq!(first, removed);
        // Records with other numbers of nodes can't even be read in each other's place.
        assert!(matches!(
            fault,
            Fault::Moved { .. } | Fault::Edited | Fault::Malformed(_)
        ));
    }
}

#[test]
fn any_two_records_that_change_places_are_found() {
    let store = log_of(12);
    for one in 1..=12 {
        for other in one + 1..=12 {
            let mut entries = store.entries();
            let (first, second) = (entries[&key(one)].clone(), entries[&key(other)].clone());
            entries.insert(key(one), second);
            entries.insert(key(other), first);
            assert_eq!(found(entries).0, one);
        }
    }
}

#[test]
fn a_record_inserted_anywhere_is_found() {
    let (store, forger) = (log_of(9), log_of(20));
    for place in 1..=9 {
        let mut entries = store.entries();
        for sequence in (place..=9).rev() {
            let value = entries[&key(sequence)].clone();
            entries.insert(key(sequence + 1), value);
        }
        entries.insert(key(place), forger.entries()[&key(20)].clone());
        assert_eq!(found(entries).0, place);
    }
    for stray in [&b"\0"[..], b"123456789", &[0; 8]] {
        let mut entries = store.entries();
        entries.insert((Space::Audit, stray.to_vec()), b"{}".to_vec());
        assert!(matches!(found(entries).1, Fault::Inserted | Fault::Removed));
    }
}

#[test]
fn a_record_written_anew_with_its_own_hash_breaks_the_next() {
    for sequence in 1..9 {
        let forged = Map::default();
        for n in 1..sequence {
            audit::record(&forged, &[draft(n)]).unwrap();
        }
        audit::record(&forged, &[draft(sequence).reason("another")]).unwrap();
        let mut entries = log_of(9).entries();
        entries.insert(key(sequence), forged.entries()[&key(sequence)].clone());
        assert_eq!(found(entries), (sequence + 1, Fault::Replaced));
    }
}

#[test]
fn every_truncation_below_a_checkpoint_is_found_and_above_it_is_not() {
    let (store, checkpoints) = log_with_checkpoints(&[5]);
    audit::record(&store, &[draft(6), draft(7)]).unwrap();
    for keep in 0..5 {
        let mut entries = store.entries();
        entries.retain(|entry, _| entry.0 != Space::Audit || *entry <= key(keep));
        let fault = Fault::Truncated { checkpoint: 5 };
        assert_eq!(found(entries.clone()), (keep + 1, fault.clone()));
        entries.retain(|(space, _), _| *space == Space::Audit);
        let outside = verify(&Map::of(entries), &keys(7), &checkpoints).unwrap();
        assert_eq!(outside.finding.map(|finding| finding.fault), Some(fault));
    }
    for keep in 5..7 {
        let mut entries = store.entries();
        entries.retain(|entry, _| entry.0 != Space::Audit || *entry <= key(keep));
        let report = report(entries);
        assert!(report.is_good());
        assert_eq!((report.records, report.vouched), (keep, 5));
    }
}

#[test]
fn a_chain_made_anew_with_its_checkpoints_is_found_by_one_that_was_kept_outside() {
    let (_, outside) = log_with_checkpoints(&[4, 9]);
    for changed in 1..=9 {
        let forged = Map::default();
        for n in 1..=12 {
            let draft = if n == changed {
                draft(n).reason("another")
            } else {
                draft(n)
            };
            audit::record(&forged, &[draft]).unwrap();
        }
        // By itself it is good, and whoever has the log's key can sign it.
        sign(&forged);
        assert!(verify(&forged, &keys(7), &[]).unwrap().is_good());
        let report = verify(&forged, &keys(7), &outside).unwrap();
        let (from, checkpoint) = if changed <= 4 { (1, 4) } else { (5, 9) };
        let finding = report.finding.unwrap();
        assert_eq!(finding.sequence, from);
        assert_eq!(finding.fault, Fault::Contradicts { checkpoint });
    }
}

#[test]
fn a_checkpoint_by_another_key_is_told_and_without_keys_those_of_the_store_are_left_out() {
    let (store, checkpoints) = log_with_checkpoints(&[4]);
    let report = verify(&store, &keys(8), &[]).unwrap();
    let finding = report.finding.unwrap();
    assert_eq!(
        (finding.sequence, finding.fault),
        (4, Fault::CheckpointUntrusted)
    );
    let report = verify(&store, &[], &[]).unwrap();
    assert!(report.is_good());
    assert_eq!((report.checkpoints, report.vouched), (0, 0));
    let report = verify(&store, &[], &checkpoints).unwrap();
    assert_eq!(report.finding.unwrap().fault, Fault::CheckpointUntrusted);
}

#[test]
fn a_checkpoint_of_another_log_is_told() {
    let other = Map::default();
    audit::record(&other, &[draft(5), draft(6)]).unwrap();
    let foreign: Checkpoint = sign(&other);
    let store = log_of(9);
    let report = verify(&store, &keys(7), &[foreign]).unwrap();
    assert_eq!(
        report.finding.unwrap().fault,
        Fault::Contradicts { checkpoint: 2 }
    );
}

#[test]
fn pages_end_nowhere_in_particular() {
    for records in [511_u64, 512, 513, 1024, 1025] {
        let store = log_of(records);
        let report = verify(&store, &keys(7), &[]).unwrap();
        assert!(report.is_good());
        assert_eq!(report.records, records);
        assert_eq!(
            store.last(Space::Audit).unwrap().unwrap().0,
            records.to_be_bytes()
        );
    }
}
