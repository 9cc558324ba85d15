//! Roots and data keys are replaced while the vault is in use.

use countersign_core::Environment::{self, Dev, Live, Test};
use countersign_core::UnixSeconds;
use countersign_custody::vault::{
    self, Custodians, Root, RootDescription, RootId, SecretName, UnlockedVault,
};
use proptest::prelude::*;

use crate::support::{ALL, assert_works, cheap, code, name, now, secret};

fn roots(vault: &UnlockedVault, environment: Environment) -> Vec<RootId> {
    let status = vault::status(vault.header()).unwrap();
    let found = status
        .environments
        .iter()
        .find(|of| of.environment == environment);
    found.unwrap().roots.iter().map(|root| root.id).collect()
}

fn versions(vault: &UnlockedVault, environment: Environment) -> Vec<u32> {
    let status = vault::status(vault.header()).unwrap();
    let found = status
        .environments
        .iter()
        .find(|of| of.environment == environment);
    found
        .unwrap()
        .data_keys
        .iter()
        .map(|key| key.version)
        .collect()
}

#[test]
fn rewrap_puts_a_new_root_in_the_place_of_the_old_one() {
    let (old, new) = (
        cheap("the phrase of last year"),
        cheap("the phrase of this year"),
    );
    let before = vault::init(&ALL, &old, now()).unwrap();
    let sealed = before
        .seal(&name(Live, "k7", 1), &secret("s3cret"))
        .unwrap();

    let (after, id) = before.rewrap(roots(&before, Live)[0], &new, now()).unwrap();
    assert_eq!(roots(&after, Live), [id]);
    assert_eq!(code(vault::unlock(after.header(), &old)), "vault_locked");
    let after = vault::unlock(after.header(), &new).unwrap();
    // The secret was not touched.
    assert_eq!(
        after.open(&name(Live, "k7", 1), &sealed).unwrap().reveal(),
        b"s3cret"
    );
    // A process that runs goes on, and takes up the new header without any root.
    assert_works(&before, &ALL);
    let running = before.refresh(after.header()).unwrap();
    assert_eq!(
        running
            .open(&name(Live, "k7", 1), &sealed)
            .unwrap()
            .reveal(),
        b"s3cret"
    );
}

#[test]
fn several_roots_open_the_same_vault() {
    let phrase = cheap("a phrase of many words");
    let custodians = Root::Custodians(Custodians::split(2, 3).unwrap());
    let vault = vault::init(&ALL, &phrase, now()).unwrap();
    let (vault, id) = vault
        .add_root(&custodians, UnixSeconds::new(1_900_000_000))
        .unwrap();
    for root in [&phrase, &custodians] {
        assert_works(&vault::unlock(vault.header(), root).unwrap(), &ALL);
    }
    assert_eq!(code(vault.add_root(&custodians, now())), "root_present");

    let status = vault::status(vault.header()).unwrap();
    let added = &status.environments[2].roots[1];
    assert_eq!((added.id, added.added.get()), (id, 1_900_000_000));
    assert!(matches!(
        added.description,
        RootDescription::Custodians {
            threshold: 2,
            of: 3
        }
    ));

    let vault = vault.remove_root(id).unwrap();
    assert_eq!(
        code(vault::unlock(vault.header(), &custodians)),
        "root_absent"
    );
    assert_works(&vault::unlock(vault.header(), &phrase).unwrap(), &ALL);
}

#[test]
fn the_last_root_stays() {
    let vault = vault::init(&[Dev], &cheap("a phrase of many words"), now()).unwrap();
    let last = roots(&vault, Dev)[0];
    assert_eq!(code(vault.remove_root(last)), "root_last");
    let other = vault::init(&[Dev], &cheap("a phrase of many words"), now()).unwrap();
    assert_eq!(
        code(vault.remove_root(roots(&other, Dev)[0])),
        "root_absent"
    );
    let rewrapped = vault.rewrap(
        roots(&other, Dev)[0],
        &cheap("a phrase of many words"),
        now(),
    );
    assert_eq!(code(rewrapped), "root_absent");
}

