//! AWS Signature Version 4 received: what a request presents, and whether it is so.

use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use super::authentic::SchemeAuthentic;
use super::credentials::Credentials;
use super::encoding::Encoding;
use super::mac::is_same;
use super::message::{Message, parameter, without_parameter};
use super::row::Span;
use super::sigv4::{
    ALGORITHM, Aws, CONTENT_SHA256, PARAMETERS, Scope, TOKEN, UNSIGNED, canonical_headers,
    canonical_path, canonical_query, sha256_hex,
};
use super::sorted::Pair;
use super::time::TimeForm;
use super::verify::check_window;
use crate::instant::UnixSeconds;
use crate::refusal::{Code, Refusal};
use crate::replay::ReplayToken;

const MAX_EXPIRES_S: u64 = 604_800;

/// What a signed request presents.
pub(super) struct AwsPresented<'t> {
    pub(super) keyid: &'t str,
    pub(super) scope: Scope<'t>,
    signed_headers: &'t str,
    pub(super) signature: &'t str,
    expires_s: Option<u64>,
}

impl<'t> AwsPresented<'t> {
    /// The fields of an `Authorization`.
    pub(super) fn in_header(message: &Message<'t>) -> Result<Self, Refusal> {
        let missing = || Refusal::named(Code::SignatureMissing, "authorization");
        let value = message.header("authorization")?.ok_or_else(missing)?;
        let rest = value
            .strip_prefix(ALGORITHM)
            .and_then(|rest| rest.strip_prefix(' '));
        let mut found = [None; 3];
        for item in rest.ok_or_else(missing)?.split(',') {
            let (name, value) = item
                .trim()
                .split_once('=')
                .ok_or(Code::SignatureMalformed)?;
            let at = ["Credential", "SignedHeaders", "Signature"]
                .iter()
                .position(|it| *it == name);
            let slot = at
                .and_then(|at| found.get_mut(at))
                .ok_or(Code::SignatureMalformed)?;
            if slot.replace(value).is_some() {
                return Err(Refusal::named(Code::SignatureAmbiguous, name));
            }
        }
        let [Some(credential), Some(signed_headers), Some(signature)] = found else {
            return Err(missing());
        };
        let date = message.header("x-amz-date")?;
        let date = date.ok_or_else(|| Refusal::named(Code::ComponentMissing, "x-amz-date"))?;
        Self::new(credential, date, signed_headers, signature, None)
    }

    /// The parameters of a query, decoded.
    fn in_query(values: &'t [String]) -> Result<Self, Refusal> {
        let [
            algorithm,
            credential,
            date,
            signed_headers,
            expires,
            signature,
        ] = values
        else {
            return Err(Code::SignatureMissing.into());
        };
        let expires = expires
            .parse()
            .ok()
            .filter(|expires| (1..=MAX_EXPIRES_S).contains(expires));
        if algorithm != ALGORITHM || expires.is_none() {
            return Err(Code::SignatureMalformed.into());
        }
        Self::new(credential, date, signed_headers, signature, expires)
    }

    fn new(
        credential: &'t str,
        date: &'t str,
        signed_headers: &'t str,
        signature: &'t str,
        expires_s: Option<u64>,
    ) -> Result<Self, Refusal> {
        let mut parts = credential.rsplitn(5, '/');
        let mut part = || parts.next().ok_or(Code::SignatureMalformed);
        let (end, service, region, day, keyid) = (part()?, part()?, part()?, part()?, part()?);
        if end != "aws4_request" || !date.starts_with(day) || day.len() != 8 {
            return Err(Code::SignatureMalformed.into());
        }
        Ok(AwsPresented {
            keyid,
            scope: Scope {
                date,
                region,
                service,
            },
            signed_headers,
            signature,
            expires_s,
        })
    }

    fn has_signed(&self, name: &str) -> bool {
        self.signed_headers.split(';').any(|signed| signed == name)
    }
}

