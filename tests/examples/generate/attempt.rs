//! One good request and the verifier at the other end. A case changes one thing in it.

use anyhow::Result;
use countersign_conformance::case::{Base, Check, Key, Mac, Options, Request, Sign};
use countersign_conformance::{Bytes, Case, Kind};
use serde_json::{Value, json};

use crate::{ask, text};

pub(crate) const KEYID: &str = "k7";
pub(crate) const CREATED: u64 = 1_800_000_000;
pub(crate) const ORDER: &[u8] = br#"{"symbol":"BTC-USD","side":"buy","quantity":"0.5"}"#;

pub(crate) fn secret() -> Bytes {
    Bytes(b"a secret of thirty-two bytes, 32".to_vec())
}

pub(crate) fn key() -> Key {
    Key {
        keyid: KEYID.to_owned(),
        secret: secret(),
    }
}

pub(crate) fn field(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

/// An attempt to get something past the verifier.
#[derive(Clone)]
pub(crate) struct Attempt {
    pub(crate) request: Request,
    pub(crate) options: Options,
    pub(crate) key: Value,
    pub(crate) profile: Value,
    pub(crate) bundle: Option<String>,
    pub(crate) context: Option<Value>,
    pub(crate) now: u64,
    pub(crate) times: u32,
}

impl Attempt {
    /// A request without a body.
    pub(crate) fn get(target: &str) -> Self {
        Attempt {
            request: Request {
                method: "GET".to_owned(),
                target: target.to_owned(),
                scheme: "https".to_owned(),
                headers: vec![field("Host", "api.example.com")],
                body: None,
                body_digest: None,
                peer: None,
            },
            options: Options {
                created: CREATED,
                nonce: Some("n-1".to_owned()),
                ..Options::default()
            },
            key: json!({"keyid": KEYID, "environment": "live", "secret": secret()}),
            profile: json!({"environment": "live"}),
            bundle: None,
            context: None,
            now: CREATED + 1,
            times: 1,
        }
    }

    /// `POST /v1/orders` with an order.
    pub(crate) fn post() -> Self {
        let mut attempt = Attempt::get("/v1/orders");
        "POST".clone_into(&mut attempt.request.method);
        attempt
            .request
            .headers
            .push(field("Content-Type", "application/json"));
        attempt.request.body = Some(Bytes(ORDER.to_vec()));
        attempt
    }

    /// With one thing changed.
    pub(crate) fn but(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    /// Signed by the client.
    pub(crate) fn signed(mut self) -> Result<Self> {
        let signed = ask(Kind::Sign(Sign {
            request: self.request.clone(),
            key: key(),
            options: self.options.clone(),
        }))?;
        for (name, member) in [
            ("Content-Digest", "content_digest"),
            ("Signature-Input", "signature_input"),
            ("Signature", "signature"),
        ] {
            if signed.get(member) != Some(&Value::Null) {
                let value = text(&signed, member)?;
                self.request.headers.push(field(name, &value));
            }
        }
        Ok(self)
    }

    /// Signed over whatever `params` cover, though our own signer would refuse it.
    pub(crate) fn signed_as(mut self, params: &str) -> Result<Self> {
        self.request
            .headers
            .push(field("Signature-Input", &format!("sig1={params}")));
        let base = ask(Kind::Base(Base {
            request: Some(self.request.clone()),
            response: None,
            label: None,
        }))?;
        let mac = ask(Kind::Mac(Mac {
            key: secret(),
            message: Bytes(text(&base, "base")?.into_bytes()),
        }))?;
        let value = format!("sig1=:{}:", text(&mac, "mac")?);
        self.request.headers.push(field("Signature", &value));
        Ok(self)
    }

    /// Replaces the value of a field that is there, or adds the field.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        match self
            .request
            .headers
            .iter_mut()
            .find(|(other, _)| other == name)
        {
            Some((_, old)) => value.clone_into(old),
            None => self.request.headers.push(field(name, value)),
        }
    }

    /// Changes the value of a field.
    pub(crate) fn edit(&mut self, name: &str, change: impl Fn(&str) -> String) {
        for (other, value) in &mut self.request.headers {
            if other == name {
                *value = change(value);
            }
        }
    }

    /// Takes a field out.
    pub(crate) fn remove(&mut self, name: &str) {
        self.request.headers.retain(|(other, _)| other != name);
    }

    /// Sets a member of the profile.
    pub(crate) fn demand(&mut self, member: &str, value: Value) {
        if let Value::Object(profile) = &mut self.profile {
            profile.insert(member.to_owned(), value);
        }
    }

    /// Sets a member of the key, as the keyring has it.
    pub(crate) fn give_key(&mut self, member: &str, value: Value) {
        if let Value::Object(key) = &mut self.key {
            key.insert(member.to_owned(), value);
        }
    }

    pub(crate) fn case(self, id: &str) -> Case {
        Case::new(
            id,
            Kind::Check(Check {
                request: self.request,
                keyring: json!({"keys": [self.key]}),
                profile: self.profile,
                bundle: self.bundle,
                context: self.context,
                now: self.now,
                times: self.times,
            }),
        )
    }
}
