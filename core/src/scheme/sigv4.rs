//! AWS Signature Version 4, in the header or in the query.
//!
//! The names are those of the vendor's page: a *canonical request* is hashed into the *string to
//! sign*, under a key that is derived for a day, a region and a service.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

use sha2::{Digest as _, Sha256};

use super::credentials::Credentials;
use super::encoding::{Encoding, push_escaped, unescape};
use super::mac::{Key, SchemeAlgorithm};
use super::message::{Content, Message, parameters, without_parameter};
use super::moment::{Moment, SignedParts};
use super::row::{Function, Row};
use super::sorted::{Pair, sorted};
use super::time::TimeForm;
use crate::digest::BodyDigest;
use crate::refusal::{Code, Refusal};

pub(super) const ALGORITHM: &str = "AWS4-HMAC-SHA256";
pub(super) const UNSIGNED: &str = "UNSIGNED-PAYLOAD";
pub(super) const CONTENT_SHA256: &str = "x-amz-content-sha256";
pub(super) const TOKEN: &str = "X-Amz-Security-Token";

/// What proxies and clients change on the way.
const NEVER_SIGNED: &[&str] = &[
    "authorization",
    "connection",
    "expect",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "x-amzn-trace-id",
];

/// The parameters that signing adds to a query.
pub(super) const PARAMETERS: &[&str] = &[
    "X-Amz-Algorithm",
    "X-Amz-Credential",
    "X-Amz-Date",
    "X-Amz-SignedHeaders",
    "X-Amz-Expires",
    TOKEN,
    "X-Amz-Signature",
];

/// A request to be signed or verified.
pub(super) struct Aws<'a> {
    pub(super) row: &'a Row,
    pub(super) message: Message<'a>,
    pub(super) is_query: bool,
}

/// The day, region and service that a key is derived for, and the second of the signature.
pub(super) struct Scope<'t> {
    pub(super) date: &'t str,
    pub(super) region: &'t str,
    pub(super) service: &'t str,
}

impl Scope<'_> {
    pub(super) fn text(&self) -> String {
        let day = self.date.get(..8).unwrap_or("");
        [day, self.region, self.service, "aws4_request"].join("/")
    }

    /// The key of this day, region and service.
    pub(super) fn key<'c>(&self, credentials: &'c Credentials) -> Result<Cow<'c, Key>, Refusal> {
        if let Some(key) = credentials.key_of_day(self) {
            return Ok(Cow::Borrowed(key));
        }
        let secret = credentials.secret.as_slice();
        if secret.is_empty() {
            return Err(Code::SecretMalformed.into());
        }
        let day = self.date.get(..8).unwrap_or("");
        let mut key = Key::raw(SchemeAlgorithm::HmacSha256, [b"AWS4", secret].concat());
        for part in [day, self.region, self.service, "aws4_request"] {
            key = Key::raw(SchemeAlgorithm::HmacSha256, key.sign(part.as_bytes())?);
        }
        Ok(Cow::Owned(key))
    }

    pub(super) fn string_to_sign(&self, algorithm: &str, rest: &[&str]) -> String {
        let mut lines = Vec::from([algorithm, self.date]);
        let scope = self.text();
        lines.push(&scope);
        lines.extend_from_slice(rest);
        lines.join("\n")
    }
}

pub(super) fn sha256_hex(bytes: &[u8]) -> String {
    Encoding::Hex.to_text(&Sha256::digest(bytes))
}

/// A request to be signed, with all that its signature is over.
struct Unsigned {
    canonical: String,
    signed_headers: String,
    date: String,
    headers: Vec<(String, String)>,
    query: Option<String>,
}

impl<'a> Aws<'a> {
    pub(super) fn new(row: &'a Row, message: Message<'a>) -> Self {
        Aws {
            row,
            message,
            is_query: row.function == Function::AwsQuery,
        }
    }

