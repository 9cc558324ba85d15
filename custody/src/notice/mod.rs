//! Notices: what happens to a key is told to webhooks, signed by a key of the same environment.
//!
//! A notice waits in [`Space::Deliveries`], put there by the batch of the change that it tells of: there is
//! none without the other. To send it is the host's, by a [`Sender`].

mod sign;
mod webhook;

use countersign_core::UnixSeconds;
use serde::{Deserialize, Serialize};

use crate::audit::{self, Draft, Head, Outcome, Public};
use crate::custodian::named::{read, written};
use crate::{Batch, Custodian, CustodyError, Space, StoreError};

pub use webhook::{NoticeScheme, Webhook};

/// After how many seconds a failed notice is sent again; after the last it is given up.
const RETRIES: [u64; 6] = [60, 300, 1800, 2 * 3600, 8 * 3600, 24 * 3600];

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
    /// Names and values: `Content-Type`, and those of the signature.
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
                && !matches!(draft.act.as_str(), "key.shown" | "key.used")
        };
        if !drafts.iter().any(told) {
            return Ok(());
        }
        // Their names alone: one that is damaged stops no revocation.
        let webhooks = self.named(Space::Settings, webhook::PLACE, |_, _| Ok(()))?;
        for (back, draft) in drafts.iter().rev().enumerate() {
            let back = u64::try_from(back).unwrap_or(u64::MAX);
            let sequence = head.sequence.saturating_sub(back);
            for (webhook, ()) in webhooks.iter().filter(|_| told(draft)) {
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
                batch.put(Space::Deliveries, &place, written(webhook, &waiting)?);
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
                    batch.put(Space::Deliveries, &place, written(&id, &waiting)?);
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
}
