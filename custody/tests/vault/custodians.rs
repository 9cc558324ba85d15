//! A root that several people hold together.

use base32ct::{Base32Unpadded, Encoding as _};
use countersign_core::Environment::Live;
use countersign_custody::vault::{self, Custodians, Root, RootDescription, Share};
use sha2::{Digest as _, Sha256};

use crate::support::{ALL, assert_works, code, now};

fn texts(custodians: &Custodians) -> Vec<String> {
    let shares = custodians.shares().iter();
    shares.map(|share| share.reveal().to_string()).collect()
}

fn gather(texts: &[String]) -> Result<Root, vault::VaultError> {
    let shares: Result<Vec<_>, _> = texts.iter().map(|text| Share::parse(text)).collect();
    Custodians::gather(shares?).map(Root::Custodians)
}

/// A text with its checksum made right again.
fn checked(body: &str) -> String {
    let checksum = Base32Unpadded::encode_string(&Sha256::digest(body)[..4]);
    format!("{body}_{checksum}")
}

#[test]
fn as_many_as_are_needed_open_it_whoever_they_are() {
    for of in 2..=5 {
        for threshold in 2..=of {
            let split = Custodians::split(threshold, of).unwrap();
            let texts = texts(&split);
            let header = vault::init(&[Live], &Root::Custodians(split), now()).unwrap();
            for subset in 0_u32..1 << of {
                let here = (0..usize::from(of)).filter(|at| subset & (1 << at) != 0);
                let here: Vec<_> = here.map(|at| texts[at].clone()).collect();
                let gathered = gather(&here);
                if here.len() < usize::from(threshold) {
                    assert_eq!(code(gathered), "shares_too_few");
                } else {
                    let vault = vault::unlock(header.header(), &gathered.unwrap()).unwrap();
                    assert_works(&vault, &[Live]);
                }
            }
        }
    }
}

#[test]
fn their_order_does_not_matter() {
    let split = Custodians::split(3, 5).unwrap();
    let texts = texts(&split);
    let header = vault::init(&ALL, &Root::Custodians(split), now()).unwrap();
    let [one, _, three, _, five] = &texts[..] else {
        panic!()
    };
    let root = gather(&[five.clone(), one.clone(), three.clone()]).unwrap();
    assert_works(&vault::unlock(header.header(), &root).unwrap(), &ALL);
}

#[test]
fn two_to_sixteen_custodians_and_two_at_least_open_it() {
    for (threshold, of) in [(2, 2), (16, 16), (2, 16)] {
        assert_eq!(
            Custodians::split(threshold, of).unwrap().shares().len(),
            usize::from(of)
        );
    }
    for (threshold, of) in [(0, 0), (1, 1), (1, 3), (0, 3), (4, 3), (2, 17), (255, 255)] {
        assert_eq!(code(Custodians::split(threshold, of)), "split_malformed");
    }
    assert_eq!(code(Custodians::gather(Vec::new())), "shares_too_few");
}

#[test]
fn a_mistyped_share_is_told_before_anything_is_opened() {
    let share = texts(&Custodians::split(2, 3).unwrap()).remove(0);
    for at in 0..share.len() {
        for other in ['a', 'b', '2', '3', '_', 'Z', ' '] {
            let mut typed: Vec<char> = share.chars().collect();
            if typed[at] == other {
                continue;
            }
            typed[at] = other;
            let typed: String = typed.into_iter().collect();
            let refused = code(Share::parse(&typed));
            assert!(
                ["share_malformed", "share_checksum_mismatch"].contains(&refused),
                "{typed}"
            );
        }
    }
    assert!(Share::parse(&format!("  {share}\r\n")).is_ok());
    let huge = "csh_".repeat(100_000);
    for wrong in ["", "csh", "_______", "csh_______", huge.as_str()] {
        assert_eq!(code(Share::parse(wrong)), "share_malformed");
    }
}

#[test]
fn numbers_that_do_not_fit_are_refused() {
    let share = texts(&Custodians::split(2, 3).unwrap()).remove(0);
    let value = share.split('_').nth(5).unwrap();
    let of = |numbers: &str| checked(&format!("csh_0123456789abcdef_{numbers}_{value}"));
    assert!(Share::parse(&of("2_3_1")).is_ok());
    for wrong in [
        "2_3_0", "2_3_4", "1_3_1", "4_3_1", "2_17_1", "02_3_1", "+2_3_1", "2_3_-1", "2_3_256",
    ] {
        assert_eq!(code(Share::parse(&of(wrong))), "share_malformed", "{wrong}");
    }
}

