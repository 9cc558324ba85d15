//! `--as`: signing and verifying as a vendor wants it.

use std::path::PathBuf;

use clap::Args;
use countersign_core::scheme::{Covered, Credentials, Moment, Scheme};
use countersign_core::{Refusal, Request};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::failure::Failure;
use super::message::{Message, read_text};
use super::{Done, now_ms};

const SECRET_VARIABLE: &str = "COUNTERSIGN_SECRET";

/// Which vendor's scheme, and with what it gave to its customer.
#[derive(Debug, Args)]
#[command(next_help_heading = "As a vendor wants it")]
pub(super) struct VendorArguments {
    /// Do it as this vendor does, by a name that `countersign schemes` lists.
    #[arg(long = "as", id = "as", value_name = "SCHEME")]
    name: Option<String>,
    /// The same by a file with a row of one's own.
    #[arg(long, value_name = "FILE", conflicts_with = "as")]
    row: Option<PathBuf>,
    /// The vendor's name of the key.
    #[arg(long, default_value = "", hide_default_value = true)]
    keyid: String,
    /// A file with the secret as the vendor shows it; else the environment variable `COUNTERSIGN_SECRET` has it.
    /// A line break at its end doesn't count. Give it again for a secret that is being rotated.
    #[arg(long = "secret", value_name = "FILE")]
    secrets: Vec<PathBuf>,
    /// A file with the passphrase of the key.
    #[arg(long, value_name = "FILE")]
    passphrase: Option<PathBuf>,
    /// An option of the scheme, such as `region=eu-west-1`; give it again for each.
    #[arg(long = "option", value_name = "NAME=VALUE")]
    options: Vec<String>,
    /// The time, in milliseconds since 1970; now unless given.
    #[arg(long, value_name = "MILLISECONDS")]
    now_ms: Option<u64>,
}

impl VendorArguments {
    /// The scheme, if one is named.
    pub(super) fn scheme(&self) -> Result<Option<Scheme>, Failure> {
        match (&self.name, &self.row) {
            (Some(name), _) => named(name).map(Some),
            (None, Some(path)) => Ok(Some(Scheme::from_toml(&read_text(path)?)?)),
            (None, None) => Ok(None),
        }
    }

    pub(super) fn now_ms(&self) -> Result<u64, Failure> {
        self.now_ms.map_or_else(now_ms, Ok)
    }

    /// The secrets as the files have them, but for a line break at the end.
    pub(super) fn secrets(&self) -> Result<Vec<Zeroizing<String>>, Failure> {
        let cut = |text: String| {
            let text = Zeroizing::new(text);
            Zeroizing::new(text.trim_end_matches(['\r', '\n']).to_owned())
        };
        if !self.secrets.is_empty() {
            let files = self.secrets.iter();
            return files.map(|path| read_text(path).map(cut)).collect();
        }
        match std::env::var(SECRET_VARIABLE) {
            Ok(secret) => Ok(vec![cut(secret)]),
            Err(_) => Err(
                Failure::usage("secret_missing", "there is no secret").with_help(format!(
                    "set {SECRET_VARIABLE}, or name a file with --secret; an argument could be seen by others"
                )),
            ),
        }
    }

    /// Makes credentials of a secret; the rest of them is read once.
    pub(super) fn credentials(&self) -> Result<impl Fn(&[u8]) -> Credentials, Failure> {
        let passphrase = match &self.passphrase {
            Some(path) => Zeroizing::new(read_text(path)?),
            None => Zeroizing::default(),
        };
        let mut options = Vec::new();
        for option in &self.options {
            options.push(option.split_once('=').ok_or_else(|| {
                Failure::usage("options_malformed", format!("`{option}` is not NAME=VALUE"))
            })?);
        }
        Ok(move |secret: &[u8]| {
            let passphrase = passphrase.trim_end_matches(['\r', '\n']);
            let credentials = Credentials::new(&self.keyid, secret).passphrase(passphrase);
            options
                .iter()
                .fold(credentials, |credentials, (name, value)| {
                    credentials.option(name, value)
                })
        })
    }

