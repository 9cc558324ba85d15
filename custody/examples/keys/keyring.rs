//! A store of many keys: to open it, to make a keyring of it, to find a key, to follow a change.

use std::error::Error;
use std::hint::black_box;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_core::{
    Environment, Headers, KeyId, KeyRing, Presented, Profile, SharedSecret, SignOptions,
    SigningKey, sign,
};
use countersign_custody::custodian::{Follower, Stopped};
use countersign_custody::vault::{SecretName, UnlockedVault};
use countersign_custody::{Batch, Order, Secret, Space, Store};
use serde_json::Value;

use crate::office::{NOW, custodian, key, new_vault, operator, store};
use crate::requests::request;
use crate::rows::{Goal, Rows, median};

const ROUNDS: usize = 101;
const CALLS: u16 = 200;
/// Keys that are used again and again.
const IN_USE: usize = 10;
/// Keys that are looked for in turn, with their requests: more than the cache next to a processor holds.
const LOOKED_FOR: u64 = 10_000;
/// How far the next of them is: it shares no factor with the number of keys.
const STEP: usize = 7_919;

pub(crate) fn measure(rows: &mut Rows, keys: u64) -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let vault = new_vault()?;
    fill(folder.path(), &vault, keys)?;
    let name = |what: &str| format!("{keys} keys, {what}");
    let all = Goal::AtMost(2.0);

    let begun = Instant::now();
    let store = store(folder.path())?;
    let opened = begun.elapsed();
    rows.took(&name("open the store"), opened, Goal::None);
    let custodian = custodian(store, &vault)?;
    let begun = Instant::now();
    let follower = Follower::start(custodian.clone(), NOW)?;
    let made = begun.elapsed();
    rows.took(&name("make the keyring"), made, Goal::None);
    rows.took(&name("open, all of it"), opened + made, all);
    let ring = follower.ring();
    assert_eq!(u64::try_from(ring.len())?, keys);
    let begun = Instant::now();
    assert!(ring.unseal().is_empty());
    rows.took(&name("unseal every secret"), begun.elapsed(), Goal::None);
    lookups(rows, &ring, keys)?;

    // Another one: the store has filled its cache by now.
    let before = resident()?;
    let other = custodian.keyring(NOW)?;
    let grown = || ratio(resident()?.saturating_sub(before), keys);
    let bytes = "bytes a key";
    rows.add(&name("memory"), grown()?, bytes, Goal::None);
    assert!(other.unseal().is_empty());
    rows.add(&name("memory, all unsealed"), grown()?, bytes, Goal::None);
    drop(other);
    drop(ring);

    let otto = operator();
    let order = Order::new(&otto, "it leaked", NOW);
    let stopped = custodian.revoke(&order, &id(keys / 2))?;
    assert!(matches!(stopped, Stopped::Recorded(_)));
    let begun = Instant::now();
    assert!(follower.follow(NOW, Duration::ZERO)?);
    rows.took(&name("follow one revocation"), begun.elapsed(), Goal::None);
    Ok(())
}

fn id(number: u64) -> String {
    format!("key{number:09}")
}

fn secret(number: u64) -> Vec<u8> {
    let mut bytes = vec![7; 32];
    bytes[..8].copy_from_slice(&number.to_be_bytes());
    bytes
}

/// Keys as the custodian writes them: one is issued, and the others are like it.
fn fill(folder: &std::path::Path, vault: &UnlockedVault, keys: u64) -> Result<(), Box<dyn Error>> {
    let store = store(folder)?;
    let one = tempfile::tempdir()?;
    let other = crate::office::store(one.path())?;
    let otto = operator();
    let order = Order::new(&otto, "a measurement", NOW);
    let mut new = key();
    new.keyid = Some(id(0));
    custodian(other.clone(), &new_vault()?)?.issue(&order, &new)?;
    let place = |number: u64| format!("dev/{}", id(number)).into_bytes();
    let entry = other.get(Space::Keys, &place(0))?.ok_or("an entry")?;
    let mut entry: Value = serde_json::from_slice(&entry)?;
    let text = |entry: &Value| entry.to_string().into_bytes();
    let mut number = 0;
    while number < keys {
        let mut batch = Batch::new();
        for number in number..keys.min(number + 10_000) {
            let name = SecretName {
                environment: Environment::Dev,
                keyid: KeyId::new(&id(number))?,
                version: 1,
            };
            let sealed = vault.seal(&name, &Secret::new(secret(number)))?;
            entry["life"]["keyid"] = id(number).into();
            entry["life"]["lineage"] = id(number).into();
            entry["sealed"] = STANDARD.encode(sealed).into();
            batch.put(Space::Keys, &place(number), text(&entry));
        }
        store.commit(&batch)?;
        number += 10_000;
    }
    Ok(())
}

