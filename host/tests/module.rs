//! The module in a Rust host: what is refused before it runs, and what it leaves behind.
#![expect(clippy::unwrap_used, reason = "a test fails by it")]

use std::fs;

use countersign::{Body, Error, Instance, Limits, Module, Request, Signing, generate_token};

const NOW: u64 = 1_800_000_000;
const SECRET: [u8; 32] = *b"a secret that is not in memory!!";

fn instance() -> Instance {
    Module::embedded().unwrap().instantiate().unwrap()
}

#[test]
fn a_file_that_is_not_a_module_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("text.wasm");
    fs::write(&path, "not a module").unwrap();
    let error = Module::from_file(&path, "").unwrap_err();
    assert_eq!(error.code(), "module_not_wasm");
    assert_eq!(
        Module::from_file(&folder.path().join("none"), "")
            .unwrap_err()
            .code(),
        "file_unreadable"
    );
}

#[test]
fn a_module_with_another_hash_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("module.wasm");
    let expected = Module::embedded().unwrap().sha256_hex().to_owned();
    let mut bytes = Module::embedded_bytes().to_vec();
    fs::write(&path, &bytes).unwrap();
    assert_eq!(
        Module::from_file(&path, &expected).unwrap().sha256_hex(),
        expected
    );
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&path, &bytes).unwrap();
    let error = Module::from_file(&path, &expected).unwrap_err();
    assert_eq!(error.code(), "module_hash_mismatch");
    assert!(error.to_string().contains(&expected), "{error}");
}

#[test]
fn a_handle_of_another_instance_is_refused() {
    let (mut one, mut other) = (instance(), instance());
    let key = one.key_open("k7", &SECRET).unwrap();
    let request = Request::new("GET", "/", b"Host: a.example\r\n");
    assert!(one.sign(&key, &request, &Signing::at(NOW)).is_ok());
    let error = other.sign(&key, &request, &Signing::at(NOW)).unwrap_err();
    assert_eq!(error.code(), "handle_unknown");
}

#[test]
fn a_body_larger_than_the_shared_buffer_crosses_and_is_hashed() {
    let mut instance = instance();
    let key = instance.key_open("k7", &SECRET).unwrap();
    for length in [0, 1, 15 << 10, 17 << 10, 300 << 10] {
        let body = vec![b'x'; length];
        let request = Request {
            body: Body::Bytes(&body),
            ..Request::new("POST", "/", b"Host: a.example\r\n")
        };
        let before = instance.memory_size();
        for _ in 0..8 {
            let signed = instance.sign(&key, &request, &Signing::at(NOW)).unwrap();
            assert_eq!(signed.content_digest.is_some(), length > 0);
        }
        // The frames are given back: eight of them take no more than two.
        assert!(instance.memory_size() <= before + 2 * length + (192 << 10));
    }
}

#[test]
fn secrets_are_wiped_from_the_memory_of_the_module() {
    let mut instance = instance();
    let token = generate_token(&mut instance, "live", "k7").unwrap();
    let key = instance.key_from_token(&token).unwrap();
    let ring = format!(r#"{{"keys": [{{"token": "{}"}}]}}"#, *token);
    let ring = instance.keyring(&ring).unwrap();
    let other = instance.key_open("k8", &SECRET).unwrap();
    assert!(instance.key_from_token("csk_live_k7_oops").is_err());

    let memory = instance.memory_image();
    let found = |needle: &[u8]| memory.windows(needle.len()).any(|window| window == needle);
    let secret_part = token.rsplit('_').nth(1).unwrap();
    assert!(
        !found(secret_part.as_bytes()),
        "the token's secret is in memory"
    );
    assert!(!found(&SECRET), "the raw secret is in memory");
    for handle in [key, other] {
        instance.close(handle).unwrap();
    }
    instance.close(ring).unwrap();
}

#[test]
fn memory_is_bounded_and_a_stopped_instance_stays_stopped() {
    let limits = Limits {
        memory: 4 << 20,
        ..Limits::default()
    };
    let mut instance = Module::with_limits(limits).unwrap().instantiate().unwrap();
    assert!(instance.replay(1000).is_ok());
    // 16 million tokens would take 800 MB.
    assert!(matches!(instance.replay(16 << 20), Err(Error::Trapped(_))));
    assert!(matches!(instance.replay(1000), Err(Error::Stopped)));
}

#[test]
fn a_bundle_that_was_cut_short_or_altered_is_refused_by_its_code() {
    let mut instance = instance();
    let bundle = countersign_policies::compile(&countersign_policies::packs::trading_api())
        .unwrap()
        .into_bytes();
    assert!(instance.bundle(&bundle).is_ok());
    let short = bundle.get(..bundle.len() - 1).unwrap();
    assert_eq!(
        instance.bundle(short).unwrap_err().code(),
        "bundle_truncated"
    );
    let mut flipped = bundle.clone();
    *flipped.get_mut(bundle.len() / 2).unwrap() ^= 1;
    assert_eq!(
        instance.bundle(&flipped).unwrap_err().code(),
        "bundle_digest_mismatch"
    );
    assert_eq!(
        instance.bundle(b"text").unwrap_err().code(),
        "bundle_not_a_bundle"
    );
}
