//! Notices, sent over HTTP.

use std::sync::Arc;
use std::time::Duration;

use countersign_custody::notice::{Notice, Sender};
use ureq::tls::{Certificate, RootCerts, TlsConfig};

/// How long one receiver may take for all of it.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Sends notices. It follows no redirection: a notice is for one receiver.
pub(super) struct Sending(ureq::Agent);

impl Sending {
    /// Checks receivers by the authorities of the system.
    pub(super) fn new() -> Self {
        let found = rustls_native_certs::load_native_certs().certs;
        let roots: Vec<Certificate<'static>> = found
            .iter()
            .map(|certificate| Certificate::from_der(certificate).to_owned())
            .collect();
        let tls = TlsConfig::builder()
            .root_certs(RootCerts::from(roots))
            .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .build();
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_global(Some(TIMEOUT))
            .tls_config(tls)
            .user_agent(concat!("countersign/", env!("CARGO_PKG_VERSION")))
            .build();
        Sending(config.new_agent())
    }
}

impl Sender for Sending {
    fn send(&self, notice: &Notice) -> bool {
        let mut post = self.0.post(&notice.url);
        for (name, value) in &notice.fields {
            post = post.header(name, value);
        }
        let answer = post.send(notice.body.as_bytes());
        answer.is_ok_and(|answer| answer.status().is_success())
    }
}
