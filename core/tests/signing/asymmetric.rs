//! Keys of which the verifier knows only the public half: what they sign, what they can't, and what it
//! proves.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_core::{
    Algorithm, Code, Environment, Evidence, KeyRecord, KeyRing, SigningKey, VerifyingKey,
};

use serde::Deserialize;

use crate::support::{Attempt, at, options, ring_of};
use crate::vectors;

/// A private key of Ed25519, as OpenSSL writes it (RFC 8032, test 1).
const ED25519_PRIVATE: &str = "-----BEGIN PRIVATE KEY-----\n\
    MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n\
    -----END PRIVATE KEY-----\n";

/// The order of the group of Ed25519, little-endian.
const ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

fn ed25519() -> SigningKey {
    SigningKey::from_pem("k7", ED25519_PRIVATE).unwrap()
}

fn keys() -> Vec<SigningKey> {
    vec![ed25519(), SigningKey::ecdsa_p256("k7", &[7; 32]).unwrap()]
}

/// The good request signed by this key, and a verifier that knows its public half.
fn signed_by(key: &SigningKey) -> Attempt {
    let mut attempt = Attempt::unsigned();
    attempt.sign_with(key, &options().with_algorithm(true));
    let public = key.verifying_key().unwrap();
    attempt.ring = ring_of(KeyRecord::public("k7", Environment::Live, public).unwrap());
    attempt
}

fn refused(attempt: &Attempt) -> Code {
    attempt.authenticate().unwrap_err().code()
}

fn signature(attempt: &Attempt) -> Vec<u8> {
    let value = attempt.value("signature");
    let base64 = value.strip_prefix("sig1=:").unwrap().strip_suffix(':');
    STANDARD.decode(base64.unwrap()).unwrap()
}

fn set_signature(attempt: &mut Attempt, bytes: &[u8]) {
    attempt.set("signature", &format!("sig1=:{}:", STANDARD.encode(bytes)));
}

#[derive(Deserialize)]
struct Published {
    section: String,
    algorithm: String,
    public_pem: String,
    base: String,
    signature: String,
}

#[test]
fn a_published_signature_of_each_algorithm_verifies() {
    let cases = vectors::cases::<Published>("rfc9421_public_keys.json");
    for case in &cases {
        let algorithm = Algorithm::parse(&case.algorithm).unwrap();
        let key = VerifyingKey::from_pem(algorithm, &case.public_pem).unwrap();
        let signature = STANDARD.decode(&case.signature).unwrap();
        assert!(
            key.verifies(case.base.as_bytes(), &signature),
            "{}",
            case.section
        );
        assert!(!key.verifies(b"another", &signature), "{}", case.section);
        for length in [0, 32, 63, 64, 65, 255, 256, 257] {
            assert!(
                !key.verifies(case.base.as_bytes(), &vec![1; length]),
                "{length}"
            );
        }
        let again = VerifyingKey::from_bytes(algorithm, &key.to_bytes()).unwrap();
        assert_eq!(again.to_bytes(), key.to_bytes());
        // A key is of one algorithm, but for RSA: of that it says nothing.
        for other in Algorithm::ALL.iter().filter(|other| **other != algorithm) {
            let is_taken = VerifyingKey::from_pem(*other, &case.public_pem).is_ok();
            let is_rsa = |name: &str| name.starts_with("rsa");
            assert_eq!(is_taken, is_rsa(&case.algorithm) && is_rsa(other.as_str()));
        }
    }
    assert_eq!(cases.len(), Algorithm::ALL.len() - 1);
}

#[test]
fn what_the_private_half_signs_the_public_half_verifies() {
    for key in keys() {
        let mut attempt = signed_by(&key);
        assert_eq!(signature(&attempt).len(), 64);
        assert_eq!(attempt.verify().unwrap().keyid(), "k7");
    }
}

#[test]
fn a_bit_that_was_turned_anywhere_is_noticed() {
    for key in keys() {
        let good = signed_by(&key);
        let bytes = signature(&good);
        for bit in 0..bytes.len() * 8 {
            let mut attempt = signed_by(&key);
            let mut turned = bytes.clone();
            turned[bit / 8] ^= 1 << (bit % 8);
            set_signature(&mut attempt, &turned);
            assert_eq!(
                refused(&attempt),
                Code::SignatureMismatch,
                "{:?} {bit}",
                key.algorithm()
            );
        }
        let mut attempt = signed_by(&key);
        attempt.target += "&x=1";
        assert_eq!(refused(&attempt), Code::SignatureMismatch);
    }
}

