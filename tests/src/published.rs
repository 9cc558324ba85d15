//! The published tables in `tests/vectors/published`, as cases.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::case::{Answer, Base, Bytes, Case, DigestCheck, Kind, Mac, Request, Response};
use crate::hex;

#[derive(Deserialize)]
struct Table<T> {
    cases: Vec<T>,
}

pub(crate) fn all(folder: &Path) -> Result<Vec<Case>> {
    let mut cases = Vec::new();
    for (index, row) in read::<Hmac>(folder, "rfc4231_hmac_sha256.json")?
        .iter()
        .enumerate()
    {
        cases.extend(row.to_case(index)?);
    }
    for (index, row) in read::<Digest>(folder, "rfc9530_content_digest.json")?
        .into_iter()
        .enumerate()
    {
        cases.push(row.into_case(index));
    }
    for (index, row) in read::<SignatureBase>(folder, "rfc9421_signature_base.json")?
        .into_iter()
        .enumerate()
    {
        cases.extend(row.into_cases(index)?);
    }
    Ok(cases)
}

fn read<T: DeserializeOwned>(folder: &Path, file: &str) -> Result<Vec<T>> {
    let path = folder.join(file);
    let named = || path.display().to_string();
    let text = fs::read_to_string(&path).with_context(named)?;
    let table: Table<T> = serde_json::from_str(&text).with_context(named)?;
    Ok(table.cases)
}

fn expecting<const N: usize>(id: String, kind: Kind, expect: [(&str, &str); N]) -> Case {
    let expect: Answer = expect
        .into_iter()
        .map(|(name, value)| (name.to_owned(), json!(value)))
        .collect();
    Case { id, kind, expect }
}

#[derive(Deserialize)]
struct Hmac {
    section: String,
    key_hex: String,
    message_hex: String,
    tag_hex: String,
}

impl Hmac {
    /// None for a tag that was cut: the answer is a whole one.
    fn to_case(&self, index: usize) -> Result<Option<Case>> {
        let tag = hex::decode(&self.tag_hex)?;
        if tag.len() != 32 {
            return Ok(None);
        }
        let kind = Kind::Mac(Mac {
            key: Bytes(hex::decode(&self.key_hex)?),
            message: Bytes(hex::decode(&self.message_hex)?),
        });
        let id = format!("rfc4231/{}-{index}", self.section);
        Ok(Some(expecting(
            id,
            kind,
            [("mac", &Bytes(tag).to_base64())],
        )))
    }
}

#[derive(Deserialize)]
struct Digest {
    section: String,
    content: String,
    field: String,
}

impl Digest {
    fn into_case(self, index: usize) -> Case {
        let id = format!("rfc9530/{}-{index}", self.section);
        let kind = Kind::DigestCheck(DigestCheck {
            field: "content-digest".to_owned(),
            headers: vec![("Content-Digest".to_owned(), self.field)],
            body: Bytes(self.content.into_bytes()),
        });
        expecting(id, kind, [("verdict", "ok")])
    }
}

#[derive(Deserialize)]
struct SignatureBase {
    section: String,
    request: Option<PublishedRequest>,
    response: Option<Response>,
    signature_input: String,
    base: Vec<String>,
    hmac: Option<PublishedHmac>,
}

#[derive(Deserialize)]
struct PublishedRequest {
    method: String,
    target: String,
    scheme: String,
    headers: Vec<(String, String)>,
    #[serde(default)]
    body: String,
}

#[derive(Deserialize)]
struct PublishedHmac {
    secret_base64: String,
    signature: String,
}

impl SignatureBase {
    fn into_cases(self, index: usize) -> Result<Vec<Case>> {
        let id = format!("rfc9421/{}-{index}", self.section);
        let field = ("Signature-Input".to_owned(), self.signature_input);
        let base = self.base.join("\n");
        let mut cases = Vec::new();
        if let Some(hmac) = self.hmac {
            let (_, value) = hmac
                .signature
                .split_once("=:")
                .context("a signature is `label=:base64:`")?;
            let kind = Kind::Mac(Mac {
                key: Bytes(STANDARD.decode(&hmac.secret_base64)?),
                message: Bytes(base.clone().into_bytes()),
            });
            cases.push(expecting(
                format!("{id}-mac"),
                kind,
                [("mac", value.trim_end_matches(':'))],
            ));
        }
        let kind = Kind::Base(Base {
            request: self.request.map(|request| Request {
                method: request.method,
                target: request.target,
                scheme: request.scheme,
                headers: [request.headers, vec![field.clone()]].concat(),
                body: Some(Bytes(request.body.into_bytes())),
                body_digest: None,
                peer: None,
            }),
            response: self.response.map(|response| Response {
                headers: [response.headers, vec![field]].concat(),
                ..response
            }),
            label: None,
        });
        cases.push(expecting(id, kind, [("base", &base)]));
        Ok(cases)
    }
}