    pub(super) fn sign(
        self,
        credentials: &Credentials,
        moment: &Moment<'_>,
    ) -> Result<SignedParts, Refusal> {
        let unsigned = self.unsigned(credentials, moment)?;
        let scope = scope_of(credentials, &unsigned.date)?;
        let hash = sha256_hex(unsigned.canonical.as_bytes());
        let base = scope.string_to_sign(ALGORITHM, &[&hash]);
        let signature = scope.key(credentials)?.sign(base.as_bytes())?;
        let signature = Encoding::Hex.to_text(&signature);
        let mut headers = unsigned.headers;
        let mut target = None;
        if let Some(query) = unsigned.query {
            let path = self.message.target();
            let path = path.split('?').next().unwrap_or("");
            let token = match credentials.get("session-token") {
                Some(token) if is_set(credentials, "omit-session-token") => {
                    let mut text = String::from("&");
                    super::message::push_parameter(&mut text, TOKEN, token);
                    text
                }
                _ => String::new(),
            };
            target = Some([path, "?", &query, &token, "&X-Amz-Signature=", &signature].concat());
        } else {
            let value = [
                ALGORITHM,
                " Credential=",
                credentials.keyid(),
                "/",
                &scope.text(),
                ", SignedHeaders=",
                &unsigned.signed_headers,
                ", Signature=",
                &signature,
            ];
            headers.push(("Authorization".into(), value.concat()));
            if let Some(token) = credentials.get("session-token")
                && is_set(credentials, "omit-session-token")
            {
                headers.push((TOKEN.into(), token.into()));
            }
        }
        Ok(SignedParts {
            headers,
            target,
            body: None,
        })
    }

    pub(super) fn base(
        &self,
        credentials: &Credentials,
        moment: &Moment<'_>,
    ) -> Result<Vec<u8>, Refusal> {
        let unsigned = self.unsigned(credentials, moment)?;
        let scope = scope_of(credentials, &unsigned.date)?;
        let hash = sha256_hex(unsigned.canonical.as_bytes());
        Ok(scope.string_to_sign(ALGORITHM, &[&hash]).into_bytes())
    }

    pub(super) fn canonical_request(
        &self,
        credentials: &Credentials,
        moment: &Moment<'_>,
    ) -> Result<String, Refusal> {
        Ok(self.unsigned(credentials, moment)?.canonical)
    }

    fn unsigned(
        &self,
        credentials: &Credentials,
        moment: &Moment<'_>,
    ) -> Result<Unsigned, Refusal> {
        let message = &self.message;
        let date = match message.header("x-amz-date")? {
            Some(date) if TimeForm::Basic.read(date).is_some() => String::from(date),
            Some(_) => return Err(Code::TimestampMalformed.into()),
            None => TimeForm::Basic.write(moment.now_ms),
        };
        let scope = scope_of(credentials, &date)?;
        let is_s3 = scope.service == "s3";
        let mut headers = Vec::new();
        let mut add = |name: &str, value: &str| -> Result<(), Refusal> {
            if message.header(name)?.is_none() {
                headers.push((String::from(name), String::from(value)));
            }
            Ok(())
        };
        let token = credentials
            .get("session-token")
            .filter(|_| !is_set(credentials, "omit-session-token"));
        let payload = match (
            message.header(CONTENT_SHA256)?,
            credentials.get("payload-hash"),
        ) {
            (Some(payload), _) | (None, Some(payload)) => payload.into(),
            (None, None) if is_s3 && self.is_query => UNSIGNED.into(),
            (None, None) => self.body_hash()?,
        };
        if is_set(credentials, "content-sha256") || (is_s3 && !self.is_query) {
            add("X-Amz-Content-Sha256", &payload)?;
        }
        if !self.is_query {
            add("X-Amz-Date", &date)?;
            if let Some(token) = token {
                add(TOKEN, token)?;
            }
        }
        let all = self.signable(&headers)?;
        let mut signed_headers = String::new();
        let canonical_headers = canonical_headers(&all, &mut signed_headers);
        let mut query = None;
        if self.is_query {
            let mut text = String::from(message.query_text());
            for name in PARAMETERS {
                text = without_parameter(&text, name).unwrap_or(text);
            }
            let credential = [credentials.keyid(), "/", &scope.text()].concat();
            let expires = credentials.get("expires").unwrap_or("3600");
            let values = [ALGORITHM, &credential, &date, &signed_headers, expires];
            for (name, value) in PARAMETERS.iter().zip(values) {
                super::message::push_parameter(&mut text, name, value);
            }
            if let Some(token) = token {
                super::message::push_parameter(&mut text, TOKEN, token);
            }
            query = Some(text);
        }
        let is_normal = credentials
            .get("normalize")
            .map_or(!is_s3, |it| it == "true");
        let canonical = [
            &*message.request.method.to_ascii_uppercase(),
            &canonical_path(message.path, is_normal, is_s3)?,
            &canonical_query(query.as_deref().unwrap_or(message.query_text()))?,
            &canonical_headers,
            &signed_headers,
            &payload,
        ];
        Ok(Unsigned {
            canonical: canonical.join("\n"),
            signed_headers,
            date,
            headers,
            query,
        })
    }

