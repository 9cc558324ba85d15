//! Digests of bodies, and MACs.

use countersign_conformance::case::{Digest, DigestCheck, Mac};
use countersign_conformance::{Bytes, Case, Kind};

use crate::attempt::field;

const BODY: &[u8] = b"{\"hello\": \"world\"}";
const SHA_256: &str = "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:";

pub(crate) fn cases() -> Vec<Case> {
    let digest = |id: &str, algorithm: &str, body: &[u8], split: Option<usize>| {
        let (algorithm, body) = (algorithm.to_owned(), Bytes(body.to_vec()));
        Case::new(
            id,
            Kind::Digest(Digest {
                algorithm,
                body,
                split,
            }),
        )
    };
    let check = |id: &str, name: &str, fields: &[(&str, &str)], body: &[u8]| {
        let headers = fields
            .iter()
            .map(|(name, value)| field(name, value))
            .collect();
        let (name, body) = (name.to_owned(), Bytes(body.to_vec()));
        Case::new(
            id,
            Kind::DigestCheck(DigestCheck {
                field: name,
                headers,
                body,
            }),
        )
    };
    let content =
        |id: &str, value: &str| check(id, "content-digest", &[("Content-Digest", value)], BODY);
    let mac = |id: &str, key: usize, message: usize| {
        let (key, message) = (Bytes(vec![0xaa; key]), Bytes(vec![0xdd; message]));
        Case::new(id, Kind::Mac(Mac { key, message }))
    };
    let block: Vec<u8> = (0..=255).cycle().take(1000).collect();
    vec![
        digest("sha-256", "sha-256", BODY, None),
        digest("sha-512", "sha-512", BODY, None),
        digest("sha-256 of nothing", "sha-256", b"", None),
        digest("sha-256 in two pieces", "sha-256", &block, Some(65)),
        digest("sha-512 in two pieces", "sha-512", &block, Some(128)),
        digest("digest_algorithm_unsupported", "sha-1", BODY, None),
        content("it fits", SHA_256),
        content(
            "it fits, with more spaces",
            &format!("md5=:AAAA:  ,\t{SHA_256}"),
        ),
        check(
            "it is absent",
            "content-digest",
            &[("Repr-Digest", SHA_256)],
            BODY,
        ),
        check(
            "a representation's",
            "repr-digest",
            &[("Repr-Digest", SHA_256)],
            BODY,
        ),
        check(
            "over two lines",
            "content-digest",
            &[
                ("Content-Digest", "md5=:AAAA:"),
                ("content-digest", SHA_256),
            ],
            BODY,
        ),
        check(
            "digest_mismatch",
            "content-digest",
            &[("Content-Digest", SHA_256)],
            b"{}",
        ),
        content(
            "digest_malformed, a name twice",
            &format!("{SHA_256}, sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:"),
        ),
        content(
            "digest_algorithm_unsupported, none that is checked",
            "sha=:AAAA:",
        ),
        content("digest_malformed, empty", ""),
        content(
            "digest_malformed, no padding",
            "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE:",
        ),
        content(
            "digest_malformed, too long",
            "sha-256=:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA:",
        ),
        check("options_malformed", "digest", &[], BODY),
        mac("mac", 32, 50),
        mac("mac with an empty key", 0, 0),
        mac("mac with a key of one block", 64, 64),
        mac("mac with a key that is hashed first", 65, 1000),
    ]
}
