//! Signatures: the base of every one; and for `hmac-sha256` also the MAC of the base, the verdict of
//! a verifier, and the bytes that our signer makes.

use anyhow::{Context as _, Result};
use countersign_core::{Headers, Parameters, signature_inputs};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Message, MessageKind, identifier};
use crate::case::{Answer, Bytes, Check, Key, Kind, Mac, Options, Request, Sign};
use crate::signing::{Plan, Published, Reason, Verdict, member, refusal};

const HMAC: &str = "hmac-sha256";

#[derive(Deserialize)]
pub(super) struct Case {
    message: Message,
    label: String,
    keyid: Option<String>,
    alg: String,
    base: Option<String>,
    signature_input: String,
    signature: Option<String>,
    /// The whole field, where it holds more labels.
    signature_header: Option<String>,
    #[serde(default)]
    result: Published,
}

pub(super) fn plan(keys: &Map<String, Value>, case: Case) -> Result<Plan> {
    let keys = hmac_keys(keys)?;
    let field = case
        .signature_header
        .as_deref()
        .or(case.signature.as_deref());
    let message = case.message.with(&[
        ("Signature-Input", Some(&case.signature_input)),
        ("Signature", field),
    ]);
    let presented = Presented {
        base: Kind::Base(message.to_base(Some(&case.label))),
        params: Params::of(&case.signature_input, &case.label),
        message,
        label: case.label,
        keys,
    };
    if presented.has_unsupported_component(&case.signature_input) {
        return Ok(Plan::skip(Reason::ComponentParameter));
    }
    let is_hmac = case.alg == HMAC;
    match (case.result, case.base) {
        (Published::Invalid, _) if is_hmac => Ok(presented.expects_refusal()),
        (Published::Invalid, _) => Ok(presented.expects_no_base()),
        (_, base) => {
            let base = base.context("a valid signature without `base`")?;
            let signature = case
                .signature
                .context("a valid signature without `signature`")?;
            let keyid = case.keyid.filter(|_| is_hmac);
            presented.expects_success(base, &signature, keyid.as_deref())
        }
    }
}

/// The secrets of the `hmac-sha256` keys.
fn hmac_keys(keys: &Map<String, Value>) -> Result<Vec<Key>> {
    keys.iter()
        .filter(|(_, key)| key.get("alg").and_then(Value::as_str) == Some(HMAC))
        .map(|(keyid, key)| {
            let secret = key
                .get("secret_base64")
                .context("an HMAC key without `secret_base64`")?;
            Ok(Key {
                keyid: keyid.clone(),
                secret: serde_json::from_value(secret.clone())?,
            })
        })
        .collect()
}

/// What `Signature-Input` says of the label, if the module can read it.
struct Params {
    /// As a serialiser writes it.
    text: String,
    options: Options,
    keyid: Option<String>,
    alg: Option<String>,
}

impl Params {
    fn of(field: &str, label: &str) -> Option<Self> {
        let block = format!("Signature-Input: {field}\r\n");
        let headers = Headers::parse(block.as_bytes()).ok()?;
        let inputs = signature_inputs(&headers).ok()?;
        let input = inputs.iter().find(|input| input.label() == label)?;
        let Parameters {
            created,
            expires,
            nonce,
            alg,
            keyid,
            tag,
        } = input.parameters().clone();
        Some(Params {
            text: input.as_str().to_owned(),
            options: Options {
                label: Some(label.to_owned()),
                components: Some(identifier::in_list(input.as_str())),
                created: created?.get(),
                expires: expires.map(countersign_core::UnixSeconds::get),
                nonce: nonce.map(Into::into),
                tag: tag.map(Into::into),
                with_algorithm: alg.is_some(),
            },
            keyid: keyid.map(Into::into),
            alg: alg.map(Into::into),
        })
    }

    /// Whether our signer writes these: it has one order of the parameters, and for no components at
    /// all it takes the usual ones.
    fn is_ours(&self) -> bool {
        let options = &self.options;
        let components = options.components.as_deref().unwrap_or_default();
        let mut text = format!("({});created={}", components.join(" "), options.created);
        let expires = options.expires.map(|expires| expires.to_string());
        let quoted = |value: &Option<String>| {
            let value = value.as_ref()?.replace('\\', "\\\\").replace('"', "\\\"");
            Some(format!("\"{value}\""))
        };
        let parameters = [
            ("expires", expires),
            ("nonce", quoted(&options.nonce)),
            ("alg", quoted(&self.alg)),
            ("keyid", quoted(&self.keyid)),
            ("tag", quoted(&options.tag)),
        ];
        for (name, value) in parameters {
            if let Some(value) = value {
                text.extend([";", name, "=", &value]);
            }
        }
        !components.is_empty() && text == self.text
    }
}

struct Presented {
    base: Kind,
    params: Option<Params>,
    message: Message,
    label: String,
    keys: Vec<Key>,
}

