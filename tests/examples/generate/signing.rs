//! How requests are signed.

use countersign_conformance::case::{Key, Options, Sign};
use countersign_conformance::{Bytes, Case, Kind};

use crate::attempt::{Attempt, CREATED, key};

pub(crate) fn cases() -> Vec<Case> {
    [usual(), components(), refused(), keys()].concat()
}

fn usual() -> Vec<Case> {
    let everything = Options {
        label: Some("my-sig.1".to_owned()),
        components: None,
        created: CREATED,
        expires: Some(CREATED + 60),
        nonce: Some("n-\"1\\".to_owned()),
        tag: Some("orders".to_owned()),
        with_algorithm: true,
    };
    let empty = Attempt::post().but(|one| one.request.body = Some(Bytes(Vec::new())));
    vec![
        sign("the least", get(), plain()),
        sign("every parameter", Attempt::post(), everything),
        sign("a body", Attempt::post(), plain()),
        sign("an empty body", empty, plain()),
    ]
}

fn components() -> Vec<Case> {
    let every = [
        "@method",
        "@target-uri",
        "@authority",
        "@scheme",
        "@request-target",
        "@path",
        "@query",
    ];
    let some = ["content-type", "@method", "content-digest"];
    let identifier = ["@path", "\"@query-param\";name=\"limit\""];
    vec![
        sign(
            "no components, which are the usual ones",
            get(),
            covering(&[]),
        ),
        sign("some components", Attempt::post(), covering(&some)),
        sign("a whole identifier", get(), covering(&identifier)),
        sign("every derived component", get(), covering(&every)),
        sign("component_missing", get(), covering(&["date"])),
        sign(
            "component_missing, no authority",
            get().but(|one| one.remove("Host")),
            plain(),
        ),
        sign("component_unknown", get(), covering(&["@nope"])),
        sign(
            "options_malformed, half an identifier",
            get(),
            covering(&["\"@path"]),
        ),
        sign("component_duplicate", get(), covering(&["@path", "@path"])),
        sign(
            "component_parameter_unsupported",
            get(),
            covering(&["\"host\";new"]),
        ),
        sign("a field as bytes", get(), covering(&["\"host\";bs"])),
    ]
}

fn refused() -> Vec<Case> {
    let upper_case = Options {
        label: Some("Sig".to_owned()),
        ..plain()
    };
    let not_ascii = Options {
        nonce: Some("n\u{fc}".to_owned()),
        ..plain()
    };
    let other_digest = Attempt::post().but(|one| {
        one.set(
            "Content-Digest",
            "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:",
        );
    });
    vec![
        sign("options_malformed, a label", get(), upper_case),
        sign("options_malformed, a nonce", get(), not_ascii),
        sign("digest_mismatch", other_digest, plain()),
        sign(
            "host_ambiguous",
            get().but(|one| one.set("Host", "a b")),
            plain(),
        ),
    ]
}

fn keys() -> Vec<Case> {
    let with = |id: &str, keyid: &str, secret: Vec<u8>| {
        let (request, options) = (get().request, plain());
        let key = Key {
            keyid: keyid.to_owned(),
            secret: Bytes(secret),
        };
        Case::new(
            id,
            Kind::Sign(Sign {
                request,
                key,
                options,
            }),
        )
    };
    vec![
        with("secret_too_short", "k7", vec![1; 15]),
        with("keyid_malformed", "k\"7", vec![1; 32]),
        with("a long secret", "k7", vec![0xaa; 200]),
    ]
}

fn sign(id: &str, attempt: Attempt, options: Options) -> Case {
    let (request, key) = (attempt.request, key());
    Case::new(
        id,
        Kind::Sign(Sign {
            request,
            key,
            options,
        }),
    )
}

fn get() -> Attempt {
    Attempt::get("/v1/markets?limit=5")
}

fn plain() -> Options {
    Options {
        created: CREATED,
        ..Options::default()
    }
}

fn covering(names: &[&str]) -> Options {
    let components = names.iter().map(|name| (*name).to_owned()).collect();
    Options {
        components: Some(components),
        ..plain()
    }
}