/// Whoever unlocked one environment changes the roots of that one.
#[test]
fn an_environment_that_is_locked_keeps_its_roots() {
    let (old, new) = (
        cheap("the phrase of last year"),
        cheap("the phrase of this year"),
    );
    let all = vault::init(&ALL, &old, now()).unwrap();
    let dev = vault::unlock_only(all.header(), &old, &[Dev]).unwrap();
    let (dev, _) = dev.rewrap(roots(&all, Dev)[0], &new, now()).unwrap();
    assert!(vault::unlock_only(dev.header(), &new, &[Dev]).is_ok());
    assert_eq!(
        code(vault::unlock_only(dev.header(), &new, &[Live])),
        "vault_locked"
    );
    assert!(vault::unlock_only(dev.header(), &old, &[Test, Live]).is_ok());
}

#[test]
fn a_vault_has_room_for_8_roots() {
    let mut vault = vault::init(&[Dev], &cheap("a phrase of many words"), now()).unwrap();
    for _ in 1..8 {
        vault = vault
            .add_root(&cheap("a phrase of many words"), now())
            .unwrap()
            .0;
    }
    assert_eq!(
        code(vault.add_root(&cheap("a phrase of many words"), now())),
        "vault_full"
    );
    let replaced = vault.rewrap(
        roots(&vault, Dev)[3],
        &cheap("a phrase of other words"),
        now(),
    );
    assert_eq!(roots(&replaced.unwrap().0, Dev).len(), 8);
}

#[test]
fn what_an_old_data_key_sealed_still_opens_and_is_sealed_anew() {
    let root = cheap("a phrase of many words");
    let first = vault::init(&ALL, &root, now()).unwrap();
    let k7 = name(Live, "k7", 1);
    let old = first.seal(&k7, &secret("s3cret")).unwrap();
    assert_eq!(first.reseal(&k7, &old).unwrap(), None);

    let second = first.rotate_data_key(Live, now()).unwrap();
    assert_eq!(versions(&second, Live), [1, 2]);
    assert_eq!(versions(&second, Test), [1]);
    assert_eq!(second.open(&k7, &old).unwrap().reveal(), b"s3cret");
    let new = second.reseal(&k7, &old).unwrap().unwrap();
    assert_eq!(second.reseal(&k7, &new).unwrap(), None);
    assert_eq!(second.open(&k7, &new).unwrap().reveal(), b"s3cret");
    // Sealing anew is for the same name alone.
    assert_eq!(
        code(second.reseal(&name(Live, "k7", 2), &old)),
        "seal_broken"
    );

    assert_eq!(code(second.remove_data_key(Live, 2)), "data_key_in_use");
    assert_eq!(code(second.remove_data_key(Live, 3)), "data_key_absent");
    let third = second.remove_data_key(Live, 1).unwrap();
    assert_eq!(code(third.open(&k7, &old)), "data_key_absent");
    let third = vault::unlock(third.header(), &root).unwrap();
    assert_eq!(third.open(&k7, &new).unwrap().reveal(), b"s3cret");
    // A version is never used again.
    assert_eq!(
        versions(&third.rotate_data_key(Live, now()).unwrap(), Live),
        [2, 3]
    );
}

#[test]
fn a_vault_has_room_for_256_data_keys() {
    let mut vault = vault::init(&[Dev], &cheap("a phrase of many words"), now()).unwrap();
    for _ in 1..256 {
        vault = vault.rotate_data_key(Dev, now()).unwrap();
    }
    assert_eq!(code(vault.rotate_data_key(Dev, now())), "vault_full");
    let vault = vault::unlock(vault.header(), &cheap("a phrase of many words")).unwrap();
    assert!(
        vault
            .remove_data_key(Dev, 1)
            .unwrap()
            .rotate_data_key(Dev, now())
            .is_ok()
    );
}

