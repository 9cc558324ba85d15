//! The examples of RFC 9421: components, fields, and signatures by every algorithm.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_core::structured::{Dictionary, FieldType, FieldTypes};
use countersign_core::{
    Algorithm, AuthenticResponse, Body, Code, Environment, Headers, KeyRecord, KeyRing, Message,
    Presented, Profile, Refusal, Request, Response, Scheme, SharedSecret, SignOptions, SigningKey,
    VerifyingKey, sign, signature_base_typed, signature_inputs,
};
use serde::Deserialize;

use crate::vectors;

#[derive(Deserialize)]
struct Written {
    kind: String,
    method: Option<String>,
    target: Option<String>,
    scheme: Option<String>,
    status: Option<u16>,
    headers: Vec<(String, String)>,
    #[serde(default)]
    trailers: Vec<(String, String)>,
    #[serde(default)]
    body: String,
}

impl Written {
    /// Shows the message with more header lines, and the request that it answers.
    fn with<T>(
        &self,
        answered: Option<&Written>,
        lines: &str,
        see: &dyn Fn(Message<'_, '_>) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let head = block(&self.headers) + lines;
        let trailers = block(&self.trailers);
        let headers =
            Headers::parse(head.as_bytes())?.with_trailers(Headers::parse(trailers.as_bytes())?);
        let body = Body::Bytes(self.body.as_bytes());
        if self.kind == "request" {
            return see(Message::Request(&Request {
                method: self.method.as_deref().unwrap(),
                target: self.target.as_deref().unwrap(),
                scheme: Scheme::parse(self.scheme.as_deref().unwrap()).unwrap(),
                headers,
                body,
                peer: None,
            }));
        }
        let status = self.status.unwrap();
        let Some(answered) = answered else {
            return see(Message::Response(&Response {
                status,
                headers,
                body,
                request: None,
            }));
        };
        answered.with(None, "", &|message| {
            let Message::Request(request) = message else {
                panic!("a response answers a request");
            };
            see(Message::Response(&Response {
                status,
                headers: headers.clone(),
                body,
                request: Some(request),
            }))
        })
    }
}

fn block(fields: &[(String, String)]) -> String {
    let lines = fields
        .iter()
        .flat_map(|(name, value)| [name, ": ", value, "\r\n"]);
    lines.collect()
}

#[derive(Deserialize)]
struct Component {
    name: String,
    message: Written,
    request: Option<Written>,
    lines: Vec<String>,
    #[serde(default)]
    structured: BTreeMap<String, String>,
    result: String,
}

#[test]
fn every_component_has_its_value() {
    let cases = vectors::shared::<Component>("rfc9421/components.json");
    let faults: Vec<String> = cases.iter().filter_map(component_fault).collect();
    vectors::conclude("rfc9421 components", cases.len(), &faults);
}

fn component_fault(case: &Component) -> Option<String> {
    assert_eq!(case.result, "valid", "{}", case.name);
    let mut types = FieldTypes::new();
    for (name, field_type) in &case.structured {
        types = types.with(name, FieldType::parse(field_type).unwrap());
    }
    let identifiers: Vec<&str> = case.lines.iter().map(|line| identifier(line)).collect();
    let list = format!("({})", identifiers.join(" "));
    let line = format!("Signature-Input: s={list}\r\n");
    let base = case.message.with(case.request.as_ref(), "", &|message| {
        let headers = Headers::parse(line.as_bytes())?;
        signature_base_typed(message, &signature_inputs(&headers)?[0], &types)
    });
    let expected = format!("{}\n\"@signature-params\": {list}", case.lines.join("\n"));
    (base.as_ref() != Ok(&expected)).then(|| format!("{}: {base:?}", case.name))
}

/// The identifier that a line of a base begins with: up to the first `: ` outside of quotes.
fn identifier(line: &str) -> &str {
    let mut is_quoted = false;
    for (at, c) in line.char_indices() {
        is_quoted ^= c == '"';
        if !is_quoted && line[at..].starts_with(": ") {
            return &line[..at];
        }
    }
    panic!("`{line}` is no line of a base");
}

#[derive(Deserialize)]
struct FieldCase {
    name: String,
    field: String,
    value: String,
}

