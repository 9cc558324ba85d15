//! Keyrings, and requests of the two classes: none is made twice, and a ring is used for some thousands of them.
//!
//! What comes again and again has a time of its own, by some nanoseconds: by what its bytes are, and where it and the keys lie in
//! memory. Of a few hundred requests in one ring even two classes that go one way have means that differ by one.

use core::time::Duration;
use std::collections::BTreeMap;
use std::fmt::Write as _;

use anyhow::{Context as _, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_core::snapshot::{Material, Publication, SnapshotKey, Trust, write};
use countersign_core::{
    Body, Environment, Headers, KeyRing, Request, Scheme, Scope, SharedSecret, SignOptions,
    SigningKey, UnixSeconds, sign,
};
use fastrand::Rng;

use crate::measure::Class;

pub(crate) const TARGET: &str = "/v1/orders?limit=10";
pub(crate) const NOW: u64 = 1_800_000_000;
const SECRET: [u8; 32] = [7; 32];
const REGION: &str = "eu-west";
/// How many keys a ring holds: few enough that a cache keeps their index, whatever else is run (`docs/constant-time.md`).
const KEYS: usize = 128;

/// Classes that must not be told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pair {
    /// The signature's first or last byte is wrong.
    WrongByte,
    /// A signature is wrong, or its key is unknown.
    UnknownKey,
    /// The same on a ring that was filled by a snapshot.
    UnknownAtEdge,
}

impl Pair {
    pub(crate) fn classes(self) -> &'static str {
        match self {
            Pair::WrongByte => "the signature's first or last byte wrong",
            Pair::UnknownKey => "a wrong signature, or an unknown key",
            Pair::UnknownAtEdge => "the same on an edge's ring",
        }
    }
}

/// A ring's ids, and the request that is verified next: in one place, whatever its class.
pub(crate) struct Samples {
    pair: Pair,
    known: Vec<String>,
    secret: SharedSecret,
    lines: String,
    code: &'static str,
}

impl Samples {
    pub(crate) fn new(pair: Pair) -> Result<Self> {
        Ok(Samples {
            pair,
            known: vec![String::new(); KEYS],
            secret: SharedSecret::new(SECRET.to_vec())?,
            lines: String::new(),
            code: "",
        })
    }

    pub(crate) fn classes(&self) -> &'static str {
        self.pair.classes()
    }

    /// Takes other keys.
    pub(crate) fn renew(&mut self, random: &mut Rng) {
        self.known.fill_with(|| keyid(random));
    }

    /// The ring of the keys.
    pub(crate) fn ring(&self, random: &mut Rng) -> Result<KeyRing> {
        match self.pair {
            Pair::UnknownAtEdge => self.edge(random),
            _ => Ok(KeyRing::from_json(&self.keyring())?),
        }
    }

    /// The same, as JSON.
    pub(crate) fn keyring(&self) -> String {
        let secret = STANDARD.encode(SECRET);
        let keys: Vec<String> = self
            .known
            .iter()
            .map(|id| {
                format!(r#"{{"keyid": "{id}", "environment": "live", "secret": "{secret}"}}"#)
            })
            .collect();
        format!(r#"{{"keys": [{}]}}"#, keys.join(", "))
    }

    /// One for each region and day, and public keys among them.
    fn edge(&self, random: &mut Rng) -> Result<KeyRing> {
        let (now, reader_key) = (UnixSeconds::new(NOW), [9; 32]);
        let publisher = SigningKey::ed25519("publisher", &[3; 32])?;
        let public = publisher.verifying_key().context("a pair")?;
        let secrets = self.known.iter().cloned();
        let mut keys: BTreeMap<String, Material<'_>> = secrets
            .map(|id| (id, Material::Secret(&self.secret)))
            .collect();
        let pairs = (0..KEYS / 8).map(|_| (keyid(random), Material::Public(&public)));
        keys.extend(pairs);
        let keys = keys
            .iter()
            .map(|(id, material)| SnapshotKey::new(id, *material));
        let keys: Vec<_> = keys.collect::<Result<_, _>>()?;
        let end = now.after(Duration::from_hours(1));
        let publication = Publication::new(Environment::Live, REGION, 1, now, end)?;
        let snapshot = write(&publication, &keys, None)?;
        let mut salt = [0; 32];
        random.fill(&mut salt);
        let sealed = snapshot.seal("reader", &reader_key, &salt, &publisher)?;
        let published_by = public.to_bytes().try_into();
        let published_by = published_by.map_err(|_| anyhow::anyhow!("32 bytes"))?;
        let trust = Trust::new(Environment::Live, REGION, "reader", &reader_key)?;
        let mut ring = KeyRing::edge(trust.publisher("publisher", &published_by)?);
        ring.load(&sealed, now)?;
        Ok(ring)
    }

    /// Makes a request of the class. As much is done for either.
    pub(crate) fn choose(&mut self, class: Class, random: &mut Rng) -> Result<()> {
        let known = random.choice(&self.known).context("no keys")?.clone();
        let unknown = keyid(random);
        let [known, unknown] = match self.pair {
            Pair::UnknownAtEdge => [scope()?.keyid(&known), scope()?.keyid(&unknown)],
            _ => [known, unknown],
        };
        let anywhere = random.usize(..SECRET.len());
        let mismatch = "signature_mismatch";
        let (id, wrong, code) = match (self.pair, class) {
            (Pair::WrongByte, Class::First) => (&known, 0, mismatch),
            (Pair::WrongByte, Class::Second) => (&known, SECRET.len() - 1, mismatch),
            (_, Class::First) => (&known, anywhere, mismatch),
            (_, Class::Second) => (&unknown, anywhere, "key_unknown"),
        };
        let key = SigningKey::new(id, &self.secret)?;
        let request = Request {
            method: "GET",
            target: TARGET,
            scheme: Scheme::Https,
            headers: Headers::parse(b"Host: api.example.com\r\n")?,
            body: Body::Bytes(b""),
            peer: None,
        };
        let nonce = format!("{:016x}", random.u64(..));
        let signed = sign(
            &request,
            &key,
            &SignOptions::new(UnixSeconds::new(NOW)).nonce(&nonce),
        )?;
        self.lines.clear();
        write!(
            self.lines,
            "Host: api.example.com\r\nSignature-Input: {}\r\nSignature: {}\r\n",
            signed.signature_input,
            altered(&signed.signature, wrong)?
        )?;
        self.code = code;
        Ok(())
    }

    /// The header lines of the request to `GET /v1/orders?limit=10`.
    pub(crate) fn lines(&self) -> &str {
        &self.lines
    }

    /// Checks the code of the refusal.
    pub(crate) fn check(&self, refused_by: Option<&str>) -> Result<()> {
        let code = refused_by.context("a wrong signature was accepted")?;
        anyhow::ensure!(code == self.code, "refused by {code}, not by {}", self.code);
        Ok(())
    }
}

fn scope() -> Result<Scope> {
    Ok(Scope::new(REGION, UnixSeconds::new(NOW))?)
}

/// Long enough that none is drawn twice.
fn keyid(random: &mut Rng) -> String {
    format!("k{:016x}", random.u64(..))
}

/// The field's value with a bit of this byte of the signature turned.
fn altered(field: &str, at: usize) -> Result<String> {
    let (label, rest) = field.split_once(':').context("no signature")?;
    let mut signature = STANDARD.decode(rest.trim_end_matches(':'))?;
    *signature.get_mut(at).context("the signature is shorter")? ^= 1;
    Ok(format!("{label}:{}:", STANDARD.encode(signature)))
}
