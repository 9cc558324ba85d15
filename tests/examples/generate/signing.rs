//! How requests are signed.

use countersign_conformance::case::{Key, Options, Sign};
use countersign_conformance::{Bytes, Case, Kind};

use crate::attempt::{Attempt, CREATED, key};

pub(crate) fn cases() -> Vec<Case> {
    let sign = |id: &str, attempt: Attempt, options: Options| {
        let request = attempt.request;
        Case::new(
            id,
            Kind::Sign(Sign {
                request,
                key: key(),
                options,
            }),
        )
    };
    let get = || Attempt::get("/v1/markets?limit=5");
    let plain = || Options {
        created: CREATED,
        ..Options::default()
    };
    let text = |text: &str| Some(text.to_owned());
    let covering = |names: &[&str]| Options {
        components: Some(names.iter().map(|name| (*name).to_owned()).collect()),
        ..plain()
    };
    let with_key = |id: &str, key: Key| {
        Case::new(
            id,
            Kind::Sign(Sign {
                request: get().request,
                key,
                options: plain(),
            }),
        )
    };
    vec![
        sign("the least", get(), plain()),
        sign(
            "every parameter",
            Attempt::post(),
            Options {
                label: text("my-sig.1"),
                components: None,
                created: CREATED,
                expires: Some(CREATED + 60),
                nonce: text("n-\"1\\"),
                tag: text("orders"),
                with_algorithm: true,
            },
        ),
        sign("a body", Attempt::post(), plain()),
        sign(
            "an empty body",
            Attempt::post().but(|one| one.request.body = Some(Bytes(Vec::new()))),
            plain(),
        ),
        sign(
            "no components, which are the usual ones",
            get(),
            covering(&[]),
        ),
        sign(
            "some components",
            Attempt::post(),
            covering(&["content-type", "@method", "content-digest"]),
        ),
        sign(
            "a whole identifier",
            get(),
            covering(&["@path", "\"@query-param\";name=\"limit\""]),
        ),
        sign(
            "every derived component",
            get(),
            covering(&[
                "@method",
                "@target-uri",
                "@authority",
                "@scheme",
                "@request-target",
                "@path",
                "@query",
            ]),
        ),
        sign("component_missing", get(), covering(&["date"])),
        sign("component_unknown", get(), covering(&["@nope"])),
        sign("component_duplicate", get(), covering(&["@path", "@path"])),
        sign(
            "component_parameter_unsupported",
            get(),
            covering(&["\"host\";bs"]),
        ),
        sign(
            "options_malformed, a label",
            get(),
            Options {
                label: text("Sig"),
                ..plain()
            },
        ),
        sign(
            "options_malformed, a nonce",
            get(),
            Options {
                nonce: text("n\u{fc}"),
                ..plain()
            },
        ),
        sign(
            "component_unknown, half an identifier",
            get(),
            covering(&["\"@path"]),
        ),
        sign(
            "digest_mismatch",
            Attempt::post().but(|one| {
                one.set(
                    "Content-Digest",
                    "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:",
                );
            }),
            plain(),
        ),
        sign(
            "host_ambiguous",
            get().but(|one| one.set("Host", "a b")),
            plain(),
        ),
        sign("no authority", get().but(|one| one.remove("Host")), plain()),
        with_key(
            "secret_too_short",
            Key {
                secret: Bytes(vec![1; 15]),
                ..key()
            },
        ),
        with_key(
            "keyid_malformed",
            Key {
                keyid: "k\"7".to_owned(),
                ..key()
            },
        ),
        with_key(
            "a long secret",
            Key {
                secret: Bytes(vec![0xaa; 200]),
                ..key()
            },
        ),
    ]
}
