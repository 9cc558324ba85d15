//! Every change of a vault is found.

use std::collections::BTreeSet;

use countersign_core::Environment::{Dev, Live};
use countersign_custody::vault::{self, Custodians, KeyFile, Root};

use crate::support::{ALL, cheap, code, name, now, secret};

/// A vault with three environments, three kinds of root and two data keys, and what opens it.
fn vault() -> (Vec<u8>, [Root; 3]) {
    let folder = tempfile::tempdir().unwrap();
    let roots = [
        cheap("a phrase of many words"),
        Root::KeyFile(KeyFile::create(&folder.path().join("root")).unwrap()),
        Root::Custodians(Custodians::split(2, 3).unwrap()),
    ];
    let vault = vault::init(&ALL, &roots[0], now()).unwrap();
    let (vault, _) = vault.add_root(&roots[1], now()).unwrap();
    let (vault, _) = vault.add_root(&roots[2], now()).unwrap();
    let vault = vault.rotate_data_key(Live, now()).unwrap();
    (vault.header().to_vec(), roots)
}

#[test]
fn every_flipped_byte_of_a_header_is_found() {
    let (header, roots) = vault();
    let mut codes = BTreeSet::new();
    for at in 0..header.len() {
        // A digit for another, a letter for its capital, a byte for no text at all; each by another root.
        for (mask, root) in [0x01, 0x20, 0xff].into_iter().zip(&roots) {
            let mut flipped = header.clone();
            flipped[at] ^= mask;
            codes.insert(code(vault::unlock(&flipped, root)));
        }
    }
    let found_as = BTreeSet::from([
        "cost_refused",
        "root_absent",
        "share_foreign",
        "share_wrong",
        "vault_damaged",
        "vault_locked",
        "vault_newer_format",
    ]);
    assert!(codes.is_subset(&found_as), "{codes:?}");
    assert!(codes.contains("vault_damaged") && codes.contains("vault_locked"));
}

#[test]
fn every_flipped_bit_of_a_sealed_secret_is_found() {
    let vault = vault::init(&ALL, &cheap("a phrase of many words"), now()).unwrap();
    let sealed = vault.seal(&name(Live, "k7", 1), &secret("s3cret")).unwrap();
    for at in 0..sealed.len() {
        for bit in 0..8 {
            let mut flipped = sealed.clone();
            flipped[at] ^= 1 << bit;
            let found = code(vault.open(&name(Live, "k7", 1), &flipped));
            // Bytes 1 to 4 name the data key.
            let expected = if (1..5).contains(&at) {
                "data_key_absent"
            } else {
                "seal_broken"
            };
            assert_eq!(found, expected, "byte {at}, bit {bit}");
        }
    }
}

#[test]
fn every_cut_of_a_vault_is_found() {
    let (header, [root, ..]) = vault();
    for length in 0..header.len() {
        assert_eq!(
            code(vault::unlock(&header[..length], &root)),
            "vault_damaged"
        );
    }
    let longer = [&header[..], b" "].concat();
    assert_eq!(code(vault::unlock(&longer, &root)), "vault_damaged");

    let vault = vault::unlock(&header, &root).unwrap();
    let sealed = vault.seal(&name(Live, "k7", 1), &secret("s3cret")).unwrap();
    for length in 0..sealed.len() {
        assert_eq!(
            code(vault.open(&name(Live, "k7", 1), &sealed[..length])),
            "seal_broken"
        );
    }
    let longer = [&sealed[..], &[0]].concat();
    assert_eq!(
        code(vault.open(&name(Live, "k7", 1), &longer)),
        "seal_broken"
    );
}

/// A wrapping that is put where another was opens nothing, though the root and the vault are the same.
#[test]
fn a_wrapping_opens_in_its_own_environment_alone() {
    let root = cheap("a phrase of many words");
    let vault = vault::init(&[Dev, Live], &root, now()).unwrap();
    let header = String::from_utf8(vault.header().to_vec()).unwrap();
    let parsed: serde_json::Value = serde_json::from_str(&header).unwrap();
    for kind in ["roots", "data_keys"] {
        let wrapped = |environment: usize| {
            let contents = &parsed["environments"][environment]["contents"];
            contents[kind][0]["wrapped"].as_str().unwrap().to_owned()
        };
        let swapped = header.replace(&wrapped(1), &wrapped(0));
        assert_ne!(swapped, header);
        assert!(vault::unlock_only(swapped.as_bytes(), &root, &[Live]).is_err());
        assert!(vault::unlock_only(swapped.as_bytes(), &root, &[Dev]).is_ok());
    }
}

#[test]
fn a_section_of_another_vault_is_found() {
    let root = cheap("a phrase of many words");
    let header = || {
        let vault = vault::init(&[Live], &root, now()).unwrap();
        String::from_utf8(vault.header().to_vec()).unwrap()
    };
    let (one, other) = (header(), header());
    let section = |header: &str| header.split_once("\"environments\"").unwrap().1.to_owned();
    let mixed = one.replace(&section(&one), &section(&other));
    assert_eq!(code(vault::unlock(mixed.as_bytes(), &root)), "vault_locked");
}

#[test]
fn there_is_one_way_to_write_a_header() {
    let (header, [root, ..]) = vault();
    let header = String::from_utf8(header).unwrap();
    for other in [
        header.replacen('{', "{ ", 1),
        header.replacen("\"format\":1", "\"format\":1,\"note\":1", 1),
        header.replacen(
            "\"kind\":\"passphrase\"",
            "\"kind\":\"passphrase\",\"x\":1",
            1,
        ),
        header.replacen("\"dev\"", "\"\\u0064ev\"", 1),
        format!("{header}\n"),
    ] {
        assert_ne!(other, header);
        assert_eq!(
            code(vault::unlock(other.as_bytes(), &root)),
            "vault_damaged"
        );
    }
}

#[test]
fn a_header_of_a_later_program_is_named_so() {
    let (header, [root, ..]) = vault();
    let header = String::from_utf8(header).unwrap();
    let later = header.replacen("\"format\":1", "\"format\":2", 1);
    assert_eq!(
        code(vault::unlock(later.as_bytes(), &root)),
        "vault_newer_format"
    );
    assert_eq!(code(vault::status(later.as_bytes())), "vault_newer_format");
}

#[test]
fn what_is_no_header_is_refused_quickly() {
    let root = cheap("a phrase of many words");
    let deep = "[".repeat(1 << 20);
    let many = format!(
        "{{\"format\":1,\"vault\":\"{}\",\"environments\":[]}}",
        "0".repeat(32)
    );
    for wrong in [
        "",
        "null",
        "{}",
        "{\"format\":1}",
        &deep,
        &many,
        &" ".repeat((1 << 20) + 1),
    ] {
        assert_eq!(
            code(vault::unlock(wrong.as_bytes(), &root)),
            "vault_damaged"
        );
    }
}