/// A process that runs takes up what another one did, without a root.
#[test]
fn a_running_process_takes_up_a_new_data_key() {
    let running = vault::init(&[Dev, Live], &cheap("a phrase of many words"), now()).unwrap();
    let other = running.rotate_data_key(Live, now()).unwrap();
    let sealed = other.seal(&name(Live, "k7", 1), &secret("s3cret")).unwrap();
    assert_eq!(
        code(running.open(&name(Live, "k7", 1), &sealed)),
        "data_key_absent"
    );
    let running = running.refresh(other.header()).unwrap();
    assert_eq!(
        running
            .open(&name(Live, "k7", 1), &sealed)
            .unwrap()
            .reveal(),
        b"s3cret"
    );
}

#[test]
fn a_running_process_takes_up_no_older_header_and_no_other_vault() {
    let old = vault::init(&[Dev, Live], &cheap("a phrase of many words"), now()).unwrap();
    let new = old.rotate_data_key(Live, now()).unwrap();
    assert_eq!(code(new.refresh(old.header())), "vault_rolled_back");
    assert!(new.refresh(new.header()).is_ok());
    let other = vault::init(&[Dev, Live], &cheap("a phrase of many words"), now()).unwrap();
    assert_eq!(code(new.refresh(other.header())), "vault_locked");
    let less = vault::init(&[Dev], &cheap("a phrase of many words"), now()).unwrap();
    assert!(new.refresh(less.header()).is_err());
    assert_eq!(code(new.refresh(b"{}")), "vault_damaged");
}

/// After a disclosure: the old root with an old header opens what was sealed then, and nothing since.
#[test]
fn renewing_shuts_out_whoever_has_the_old_root_and_an_old_header() {
    let (disclosed, new) = (
        cheap("the phrase of last year"),
        cheap("the phrase of this year"),
    );
    let before = vault::init(&[Dev, Live], &disclosed, now()).unwrap();
    let k7 = name(Live, "k7", 1);
    let old = before.seal(&k7, &secret("of before")).unwrap();
    let (two_roots, _) = before.add_root(&new, now()).unwrap();
    assert_eq!(code(two_roots.renew(Live, &new, now())), "root_not_alone");

    let one_root = two_roots.remove_root(roots(&before, Live)[0]).unwrap();
    assert_eq!(
        code(one_root.renew(Live, &disclosed, now())),
        "vault_locked"
    );
    let renewed = one_root.renew(Live, &new, now()).unwrap();
    let since = renewed.seal(&k7, &secret("of after")).unwrap();

    // The thief unlocks the copy, and follows the headers.
    let thief = vault::unlock(before.header(), &disclosed).unwrap();
    assert_eq!(thief.open(&k7, &old).unwrap().reveal(), b"of before");
    assert!(thief.refresh(one_root.header()).is_ok());
    assert_eq!(code(thief.refresh(renewed.header())), "vault_locked");
    assert_eq!(code(thief.open(&k7, &since)), "data_key_absent");

    let renewed = vault::unlock_only(renewed.header(), &new, &[Live]).unwrap();
    assert_eq!(renewed.open(&k7, &old).unwrap().reveal(), b"of before");
    assert_eq!(renewed.open(&k7, &since).unwrap().reveal(), b"of after");
}

#[test]
fn status_needs_no_root_and_counts_changes() {
    let vault = vault::init(&[Live, Dev], &cheap("a phrase of many words"), now()).unwrap();
    let vault = vault
        .rotate_data_key(Live, UnixSeconds::new(1_900_000_000))
        .unwrap();
    let status = vault::status(vault.header()).unwrap();
    assert_eq!(status.format, 1);
    let [dev, live] = &status.environments[..] else {
        panic!()
    };
    assert_eq!((dev.environment, dev.generation), (Dev, 1));
    assert_eq!((live.environment, live.generation), (Live, 2));
    assert_eq!(live.data_keys[1].version, 2);
    assert_eq!(live.data_keys[1].made.get(), 1_900_000_000);
    assert_eq!(live.data_keys[0].made, now());
    let RootDescription::Passphrase { cost } = live.roots[0].description else {
        panic!()
    };
    assert!(cost.is_low());
    let other = vault.rotate_data_key(Dev, now()).unwrap();
    let other = vault::status(other.header()).unwrap();
    assert_eq!(other.vault, status.vault);
    assert_ne!(other.fingerprint, status.fingerprint);
}

