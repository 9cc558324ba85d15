//! Checkpoints: their text, and who may sign what.

use countersign_core::{SharedSecret, SigningKey};
use countersign_custody::audit::{self, Checkpoint};
use countersign_custody::{Batch, Space, Store as _};

use crate::log::{Map, NOW, draft, keys, log_of, log_with_checkpoints, sign, signing_key};

#[test]
fn its_text_is_a_signed_note() {
    let store = log_of(3);
    let checkpoint = sign(&store);
    let text = checkpoint.to_string();
    let log = audit::read(&store, 1).unwrap().hash();
    let head = audit::read(&store, 3).unwrap().hash();
    let lines: Vec<&str> = text.split('\n').collect();
    assert_eq!(lines[0], format!("countersign-audit/{log}"));
    assert_eq!(lines[1], "3");
    assert_eq!(lines[2].len(), 44);
    assert_eq!(lines[3], format!("head {head}"));
    assert_eq!(lines[4], format!("at_ms {}", NOW + 3));
    assert_eq!(lines[5], "");
    assert!(lines[6].starts_with(&format!("— countersign-audit/{log} ")));
    assert_eq!(lines[7..], [""]);
    assert_eq!(Checkpoint::parse(&text).unwrap(), checkpoint);
    assert_eq!(Checkpoint::last(&store).unwrap(), Some(checkpoint));
}

#[test]
fn a_text_with_any_byte_changed_is_malformed_or_not_signed() {
    let text = sign(&log_of(3)).to_string();
    for at in 0..text.len() {
        for flip in [1, 2, 4, 8, 16, 32, 64, 128] {
            let mut bytes = text.clone().into_bytes();
            bytes[at] ^= flip;
            let read = String::from_utf8(bytes).ok();
            let read = read.and_then(|text| Checkpoint::parse(&text).ok());
            assert!(
                read.is_none_or(|read| !read.is_signed_by(&keys(7))),
                "byte {at}"
            );
        }
    }
    for text in [
        "",
        "\n",
        &text[1..],
        &text[..text.len() - 1],
        &format!("{text}\n"),
    ] {
        let refused = Checkpoint::parse(text).unwrap_err();
        assert_eq!(refused.code(), "audit_checkpoint_malformed");
    }
}

#[test]
fn only_an_ed25519_key_signs_one_and_only_of_a_log_with_records() {
    let mac = SigningKey::new("audit", &SharedSecret::new(vec![7; 32]).unwrap()).unwrap();
    let p256 = SigningKey::ecdsa_p256("audit", &[7; 32]).unwrap();
    for key in [mac, p256] {
        let refused = Checkpoint::sign(&log_of(1), &key, NOW).unwrap_err();
        assert_eq!(refused.code(), "audit_key_unfit");
    }
    let empty = Checkpoint::sign(&Map::default(), &signing_key(7), NOW).unwrap_err();
    assert_eq!(empty.code(), "audit_no_record");
}

#[test]
fn a_log_that_contradicts_its_last_checkpoint_gets_no_other() {
    let (store, _) = log_with_checkpoints(&[5]);
    let forged = log_of(4);
    audit::record(&forged, &[draft(5).reason("another"), draft(6)]).unwrap();
    for sequence in 1..=6_u64 {
        let key = crate::log::key(sequence);
        let value = forged.entries()[&key].clone();
        store.entries.lock().unwrap().insert(key, value);
    }
    let refused = Checkpoint::sign(&store, &signing_key(7), NOW).unwrap_err();
    assert_eq!(refused.code(), "audit_contradicts_checkpoint");
    let mut batch = Batch::new();
    batch.delete(Space::Checkpoints, &5_u64.to_be_bytes());
    store.commit(&batch).unwrap();
    Checkpoint::sign(&store, &signing_key(7), NOW).unwrap();
}
