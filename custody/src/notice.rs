//! Notices: what happens to a key is told to webhooks, signed by a key of the same environment.
//!
//! A notice waits in [`Space::Deliveries`], put there by the batch of the change that it tells of: there is
//! none without the other. To send it is the host's, by a [`Sender`].

use countersign_core::{
    Algorithm, Body, Headers, Request, Scheme, SharedSecret, SignOptions, SigningKey, UnixSeconds,
    sign,
};
use serde::{Deserialize, Serialize};

use crate::audit::{self, Draft, Head, Outcome, Public};
use crate::authority::{Permission, Plan};
use crate::custodian::{Change, Deed, checked_name};
use crate::{Batch, Custodian, CustodyError, Order, Space, StoreError};

/// After how many seconds a failed notice is sent again; after the last it is given up.
const RETRIES: [u64; 6] = [60, 300, 1800, 2 * 3600, 8 * 3600, 24 * 3600];
/// Of a URL.
const MAX_URL: usize = 2048;

/// Where notices go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Webhook {
    version: u32,
    /// `https`, a host, a path.
    url: String,
    /// The key that signs, whose other half the receiver has.
    keyid: String,
}

/// A notice that waits.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Waiting {
    version: u32,
    webhook: String,
    body: String,
    attempts: usize,
    due_at: u64,
}

/// A notice as an HTTP request, ready to send: `POST`, with these header fields and this body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Its id, the same at each attempt.
    pub id: String,
    /// Where to.
    pub url: String,
    /// Names and values: `Content-Type`, `Content-Digest`, `Signature-Input`, `Signature`.
    pub fields: Vec<(String, String)>,
    /// JSON.
    pub body: String,
}

/// Sends notices.
pub trait Sender {
    /// Sends one; whether the receiver took it: an answer of 200 to 299.
    fn send(&self, notice: &Notice) -> bool;
}

/// How many notices were sent, will be tried again, and were given up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Delivered {
    /// Taken by their receiver.
    pub sent: usize,
    /// To be tried again.
    pub waiting: usize,
    /// Given up, and recorded so.
    pub abandoned: usize,
}

impl Custodian {
    /// Tells changes of keys to a URL from now on, signed by a key of this environment (RFC 9421):
    /// `webhook.added`. In place of one with the same name.
    ///
    /// # Errors
    /// `forbidden` for who may not issue keys; `url_malformed`, `name_malformed`, `key_unknown`,
    /// `no_secret`, and those of the store.
    pub fn add_webhook(
        &self,
        order: &Order<'_>,
        name: &str,
        url: &str,
        keyid: &str,
    ) -> Result<(), CustodyError> {
        let plan = Plan::overall(Permission::IssueKey)
            .with("webhook", name)
            .with("url", url)
            .with("keyid", keyid);
        let deed = Deed {
            plan: &plan,
            name: "webhook.added",
            withdraw: false,
        };
        self.enact(order, &deed, || {
            checked_name(name)?;
            split(url).ok_or(CustodyError::UrlMalformed)?;
            if !self.known(order, keyid)?.0.has_secret() {
                return Err(CustodyError::NoSecret(keyid.to_owned()));
            }
            let webhook = Webhook {
                version: 1,
                url: url.to_owned(),
                keyid: keyid.to_owned(),
            };
            let mut batch = Batch::new();
            let place = self.place(&format!("webhook/{name}"));
            batch.put(Space::Settings, &place, json(name, &webhook)?);
            let draft = self.draft(order, &deed);
            Ok(Change {
                batch,
                drafts: vec![
                    draft
                        .detail("webhook", Public::new(name)?)
                        .detail("url", Public::new(url)?),
                ],
                output: (),
            })
        })
    }

    /// Puts the notices of these records, whose last is `head`, into their batch.
    pub(crate) fn notify(
        &self,
        batch: &mut Batch,
        drafts: &[Draft],
        head: &Head,
    ) -> Result<(), CustodyError> {
        let told = |draft: &Draft| {
            draft.outcome == Outcome::Done
                && draft.keyid.is_some()
                && draft.act.starts_with("key.")
                && draft.act != "key.shown"
        };
        if !drafts.iter().any(told) {
            return Ok(());
        }
        let mut names = Vec::new();
        self.each(Space::Settings, "webhook/", |name, _| {
            let name = name.strip_prefix("webhook/");
            names.extend(name.map(str::to_owned));
            Ok(name.is_some())
        })?;
        for (back, draft) in drafts.iter().rev().enumerate() {
            let back = u64::try_from(back).unwrap_or(u64::MAX);
            let sequence = head.sequence.saturating_sub(back);
            for webhook in names.iter().filter(|_| told(draft)) {
                let body = serde_json::json!({
                    "act": draft.act,
                    "at": draft.at_ms / 1000,
                    "details": draft.details,
                    "environment": self.environment().as_str(),
                    "id": format!("{sequence}"),
                    "keyid": draft.keyid.as_ref().map(countersign_core::KeyId::as_str),
                });
                let waiting = Waiting {
                    version: 1,
                    webhook: webhook.clone(),
                    body: body.to_string(),
                    attempts: 0,
                    due_at: draft.at_ms / 1000,
                };
                let place = self.place(&format!("notice/{sequence:020}/{webhook}"));
                batch.put(Space::Deliveries, &place, json(webhook, &waiting)?);
            }
        }
        Ok(())
    }

