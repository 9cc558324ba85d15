//! The second reader: what it prints, and that it finds what core finds.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "in a test, to panic is to fail"
)]

mod support;

use countersign_core::policy::Effect;
use countersign_policies::listing::read;
use countersign_policies::{Source, Sources, compile, packs};
use std::path::Path;

/// The file has the listing; `COUNTERSIGN_BLESS=1` writes it.
fn is_listed_as(sources: &Sources, name: &str) {
    let compiled = compile(sources).expect("it compiles");
    let listing = read(compiled.bytes()).expect("a listing").to_string();
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/listings")
        .join(name);
    if std::env::var_os("COUNTERSIGN_BLESS").is_some() {
        std::fs::write(&path, &listing).expect("the file is written");
    }
    let golden = std::fs::read_to_string(&path).expect("the file is there");
    assert_eq!(listing, golden, "bless it by COUNTERSIGN_BLESS=1");
}

#[test]
fn trading_api_is_listed() {
    is_listed_as(&packs::trading_api(), "trading-api.txt");
}

#[test]
fn the_whole_language_is_listed() {
    is_listed_as(&support::language(), "language.txt");
}

/// What the two packs above don't have: values of extension types, tags, and the links of a template,
/// which share its code.
#[test]
fn extension_values_tags_and_links_are_listed() {
    let sources = Sources {
        policies: Source::new(
            "policies.cedar",
            r#"@id("t") @reason("r")
permit (principal == ?principal, action, resource)
when {
    principal.hasTag("t") && principal.getTag("t") == "x" && context.ip.isInRange(ip("10.0.0.0/8")) &&
    context.price.lessThan(decimal("-0.50")) && context.at < datetime("2026-01-02") &&
    context.for < duration("1h30m") && context.ip != ip("fd00::1")
};"#,
        ),
        schema: Source::new(
            "schema.cedarschema",
            r#"entity Key tags String; entity Thing;
action "use" appliesTo { principal: [Key], resource: [Thing],
    context: { ip: ipaddr, price: decimal, at: datetime, for: duration } };"#,
        ),
        manifest: Source::new(
            "pack.toml",
            r#"name = "extensions"
version = "1.0.0"
principal_type = "Key"

[[links]]
template = "t"
id = "one"
principal = 'Key::"1"'

[[links]]
template = "t"
id = "two"
principal = 'Key::"2"'
"#,
        ),
        entities: Some(Source::new(
            "entities.json",
            r#"[{"uid": {"type": "Key", "id": "1"}, "attrs": {}, "parents": [], "tags": {"t": "x"}}]"#,
        )),
    };
    is_listed_as(&sources, "extensions.txt");
    let listing = read(compile(&sources).expect("it compiles").bytes()).expect("a listing");
    let [one, two] = listing.policies.as_slice() else {
        panic!("two links are two policies")
    };
    assert_eq!(one.code, two.code);
    assert!(!one.code.is_empty());
}

#[test]
fn it_finds_what_core_finds() {
    for sources in [packs::trading_api(), support::language()] {
        let compiled = compile(&sources).expect("it compiles");
        let bundle = compiled.bundle();
        let listing = read(compiled.bytes()).expect("a listing");
        assert_eq!(listing.name, bundle.name());
        assert_eq!(listing.version, bundle.version_text());
        assert_eq!(listing.principal_type, bundle.principal_type());
        assert_eq!(listing.group_type.as_deref(), bundle.group_type());
        let policies = bundle.policies().zip(&listing.policies);
        assert_eq!(bundle.policies().count(), listing.policies.len());
        for (known, listed) in policies {
            assert_eq!(listed.id, known.id());
            let effect = match known.effect() {
                Effect::Permit => "permit",
                Effect::Forbid => "forbid",
            };
            assert_eq!(listed.effect, effect);
            let annotations: Vec<_> = known
                .annotations()
                .map(|annotation| (annotation.name().to_owned(), annotation.value().to_owned()))
                .collect();
            assert_eq!(listed.annotations, annotations);
        }
    }
}

#[test]
fn damage_is_refused_with_a_code() {
    let bytes = compile(&support::language())
        .expect("it compiles")
        .into_bytes();
    for length in 0..bytes.len() {
        let code = read(&bytes[..length]).expect_err("it is refused").code();
        assert!(
            ["bundle_not_a_bundle", "bundle_truncated"].contains(&code),
            "{length}: {code}"
        );
    }
    let mut damaged = bytes.clone();
    for at in 0..bytes.len() {
        damaged[at] ^= 0x10;
        assert!(read(&damaged).is_err(), "byte {at}");
        damaged[at] = bytes[at];
    }
}

#[test]
fn what_has_a_right_digest_and_wrong_contents_does_no_harm() {
    use sha2::{Digest, Sha256};
    let bytes = compile(&support::language())
        .expect("it compiles")
        .into_bytes();
    let body = bytes.len() - 32;
    for at in 16..body {
        for value in [0x00, 0x01, 0x7F, 0xFF] {
            let mut damaged = bytes.clone();
            damaged[at] = value;
            let digest = Sha256::digest(&damaged[..body]);
            damaged[body..].copy_from_slice(&digest);
            if let Err(error) = read(&damaged) {
                assert!(
                    error.code().starts_with("bundle_"),
                    "{at}: {}",
                    error.code()
                );
            }
        }
    }
}
