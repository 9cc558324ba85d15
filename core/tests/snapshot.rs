//! Keyring snapshots: what an edge takes, what it refuses, and which requests it then accepts.
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "in a test, to panic is to fail"
)]

use std::time::Duration;

use countersign_core::snapshot::{
    Description, Material, Publication, Snapshot, SnapshotKey, Trust, write,
};
use countersign_core::{
    Body, Code, Environment, Headers, KeyRecord, KeyRing, Presented, Profile, Refusal, ReplayCache,
    Request, Scheme, Scope, SharedSecret, SignOptions, SigningKey, UnixSeconds, VerifyingKey, sign,
};

/// 2026-11-25, 09:46:40 UTC.
const NOW: UnixSeconds = UnixSeconds::new(1_795_600_000);
const READER_KEY: [u8; 32] = [9; 32];

fn minutes(minutes: u64) -> Duration {
    Duration::from_mins(minutes)
}

fn secret(byte: u8) -> SharedSecret {
    SharedSecret::new(vec![byte; 32]).unwrap()
}

fn publisher() -> SigningKey {
    SigningKey::ed25519("acme", &[3; 32]).unwrap()
}

fn pair() -> SigningKey {
    SigningKey::ed25519("partner", &[4; 32]).unwrap()
}

fn public(key: &SigningKey) -> VerifyingKey {
    key.verifying_key().unwrap()
}

fn trust() -> Trust {
    let key = public(&publisher()).to_bytes().try_into().unwrap();
    Trust::new(Environment::Live, "eu-west", "edge-1", &READER_KEY)
        .and_then(|trust| trust.publisher("acme", &key))
        .unwrap()
}

fn publication(version: u64) -> Publication {
    let end = NOW.after(minutes(10));
    Publication::new(Environment::Live, "eu-west", version, NOW, end).unwrap()
}

fn seal(snapshot: &Snapshot) -> Vec<u8> {
    let salt = [u8::try_from(snapshot.len()).unwrap(); 32];
    snapshot
        .seal("edge-1", &READER_KEY, &salt, &publisher())
        .unwrap()
}

/// `k1` and `k2` with secrets, `k3` revoked, `partner` with a public key.
fn snapshot(version: u64) -> Snapshot {
    let (one, two, partner) = (secret(1), secret(2), public(&pair()));
    let keys = [
        SnapshotKey::new("k1", Material::Secret(&one))
            .unwrap()
            .groups(["trader"]),
        SnapshotKey::new("k2", Material::Secret(&two))
            .unwrap()
            .active(UnixSeconds::new(0), NOW.after(minutes(5))),
        SnapshotKey::new("k3", Material::Revoked).unwrap(),
        SnapshotKey::new("partner", Material::Public(&partner)).unwrap(),
    ];
    write(&publication(version), &keys, None).unwrap()
}

fn edge() -> KeyRing {
    let mut ring = KeyRing::edge(trust());
    ring.load(&seal(&snapshot(5)), NOW).unwrap();
    ring
}

fn scoped(id: &str, byte: u8, region: &str, at: UnixSeconds) -> SigningKey {
    let scope = Scope::new(region, at).unwrap();
    SigningKey::new(id, &secret(byte))
        .and_then(|key| key.derive(Environment::Live, &scope))
        .unwrap()
}

/// A request signed by a key, verified on a ring.
fn verify(ring: &KeyRing, key: &SigningKey, now: UnixSeconds) -> Result<String, Refusal> {
    verify_by(ring, key, now, &Profile::new(Environment::Live))
}