#[test]
fn the_algorithm_is_the_keys_and_no_other() {
    for key in keys() {
        for name in [
            "hmac-sha256",
            "ed25519",
            "ecdsa-p256-sha256",
            "rsa-pss-sha512",
            "rsa-v1_5-sha256",
        ] {
            if name == key.algorithm().as_str() {
                continue;
            }
            let mut attempt = signed_by(&key);
            attempt.replace("signature-input", key.algorithm().as_str(), name);
            assert_eq!(refused(&attempt), Code::AlgorithmMismatch, "{name}");
        }
    }
    // The public half is no shared secret: a MAC under its bytes is as long as another signature.
    let public = ed25519().verifying_key().unwrap().to_bytes();
    let secret = countersign_core::SharedSecret::new(public).unwrap();
    let forger = SigningKey::new("k7", &secret).unwrap();
    let mut attempt = signed_by(&ed25519());
    attempt.sign_with(&forger, &options());
    assert_eq!(refused(&attempt), Code::SignatureMismatch);
}

#[test]
fn a_signature_that_was_made_from_another_is_refused() {
    let good = signature(&signed_by(&ed25519()));
    // S plus the order verifies the same equation.
    let mut malleable = good.clone();
    let mut carry = 0_u16;
    for (byte, order) in malleable[32..].iter_mut().zip(ORDER) {
        let sum = u16::from(*byte) + u16::from(order) + carry;
        *byte = (sum & 0xff) as u8;
        carry = sum >> 8;
    }
    let mut attempt = signed_by(&ed25519());
    set_signature(&mut attempt, &malleable);
    assert_eq!(refused(&attempt), Code::SignatureMismatch);

    // A commitment of small order, with S = 0.
    let mut attempt = signed_by(&ed25519());
    let mut small = vec![0; 64];
    small[0] = 1;
    set_signature(&mut attempt, &small);
    assert_eq!(refused(&attempt), Code::SignatureMismatch);
}

/// The points of small order, and encodings that are not the one of a point.
#[rustfmt::skip]
const NOT_KEYS: &[(&str, Code)] = &[
    ("0100000000000000000000000000000000000000000000000000000000000000", Code::KeyTooWeak),
    ("0000000000000000000000000000000000000000000000000000000000000000", Code::KeyTooWeak),
    ("0000000000000000000000000000000000000000000000000000000000000080", Code::KeyTooWeak),
    ("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", Code::KeyTooWeak),
    ("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a", Code::KeyTooWeak),
    ("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa", Code::KeyTooWeak),
    ("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05", Code::KeyTooWeak),
    ("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85", Code::KeyTooWeak),
    ("eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", Code::KeyTooWeak),
    ("edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", Code::KeyTooWeak),
    ("f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", Code::PublicKeyMalformed),
    ("0200000000000000000000000000000000000000000000000000000000000000", Code::PublicKeyMalformed),
    ("00", Code::PublicKeyMalformed),
    ("", Code::PublicKeyMalformed),
];

#[test]
fn a_weak_or_doubtful_public_key_is_not_taken() {
    for (hex, code) in NOT_KEYS {
        let bytes = vectors::from_hex(hex);
        let refusal = VerifyingKey::from_bytes(Algorithm::Ed25519, &bytes).unwrap_err();
        assert_eq!(refusal.code(), *code, "{hex}");
    }
    let refusal = VerifyingKey::from_bytes(Algorithm::HmacSha256, &[7; 32]).unwrap_err();
    assert_eq!(refusal.code(), Code::PublicKeyMalformed);
}