    pub(super) fn sign(
        &self,
        scheme: &Scheme,
        message: &Message,
        nonce: Option<&str>,
    ) -> Result<Done, Failure> {
        let secrets = self.secrets()?;
        let secret = secrets.first().map_or(&[][..], |secret| secret.as_bytes());
        let credentials = self.credentials()?(secret);
        let mut entropy = [0; 16];
        getrandom::fill(&mut entropy)
            .map_err(|error| Failure::usage("no_entropy", error.to_string()))?;
        let moment = Moment::new(self.now_ms()?, entropy);
        let moment = match nonce {
            Some(nonce) => moment.nonce(nonce),
            None => moment,
        };
        let signed = see(message, |request| {
            scheme.sign(request, &credentials, &moment)
        })?;
        let request = message.request()?;
        let target = signed.target.as_deref().unwrap_or(request.target);
        let mut text = format!("{} {target} HTTP/1.1\r\n", request.method);
        let is_new = |line: &str| {
            let name = line.split(':').next().unwrap_or("");
            let mut names = signed.headers.iter().map(|(name, _)| name);
            names.any(|new| new.eq_ignore_ascii_case(name))
        };
        for line in String::from_utf8_lossy(&message.headers).lines() {
            if !is_new(line) {
                text.push_str(&format!("{line}\r\n"));
            }
        }
        for (name, value) in &signed.headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        text.push_str("\r\n");
        match &signed.body {
            Some(body) => text.push_str(body),
            None => text.push_str(&String::from_utf8_lossy(&message.body)),
        }
        let headers: serde_json::Map<String, Value> = signed
            .headers
            .iter()
            .map(|(name, value)| (name.clone(), value.as_str().into()))
            .collect();
        let json = json!({
            "ok": true, "scheme": scheme.name(), "headers": headers, "target": signed.target,
            "body": signed.body,
        });
        Ok(Done {
            text,
            json,
            success: true,
        })
    }

    pub(super) fn verify(&self, scheme: &Scheme, message: &Message) -> Result<Done, Failure> {
        let secrets = self.secrets()?;
        let credentials_of = self.credentials()?;
        let credentials: Vec<Credentials> = secrets
            .iter()
            .map(|secret| credentials_of(secret.as_bytes()))
            .collect();
        let borrowed: Vec<&Credentials> = credentials.iter().collect();
        let now = self.now_ms()?;
        let authentic = see(message, |request| {
            scheme.verify(request, &borrowed, now, None)
        })?;
        let token = authentic.replay_token();
        let id = format!("{:032x}", u128::from_be_bytes(*token.id()));
        let open = not_covered(scheme);
        let mut text = format!(
            "authentic: signed as {} signs, by secret {}\nreplay token {id}: spend it once, and keep it until {}\n",
            scheme.title(),
            authentic.credential() + 1,
            token.keep_until().get(),
        );
        if !open.is_empty() {
            text.push_str(&format!(
                "the signature says nothing of {}\n",
                open.join(", ")
            ));
        }
        let json = json!({
            "ok": true, "code": "authentic", "scheme": scheme.name(),
            "credential": authentic.credential(), "timestamp_ms": authentic.timestamp_ms(),
            "nonce": authentic.nonce(), "covers_body": authentic.covers_body(),
            "replay_token": id, "keep_until": token.keep_until().get(), "not_covered": open,
        });
        Ok(Done {
            text,
            json,
            success: true,
        })
    }
}

/// A built-in scheme.
pub(super) fn named(name: &str) -> Result<Scheme, Failure> {
    Scheme::named(name).map_err(|refusal| {
        Failure::from(refusal).with_help("`countersign schemes` lists those that there are")
    })
}

/// What the scheme's signatures don't cover at all.
pub(super) fn not_covered(scheme: &Scheme) -> Vec<&'static str> {
    let coverage = scheme.coverage();
    let parts = [
        ("the method", coverage.method == Covered::No),
        ("the host", coverage.host == Covered::No),
        ("the path", coverage.path == Covered::No),
        ("the query", coverage.query == Covered::No),
        ("the body", coverage.body == Covered::No),
        (
            "the time",
            coverage.window_ms.is_none() && !coverage.sender_sets_expiry,
        ),
    ];
    parts
        .into_iter()
        .filter_map(|(part, is_open)| is_open.then_some(part))
        .collect()
}

/// Shows the message to core.
pub(super) fn see<T>(
    message: &Message,
    see: impl FnOnce(&Request<'_>) -> Result<T, Refusal>,
) -> Result<T, Failure> {
    Ok(see(&message.for_core()?)?)
}