    /// Sends what is due. What fails is tried again after a minute, 5, 30, 2 hours, 8, 24; then it is given
    /// up, and recorded so: `notice.abandoned`.
    ///
    /// # Errors
    /// Those of the store, the vault and the audit log.
    pub fn deliver(
        &self,
        sender: &dyn Sender,
        now: UnixSeconds,
    ) -> Result<Delivered, CustodyError> {
        let mut due = Vec::new();
        self.each(Space::Deliveries, "notice/", |name, bytes| {
            let Some(id) = name.strip_prefix("notice/") else {
                return Ok(false);
            };
            let waiting: Waiting = read(id, bytes)?;
            if waiting.due_at <= now.get() {
                due.push((id.to_owned(), bytes.to_vec(), waiting));
            }
            Ok(true)
        })?;
        let mut delivered = Delivered::default();
        for (id, before, mut waiting) in due {
            let place = self.place(&format!("notice/{id}"));
            let sent = match self.signed(&id, &waiting, now) {
                Ok(notice) => sender.send(&notice),
                // Its key or its webhook is gone: it may come back.
                Err(CustodyError::NoSecret(_)) => false,
                Err(error) => return Err(error),
            };
            let mut batch = Batch::new();
            batch.expect(Space::Deliveries, &place, Some(&before));
            let retry = RETRIES.get(waiting.attempts).copied();
            match retry {
                _ if sent => {
                    batch.delete(Space::Deliveries, &place);
                    delivered.sent += 1;
                }
                Some(seconds) => {
                    waiting.attempts += 1;
                    waiting.due_at = now.get().saturating_add(seconds);
                    batch.put(Space::Deliveries, &place, json(&id, &waiting)?);
                    delivered.waiting += 1;
                }
                None => {
                    batch.delete(Space::Deliveries, &place);
                    let draft = Draft {
                        environment: Some(self.environment()),
                        ..Draft::new(
                            now.get().saturating_mul(1000),
                            "notices",
                            "notice.abandoned",
                        )
                    };
                    let draft = draft.detail("notice", Public::new(&id)?);
                    audit::append(&*self.store, &mut batch, &[draft])?;
                    delivered.abandoned += 1;
                }
            }
            match self.store.commit(&batch) {
                // Another process had it too: the receiver knows the notice by its id.
                Ok(()) | Err(StoreError::Conflict(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(delivered)
    }

    /// The notice as a signed request.
    fn signed(
        &self,
        id: &str,
        waiting: &Waiting,
        now: UnixSeconds,
    ) -> Result<Notice, CustodyError> {
        let gone = || CustodyError::NoSecret(waiting.webhook.clone());
        let place = self.place(&format!("webhook/{}", waiting.webhook));
        let bytes = self.store.get(Space::Settings, &place)?.ok_or_else(gone)?;
        let webhook: Webhook = read(&waiting.webhook, &bytes)?;
        let (entry, _) = self.read(&webhook.keyid)?.ok_or_else(gone)?;
        if !entry.life().standing(now).verifies() {
            return Err(gone());
        }
        let secret = entry
            .open(&self.vault, self.environment())?
            .ok_or_else(gone)?;
        let bytes = secret.reveal();
        let private = || <&[u8; 32]>::try_from(bytes).map_err(|_| gone());
        let key = match entry.parsed_algorithm()? {
            Algorithm::Ed25519 => SigningKey::ed25519(&webhook.keyid, private()?)?,
            Algorithm::EcdsaP256Sha256 => SigningKey::ecdsa_p256(&webhook.keyid, private()?)?,
            _ => SigningKey::new(&webhook.keyid, &SharedSecret::new(bytes.to_vec())?)?,
        };
        let (host, target) = split(&webhook.url).ok_or(CustodyError::UrlMalformed)?;
        let lines = format!("Host: {host}\r\nContent-Type: application/json\r\n");
        let request = Request {
            method: "POST",
            target,
            scheme: Scheme::Https,
            headers: Headers::parse(lines.as_bytes())?,
            body: Body::Bytes(waiting.body.as_bytes()),
            peer: None,
        };
        let options = SignOptions::new(now)
            .nonce(format!("{id}/{}", waiting.attempts))
            .tag("countersign-notice");
        let signed = sign(&request, &key, &options)?;
        let mut fields = vec![
            ("Content-Type".to_owned(), "application/json".to_owned()),
            ("Signature-Input".to_owned(), signed.signature_input),
            ("Signature".to_owned(), signed.signature),
        ];
        fields.extend(
            signed
                .content_digest
                .map(|digest| ("Content-Digest".to_owned(), digest)),
        );
        Ok(Notice {
            id: id.to_owned(),
            url: webhook.url,
            fields,
            body: waiting.body.clone(),
        })
    }
}

/// The host and the target of an `https` URL.
fn split(url: &str) -> Option<(&str, &str)> {
    let good = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'#' | b'@' | b'\\' | b'"');
    if url.len() > MAX_URL || !url.bytes().all(good) {
        return None;
    }
    let rest = url.strip_prefix("https://")?;
    let (host, target) = rest.split_at_checked(rest.find('/')?)?;
    (!host.is_empty() && !host.contains('?')).then_some((host, target))
}

fn json<T: Serialize>(name: &str, value: &T) -> Result<Vec<u8>, CustodyError> {
    serde_json::to_vec(value).map_err(|_| CustodyError::Damaged(name.to_owned()))
}

fn read<T: for<'a> Deserialize<'a>>(name: &str, bytes: &[u8]) -> Result<T, CustodyError> {
    serde_json::from_slice(bytes).map_err(|_| CustodyError::Damaged(name.to_owned()))
}