impl Aws<'_> {
    /// The values of the query's own parameters, but for the token.
    fn query_values(&self) -> Result<Vec<String>, Refusal> {
        let mut values = Vec::new();
        if self.is_query {
            for name in PARAMETERS.iter().filter(|name| **name != TOKEN) {
                let value = parameter(self.message.query_text(), name)?;
                values.push(value.ok_or_else(|| Refusal::named(Code::SignatureMissing, name))?);
            }
        }
        Ok(values)
    }

    fn presented<'t>(&'t self, values: &'t [String]) -> Result<AwsPresented<'t>, Refusal> {
        if self.is_query {
            AwsPresented::in_query(values)
        } else {
            AwsPresented::in_header(&self.message)
        }
    }

    pub(super) fn presented_keyid(&self) -> Result<String, Refusal> {
        Ok(self.presented(&self.query_values()?)?.keyid.into())
    }

    /// The canonical requests that may have been signed: a token may have been added later.
    fn received(&self, presented: &AwsPresented<'_>) -> Result<Vec<String>, Refusal> {
        let message = &self.message;
        let mut all: Vec<Pair> = Vec::new();
        for name in presented.signed_headers.split(';') {
            // In order and once each, so that the list can be read in one way only.
            if all
                .last()
                .is_some_and(|(last, _)| last.as_slice() >= name.as_bytes())
            {
                return Err(Refusal::named(Code::ComponentDuplicate, name));
            }
            let start = all.len();
            for value in message.request.headers.all(name) {
                all.push((name.into(), value.into()));
            }
            if name == "host" && start == all.len() {
                all.push((name.into(), self.host()?.into()));
            }
            if start == all.len() || name.bytes().any(|byte| byte.is_ascii_uppercase()) {
                return Err(Refusal::named(Code::ComponentMissing, name));
            }
        }
        if !presented.has_signed("host") {
            return Err(Refusal::named(Code::ComponentNotCovered, "host"));
        }
        for field in message.request.headers.fields() {
            let name = field.name.to_ascii_lowercase();
            let may_be_loose = name.eq_ignore_ascii_case(TOKEN);
            if name.starts_with("x-amz-") && !may_be_loose && !presented.has_signed(&name) {
                return Err(Refusal::named(Code::ComponentNotCovered, &name));
            }
        }
        let is_s3 = presented.scope.service == "s3";
        let payload = match message.header(CONTENT_SHA256)? {
            Some(payload) => payload.into(),
            None if is_s3 && self.is_query => UNSIGNED.into(),
            None => self.body_hash()?,
        };
        let mut query = String::from(message.query_text());
        if self.is_query {
            query = without_parameter(&query, "X-Amz-Signature").unwrap_or(query);
        }
        let mut queries = Vec::from([canonical_query(&query)?]);
        if self.is_query
            && let Some(query) = without_parameter(&query, TOKEN)
        {
            queries.push(canonical_query(&query)?);
        }
        let mut found = Vec::new();
        for query in queries {
            // A client that doesn't normalise a path sends it normal, or means it as it is.
            for is_normal in [true, false] {
                if is_normal && is_s3 {
                    continue;
                }
                let canonical = [
                    &*message.request.method.to_ascii_uppercase(),
                    &canonical_path(message.path, is_normal, is_s3)?,
                    &query,
                    &canonical_headers(&all, &mut String::new()),
                    presented.signed_headers,
                    &payload,
                ];
                let canonical = canonical.join("\n");
                if !found.contains(&canonical) {
                    found.push(canonical);
                }
            }
        }
        Ok(found)
    }

    pub(super) fn received_bases(&self) -> Result<Vec<Vec<u8>>, Refusal> {
        let values = self.query_values()?;
        let presented = self.presented(&values)?;
        let canonical = self.received(&presented)?;
        let base = |it: &String| {
            presented
                .scope
                .string_to_sign(ALGORITHM, &[&sha256_hex(it.as_bytes())])
                .into_bytes()
        };
        Ok(canonical.iter().map(base).collect())
    }

    pub(super) fn verify(
        &self,
        credentials: &[&Credentials],
        now_ms: u64,
        tolerance: Option<Duration>,
    ) -> Result<SchemeAuthentic, Refusal> {
        let values = self.query_values()?;
        let presented = self.presented(&values)?;
        let timestamp = TimeForm::Basic.read(presented.scope.date);
        let timestamp = timestamp.ok_or(Code::TimestampMalformed)?;
        let keep_until = self.check_time(&presented, timestamp, now_ms, tolerance)?;
        let covers_body = self.check_payload()?;
        let signature = Encoding::Hex.read(presented.signature);
        let signature = signature
            .filter(|it| it.len() == 32)
            .ok_or(Code::SignatureMalformed)?;
        let bases = self.received_bases()?;
        let mut refusal = Refusal::from(Code::SignatureMismatch);
        for (at, credential) in credentials.iter().enumerate() {
            match is_signed_by(credential, &presented, &bases, &signature) {
                Ok(true) if self.has_token_of(credential)? => {
                    return Ok(SchemeAuthentic {
                        credential: at,
                        timestamp_ms: Some(timestamp),
                        nonce: None,
                        covers_body: covers_body || self.message.has_empty_body(),
                        token: ReplayToken::new(
                            credential.keyid(),
                            &signature,
                            UnixSeconds::new(keep_until.div_ceil(1000)),
                        ),
                    });
                }
                Ok(_) => {}
                Err(other) => refusal = other,
            }
        }
        Err(refusal)
    }

    fn check_time(
        &self,
        presented: &AwsPresented<'_>,
        timestamp: u64,
        now: u64,
        tolerance: Option<Duration>,
    ) -> Result<u64, Refusal> {
        let mut window = self.row.past.unwrap_or(Span {
            ms: 0,
            in_seconds: true,
        });
        if let Some(tolerance) = tolerance {
            window.ms = u64::try_from(tolerance.as_millis()).unwrap_or(u64::MAX);
        }
        let Some(expires) = presented.expires_s else {
            return check_window(timestamp, now, window, window);
        };
        let lifetime = Span {
            ms: expires * 1000,
            in_seconds: true,
        };
        check_window(timestamp, now, lifetime, window).map_err(|refusal| match refusal.code() {
            Code::TooOld => Code::Expired.into(),
            _ => refusal,
        })
    }

    /// Checks a hash that was sent against the body. False if the payload is not signed here.
    fn check_payload(&self) -> Result<bool, Refusal> {
        let Some(payload) = self.message.header(CONTENT_SHA256)? else {
            let values = self.query_values()?;
            return Ok(!self.is_query || self.presented(&values)?.scope.service != "s3");
        };
        if payload == UNSIGNED || payload.starts_with("STREAMING-") {
            return Ok(false);
        }
        if payload == self.body_hash()? {
            Ok(true)
        } else {
            Err(Refusal::named(Code::DigestMismatch, CONTENT_SHA256))
        }
    }

    /// Whether the session token is the credential's, where it has one.
    fn has_token_of(&self, credential: &Credentials) -> Result<bool, Refusal> {
        let Some(token) = credential.get("session-token") else {
            return Ok(true);
        };
        let sent = if self.is_query {
            parameter(self.message.query_text(), TOKEN)?
        } else {
            self.message.header(TOKEN)?.map(String::from)
        };
        Ok(sent.is_some_and(|sent| is_same(sent.as_bytes(), token.as_bytes())))
    }
}

fn is_signed_by(
    credential: &Credentials,
    presented: &AwsPresented<'_>,
    bases: &[Vec<u8>],
    signature: &[u8],
) -> Result<bool, Refusal> {
    let is_for = |option, value| credential.get(option).is_none_or(|it| it == value);
    if presented.keyid != credential.keyid()
        || !is_for("region", presented.scope.region)
        || !is_for("service", presented.scope.service)
    {
        return Ok(false);
    }
    let key = presented.scope.key(credential)?;
    let mut found = false;
    for base in bases {
        found |= is_same(&key.sign(base)?, signature);
    }
    Ok(found)
}
