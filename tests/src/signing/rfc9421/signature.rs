//! Signatures: the base of every one, what its key says of it, the verdict of a verifier, and the bytes that
//! our signer makes.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_core::{Headers, UnixSeconds, signature_inputs};
use countersign_wasm::dispatch::number;
use serde::Deserialize;

use super::identifier;
use super::key::Key;
use super::verifier::Verifier;
use super::written::Written;
use crate::door::{Door, Fault, Frame};
use crate::signing::{Checked, Published, Verdict};

#[derive(Deserialize)]
pub(super) struct Case {
    pub(super) message: Written,
    pub(super) request: Option<Written>,
    pub(super) label: String,
    #[serde(default)]
    pub(super) keyid: String,
    base: Option<String>,
    signature_input: String,
    signature: String,
    /// The whole field, where it holds more labels.
    signature_header: Option<String>,
    #[serde(default)]
    deterministic: bool,
    result: Published,
}

pub(super) async fn check(door: Door, keys: Vec<Key>, case: Case) -> Checked {
    let is_valid = case.result == Published::Valid;
    let base = case
        .signed_message()
        .base(&door, case.request.as_ref(), &case.label, "")
        .await?;
    let at = Verifier::open(&door, &keys, &case).await?;
    let verdict = at.verify(&case, &case.signed_message()).await?;
    if !is_valid && verdict.is_ok() {
        return Ok(Verdict::failed("accepted, but published as invalid"));
    }
    let base = match base {
        Ok((_, base)) => base,
        // What has no base is good by no key.
        Err(_) if !is_valid => return Ok(Verdict::Passed),
        Err(refused) => return Ok(Verdict::Failed(format!("refused: {refused}"))),
    };
    if case.base.as_ref().is_some_and(|expected| *expected != base) {
        return Ok(Verdict::Failed(format!("the base is {base:?}")));
    }
    let Some(key) = keys.iter().find(|key| key.id == case.keyid) else {
        // An unknown key was refused above, and says nothing of the signature.
        return Ok(Verdict::passed_if(!is_valid, || {
            "a key that `keys` lacks".to_owned()
        }));
    };
    if let Some(fault) = by_the_key(&door, key, &case, &base).await? {
        return Ok(Verdict::Failed(fault));
    }
    if !is_valid {
        return Ok(Verdict::Passed);
    }
    if let Some(fault) = signed_again(&door, key, &case).await? {
        return Ok(Verdict::Failed(fault));
    }
    at.judge(&case, key, verdict).await
}

impl Case {
    pub(super) fn signed_message(&self) -> Written {
        let signature = self.signature_header.as_ref().unwrap_or(&self.signature);
        self.unsigned_message()
            .with("Signature-Input", &self.signature_input)
            .with("Signature", signature)
    }

    fn unsigned_message(&self) -> Written {
        let message = self.message.clone();
        message.without("Signature-Input").without("Signature")
    }

    /// The bytes of the signature, where they are base64.
    fn value(&self) -> Option<Vec<u8>> {
        let start = format!("{}=:", self.label);
        let (_, rest) = self.signature.split_once(&start)?;
        STANDARD.decode(rest.split(':').next()?).ok()
    }

    /// What `Signature-Input` says of the label, if it can be read.
    fn parameters(&self) -> Option<Stated> {
        let block = format!("Signature-Input: {}\r\n", self.signature_input);
        let headers = Headers::parse(block.as_bytes()).ok()?;
        let inputs = signature_inputs(&headers).ok()?;
        let input = inputs.iter().find(|input| input.label() == self.label)?;
        let parameters = input.parameters();
        let text = |value: &Option<Cow<'_, str>>| value.as_deref().map(str::to_owned);
        Some(Stated {
            covered: identifier::in_list(input.as_str()),
            text: input.as_str().to_owned(),
            created: parameters.created.map(UnixSeconds::get),
            expires: parameters.expires.map(UnixSeconds::get),
            nonce: text(&parameters.nonce),
            alg: text(&parameters.alg),
            keyid: text(&parameters.keyid),
            tag: text(&parameters.tag),
        })
    }