#[test]
fn a_custodian_counts_once() {
    let texts = texts(&Custodians::split(2, 3).unwrap());
    let twice = gather(&[texts[0].clone(), texts[0].clone()]);
    assert_eq!(twice.unwrap_err(), vault::VaultError::ShareDuplicate(1));
}

#[test]
fn shares_of_two_splits_do_not_mix() {
    let (one, other) = (
        Custodians::split(2, 3).unwrap(),
        Custodians::split(2, 3).unwrap(),
    );
    let mixed = gather(&[texts(&one)[0].clone(), texts(&other)[1].clone()]);
    assert_eq!(mixed.unwrap_err(), vault::VaultError::ShareForeign(2));
    let header = vault::init(&[Live], &Root::Custodians(one), now()).unwrap();
    let strangers = vault::unlock(header.header(), &Root::Custodians(other));
    assert_eq!(code(strangers), "root_absent");
}

/// A custodian who cheats is found out, by number, and can't open anything.
#[test]
fn a_forged_share_is_named() {
    let split = Custodians::split(2, 3).unwrap();
    let texts = texts(&split);
    let header = vault::init(&[Live], &Root::Custodians(split), now()).unwrap();
    let (body, _) = texts[1].rsplit_once('_').unwrap();
    let (head, value) = body.rsplit_once('_').unwrap();
    // Another first character, in a share that is well formed otherwise.
    let mut forged = value.to_owned();
    forged.replace_range(..1, if value.starts_with('a') { "b" } else { "a" });
    let forged = checked(&format!("{head}_{forged}"));
    let root = gather(&[texts[0].clone(), forged]).unwrap();
    let refused = vault::unlock(header.header(), &root).unwrap_err();
    assert_eq!(refused, vault::VaultError::ShareWrong(2));
    // Nor does it help to say that fewer are needed than are.
    let split = Custodians::split(3, 3).unwrap();
    let texts: Vec<_> = self::texts(&split);
    let header = vault::init(&[Live], &Root::Custodians(split), now()).unwrap();
    let lower = |text: &String| {
        checked(
            &text
                .rsplit_once('_')
                .unwrap()
                .0
                .replacen("_3_3_", "_2_3_", 1),
        )
    };
    let root = gather(&[lower(&texts[0]), lower(&texts[1])]).unwrap();
    assert_eq!(code(vault::unlock(header.header(), &root)), "share_foreign");
}

#[test]
fn a_new_root_takes_every_share() {
    let split = Custodians::split(2, 3).unwrap();
    let some = gather(&texts(&split)[..2]).unwrap();
    assert_eq!(
        code(vault::init(&[Live], &some, now())),
        "shares_incomplete"
    );
    let all = gather(&texts(&split)).unwrap();
    assert!(vault::init(&[Live], &all, now()).is_ok());
}

/// Each share of a secret is random by itself: over many splits of whatever secret, every value of a byte
/// comes up about as often as any other.
#[test]
fn one_share_tells_nothing() {
    let mut counts = [0_u32; 256];
    for _ in 0..1_000 {
        let split = Custodians::split(2, 2).unwrap();
        let text = split.shares()[0].reveal();
        let value = text.split('_').nth(5).unwrap();
        for byte in Base32Unpadded::decode_vec(value).unwrap() {
            counts[usize::from(byte)] += 1;
        }
    }
    // 125 of each expected; ten standard deviations on either side.
    assert!(
        counts.iter().all(|count| (14..=236).contains(count)),
        "{counts:?}"
    );
}

#[test]
fn status_tells_how_many_there_are() {
    let root = Root::Custodians(Custodians::split(3, 5).unwrap());
    let vault = vault::init(&[Live], &root, now()).unwrap();
    let status = vault::status(vault.header()).unwrap();
    let description = &status.environments[0].roots[0].description;
    assert_eq!(
        *description,
        RootDescription::Custodians {
            threshold: 3,
            of: 5
        }
    );
}

#[test]
fn debug_output_tells_nothing_of_a_share() {
    let split = Custodians::split(2, 3).unwrap();
    let text = texts(&split).remove(0);
    let value = text.split('_').nth(5).unwrap();
    let shown = format!("{split:?}");
    assert!(shown.contains("_2_3_1_..)"));
    assert!(!shown.contains(value));
}
