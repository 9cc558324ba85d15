//! Where notices go, and how they are signed there.

use countersign_core::{Algorithm, Scheme};
use serde::{Deserialize, Serialize};

use crate::audit::Public;
use crate::authority::{Permission, Plan};
use crate::custodian::named::{Kind, read, written};
use crate::custodian::{Change, Deed, checked_name};
use crate::{Batch, Custodian, CustodyError, Order, Space};

/// Before the name of a webhook: no name has a slash.
pub(super) const PLACE: &str = "webhook/";
/// Of a URL.
const MAX_URL: usize = 2048;
/// Hosts that are this machine.
const LOOPBACK: [&str; 3] = ["127.0.0.1", "[::1]", "localhost"];

/// How notices are signed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NoticeScheme {
    /// HTTP Message Signatures (RFC 9421), with the tag `countersign-notice`.
    #[default]
    Rfc9421,
    /// Standard Webhooks 1.0: `webhook-id`, `webhook-timestamp`, `webhook-signature`; `v1` by a shared secret,
    /// `v1a` by an Ed25519 key.
    StandardWebhooks,
}

impl NoticeScheme {
    /// `rfc9421` or `standard-webhooks`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            NoticeScheme::Rfc9421 => "rfc9421",
            NoticeScheme::StandardWebhooks => "standard-webhooks",
        }
    }
}

/// Where notices go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Webhook {
    version: u32,
    /// `https`, a host, a path.
    url: String,
    /// The key that signs, whose other half the receiver has.
    keyid: String,
    /// How it signs.
    #[serde(default)]
    scheme: NoticeScheme,
}

impl Webhook {
    /// A webhook to be added.
    #[must_use]
    pub fn new(url: &str, keyid: &str, scheme: NoticeScheme) -> Self {
        Webhook {
            version: 1,
            url: url.to_owned(),
            keyid: keyid.to_owned(),
            scheme,
        }
    }

    /// Where to: `https`, a host and a path; `http` to this machine alone.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The key that signs.
    #[must_use]
    pub fn keyid(&self) -> &str {
        &self.keyid
    }

    /// How it signs.
    #[must_use]
    pub fn scheme(&self) -> NoticeScheme {
        self.scheme
    }

    /// The scheme, the host and the target of its URL.
    pub(super) fn parts(&self) -> Option<(Scheme, &str, &str)> {
        let good =
            |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'#' | b'@' | b'\\' | b'"');
        if self.url.len() > MAX_URL || !self.url.bytes().all(good) {
            return None;
        }
        let (scheme, rest) = match self.url.strip_prefix("https://") {
            Some(rest) => (Scheme::Https, rest),
            None => (Scheme::Http, self.url.strip_prefix("http://")?),
        };
        let (host, target) = rest.split_at_checked(rest.find('/')?)?;
        let name = match host.rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
            _ => host,
        };
        let is_safe = scheme == Scheme::Https || LOOPBACK.contains(&name);
        (is_safe && !name.is_empty() && !host.contains('?')).then_some((scheme, host, target))
    }
}

impl Custodian {
    /// Tells changes of keys to a URL from now on, signed by a key of this environment: `webhook.added`. In
    /// place of one with the same name.
    ///
    /// # Errors
    /// `forbidden` for who may not issue keys; `url_malformed`, `name_malformed`, `key_unknown`, `no_secret`,
    /// `algorithm_unsupported` for a P-256 key where Standard Webhooks are asked for, and those of the store.
    pub fn add_webhook(
        &self,
        order: &Order<'_>,
        name: &str,
        webhook: &Webhook,
    ) -> Result<(), CustodyError> {
        let plan = Plan::overall(Permission::IssueKey)
            .with("webhook", name)
            .with("url", &webhook.url)
            .with("keyid", &webhook.keyid)
            .with("scheme", webhook.scheme.as_str());
        let deed = Deed {
            plan: &plan,
            name: "webhook.added",
            withdraw: false,
        };
        self.enact(order, &deed, || {
            checked_name(name)?;
            webhook.parts().ok_or(CustodyError::UrlMalformed)?;
            let (entry, _) = self.known(order, &webhook.keyid)?;
            if !entry.has_secret() {
                return Err(CustodyError::NoSecret(webhook.keyid.clone()));
            }
            let is_p256 = entry.parsed_algorithm()? == Algorithm::EcdsaP256Sha256;
            if is_p256 && webhook.scheme == NoticeScheme::StandardWebhooks {
                return Err(CustodyError::SchemeUnfit(webhook.keyid.clone()));
            }
            let mut batch = Batch::new();
            let place = self.place(&format!("{PLACE}{name}"));
            batch.put(Space::Settings, &place, written(name, webhook)?);
            let draft = self
                .draft(order, &deed)
                .detail("webhook", Public::new(name)?)
                .detail("url", Public::new(&webhook.url)?)
                .detail("scheme", webhook.scheme.as_str());
            Ok(Change {
                batch,
                drafts: vec![draft],
                output: (),
            })
        })
    }

    /// Tells it nothing more: `webhook.removed`. What waits for it is given up.
    ///
    /// # Errors
    /// `forbidden` for who may not issue keys; `webhook_unknown`, and those of the store.
    pub fn remove_webhook(&self, order: &Order<'_>, name: &str) -> Result<(), CustodyError> {
        let kind = Kind {
            name: "webhook",
            removed: "webhook.removed",
            unknown: CustodyError::WebhookUnknown,
        };
        self.remove_setting(order, &kind, name)
    }

    /// The webhooks of this environment, by name.
    ///
    /// # Errors
    /// `entry_damaged`, and those of the store.
    pub fn webhooks(&self) -> Result<Vec<(String, Webhook)>, CustodyError> {
        self.named(Space::Settings, PLACE, read)
    }
}