    pub(super) fn body_hash(&self) -> Result<String, Refusal> {
        match &self.message.body {
            Content::Bytes(bytes) => Ok(sha256_hex(bytes)),
            Content::Digest(BodyDigest::Sha256(digest)) => Ok(Encoding::Hex.to_text(digest)),
            Content::Digest(_) => Err(Code::BodyBytesNeeded.into()),
        }
    }

    /// The header fields to sign, by their names in lower case, sorted.
    fn signable(&self, added: &[(String, String)]) -> Result<Vec<Pair>, Refusal> {
        let sent = self.message.request.headers.fields().iter();
        let sent = sent.map(|field| (field.name, field.value));
        let added = added
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()));
        let mut all = Vec::new();
        let mut has_host = false;
        for (name, value) in sent.chain(added) {
            let name = name.to_ascii_lowercase();
            if !NEVER_SIGNED.contains(&name.as_str()) {
                has_host |= name == "host";
                all.push((name.into_bytes(), value.into()));
            }
        }
        if !has_host {
            all.push((b"host".to_vec(), self.host()?.into()));
        }
        Ok(sorted(all, false))
    }

    pub(super) fn host(&self) -> Result<String, Refusal> {
        self.message.normal_authority()
    }
}

fn is_set(credentials: &Credentials, option: &str) -> bool {
    credentials.get(option) == Some("true")
}

pub(super) fn scope_of<'t>(
    credentials: &'t Credentials,
    date: &'t str,
) -> Result<Scope<'t>, Refusal> {
    let option = |name| {
        let value = credentials.get(name);
        value.ok_or_else(|| Refusal::named(Code::CredentialsIncomplete, name))
    };
    Ok(Scope {
        date,
        region: option("region")?,
        service: option("service")?,
    })
}

/// Escaped once more than on the wire, but for S3, which has it escaped exactly once.
pub(super) fn canonical_path(path: &str, is_normal: bool, is_s3: bool) -> Result<String, Refusal> {
    let mut normal = String::from(path);
    if is_normal {
        let mut segments = Vec::new();
        for segment in path.split('/') {
            match segment {
                "" | "." => {}
                ".." => {
                    segments.pop();
                }
                other => segments.push(other),
            }
        }
        normal = ["/", &segments.join("/")].concat();
        let is_folder = ["/", "/.", "/.."].iter().any(|end| path.ends_with(end));
        if is_folder && !segments.is_empty() {
            normal.push('/');
        }
    }
    let bytes = if is_s3 {
        unescape(&normal, false).ok_or(Code::TargetMalformed)?
    } else {
        normal.into_bytes()
    };
    let mut out = String::new();
    push_escaped(&bytes, b"/", &mut out);
    Ok(out)
}

pub(super) fn canonical_query(query: &str) -> Result<String, Refusal> {
    let escape = |text: &str| {
        let bytes = unescape(text, false).ok_or(Code::QueryMalformed)?;
        let mut out = String::new();
        push_escaped(&bytes, b"", &mut out);
        Ok::<Vec<u8>, Refusal>(out.into_bytes())
    };
    let mut pairs = Vec::new();
    for (name, value) in parameters(query) {
        pairs.push((escape(name)?, escape(value)?));
    }
    let mut out = Vec::new();
    for (name, value) in sorted(pairs, true) {
        if !out.is_empty() {
            out.push(b'&');
        }
        out.extend_from_slice(&name);
        out.push(b'=');
        out.extend_from_slice(&value);
    }
    Ok(text_of(out))
}

/// One line a name, its values joined, and the runs of space in them made one; then an empty line.
/// Appends the names.
pub(super) fn canonical_headers(sorted: &[Pair], names: &mut String) -> String {
    let mut out: Vec<u8> = Vec::new();
    let mut last: &[u8] = b"";
    for (name, value) in sorted {
        if name == last {
            out.pop();
            out.push(b',');
        } else {
            if !names.is_empty() {
                names.push(';');
            }
            names.push_str(&text_of(name.clone()));
            out.extend_from_slice(name);
            out.push(b':');
            last = name;
        }
        let start = out.len();
        for byte in value {
            if !byte.is_ascii_whitespace() {
                out.push(*byte);
            } else if out.len() > start && out.last() != Some(&b' ') {
                out.push(b' ');
            }
        }
        if out.len() > start && out.last() == Some(&b' ') {
            out.pop();
        }
        out.push(b'\n');
    }
    text_of(out)
}

/// The text of what was made of texts.
fn text_of(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_default()
}
