//! What a third party checks without the log.

use countersign_custody::audit::{self, AuditError, Checkpoint, Growth, Proof};

use crate::log::{draft, keys, log_of, log_with_checkpoints, sign};

#[test]
fn every_record_of_every_log_up_to_33_can_be_proven() {
    for records in 1..=33 {
        let store = log_of(records);
        let checkpoint = sign(&store);
        for sequence in 1..=records {
            let proof = Proof::make(&store, sequence, &checkpoint).unwrap();
            let read = Proof::from_json(&proof.to_json().unwrap()).unwrap();
            let record = read.verify(&keys(7)).unwrap();
            assert_eq!(record.sequence, sequence);
            assert_eq!(record.at_ms, draft(sequence).at_ms);
        }
    }
}

#[test]
fn a_proof_with_anything_changed_is_refused() {
    let (store, checkpoints) = log_with_checkpoints(&[11, 21]);
    let proof = Proof::make(&store, 10, &checkpoints[1]).unwrap();
    let text = proof.to_json().unwrap();
    proof.verify(&keys(7)).unwrap();
    for at in 0..text.len() {
        let mut bytes = text.clone().into_bytes();
        bytes[at] ^= 1;
        let Ok(changed) = String::from_utf8(bytes) else {
            continue;
        };
        if let Ok(read) = Proof::from_json(&changed) {
            assert!(read.verify(&keys(7)).is_err(), "{changed}");
        }
    }
}

#[test]
fn a_proof_by_another_key_or_another_checkpoint_is_refused() {
    let (store, checkpoints) = log_with_checkpoints(&[11, 21]);
    let proof = Proof::make(&store, 10, &checkpoints[1]).unwrap();
    assert!(matches!(
        proof.verify(&keys(8)),
        Err(AuditError::Untrusted(21))
    ));
    assert!(matches!(proof.verify(&[]), Err(AuditError::Untrusted(21))));
    let early = Proof::make(&store, 12, &checkpoints[0]).unwrap_err();
    assert_eq!(early.code(), "audit_proof_refused");
    let none = Proof::make(&store, 0, &checkpoints[0]).unwrap_err();
    assert_eq!(none.code(), "audit_no_record");
    let other = proof
        .to_json()
        .unwrap()
        .replace(&json(&checkpoints[1]), &json(&checkpoints[0]));
    let refused = Proof::from_json(&other).unwrap();
    assert!(matches!(
        refused.verify(&keys(7)),
        Err(AuditError::Proof(_))
    ));
}

fn json(checkpoint: &Checkpoint) -> String {
    checkpoint.to_string().replace('\n', "\\n")
}

#[test]
fn of_two_checkpoints_it_is_proven_that_the_log_only_grew() {
    let ends: Vec<u64> = (1..=20).collect();
    let (store, checkpoints) = log_with_checkpoints(&ends);
    for older in &checkpoints {
        for newer in &checkpoints[usize::try_from(older.sequence() - 1).unwrap()..] {
            let growth = Growth::make(&store, older, newer).unwrap();
            let read = Growth::from_json(&growth.to_json().unwrap()).unwrap();
            read.verify(&keys(7)).unwrap();
            assert!(read.verify(&keys(8)).is_err());
        }
    }
}

#[test]
fn it_cannot_be_proven_of_a_log_that_was_made_anew() {
    let (_, checkpoints) = log_with_checkpoints(&[9]);
    // The same first record, so the same log; and another sixth.
    let forged = log_of(5);
    audit::record(
        &forged,
        &[
            draft(6).reason("another"),
            draft(7),
            draft(8),
            draft(9),
            draft(10),
        ],
    )
    .unwrap();
    let newer = sign(&forged);
    assert_eq!(newer.log(), checkpoints[0].log());
    let growth = Growth::make(&forged, &checkpoints[0], &newer).unwrap();
    assert!(matches!(growth.verify(&keys(7)), Err(AuditError::Proof(_))));
}