fn verify_by(
    ring: &KeyRing,
    key: &SigningKey,
    now: UnixSeconds,
    profile: &Profile,
) -> Result<String, Refusal> {
    let request = Request {
        method: "GET",
        target: "/v1/orders",
        scheme: Scheme::Https,
        headers: Headers::parse(b"Host: api.example.com\r\n")?,
        body: Body::Bytes(b""),
        peer: None,
    };
    let signed = sign(&request, key, &SignOptions::new(now).nonce("n-1"))?;
    let lines = format!(
        "Host: api.example.com\r\nSignature-Input: {}\r\nSignature: {}\r\n",
        signed.signature_input, signed.signature,
    );
    let headers = Headers::parse(lines.as_bytes())?;
    let received = Request { headers, ..request };
    let verified = Presented::parse(&received, profile)?
        .find_key(ring, now)?
        .authenticate(now)?
        .spend(&mut ReplayCache::new(16, 1), now)?;
    Ok(verified.keyid().to_owned())
}

fn code<T: std::fmt::Debug>(outcome: Result<T, Refusal>) -> Code {
    outcome.unwrap_err().code()
}

#[test]
fn an_edge_accepts_what_is_derived_for_its_region_and_day() {
    let ring = edge();
    assert_eq!(ring.len(), 4);
    assert_eq!(
        verify(&ring, &scoped("k1", 1, "eu-west", NOW), NOW).unwrap(),
        "k1"
    );
    assert_eq!(verify(&ring, &pair(), NOW).unwrap(), "partner");
}

#[test]
fn an_origin_accepts_it_too() {
    let mut ring = KeyRing::new();
    ring.insert(KeyRecord::new("k1", Environment::Live, &secret(1)).unwrap());
    for region in ["eu-west", "us-east-1"] {
        assert_eq!(
            verify(&ring, &scoped("k1", 1, region, NOW), NOW).unwrap(),
            "k1"
        );
    }
    let other = scoped("k1", 2, "eu-west", NOW);
    assert_eq!(code(verify(&ring, &other, NOW)), Code::SignatureMismatch);
    let unknown = scoped("k9", 1, "eu-west", NOW);
    assert_eq!(code(verify(&ring, &unknown, NOW)), Code::KeyUnknown);
    ring.insert(
        KeyRecord::new("k1", Environment::Live, &secret(1))
            .unwrap()
            .revoked(),
    );
    let key = scoped("k1", 1, "eu-west", NOW);
    assert_eq!(code(verify(&ring, &key, NOW)), Code::KeyRevoked);
}

#[test]
fn another_environment_derives_another_secret() {
    let ring = edge();
    let scope = Scope::new("eu-west", NOW).unwrap();
    let key = SigningKey::new("k1", &secret(1)).unwrap();
    let key = key.derive(Environment::Test, &scope).unwrap();
    assert_eq!(
        code(pair().derive(Environment::Live, &scope)),
        Code::AlgorithmMismatch
    );
    assert_eq!(code(verify(&ring, &key, NOW)), Code::SignatureMismatch);
}

#[test]
fn an_edge_refuses_every_other_key() {
    let ring = edge();
    let day = Duration::from_hours(24);
    let yesterday = UnixSeconds::new(NOW.get() - day.as_secs());
    let cases = [
        (
            "without a scope",
            SigningKey::new("k1", &secret(1)).unwrap(),
            Code::KeyScopeMissing,
        ),
        (
            "of another region",
            scoped("k1", 1, "us-east", NOW),
            Code::KeyWrongRegion,
        ),
        (
            "of yesterday",
            scoped("k1", 1, "eu-west", yesterday),
            Code::KeyExpired,
        ),
        (
            "of tomorrow",
            scoped("k1", 1, "eu-west", NOW.after(day)),
            Code::KeyNotActive,
        ),
        (
            "with another secret",
            scoped("k1", 2, "eu-west", NOW),
            Code::SignatureMismatch,
        ),
        (
            "a pair in a secret's name",
            SigningKey::ed25519("k1/eu-west/20261125", &[4; 32]).unwrap(),
            Code::SignatureMismatch,
        ),
        (
            "a secret in a pair's name",
            SigningKey::new("partner", &secret(1)).unwrap(),
            Code::SignatureMismatch,
        ),
        ("revoked", scoped("k3", 3, "eu-west", NOW), Code::KeyRevoked),
        ("unknown", scoped("k4", 4, "eu-west", NOW), Code::KeyUnknown),
        (
            "a pair with a scope",
            SigningKey::ed25519("partner/eu-west/20261125", &[4; 32]).unwrap(),
            Code::KeyUnknown,
        ),
        (
            "a pair that is unknown",
            SigningKey::ed25519("nobody", &[4; 32]).unwrap(),
            Code::KeyUnknown,
        ),
    ];
    for (what, key, expected) in cases {
        assert_eq!(code(verify(&ring, &key, NOW)), expected, "{what}");
    }
    let key = scoped("k2", 2, "eu-west", NOW);
    assert_eq!(verify(&ring, &key, NOW).unwrap(), "k2");
    assert_eq!(
        code(verify(&ring, &key, NOW.after(minutes(5)))),
        Code::KeyExpired
    );
}

