//! `countersign verify`

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use countersign::{Authentic, Instance, Module, Request};
use serde_json::json;
use zeroize::Zeroizing;

use super::failure::Failure;
use super::message::{Message, read_text};
use super::vendor::VendorArguments;
use super::{Done, MessageArguments, now};

/// How a request is verified.
#[derive(Debug, Args)]
pub(super) struct VerifyArguments {
    #[command(flatten)]
    message: MessageArguments,
    /// The keyring, as JSON: `{"keys": [{"token": "csk_..", "groups": ["trader"]}]}`.
    #[arg(long, value_name = "FILE", required_unless_present_any = ["as", "row"])]
    keyring: Option<PathBuf>,
    /// The verification profile, as JSON; the strict default unless given.
    #[arg(long, value_name = "FILE")]
    profile: Option<PathBuf>,
    /// The environment of the default profile.
    #[arg(long, default_value = "live", conflicts_with = "profile")]
    environment: Environment,
    /// The time to verify at, in seconds since 1970; now unless given.
    #[arg(long, value_name = "SECONDS")]
    now: Option<u64>,
    /// What the peer that sent the request is called, such as its IP address.
    #[arg(long)]
    peer: Option<String>,
    #[command(flatten)]
    vendor: VendorArguments,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Environment {
    Dev,
    Test,
    Live,
}

/// A request that was verified, and by what.
pub(super) struct Checked {
    pub(super) instance: Instance,
    pub(super) authentic: Authentic,
    pub(super) now: u64,
    pub(super) message: Message,
}

impl VerifyArguments {
    pub(super) fn vendor(&self) -> &VendorArguments {
        &self.vendor
    }

    pub(super) fn read(&self) -> Result<Message, Failure> {
        Message::read(&self.message)
    }

    pub(super) fn now(&self) -> Result<u64, Failure> {
        self.now.map_or_else(now, Ok)
    }

    pub(super) fn keyring_text(&self) -> Result<String, Failure> {
        match &self.keyring {
            Some(path) => read_text(path),
            None => Err(
                Failure::usage("keyring_missing", "there is no keyring to verify by")
                    .with_help("name a file with --keyring"),
            ),
        }
    }

    pub(super) fn check(&self) -> Result<Checked, Failure> {
        self.check_message(self.read()?)
    }

    pub(super) fn check_message(&self, message: Message) -> Result<Checked, Failure> {
        if self.vendor.scheme()?.is_some() {
            return Err(Failure::usage(
                "scheme_not_decided",
                "policy is asked about requests that are signed by RFC 9421",
            )
            .with_help("verify this one by `countersign verify --as`"));
        }
        let mut instance = Module::embedded()?.instantiate()?;
        let ring = instance.keyring(&Zeroizing::new(self.keyring_text()?))?;
        let profile = match (&self.profile, self.environment) {
            (Some(path), _) => read_text(path)?,
            (None, Environment::Dev) => r#"{"environment": "dev"}"#.into(),
            (None, Environment::Test) => r#"{"environment": "test"}"#.into(),
            (None, Environment::Live) => r#"{"environment": "live"}"#.into(),
        };
        let profile = instance.profile(&profile)?;
        let now = self.now()?;
        let request = Request {
            peer: self.peer.as_deref(),
            ..message.request()?
        };
        let authentic = instance
            .verify(&ring, &profile, now, &request)
            .map_err(|error| Failure::about(&message, error))?;
        Ok(Checked {
            instance,
            authentic,
            now,
            message,
        })
    }
}

pub(super) fn run(arguments: &VerifyArguments) -> Result<Done, Failure> {
    if let Some(scheme) = arguments.vendor.scheme()? {
        return arguments.vendor.verify(&scheme, &arguments.read()?);
    }
    let Checked { authentic, now, .. } = arguments.check()?;
    let token = format!("{:032x}", u128::from_be_bytes(*authentic.token()));
    let text = format!(
        "authentic: signed by `{}`\nreplay token {token}: spend it once, and keep it for {} s\n",
        authentic.keyid(),
        authentic.keep_until().saturating_sub(now),
    );
    let json = json!({
        "ok": true,
        "code": "authentic",
        "keyid": authentic.keyid(),
        "replay_token": token,
        "keep_until": authentic.keep_until(),
    });
    Ok(Done {
        text,
        json,
        success: true,
    })
}
