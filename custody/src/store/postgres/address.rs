//! What to connect to, and that it isn't spoken to in the clear.

use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use postgres::config::{Host, SslMode};
use postgres::{Client, Config, Error, NoTls};
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::store::StoreError;

/// How long to try to connect, and to wait for an answer to what was sent, unless the address says.
const PATIENCE: Duration = Duration::from_secs(10);

/// What every session keeps to, whatever the server's own settings are: a commit is on disk when it is
/// acknowledged, an expectation is checked against what is there now, and who hangs is cut off.
const SESSION: &str = "
    SET default_transaction_isolation = 'read committed';
    SET search_path = pg_catalog;
    SET statement_timeout = '60s';
    SET idle_in_transaction_session_timeout = '10s';
    SELECT set_config('synchronous_commit', 'on', false)
        WHERE current_setting('synchronous_commit') = 'off';
";

/// A database, and how to reach it.
#[derive(Clone)]
pub(super) struct Address {
    config: Config,
    tls: Option<MakeRustlsConnect>,
}

impl Address {
    /// Reads an address: `postgresql://user@host/database?..`, or `host=.. user=..`.
    ///
    /// Any host but this machine is reached by TLS, with its certificate verified by name, against the
    /// system's authorities, or those of the PEM file `authorities` instead.
    pub(super) fn new(address: &str, authorities: Option<&Path>) -> Result<Self, StoreError> {
        let mut config: Config = address
            .parse()
            .map_err(|error: Error| StoreError::Address(super::fault::sentence(&error)))?;
        let is_here = is_this_machine(&config);
        let tls = match config.get_ssl_mode() {
            SslMode::Require => true,
            SslMode::Disable if !is_here => {
                let clear = "another machine is reached by TLS only, but it says sslmode=disable";
                return Err(StoreError::Address(clear.to_owned()));
            }
            _ => !is_here,
        };
        config.ssl_mode(if tls {
            SslMode::Require
        } else {
            SslMode::Disable
        });
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(PATIENCE);
        }
        if config.get_tcp_user_timeout().is_none() {
            config.tcp_user_timeout(PATIENCE);
        }
        if config.get_application_name().is_none() {
            config.application_name("countersign");
        }
        let tls = if tls {
            Some(verifier(authorities)?)
        } else {
            None
        };
        Ok(Address { config, tls })
    }

    /// Opens a session.
    pub(super) fn connect(&self) -> Result<Client, Error> {
        let mut client = match &self.tls {
            Some(tls) => self.config.connect(tls.clone())?,
            None => self.config.connect(NoTls)?,
        };
        client.batch_execute(SESSION)?;
        Ok(client)
    }
}

fn is_this_machine(config: &Config) -> bool {
    let named = config.get_hosts().iter().all(|host| match host {
        Host::Tcp(name) => {
            let address = name.parse::<IpAddr>();
            name == "localhost" || address.is_ok_and(|address| address.is_loopback())
        }
        Host::Unix(_) => true,
    });
    named && config.get_hostaddrs().iter().all(IpAddr::is_loopback)
}

fn verifier(authorities: Option<&Path>) -> Result<MakeRustlsConnect, StoreError> {
    let found = match authorities {
        Some(file) => rustls_native_certs::load_certs_from_paths(Some(file), None),
        None => rustls_native_certs::load_native_certs(),
    };
    let mut roots = RootCertStore::empty();
    let (added, _) = roots.add_parsable_certificates(found.certs);
    if added == 0 {
        let why = found.errors.first().map(ToString::to_string);
        let why = why.unwrap_or_else(|| "none found".to_owned());
        let none = format!("no authority to verify its certificate by: {why}");
        return Err(StoreError::Address(none));
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| StoreError::Address(error.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}