#[test]
fn at_midnight_both_days_are_good() {
    let midnight = UnixSeconds::new(1_795_651_200);
    let before = UnixSeconds::new(midnight.get() - 300);
    let publication = Publication::new(
        Environment::Live,
        "eu-west",
        1,
        before,
        midnight.after(minutes(30)),
    );
    let one = secret(1);
    let keys = [SnapshotKey::new("k1", Material::Secret(&one)).unwrap()];
    let snapshot = write(&publication.unwrap(), &keys, None).unwrap();
    let mut ring = KeyRing::edge(trust());
    ring.load(&seal(&snapshot), before).unwrap();
    let (old, new) = (
        scoped("k1", 1, "eu-west", before),
        scoped("k1", 1, "eu-west", midnight),
    );
    for key in [&old, &new] {
        assert_eq!(verify(&ring, key, before).unwrap(), "k1");
        assert_eq!(verify(&ring, key, midnight).unwrap(), "k1");
    }
    assert_eq!(
        code(verify(&ring, &old, midnight.after(minutes(20)))),
        Code::KeyExpired
    );
}

#[test]
fn a_ring_is_stale_before_its_first_snapshot_and_after_its_last() {
    let key = scoped("k1", 1, "eu-west", NOW);
    assert_eq!(
        code(verify(&KeyRing::edge(trust()), &key, NOW)),
        Code::KeyringStale
    );
    let ring = edge();
    let end = NOW.after(minutes(10));
    assert_eq!(code(verify(&ring, &key, end)), Code::KeyringStale);

    // As long as the profile says it serves on.
    let profile = Profile::new(Environment::Live).keyring_grace(minutes(60));
    assert_eq!(verify_by(&ring, &key, end, &profile).unwrap(), "k1");
    assert_eq!(
        code(verify_by(&ring, &key, end.after(minutes(60)), &profile)),
        Code::KeyringStale
    );
    let read = Profile::from_json(r#"{"environment": "live", "keyring_grace": 3600}"#).unwrap();
    assert_eq!(verify_by(&ring, &key, end, &read).unwrap(), "k1");
}

#[test]
fn what_is_for_another_or_by_another_is_refused() {
    let mut ring = edge();
    let snapshot = snapshot(6);
    let mut of = |region: &str, environment, reader: &str, key: &[u8; 32], by: &SigningKey| {
        let end = NOW.after(minutes(10));
        let publication = Publication::new(environment, region, 6, NOW, end).unwrap();
        let none: [SnapshotKey<'_>; 0] = [];
        let snapshot = write(&publication, &none, None).unwrap();
        code(ring.load(&snapshot.seal(reader, key, &[1; 32], by).unwrap(), NOW))
    };
    let (live, acme) = (Environment::Live, publisher());
    let mallory = SigningKey::ed25519("acme", &[6; 32]).unwrap();
    let stranger = SigningKey::ed25519("other", &[3; 32]).unwrap();
    assert_eq!(
        of("us-east", live, "edge-1", &READER_KEY, &acme),
        Code::SnapshotOfAnother
    );
    assert_eq!(
        of("eu-west", Environment::Test, "edge-1", &READER_KEY, &acme),
        Code::SnapshotOfAnother
    );
    assert_eq!(
        of("eu-west", live, "edge-2", &READER_KEY, &acme),
        Code::SnapshotOfAnother
    );
    assert_eq!(
        of("eu-west", live, "edge-1", &[8; 32], &acme),
        Code::SnapshotUnreadable
    );
    assert_eq!(
        of("eu-west", live, "edge-1", &READER_KEY, &mallory),
        Code::SnapshotUntrusted
    );
    assert_eq!(
        of("eu-west", live, "edge-1", &READER_KEY, &stranger),
        Code::SnapshotUntrusted
    );
    let hmac = SigningKey::new("acme", &secret(1)).unwrap();
    let sealed = snapshot.seal("edge-1", &READER_KEY, &[1; 32], &hmac);
    assert_eq!(code(sealed), Code::PrivateKeyMalformed);
    assert_eq!(ring.version(), 5, "what it had it still has");
}

#[test]
fn versions_only_grow() {
    let mut ring = edge();
    assert_eq!(
        code(ring.load(&seal(&snapshot(4)), NOW)),
        Code::SnapshotOlder
    );
    ring.load(&seal(&snapshot(5)), NOW).unwrap();
    ring.load(&seal(&snapshot(9)), NOW).unwrap();
    assert_eq!(ring.version(), 9);

    // Over a restart the host remembers.
    let mut ring = KeyRing::edge(trust().at_least(9));
    assert_eq!(
        code(ring.load(&seal(&snapshot(8)), NOW)),
        Code::SnapshotOlder
    );
    ring.load(&seal(&snapshot(9)), NOW).unwrap();
}

#[test]
fn a_snapshot_has_its_time() {
    let sealed = seal(&snapshot(6));
    let mut ring = KeyRing::edge(trust());
    assert_eq!(
        code(ring.load(&sealed, NOW.after(minutes(10)))),
        Code::SnapshotStale
    );
    let earlier = UnixSeconds::new(NOW.get() - 301);
    assert_eq!(code(ring.load(&sealed, earlier)), Code::SnapshotStale);
    let backwards = Publication::new(Environment::Live, "eu-west", 1, NOW, NOW);
    assert_eq!(code(backwards), Code::SnapshotStale);
}

/// After `base`: `k1` in another group, `k2` gone, `k3` as it was, `k4` new, `partner` revoked.
fn next(base: &Snapshot) -> Snapshot {
    let (one, four) = (secret(1), secret(4));
    let keys = [
        SnapshotKey::new("k1", Material::Secret(&one))
            .unwrap()
            .groups(["reader"]),
        SnapshotKey::new("k3", Material::Revoked).unwrap(),
        SnapshotKey::new("k4", Material::Secret(&four)).unwrap(),
        SnapshotKey::new("partner", Material::Revoked).unwrap(),
    ];
    write(&publication(6), &keys, Some(base)).unwrap()
}

#[test]
fn a_delta_gives_what_the_whole_would_have() {
    let base = snapshot(5);
    let next = next(&base);
    let delta = next.delta(&base).unwrap().expect("the days are the same");
    assert_eq!(delta.len(), 4);

    let mut ring = edge();
    let sealed = seal(&delta);
    ring.load(&sealed, NOW).unwrap();
    assert_eq!((ring.version(), ring.len()), (6, 4));
    let outcome = |id, byte| verify(&ring, &scoped(id, byte, "eu-west", NOW), NOW);
    assert_eq!(outcome("k1", 1).unwrap(), "k1");
    assert_eq!(outcome("k4", 4).unwrap(), "k4");
    assert_eq!(code(outcome("k2", 2)), Code::KeyUnknown);
    assert_eq!(code(outcome("k3", 3)), Code::KeyRevoked);
    assert_eq!(code(verify(&ring, &pair(), NOW)), Code::KeyRevoked);

    // It is of one version only.
    assert_eq!(code(ring.load(&sealed, NOW)), Code::SnapshotBaseMissing);
    let mut fresh = KeyRing::edge(trust());
    assert_eq!(code(fresh.load(&sealed, NOW)), Code::SnapshotBaseMissing);
    assert_eq!(next.delta(&next).unwrap().map(|none| none.len()), Some(0));
}

#[test]
fn a_delta_is_of_what_it_was_written_upon() {
    let (one, two) = (secret(1), secret(2));
    let base = snapshot(5);
    // The same shapes, but numbered the other way round: `k3` would get the groups of `k1`.
    let keys = [
        SnapshotKey::new("k1", Material::Secret(&one)).unwrap(),
        SnapshotKey::new("k2", Material::Secret(&two))
            .unwrap()
            .groups(["trader"]),
    ];
    let apart = write(&publication(6), &keys, None).unwrap();
    assert_eq!(code(apart.delta(&base)), Code::SnapshotMalformed);
    let next = next(&base);
    let delta = next.delta(&base).unwrap().unwrap();
    assert_eq!(code(next.delta(&delta)), Code::SnapshotMalformed);
}

#[test]
fn every_changed_byte_is_found() {
    let sealed = seal(&snapshot(5));
    let mut ring = KeyRing::edge(trust());
    for at in 0..sealed.len() {
        let mut changed = sealed.clone();
        changed[at] ^= 1;
        let refused = code(ring.load(&changed, NOW));
        assert!(
            matches!(refused, Code::SnapshotMalformed | Code::SnapshotUntrusted),
            "byte {at}: {refused:?}"
        );
    }
    for length in 0..sealed.len() {
        let cut = sealed.get(..length).unwrap();
        assert!(ring.load(cut, NOW).is_err(), "{length} bytes");
    }
    assert_eq!(ring.len(), 0);
    ring.load(&sealed, NOW).unwrap();
}

#[test]
fn no_secret_of_a_client_is_in_a_snapshot() {
    // Not even sealed for a reader whose key is known: what is sealed is opened here.
    let one = secret(1);
    let keys = [SnapshotKey::new("k1", Material::Secret(&one)).unwrap()];
    let snapshot = write(&publication(1), &keys, None).unwrap();
    let shown = format!("{snapshot:?}");
    assert!(
        shown.contains("Content(..)") && !shown.contains("1, 1, 1"),
        "{shown}"
    );
    let ring = edge();
    assert!(
        !format!("{ring:?}").contains("9, 9, 9"),
        "the reader's key is shown"
    );
}

#[test]
fn keys_come_in_order_and_once() {
    let one = secret(1);
    let key = |id| SnapshotKey::new(id, Material::Secret(&one)).unwrap();
    for ids in [["k2", "k1"], ["k1", "k1"]] {
        let written = write(&publication(1), ids.map(key), None);
        assert_eq!(code(written.map(|_| ())), Code::SnapshotMalformed);
    }
    let wrong = key("k1").attributes("[1]");
    assert_eq!(
        code(write(&publication(1), [wrong], None).map(|_| ())),
        Code::SnapshotMalformed
    );
}

#[test]
fn a_scope_is_written_in_one_way() {
    let scope = Scope::new("eu-west", NOW).unwrap();
    assert_eq!(scope.keyid("k1"), "k1/eu-west/20261125");
    let day = |date: &str| {
        let mut ring = KeyRing::new();
        ring.insert(KeyRecord::new("k1", Environment::Live, &secret(1)).unwrap());
        let key = SigningKey::new(&format!("k1/eu-west/{date}"), &secret(9)).unwrap();
        code(verify(&ring, &key, NOW))
    };
    assert_eq!(day("20261125"), Code::SignatureMismatch);
    for date in [
        "20261131",
        "20260229",
        "2026112",
        "202611250",
        "2026-1-2",
        "+2026112",
    ] {
        assert_eq!(day(date), Code::KeyUnknown, "{date}");
    }
    for region in ["", "EU", "eu west", "eu/west", &"e".repeat(33)] {
        assert_eq!(
            code(Scope::new(region, NOW)),
            Code::ScopeMalformed,
            "{region}"
        );
    }
}

#[test]
fn trust_is_read_from_json() {
    let text = r#"{"environment": "live", "region": "eu-west", "reader": "edge-1", "at_least": 5,
        "reader_key": "CQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQk=",
        "publishers": [{"name": "acme", "public_key": "7UkoxijRwsbq6QM4kFmVYSlZJzpcY/k2NsFGFKyHN9E="}]}"#;
    let mut ring = KeyRing::edge(Trust::from_json(text).unwrap());
    assert_eq!(
        code(ring.load(&seal(&snapshot(4)), NOW)),
        Code::SnapshotOlder
    );
    ring.load(&seal(&snapshot(5)), NOW).unwrap();

    for (from, to) in [
        ("live", "prod"),
        ("CQkJCQkJ", "CQkJ"),
        (r#""name": "acme", "#, r#""name": "acme", "more": 1, "#),
        (r#""reader": "edge-1", "#, ""),
    ] {
        let wrong = text.replacen(from, to, 1);
        assert_eq!(code(Trust::from_json(&wrong)), Code::TrustMalformed, "{to}");
    }
    let wrong = text.replace("eu-west", "EU");
    assert_eq!(code(Trust::from_json(&wrong)), Code::ScopeMalformed);
    assert_eq!(code(KeyRing::new().load(b"", NOW)), Code::TrustMalformed);
}

#[test]
fn the_format_stays() {
    let base = snapshot(5);
    let delta = next(&base).delta(&base).unwrap().unwrap();
    for (name, sealed) in [("whole", seal(&base)), ("delta", seal(&delta))] {
        let path = format!(
            "{}/tests/snapshots/{name}.snapshot",
            env!("CARGO_MANIFEST_DIR")
        );
        if std::env::var_os("COUNTERSIGN_BLESS").is_some() {
            std::fs::write(&path, &sealed).unwrap();
        }
        assert!(
            std::fs::read(&path).unwrap() == sealed,
            "{path} has other bytes"
        );
    }
}

#[test]
fn a_publisher_that_kept_what_it_sent_sends_what_changed() {
    let [one, two] = [secret(1), secret(2)];
    let key = |id, secret| SnapshotKey::new(id, Material::Secret(secret)).unwrap();
    let first = write(&publication(1), [key("k1", &one)], None).unwrap();
    let sent = seal(&first);
    let kept = Snapshot::open(&sent, &READER_KEY, &public(&publisher())).unwrap();
    let next = write(
        &publication(2),
        [key("k1", &one), key("k2", &two)],
        Some(&kept),
    )
    .unwrap();
    let delta = next.delta(&kept).unwrap().unwrap();
    assert_eq!((kept.len(), delta.len()), (1, 1));
    let mut ring = KeyRing::edge(trust());
    ring.load(&sent, NOW).unwrap();
    ring.load(&seal(&delta), NOW).unwrap();
    assert_eq!((ring.len(), ring.version()), (2, 2));

    let description = Description::read(&seal(&delta)).unwrap();
    assert_eq!((description.version, description.base), (2, Some(1)));
    assert_eq!(
        (description.region.as_str(), description.reader.as_str()),
        ("eu-west", "edge-1")
    );
    assert_eq!(Description::read(&sent).unwrap().base, None);

    let code = |bytes: &[u8], key: &[u8; 32], publisher: &VerifyingKey| {
        Snapshot::open(bytes, key, publisher).unwrap_err().code()
    };
    let ours = public(&publisher());
    assert_eq!(
        code(&sent, &READER_KEY, &public(&pair())),
        Code::SnapshotUntrusted
    );
    assert_eq!(code(&sent, &[8; 32], &ours), Code::SnapshotUnreadable);
    assert_eq!(
        code(&seal(&delta), &READER_KEY, &ours),
        Code::SnapshotBaseMissing
    );
    assert_eq!(
        code(&sent[..40], &READER_KEY, &ours),
        Code::SnapshotMalformed
    );
    assert_eq!(
        Description::read(b"").unwrap_err().code(),
        Code::SnapshotMalformed
    );
}