    pub(super) fn created(&self) -> Option<u64> {
        self.parameters()?.created
    }

    pub(super) fn covers_digest(&self) -> bool {
        let stated = self.parameters();
        stated.is_some_and(|stated| {
            let mut covered = stated.covered.iter();
            covered.any(|one| one == "\"content-digest\"")
        })
    }
}

/// What a signature says of itself.
struct Stated {
    covered: Vec<String>,
    /// As a serialiser writes it.
    text: String,
    created: Option<u64>,
    expires: Option<u64>,
    nonce: Option<String>,
    alg: Option<String>,
    keyid: Option<String>,
    tag: Option<String>,
}

impl Stated {
    /// The `Signature-Input` of our signer, and how to ask for it; none where it writes something else: it
    /// has one order of the parameters.
    fn options(&self, label: &str) -> Option<(String, Frame)> {
        let created = self.created?;
        let mut ours = format!("({});created={created}", self.covered.join(" "));
        if let Some(expires) = self.expires {
            ours.extend([";expires=", &expires.to_string()]);
        }
        for (name, value) in [
            ("nonce", &self.nonce),
            ("alg", &self.alg),
            ("keyid", &self.keyid),
            ("tag", &self.tag),
        ] {
            if let Some(value) = value {
                let value = value.replace('\\', "\\\\").replace('"', "\\\"");
                ours.extend([";", name, "=\"", &value, "\""]);
            }
        }
        let components = match self.covered.as_slice() {
            [] => "()".to_owned(),
            covered => covered.join("\n"),
        };
        let frame = Frame::new()
            .text(label)
            .text(&components)
            .number(created)
            .number(self.expires.unwrap_or(0))
            .text(self.nonce.as_deref().unwrap_or(""))
            .text(self.tag.as_deref().unwrap_or(""))
            .number(self.alg.is_some().into());
        (ours == self.text).then(|| (format!("{label}={ours}"), frame))
    }
}

/// What is wrong with what the key says, and with what it makes of the same base.
async fn by_the_key(
    door: &Door,
    key: &Key,
    case: &Case,
    base: &str,
) -> Result<Option<String>, Fault> {
    let is_valid = case.result == Published::Valid;
    let Some(value) = case.value() else {
        return Ok(is_valid.then(|| "the signature is not base64".to_owned()));
    };
    let made = match key.open(door).await? {
        Some(key) => {
            let frame = Frame::new().number(key).text(base);
            Some(door.ask(number::key_sign, frame).await?.bytes()?)
        }
        None => None,
    };
    let holds = match key.verifies(door, base, &value).await? {
        Some(holds) => holds,
        None => made.as_ref() == Some(&value),
    };
    if holds != is_valid {
        return Ok(Some(format!("the signature is good: {holds}")));
    }
    let Some(made) = made else {
        return Ok(None);
    };
    if is_valid && case.deterministic && made != value {
        return Ok(Some("another signature was made".to_owned()));
    }
    let is_bad = key.verifies(door, base, &made).await? == Some(false);
    Ok(is_bad.then(|| "our own signature doesn't verify".to_owned()))
}

/// Signs the message field by field, where one message has one signature and our signer writes such
/// parameters; what is wrong with that.
async fn signed_again(door: &Door, key: &Key, case: &Case) -> Result<Option<String>, Fault> {
    let stated = case.parameters();
    let Some((expected, options)) = stated.and_then(|stated| stated.options(&case.label)) else {
        return Ok(None);
    };
    let Some(key) = key.open(door).await? else {
        return Ok(None);
    };
    let message = case.unsigned_message();
    let frame = Frame::new().number(key);
    let (verb, frame) = if message.is_request() {
        (number::sign, message.put_request(frame))
    } else {
        let answered = case.request.as_ref();
        (number::sign_response, message.put(answered, frame))
    };
    let mut signed = door.ask(verb, frame.append(&options)).await?;
    let (input, signature) = (signed.text()?, signed.text()?);
    let is_right = input == expected && (!case.deterministic || signature == case.signature);
    Ok((!is_right).then(|| format!("signed as {input:?}, {signature:?}")))
}