#[derive(Clone, Debug)]
enum Act {
    Seal(usize),
    RotateDataKey(usize),
    Reseal,
    AddRoot,
    RemoveRoot(usize),
    Rewrap(usize),
    Renew(usize),
    Reopen(usize),
}

fn act() -> impl Strategy<Value = Act> {
    let environment = 0_usize..3;
    prop_oneof![
        3 => environment.clone().prop_map(Act::Seal),
        2 => environment.clone().prop_map(Act::RotateDataKey),
        1 => Just(Act::Reseal),
        1 => Just(Act::AddRoot),
        1 => (0_usize..4).prop_map(Act::RemoveRoot),
        1 => (0_usize..4).prop_map(Act::Rewrap),
        1 => environment.prop_map(Act::Renew),
        2 => (0_usize..4).prop_map(Act::Reopen),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever is done to roots and keys, in whatever order, no secret is lost, and each root that was
    /// added and not removed opens.
    #[test]
    fn no_secret_is_lost(acts in prop::collection::vec(act(), 1..24)) {
        let phrase = |number: usize| cheap(&format!("the phrase with number {number}"));
        let mut vault = vault::init(&ALL, &phrase(0), now()).unwrap();
        let mut known = vec![(roots(&vault, Dev)[0], 0)];
        let mut sealed: Vec<(SecretName, Vec<u8>)> = Vec::new();
        for (turn, act) in (1..).zip(acts) {
            match act {
                Act::Seal(at) => {
                    let name = name(ALL[at], "k7", u32::try_from(turn).unwrap());
                    let bytes = vault.seal(&name, &secret(&format!("{name:?}"))).unwrap();
                    sealed.push((name, bytes));
                }
                Act::RotateDataKey(at) => vault = vault.rotate_data_key(ALL[at], now()).unwrap(),
                Act::Reseal => for (name, bytes) in &mut sealed {
                    if let Some(new) = vault.reseal(name, bytes).unwrap() {
                        *bytes = new;
                    }
                },
                Act::AddRoot if known.len() < 8 => {
                    let (next, id) = vault.add_root(&phrase(turn), now()).unwrap();
                    vault = next;
                    known.push((id, turn));
                }
                Act::RemoveRoot(at) if known.len() > 1 => {
                    let (id, _) = known.remove(at % known.len());
                    vault = vault.remove_root(id).unwrap();
                }
                Act::Rewrap(at) => {
                    let at = at % known.len();
                    let (next, id) = vault.rewrap(known[at].0, &phrase(turn), now()).unwrap();
                    vault = next;
                    known[at] = (id, turn);
                }
                Act::Renew(at) if known.len() == 1 => {
                    // In every environment, so that one list tells the roots of all.
                    let root = phrase(known[0].1);
                    vault = vault.renew(ALL[at], &root, now()).unwrap();
                    let all = ALL.iter().filter(|environment| **environment != ALL[at]);
                    for environment in all {
                        vault = vault.renew(*environment, &root, now()).unwrap();
                    }
                    // Each has its own id now: rewrap it to one again.
                    let ids = ALL.map(|environment| roots(&vault, environment)[0]);
                    let (next, id) = vault.add_root(&root, now()).unwrap();
                    vault = ids.iter().fold(next, |vault, id| vault.remove_root(*id).unwrap());
                    known[0].0 = id;
                }
                Act::Reopen(at) => {
                    let (_, number) = known[at % known.len()];
                    vault = vault::unlock(vault.header(), &phrase(number)).unwrap();
                }
                Act::AddRoot | Act::RemoveRoot(_) | Act::Renew(_) => {}
            }
            for (name, bytes) in &sealed {
                let opened = vault.open(name, bytes).unwrap();
                let expected = format!("{name:?}");
                prop_assert_eq!(opened.reveal(), expected.as_bytes());
            }
        }
        for (_, number) in known {
            prop_assert!(vault::unlock(vault.header(), &phrase(number)).is_ok());
        }
    }
}