/// What it takes to find a key, and to verify by it; each key in turn, so that hardly one is in the cache.
fn lookups(rows: &mut Rows, ring: &KeyRing, keys: u64) -> Result<(), Box<dyn Error>> {
    let profile = Profile::new(Environment::Dev);
    let mut lines = Vec::new();
    for step in 0..LOOKED_FOR.min(keys) {
        let number = step * STEP as u64 % keys;
        let key = SigningKey::new(&id(number), &SharedSecret::new(secret(number))?)?;
        let signed = sign(
            &request(Headers::parse(b"Host: api.example.com\r\n")?),
            &key,
            &SignOptions::new(NOW).nonce("n"),
        )?;
        lines.push(format!(
            "Host: api.example.com\r\nSignature-Input: {}\r\nSignature: {}\r\n",
            signed.signature_input, signed.signature
        ));
    }
    let received: Vec<_> = lines
        .iter()
        .map(|lines| Headers::parse(lines.as_bytes()).map(request))
        .collect::<Result<_, _>>()?;
    let presented = |number: usize| Presented::parse(&received[number % received.len()], &profile);
    let mut memory = Memory::of(keys)?;
    let [mut in_use, mut any, mut reading, mut verifying] = [(); 4].map(|()| Vec::new());
    let mut number = 0;
    for _ in 0..ROUNDS {
        for (among, times) in [(IN_USE, &mut in_use), (received.len(), &mut any)] {
            let asked =
                (number..number + usize::from(CALLS)).map(|number| presented(number % among));
            let asked: Vec<_> = asked.collect::<Result<_, _>>()?;
            let mut found = Vec::with_capacity(asked.len());
            let begun = Instant::now();
            for one in asked {
                found.push(one.find_key(ring, NOW)?);
            }
            times.push(nanoseconds(begun));
            drop(black_box(found));
        }
        number += usize::from(CALLS);
        let begun = Instant::now();
        for _ in 0..CALLS {
            number += 1;
            let candidate = presented(number)?.find_key(ring, NOW)?;
            black_box(candidate.authenticate(NOW)?);
        }
        verifying.push(nanoseconds(begun));
        reading.push(memory.read_cold());
    }
    let [in_use, any, floor, verifying] = [in_use, any, reading, verifying].map(median);
    let name = |what: &str| format!("{keys} keys, {what}");
    let mut add = |what: &str, figure, unit, goal| rows.add(&name(what), figure, unit, goal);
    add("look up a key in use", in_use, "ns", Goal::None);
    add("look up any key", any, "ns", Goal::None);
    add("one read of memory as cold", floor, "ns", Goal::None);
    add("lookups of any key", 1e9 / any, "per second", Goal::None);
    add("verify by any key", verifying, "ns", Goal::None);
    let (share, goal) = (|time: f64| time / verifying * 100.0, Goal::AtMost(2.0));
    add("of it, to look up a key in use", share(in_use), "%", goal);
    add("of it, to look up any key", share(any), "%", goal);
    add("of it, such a read", share(floor), "%", Goal::None);
    Ok(())
}

/// As much memory as the keys take, to see what it costs to read one place of it.
struct Memory {
    places: Vec<[usize; 16]>,
    read: usize,
}

impl Memory {
    fn of(keys: u64) -> Result<Self, Box<dyn Error>> {
        Ok(Memory {
            places: vec![black_box([0; 16]); usize::try_from(keys)?],
            read: 0,
        })
    }

    /// Nanoseconds for a place, each known only when the one before it was read.
    fn read_cold(&mut self) -> f64 {
        let (mut found, looked_for) = (0, usize::try_from(LOOKED_FOR).unwrap());
        let begun = Instant::now();
        for _ in 0..CALLS {
            self.read = (self.read + 1) % looked_for;
            let place = (self.read * STEP + found) % self.places.len();
            found = self.places[place][0];
        }
        black_box(found);
        nanoseconds(begun)
    }
}

fn nanoseconds(begun: Instant) -> f64 {
    begun.elapsed().as_secs_f64() * 1e9 / f64::from(CALLS)
}

/// Bytes of memory in use, where the system tells.
fn resident() -> Result<u64, Box<dyn Error>> {
    let Ok(status) = std::fs::read_to_string("/proc/self/statm") else {
        return Ok(0);
    };
    let pages: u64 = status.split(' ').nth(1).ok_or("resident pages")?.parse()?;
    Ok(pages * 4096)
}

fn ratio(bytes: u64, keys: u64) -> Result<f64, Box<dyn Error>> {
    Ok(f64::from(u32::try_from(bytes / 1024)?) * 1024.0 / f64::from(u32::try_from(keys)?))
}
