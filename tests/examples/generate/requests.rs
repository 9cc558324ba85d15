//! Requests that are let through, usual and unusual.

use anyhow::Result;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_conformance::case::PlatformDigest;
use countersign_conformance::{Bytes, Case};
use serde_json::json;
use sha2::{Digest as _, Sha256, Sha512};

use crate::attempt::{Attempt, CREATED, ORDER, field};

pub(crate) fn cases() -> Result<Vec<Case>> {
    let get = || Attempt::get("/v1/markets/BTC-USD");
    let mut cases = Vec::new();
    let mut add = |id: &str, attempt: Attempt| cases.push(attempt.case(id));

    add("get", get().signed()?);
    add(
        "get with a query",
        Attempt::get("/v1/orders?state=open&limit=5").signed()?,
    );
    add(
        "get with an empty query",
        Attempt::get("/v1/orders?").signed()?,
    );
    add(
        "options of the server",
        Attempt::get("*")
            .but(|one| "OPTIONS".clone_into(&mut one.request.method))
            .signed()?,
    );
    add(
        "absolute target",
        Attempt::get("https://api.example.com/v1/markets?a=1").signed()?,
    );
    add(
        "default port",
        get()
            .but(|one| one.set("Host", "API.Example.com:443"))
            .signed()?,
    );
    add(
        "another port",
        get()
            .but(|one| one.set("Host", "api.example.com:8443"))
            .signed()?,
    );
    add(
        "an address of version 6",
        get()
            .but(|one| one.set("Host", "[2001:db8::1]:8443"))
            .signed()?,
    );
    add(
        "over plain http",
        get()
            .but(|one| "http".clone_into(&mut one.request.scheme))
            .signed()?,
    );
    add(
        "an authority that is served",
        get()
            .but(|one| {
                one.demand(
                    "authorities",
                    json!(["other.example.com", "api.example.com"]),
                );
            })
            .signed()?,
    );

    bodies(&mut add)?;
    proxies(&mut add)?;
    times(&mut add)?;
    parameters(&mut add)?;
    writing(&mut add)?;
    Ok(cases)
}

fn bodies(add: &mut impl FnMut(&str, Attempt)) -> Result<()> {
    let sha256 = Sha256::digest(ORDER).to_vec();
    let sha512 = Sha512::digest(ORDER).to_vec();
    let sha256_field = format!("sha-256=:{}:", STANDARD.encode(&sha256));
    let sha512_field = format!("sha-512=:{}:", STANDARD.encode(&sha512));
    let both = format!("{sha256_field}, {sha512_field}");
    add("post", Attempt::post().signed()?);
    add(
        "post with sha-512",
        Attempt::post()
            .but(|one| one.set("Content-Digest", &sha512_field))
            .signed()?,
    );
    add(
        "post with both digests",
        Attempt::post()
            .but(|one| one.set("Content-Digest", &both))
            .signed()?,
    );
    add(
        "post with a digest that nobody checks beside one",
        Attempt::post()
            .but(|one| one.set("Content-Digest", &format!("md5=:AAAA:, {sha256_field}")))
            .signed()?,
    );
    let hashed = |algorithm: &str, value: &[u8]| {
        let digest = PlatformDigest {
            algorithm: algorithm.to_owned(),
            value: Bytes(value.to_vec()),
        };
        Attempt::post().but(|one| {
            one.request.body = None;
            one.request.body_digest = Some(digest);
        })
    };
    add(
        "post hashed by the platform",
        hashed("sha-256", &sha256).signed()?,
    );
    add(
        "post hashed by the platform with sha-512",
        hashed("sha-512", &sha512).signed()?,
    );
    add(
        "post hashed by the platform, one digest of two",
        hashed("sha-512", &sha512)
            .but(|one| one.set("Content-Digest", &both))
            .signed()?,
    );
    add(
        "post of every byte",
        Attempt::post()
            .but(|one| one.request.body = Some(Bytes((0..=255).collect())))
            .signed()?,
    );
    add(
        "post of as much as is accepted",
        Attempt::post()
            .but(|one| one.demand("max_body", json!(ORDER.len())))
            .signed()?,
    );
    Ok(())
}

fn proxies(add: &mut impl FnMut(&str, Attempt)) -> Result<()> {
    let behind = || -> Result<Attempt> {
        Ok(Attempt::get("/v1/markets?a=1").signed()?.but(|one| {
            one.set("Host", "origin.internal");
            "http".clone_into(&mut one.request.scheme);
            "/internal/markets".clone_into(&mut one.request.target);
            one.set("X-Forwarded-Proto", "https");
            one.set("X-Forwarded-Host", "api.example.com");
            one.set("X-Original-Uri", "/v1/markets?a=1");
            one.demand(
                "forwarded",
                json!({
                    "peers": ["10.0.0.7", "edge.internal"], "scheme_field": "x-forwarded-proto",
                    "authority_field": "x-forwarded-host", "target_field": "x-original-uri",
                }),
            );
        }))
    };
    add(
        "behind a trusted peer",
        behind()?.but(|one| one.request.peer = Some("10.0.0.7".to_owned())),
    );
    add(
        "behind a trusted peer with a name",
        behind()?.but(|one| one.request.peer = Some("edge.internal".to_owned())),
    );
    add(
        "forwarded by a stranger",
        behind()?.but(|one| one.request.peer = Some("10.0.0.8".to_owned())),
    );
    add("forwarded by nobody knows whom", behind()?);
    Ok(())
}