#[test]
fn every_field_is_read_and_written_as_it_was() {
    let cases = vectors::shared::<FieldCase>("rfc9421/fields.json");
    let fault = |case: &FieldCase| {
        let written = Dictionary::parse(&case.value).and_then(|field| field.serialise());
        let line = format!("{}: {}\r\n", case.field, case.value);
        let headers = Headers::parse(line.as_bytes()).unwrap();
        let count = match case.field.as_str() {
            "Signature-Input" => signature_inputs(&headers).unwrap().len(),
            "Accept-Signature" => countersign_core::signature_requests(&headers)
                .unwrap()
                .len(),
            _ => 1,
        };
        let holds = count == 1 && written.as_deref() == Ok(&case.value);
        (!holds).then(|| format!("{}: {written:?}", case.name))
    };
    let faults: Vec<String> = cases.iter().filter_map(fault).collect();
    vectors::conclude("rfc9421 fields", cases.len(), &faults);
}

#[derive(Deserialize)]
struct Table {
    keys: BTreeMap<String, Key>,
    cases: Vec<SignatureCase>,
}

#[derive(Deserialize)]
struct Key {
    alg: String,
    public_pem: Option<String>,
    private_pem: Option<String>,
    secret_base64: Option<String>,
}

impl Key {
    fn secret(&self) -> Option<SharedSecret> {
        let secret = self.secret_base64.as_ref()?;
        Some(SharedSecret::new(STANDARD.decode(secret).unwrap()).unwrap())
    }

    fn public(&self) -> Option<VerifyingKey> {
        let pem = self.public_pem.as_ref()?;
        let algorithm = Algorithm::parse(&self.alg).unwrap();
        Some(VerifyingKey::from_pem(algorithm, pem).unwrap())
    }

    /// The key that signs; none of RSA, by which nothing is signed here.
    fn signing(&self, keyid: &str) -> Option<SigningKey> {
        if let Some(secret) = self.secret() {
            return Some(SigningKey::new(keyid, &secret).unwrap());
        }
        match SigningKey::from_pem(keyid, self.private_pem.as_ref()?) {
            Ok(key) => Some(key),
            Err(refusal) => {
                assert_eq!(refusal.code(), Code::PrivateKeyMalformed);
                None
            }
        }
    }

    fn record(&self, keyid: &str) -> KeyRecord {
        let live = Environment::Live;
        match (self.secret(), self.public()) {
            (Some(secret), _) => KeyRecord::new(keyid, live, &secret).unwrap(),
            (None, Some(public)) => KeyRecord::public(keyid, live, public).unwrap(),
            (None, None) => panic!("`{keyid}` is of no algorithm here"),
        }
    }
}

#[derive(Deserialize)]
struct SignatureCase {
    name: String,
    message: Written,
    request: Option<Written>,
    label: String,
    keyid: String,
    base: Option<String>,
    signature_input: String,
    signature: String,
    signature_header: Option<String>,
    deterministic: bool,
    result: String,
}

impl SignatureCase {
    fn lines(&self) -> String {
        let signature = self.signature_header.as_ref().unwrap_or(&self.signature);
        format!(
            "Signature-Input: {}\r\nSignature: {signature}\r\n",
            self.signature_input
        )
    }

    /// The bytes of the signature.
    fn value(&self) -> Vec<u8> {
        let start = format!("{}=:", self.label);
        let base64 = self.signature.strip_prefix(&start).unwrap();
        STANDARD.decode(base64.strip_suffix(':').unwrap()).unwrap()
    }

    fn base(&self) -> Result<String, Refusal> {
        self.message
            .with(self.request.as_ref(), &self.lines(), &|message| {
                let headers = match message {
                    Message::Request(request) => &request.headers,
                    Message::Response(response) => &response.headers,
                };
                let inputs = signature_inputs(headers)?;
                let input = inputs.iter().find(|input| input.label() == self.label);
                signature_base_typed(message, input.unwrap(), &FieldTypes::new())
            })
    }

    /// Verifies the message as a verifier would that knows this key.
    fn verify(&self, key: &Key) -> Result<(), Refusal> {
        let mut ring = KeyRing::new();
        ring.insert(key.record(&self.keyid));
        let profile = Profile::new(Environment::Live)
            .require::<&str>([])
            .nonce_required(false)
            .label(&self.label);
        let created = self.signature_input.rsplit_once("created=").unwrap().1;
        let created: String = created.chars().take_while(char::is_ascii_digit).collect();
        let now = countersign_core::UnixSeconds::new(created.parse().unwrap());
        self.message.with(
            self.request.as_ref(),
            &self.lines(),
            &|message| match message {
                Message::Request(request) => {
                    let authentic = Presented::parse(request, &profile)?
                        .find_key(&ring, now)?
                        .authenticate(now)?;
                    assert_eq!(authentic.evidence().is_some(), key.public_pem.is_some());
                    authentic
                        .evidence()
                        .map_or(Ok(()), |evidence| evidence.verify())
                }
                Message::Response(response) => {
                    AuthenticResponse::verify(response, &profile, &ring, now).map(drop)
                }
            },
        )
    }
}

