//! A notice as a signed request.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_core::scheme::{Credentials, Moment, Scheme as VendorScheme};
use countersign_core::{
    Algorithm, Body, Headers, Refusal, Request, SharedSecret, SignOptions, SigningKey, UnixSeconds,
    sign,
};
use zeroize::Zeroizing;

use super::webhook::{NoticeScheme, PLACE, Webhook};
use super::{Notice, Waiting};
use crate::custodian::named::read;
use crate::{Custodian, CustodyError, Secret, Space};

/// Header fields to send.
type Fields = Vec<(String, String)>;

impl Custodian {
    /// Signs a notice anew.
    ///
    /// # Errors
    /// `no_secret` if its key or its webhook is gone, and those of the store, the vault and of signing.
    pub(super) fn signed(
        &self,
        id: &str,
        waiting: &Waiting,
        now: UnixSeconds,
    ) -> Result<Notice, CustodyError> {
        let gone = || CustodyError::NoSecret(waiting.webhook.clone());
        let place = self.place(&format!("{PLACE}{}", waiting.webhook));
        let bytes = self.store.get(Space::Settings, &place)?.ok_or_else(gone)?;
        let webhook: Webhook = read(&waiting.webhook, &bytes)?;
        let (entry, _) = self.read(webhook.keyid())?.ok_or_else(gone)?;
        if !entry.life().standing(now).verifies() {
            return Err(gone());
        }
        let secret = entry
            .open(&self.vault, self.environment())?
            .ok_or_else(gone)?;
        let algorithm = entry.parsed_algorithm()?;
        let (scheme, host, target) = webhook.parts().ok_or(CustodyError::UrlMalformed)?;
        let lines = format!("Host: {host}\r\nContent-Type: application/json\r\n");
        let request = Request {
            method: "POST",
            target,
            scheme,
            headers: Headers::parse(lines.as_bytes())?,
            body: Body::Bytes(waiting.body.as_bytes()),
            peer: None,
        };
        let mut fields = vec![("Content-Type".to_owned(), "application/json".to_owned())];
        fields.extend(match webhook.scheme() {
            NoticeScheme::Rfc9421 => {
                let key = signing_key(webhook.keyid(), algorithm, &secret).ok_or_else(gone)??;
                let nonce = format!("{id}/{}", waiting.attempts);
                let options = SignOptions::new(now).nonce(nonce).tag("countersign-notice");
                rfc9421(&request, &key, &options)?
            }
            NoticeScheme::StandardWebhooks => {
                // The receiver knows the notice by the number of its record, as in its body.
                let number = id.split('/').next().unwrap_or(id).trim_start_matches('0');
                standard_webhooks(&request, algorithm, &secret, number, now)?
            }
        });
        Ok(Notice {
            id: id.to_owned(),
            url: webhook.url().to_owned(),
            fields,
            body: waiting.body.clone(),
        })
    }
}

fn rfc9421(
    request: &Request<'_>,
    key: &SigningKey,
    options: &SignOptions,
) -> Result<Fields, Refusal> {
    let signed = sign(request, key, options)?;
    let mut fields = vec![
        ("Signature-Input".to_owned(), signed.signature_input),
        ("Signature".to_owned(), signed.signature),
    ];
    let digest = signed.content_digest;
    fields.extend(digest.map(|digest| ("Content-Digest".to_owned(), digest)));
    Ok(fields)
}

fn standard_webhooks(
    request: &Request<'_>,
    algorithm: Algorithm,
    secret: &Secret,
    number: &str,
    now: UnixSeconds,
) -> Result<Fields, Refusal> {
    let (name, prefix) = match algorithm {
        Algorithm::Ed25519 => ("standard-webhooks-ed25519", "whsk_"),
        _ => ("standard-webhooks", "whsec_"),
    };
    // As large as it gets from the first, so that no part of it is left behind.
    let mut text = Zeroizing::new(String::with_capacity(
        8 + secret.reveal().len().div_ceil(3) * 4,
    ));
    text.push_str(prefix);
    STANDARD.encode_string(secret.reveal(), &mut text);
    let credentials = Credentials::new("", text.as_bytes());
    let moment = Moment::new(now.get().saturating_mul(1000), [0; 16]).nonce(number);
    Ok(VendorScheme::named(name)?
        .sign(request, &credentials, &moment)?
        .headers)
}

/// The key of a secret; none for one of another length than its kind has.
fn signing_key(
    keyid: &str,
    algorithm: Algorithm,
    secret: &Secret,
) -> Option<Result<SigningKey, Refusal>> {
    let bytes = secret.reveal();
    let private = || <&[u8; 32]>::try_from(bytes).ok();
    Some(match algorithm {
        Algorithm::Ed25519 => SigningKey::ed25519(keyid, private()?),
        Algorithm::EcdsaP256Sha256 => SigningKey::ecdsa_p256(keyid, private()?),
        _ => SharedSecret::new(bytes.to_vec()).and_then(|secret| SigningKey::new(keyid, &secret)),
    })
}