#[test]
fn a_keyring_holds_public_keys_beside_secrets() {
    let public = STANDARD.encode(ed25519().verifying_key().unwrap().to_bytes());
    let of = |members: &str| {
        KeyRing::from_json(&format!(
            r#"{{"keys": [{{"keyid": "k7", "environment": "live", {members}}}]}}"#
        ))
    };
    let mut attempt = signed_by(&ed25519());
    attempt.ring = of(&format!(
        r#""algorithm": "ed25519", "public_key": "{public}""#
    ))
    .unwrap();
    assert!(attempt.verify().is_ok());
    let info = "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
    let mut attempt = signed_by(&ed25519());
    attempt.ring = of(&format!(
        r#""algorithm": "ed25519", "public_key": "{info}""#
    ))
    .unwrap();
    assert!(attempt.verify().is_ok());

    for (members, code) in [
        (
            format!(r#""public_key": "{public}""#),
            Code::KeyringMalformed,
        ),
        (
            r#""algorithm": "ed25519""#.to_owned(),
            Code::KeyringMalformed,
        ),
        (
            format!(r#""algorithm": "ed25519", "public_key": "{public}", "secret": "{public}""#),
            Code::KeyringMalformed,
        ),
        (
            format!(r#""algorithm": "none", "public_key": "{public}""#),
            Code::KeyringMalformed,
        ),
        (
            r#""algorithm": "ed25519", "public_key": "!""#.to_owned(),
            Code::KeyringMalformed,
        ),
        (
            format!(r#""algorithm": "hmac-sha256", "public_key": "{public}""#),
            Code::PublicKeyMalformed,
        ),
        (
            r#""algorithm": "ed25519", "public_key": "AAAA""#.to_owned(),
            Code::PublicKeyMalformed,
        ),
        (
            format!(
                r#""algorithm": "ed25519", "public_key": "{}""#,
                STANDARD.encode([0; 32])
            ),
            Code::KeyTooWeak,
        ),
    ] {
        assert_eq!(of(&members).unwrap_err().code(), code, "{members}");
    }
    let token = r#"{"keys": [{"token": "csk_live_k7_x_y", "algorithm": "ed25519"}]}"#;
    assert_eq!(
        KeyRing::from_json(token).unwrap_err().code(),
        Code::KeyringMalformed
    );
}

#[test]
fn a_private_key_is_read_strictly() {
    let key = ed25519();
    assert_eq!(key.algorithm(), Algorithm::Ed25519);
    assert_eq!(
        STANDARD.encode(key.verifying_key().unwrap().to_bytes()),
        "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
    );
    let good = STANDARD
        .decode("MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g")
        .unwrap();
    assert!(SigningKey::from_pkcs8("k7", &good).is_ok());
    for length in 0..good.len() {
        assert!(
            SigningKey::from_pkcs8("k7", &good[..length]).is_err(),
            "{length}"
        );
    }
    assert!(SigningKey::from_pkcs8("k7", &[good.as_slice(), &[0]].concat()).is_err());
    // Its length in more bytes than it needs.
    let longer = [&[0x30, 0x81, 0x2e], &good[2..]].concat();
    assert!(SigningKey::from_pkcs8("k7", &longer).is_err());
    for text in [
        "",
        "-----BEGIN PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY----------END PRIVATE KEY-----",
        "-----BEGIN -----!-----END -----",
        &ED25519_PRIVATE.replace("MC4C", "MC4 C"),
        &ED25519_PRIVATE.replace("END PRIVATE", "END EC PRIVATE"),
        &ED25519_PRIVATE.replace("PRIVATE", "PUBLIC"),
        &format!("{ED25519_PRIVATE}{ED25519_PRIVATE}"),
    ] {
        let refusal = SigningKey::from_pem("k7", text).unwrap_err();
        assert_eq!(refusal.code(), Code::PrivateKeyMalformed, "{text}");
    }
}

#[test]
fn rsa_has_2048_bits_at_least() {
    let element = |tag: u8, contents: &[u8]| {
        let [.., high, low] = contents.len().to_be_bytes();
        let length = match (high, low) {
            (0, 0..=0x7f) => vec![low],
            (0, _) => vec![0x81, low],
            _ => vec![0x82, high, low],
        };
        [&[tag], length.as_slice(), contents].concat()
    };
    let of_bits = |bits: usize| {
        let modulus = element(0x02, &[&[0], vec![0xff; bits / 8].as_slice()].concat());
        element(0x30, &[modulus, element(0x02, &[1, 0, 1])].concat())
    };
    for (bits, code) in [
        (1024, Some(Code::KeyTooWeak)),
        (2040, Some(Code::KeyTooWeak)),
        (2048, None),
        (8192, None),
        (8200, Some(Code::PublicKeyMalformed)),
    ] {
        for algorithm in [Algorithm::RsaPssSha512, Algorithm::RsaV15Sha256] {
            let key = VerifyingKey::from_bytes(algorithm, &of_bits(bits));
            assert_eq!(key.err().map(|refusal| refusal.code()), code, "{bits}");
        }
    }
    let mut even = of_bits(2048);
    let last_of_modulus = even.len() - 6;
    even[last_of_modulus] = 0xfe;
    assert!(VerifyingKey::from_bytes(Algorithm::RsaPssSha512, &even).is_err());
}

#[test]
fn evidence_is_checked_by_whoever_has_nothing_else() {
    for key in keys() {
        let mut attempt = signed_by(&key);
        let verified = attempt.verify().unwrap();
        let text = verified.evidence().unwrap().to_json();
        let evidence = Evidence::from_json(&text).unwrap();
        assert_eq!(evidence.verify(), Ok(()));
        assert_eq!(evidence.keyid(), "k7");
        assert_eq!(evidence.algorithm(), key.algorithm());
        assert_eq!(evidence.signature().len(), 64);
        assert_eq!(
            evidence.public_key().to_bytes(),
            key.verifying_key().unwrap().to_bytes()
        );
        assert_eq!(evidence.to_json(), text);
        assert!(evidence.base().starts_with("\"@method\": POST\n"));

        for (from, to, code) in [
            ("POST", "PUT", Code::SignatureMismatch),
            (
                "\"keyid\":\"k7\"",
                "\"keyid\":\"k8\"",
                Code::EvidenceMalformed,
            ),
        ] {
            assert!(text.contains(from));
            let other = Evidence::from_json(&text.replacen(from, to, 1)).unwrap();
            assert_eq!(other.verify().unwrap_err().code(), code, "{from}");
        }
        for (from, to, code) in [
            ("\"base\"", "\"bass\"", Code::EvidenceMalformed),
            (
                "\"signature\":\"",
                "\"signature\":\"!",
                Code::EvidenceMalformed,
            ),
            (",\"base\"", ",\"more\":1,\"base\"", Code::EvidenceMalformed),
            (
                "\"public_key\":\"",
                "\"public_key\":\"AAAA",
                Code::PublicKeyMalformed,
            ),
        ] {
            let refusal = Evidence::from_json(&text.replacen(from, to, 1)).unwrap_err();
            assert_eq!(refusal.code(), code, "{from}");
        }
    }
    assert!(Attempt::good().authenticate().unwrap().evidence().is_none());
}

#[test]
fn evidence_of_a_text_that_is_no_base_is_none() {
    let key = ed25519();
    let public = STANDARD.encode(key.verifying_key().unwrap().to_bytes());
    for (base, code) in [
        ("", Some(Code::EvidenceMalformed)),
        ("\"@method\": GET", Some(Code::EvidenceMalformed)),
        ("\"@signature-params\": ();keyid=\"k7\"", None),
        ("\"@signature-params\": ()", Some(Code::EvidenceMalformed)),
        (
            "\"@signature-params\": ();keyid=\"k7\";alg=\"hmac-sha256\"",
            Some(Code::EvidenceMalformed),
        ),
        (
            "\"@signature-params\": ();keyid=\"k7\", b",
            Some(Code::EvidenceMalformed),
        ),
        (
            "\"@path\": /\n\"@signature-params\": ();keyid=\"k7\"",
            Some(Code::EvidenceMalformed),
        ),
        (
            "\"@path\": /\n\"@signature-params\": (\"@method\");keyid=\"k7\"",
            Some(Code::EvidenceMalformed),
        ),
        (
            "\"@method\": GET\n\"@signature-params\": (\"@method\");keyid=\"k7\"",
            None,
        ),
    ] {
        let signature = STANDARD.encode(key.sign(base.as_bytes()).as_bytes());
        let text = serde_json::json!({
            "keyid": "k7", "algorithm": "ed25519", "public_key": public,
            "base": base, "signature": signature,
        });
        let verdict = Evidence::from_json(&text.to_string()).unwrap().verify();
        assert_eq!(verdict.err().map(|refusal| refusal.code()), code, "{base}");
    }
}

#[test]
fn no_private_key_is_printed() {
    for key in keys() {
        let text = format!("{key:?} {:?}", signed_by(&key).ring);
        assert!(
            !text.contains("157, 97") && !text.contains("7, 7, 7"),
            "{text}"
        );
    }
}

#[test]
fn an_unknown_key_is_unknown_whatever_the_length_of_the_signature() {
    for length in [32, 64] {
        let mut attempt = signed_by(&ed25519());
        attempt.ring = KeyRing::new();
        set_signature(&mut attempt, &vec![1; length]);
        attempt.now = at(0);
        assert_eq!(refused(&attempt), Code::KeyUnknown);
    }
}