/// What no profile of ours takes, though the signature is good.
const NOT_BY_A_PROFILE: &[(&str, Code, &str)] = &[
    ("B.2.1", Code::BodyNotCovered, "it covers nothing"),
    (
        "B.2.5",
        Code::BodyNotCovered,
        "it covers no digest of its body",
    ),
    (
        "B.2.6",
        Code::BodyNotCovered,
        "it covers no digest of its body",
    ),
    (
        "B.3",
        Code::BodyNotCovered,
        "it covers no digest of its body",
    ),
    (
        "4.3 proxy signature, two labels",
        Code::DigestMismatch,
        "its body is printed with a line end before it",
    ),
];

#[test]
fn every_signature() {
    let Some(text) = vectors::shared_text("rfc9421/signatures.json") else {
        return;
    };
    let table: Table = serde_json::from_str(&text).unwrap();
    let (mut count, mut faults) = (0, Vec::new());
    for case in &table.cases {
        let key = &table.keys[&case.keyid];
        count += 1;
        faults.extend(signature_fault(case, key));
    }
    vectors::conclude("rfc9421 signatures", count, &faults);
}

fn signature_fault(case: &SignatureCase, key: &Key) -> Option<String> {
    let says = |what: String| Some(format!("{}: {what}", case.name));
    let base = case.base();
    if case.base.is_some() && base.as_deref().ok() != case.base.as_deref() {
        return says(format!("the base is {base:?}"));
    }
    let base = base.unwrap();
    let value = case.value();
    let made = key
        .signing(&case.keyid)
        .map(|key| key.sign(base.as_bytes()));
    let is_by_the_key = match key.public() {
        Some(public) => public.verifies(base.as_bytes(), &value),
        None => made.as_ref().is_some_and(|made| made.as_bytes() == value),
    };
    if is_by_the_key != (case.result == "valid") {
        return says(format!("the signature verifies: {is_by_the_key}"));
    }
    if let Some(made) = made {
        if case.deterministic && made.as_bytes() != value {
            return says("another signature was made".into());
        }
        // What we sign is good by the published key, too.
        if key
            .public()
            .is_some_and(|public| !public.verifies(base.as_bytes(), made.as_bytes()))
        {
            return says("our own signature doesn't verify".into());
        }
    }
    let verdict = case.verify(key).map_err(|refusal| refusal.code());
    let exception = NOT_BY_A_PROFILE
        .iter()
        .find(|(name, ..)| *name == case.name);
    let expected = exception.map_or(Ok(()), |(_, code, _)| Err(*code));
    (verdict != expected).then(|| format!("{}: the verdict is {verdict:?}", case.name))
}

#[test]
fn a_deterministic_signature_is_made_field_by_field() {
    let Some(text) = vectors::shared_text("rfc9421/signatures.json") else {
        return;
    };
    let table: Table = serde_json::from_str(&text).unwrap();
    let mut count = 0;
    for case in table.cases.iter().filter(|case| case.deterministic) {
        let Some(key) = table.keys[&case.keyid].signing(&case.keyid) else {
            continue;
        };
        count += 1;
        let signed = case.message.with(None, "", &|message| {
            let Message::Request(request) = message else {
                panic!("{} is a response", case.name);
            };
            let line = format!("Signature-Input: {}\r\n", case.signature_input);
            let headers = Headers::parse(line.as_bytes())?;
            let input = &signature_inputs(&headers)?[0];
            let options = SignOptions::new(input.parameters().created.unwrap())
                .label(&case.label)
                .components(input.covered());
            sign(request, &key, &options)
        });
        let signed = signed.unwrap();
        assert_eq!(
            signed.signature_input, case.signature_input,
            "{}",
            case.name
        );
        assert_eq!(signed.signature, case.signature, "{}", case.name);
    }
    println!("rfc9421 made byte for byte: {count}");
}