fn times(add: &mut impl FnMut(&str, Attempt)) -> Result<()> {
    let at = |now: u64| Attempt::get("/v1/account").but(|one| one.now = now);
    add("as early as the skew allows", at(CREATED - 30).signed()?);
    add("as late as age and skew allow", at(CREATED + 330).signed()?);
    let expiring = |now: u64| at(now).but(|one| one.options.expires = Some(CREATED + 60));
    add("before it expires", expiring(CREATED + 60).signed()?);
    add("expired within the skew", expiring(CREATED + 90).signed()?);
    add(
        "no skew, and the very second",
        at(CREATED)
            .but(|one| one.demand("clock_skew", json!(0)))
            .signed()?,
    );
    add(
        "the last second of an ending key",
        at(CREATED + 1)
            .but(|one| one.give_key("not_after", json!(CREATED + 2)))
            .signed()?,
    );
    add(
        "the first second of a new key",
        at(CREATED + 1)
            .but(|one| one.give_key("not_before", json!(CREATED + 1)))
            .signed()?,
    );
    Ok(())
}

fn parameters(add: &mut impl FnMut(&str, Attempt)) -> Result<()> {
    let get = || Attempt::get("/v1/account");
    add(
        "the algorithm stated",
        get()
            .but(|one| one.options.with_algorithm = true)
            .signed()?,
    );
    add(
        "a tag that the profile asks for",
        get()
            .but(|one| {
                one.options.tag = Some("orders".to_owned());
                one.demand("tag", json!("orders"));
            })
            .signed()?,
    );
    add(
        "without a nonce, where none is asked for",
        get()
            .but(|one| {
                one.options.nonce = None;
                one.demand("nonce_required", json!(false));
            })
            .signed()?,
    );
    add(
        "a quote in the nonce",
        get()
            .but(|one| one.options.nonce = Some(r#"say "n\1""#.to_owned()))
            .signed()?,
    );
    add(
        "the label that the profile asks for, of two",
        get().signed()?.but(|one| {
            one.request
                .headers
                .push(field("Signature-Input", "other=(\"date\");keyid=\"k9\""));
            one.request.headers.push(field("Signature", "other=:AAAA:"));
            one.demand("label", json!("sig1"));
        }),
    );
    add(
        "a parameter that nobody knows",
        get().signed_as(
            "(\"@method\" \"@authority\" \"@path\" \"@query\");created=1800000000;keyid=\"k7\";nonce=\"n-1\";trace=?1;weight=0.5",
        )?,
    );
    let wide = ["@method", "@target-uri"].map(str::to_owned).to_vec();
    add(
        "the target URI in place of its parts",
        get()
            .but(|one| one.options.components = Some(wide))
            .signed()?,
    );
    add(
        "a query parameter",
        Attempt::get("/v1/orders?symbol=BTC%2DUSD&name=J%C3%BCrgen+M.&empty")
            .but(|one| {
                let identifiers = ["symbol", "name", "empty"]
                    .map(|name| format!("\"@query-param\";name=\"{name}\""));
                let names = ["@method", "@target-uri"].map(str::to_owned);
                one.options.components = Some(names.into_iter().chain(identifiers).collect());
            })
            .signed()?,
    );
    Ok(())
}

/// Requests that were signed in the usual way and are written in an unusual one.
fn writing(add: &mut impl FnMut(&str, Attempt)) -> Result<()> {
    let covering = |names: &[&str], fields: &[(&str, &str)]| -> Result<Attempt> {
        Attempt::get("/v1/account")
            .but(|one| {
                let usual = ["@method", "@authority", "@path", "@query"];
                one.options.components = Some(
                    usual
                        .iter()
                        .chain(names)
                        .map(|name| (*name).to_owned())
                        .collect(),
                );
                one.request
                    .headers
                    .extend(fields.iter().map(|(name, value)| field(name, value)));
            })
            .signed()
    };
    add(
        "Signature-Input with more spaces than it needs",
        covering(&[], &[])?.but(|one| {
            one.edit("Signature-Input", |value| {
                value
                    .replace('(', "(  ")
                    .replace("\" \"", "\"   \"")
                    .replace(';', ";  ")
            });
        }),
    );
    add(
        "names of fields in any case",
        covering(&[], &[])?.but(|one| {
            for (name, _) in &mut one.request.headers {
                *name = name.to_ascii_uppercase();
            }
        }),
    );
    add(
        "a field that is repeated",
        covering(
            &["accept"],
            &[("Accept", "text/html"), ("Accept", "  application/json \t")],
        )?,
    );
    add(
        "a field that is empty",
        covering(&["x-empty"], &[("X-Empty", "")])?,
    );
    add(
        "a field that is folded",
        covering(
            &["x-folded"],
            &[("X-Folded", "one line.\r\n   And \t\r\n\tanother")],
        )?,
    );
    add(
        "a repeated field that came joined",
        covering(
            &["accept"],
            &[("Accept", "text/html"), ("Accept", "application/json")],
        )?
        .but(|one| {
            one.remove("Accept");
            one.set("Accept", "text/html, application/json");
        }),
    );
    add(
        "as many fields as are accepted",
        covering(&[], &[])?.but(|one| {
            let missing = 128 - one.request.headers.len();
            one.request
                .headers
                .extend((0..missing).map(|n| field(&format!("x-{n}"), "y")));
        }),
    );
    Ok(())
}
