//! What a keyring snapshot weighs, how long an edge takes to load it, and what it costs to find a key in it.

use std::error::Error;
use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use countersign_core::snapshot::{Material, Publication, SnapshotKey, Trust, Writer};
use countersign_core::{
    Environment, Headers, KeyRing, Presented, Profile, Scope, SharedSecret, SignOptions, Signed,
    SigningKey, UnixSeconds, sign,
};

use crate::requests::request;
use crate::rows::{Goal, Rows, median};

const NOW: UnixSeconds = UnixSeconds::new(1_795_600_000);
const HOUR: Duration = Duration::from_hours(1);
const READER_KEY: [u8; 32] = [9; 32];
const ROUNDS: usize = 51;
const CALLS: u32 = 2000;

pub(crate) fn measure(
    rows: &mut Rows,
    keys: u64,
    written: Option<&Path>,
) -> Result<(), Box<dyn Error>> {
    let name = |what: &str| format!("snapshot of {keys} keys, {what}");
    let publisher = SigningKey::ed25519("acme", &[3; 32])?;

    let begun = Instant::now();
    let snapshot = snapshot(keys)?.finish()?;
    rows.took(&name("write"), begun.elapsed(), Goal::None);
    let begun = Instant::now();
    let bytes = snapshot.seal("edge-1", &READER_KEY, &[5; 32], &publisher)?;
    rows.took(&name("seal and sign"), begun.elapsed(), Goal::None);
    drop(snapshot);
    if let Some(written) = written {
        std::fs::write(written, &bytes)?;
    }
    let size = ratio(bytes.len(), keys)?;
    rows.add(&name("size"), size, "bytes a key", Goal::AtMost(200.0));

    let mut ring = edge(&publisher)?;
    let begun = Instant::now();
    ring.load(&bytes, NOW)?;
    rows.took(&name("load"), begun.elapsed(), Goal::AtMost(2.0));

    let few = snapshot_of_one(&publisher)?;
    let key = SigningKey::new(&id(keys / 2), &secret(keys / 2)?)?;
    let key = key.derive(Environment::Live, &Scope::new("eu-west", NOW)?)?;
    let signed = sign(
        &request(Headers::parse(b"Host: api.example.com\r\n")?),
        &key,
        &SignOptions::new(NOW).nonce("n"),
    )?;
    let one = SigningKey::new(&id(0), &secret(0)?)?;
    let one = one.derive(Environment::Live, &Scope::new("eu-west", NOW)?)?;
    let by_one = sign(
        &request(Headers::parse(b"Host: api.example.com\r\n")?),
        &one,
        &SignOptions::new(NOW).nonce("n"),
    )?;

    // In turns, so that both see the same machine.
    let (mut all, mut alone) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        all.push(verifications(&ring, &signed)?);
        alone.push(verifications(&few, &by_one)?);
    }
    let (all, alone) = (median(all), median(alone));
    rows.add(&name("verify"), all, "ns", Goal::None);
    rows.add(&name("verify"), all / alone, "times one key", Goal::None);
    Ok(())
}

fn id(number: u64) -> String {
    format!("key{number:09}")
}

fn secret(number: u64) -> Result<SharedSecret, Box<dyn Error>> {
    let mut bytes = vec![7; 32];
    for (to, from) in bytes.iter_mut().zip(number.to_be_bytes()) {
        *to = from;
    }
    Ok(SharedSecret::new(bytes)?)
}

fn snapshot(keys: u64) -> Result<Writer, Box<dyn Error>> {
    let publication = Publication::new(Environment::Live, "eu-west", 1, NOW, NOW.after(HOUR))?;
    let mut writer = Writer::new(&publication.serving_until(NOW.after(24 * HOUR)), None)?;
    for number in 0..keys {
        let secret = secret(number)?;
        let key = SnapshotKey::new(&id(number), Material::Secret(&secret))?;
        writer.push(
            &key.groups(["trader"])
                .active(UnixSeconds::new(0), NOW.after(HOUR)),
        )?;
    }
    Ok(writer)
}

fn edge(publisher: &SigningKey) -> Result<KeyRing, Box<dyn Error>> {
    let public = publisher
        .verifying_key()
        .ok_or("a pair has a public half")?;
    let public = public
        .to_bytes()
        .try_into()
        .map_err(|_| "it has 32 bytes")?;
    let trust = Trust::new(Environment::Live, "eu-west", "edge-1", &READER_KEY)?;
    Ok(KeyRing::edge(trust.publisher("acme", &public)?))
}

fn snapshot_of_one(publisher: &SigningKey) -> Result<KeyRing, Box<dyn Error>> {
    let bytes = snapshot(1)?
        .finish()?
        .seal("edge-1", &READER_KEY, &[5; 32], publisher)?;
    let mut ring = edge(publisher)?;
    ring.load(&bytes, NOW)?;
    Ok(ring)
}

/// Nanoseconds that one takes, up to the replay token.
fn verifications(ring: &KeyRing, signed: &Signed) -> Result<f64, Box<dyn Error>> {
    let lines = format!(
        "Host: api.example.com\r\nSignature-Input: {}\r\nSignature: {}\r\n",
        signed.signature_input, signed.signature
    );
    let profile = Profile::new(Environment::Live);
    let begun = Instant::now();
    for _ in 0..CALLS {
        let received = request(Headers::parse(lines.as_bytes())?);
        let presented = Presented::parse(&received, &profile)?;
        black_box(presented.find_key(ring, NOW)?.authenticate(NOW)?);
    }
    Ok(begun.elapsed().as_secs_f64() * 1e9 / f64::from(CALLS))
}

fn ratio(bytes: usize, keys: u64) -> Result<f64, Box<dyn Error>> {
    Ok(f64::from(u32::try_from(bytes)?) / f64::from(u32::try_from(keys)?))
}