impl Presented {
    fn has_unsupported_component(&self, field: &str) -> bool {
        // The reader refuses such a component, so there are no parameters to look into.
        let member = field
            .split(&format!("{}=", self.label))
            .nth(1)
            .unwrap_or("");
        let identifiers = identifier::in_list(member);
        !identifiers
            .iter()
            .all(|identifier| identifier::is_supported(identifier))
    }

    /// What a verifier that knows the keys is asked, at the second of signing.
    fn check(&self) -> Kind {
        let keys: Vec<Value> = self
            .keys
            .iter()
            .map(|key| json!({"keyid": key.keyid, "environment": "test", "secret": key.secret}))
            .collect();
        Kind::Check(Check {
            request: self.request(),
            keyring: json!({"keys": keys}),
            profile: json!({
                "environment": "test", "required": [], "nonce_required": false, "label": self.label,
            }),
            bundle: None,
            context: None,
            now: self
                .params
                .as_ref()
                .map_or(0, |params| params.options.created),
            times: 1,
        })
    }

    /// The request, without a body that the signature doesn't cover: such a body is refused, however
    /// right the signature.
    fn request(&self) -> Request {
        let mut request = self.message.to_request();
        let covered = self
            .params
            .iter()
            .flat_map(|params| params.options.components.iter().flatten());
        if !covered
            .into_iter()
            .any(|identifier| identifier == "\"content-digest\"")
        {
            request.body = None;
            request
                .headers
                .retain(|(name, _)| !name.eq_ignore_ascii_case("content-digest"));
        }
        request
    }

    fn expects_refusal(self) -> Plan {
        if self.message.kind == MessageKind::Response {
            return self.expects_no_base();
        }
        Plan::ask(vec![self.check()], |answers| {
            let refused = answers
                .first()
                .is_some_and(|answer| refusal(answer).is_some());
            Verdict::passed_if(refused, || "accepted, but published as invalid".to_owned())
        })
    }

    fn expects_no_base(self) -> Plan {
        Plan::ask(vec![self.base], |answers| {
            if answers
                .first()
                .is_some_and(|answer| refusal(answer).is_some())
            {
                Verdict::Passed
            } else {
                Verdict::Skipped(Reason::WrongSignature)
            }
        })
    }

    /// `keyid` is that of an HMAC key, if the module can make the signature.
    fn expects_success(self, base: String, signature: &str, keyid: Option<&str>) -> Result<Plan> {
        let mut asked: Vec<(Kind, Expected)> = Vec::new();
        if let Some(keyid) = keyid {
            let key = self
                .keys
                .iter()
                .find(|key| key.keyid == keyid)
                .context("a key that `keys` lacks")?;
            let value = signature
                .split_once("=:")
                .and_then(|(_, value)| value.strip_suffix(':'))
                .context("a signature is `label=:base64:`")?;
            let mac = Mac {
                key: key.secret.clone(),
                message: Bytes(base.clone().into_bytes()),
            };
            asked.push((Kind::Mac(mac), Expected::Member("mac", value.to_owned())));
            if let Some(params) = &self.params
                && self.message.kind == MessageKind::Request
            {
                asked.push((
                    self.check(),
                    Expected::Member("verdict", "verified".to_owned()),
                ));
                if params.is_ours() {
                    let unsigned = [("Signature-Input", None), ("Signature", None)];
                    let sign = Sign {
                        request: Message {
                            headers: self.request().headers,
                            ..self.message
                        }
                        .with(&unsigned)
                        .to_request(),
                        key: key.clone(),
                        options: params.options.clone(),
                    };
                    let signed = Expected::Signed(
                        format!("{}={}", self.label, params.text),
                        signature.to_owned(),
                    );
                    asked.push((Kind::Sign(sign), signed));
                }
            }
        }
        asked.push((self.base, Expected::Member("base", base)));
        let (kinds, expected): (Vec<_>, Vec<_>) = asked.into_iter().unzip();
        Ok(Plan::ask(kinds, move |answers| {
            let mut pairs = answers.iter().zip(expected);
            match pairs.find(|(answer, expected)| !expected.is_met(answer)) {
                None => Verdict::Passed,
                Some((answer, expected)) => {
                    Verdict::Failed(format!("expected {expected:?}, got {answer:?}"))
                }
            }
        }))
    }
}

#[derive(Debug)]
enum Expected {
    Member(&'static str, String),
    /// The values of `Signature-Input` and `Signature`.
    Signed(String, String),
}

impl Expected {
    fn is_met(&self, answer: &Answer) -> bool {
        match self {
            Expected::Member(name, value) => member(answer, name) == value,
            Expected::Signed(input, signature) => {
                member(answer, "signature_input") == input
                    && member(answer, "signature") == signature
            }
        }
    }
}
