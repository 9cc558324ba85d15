//! The families `exchanges` and `webhooks`: others' outputs and verdicts, verified and made again.

mod case;

use countersign_wasm::dispatch::number;
use serde_json::Value;

use super::message::{Message, text};
use super::{Checked, Published, Verdict};
use crate::door::{Door, Fault, Frame, Tried};
use case::Case;

/// Vendors whose own libraries take any timestamp ahead of the clock. Ours is refused past the window, as an
/// old one is: it would be good for longer than the window says.
const TAKE_ANY_FUTURE: [&str; 2] = ["slack", "stripe"];

/// What a vendor's library takes and we refuse on purpose: by which code, and why.
const LAXER: [(&str, &str, &str); 6] = [
    ("slack", "timestamp_malformed", AS_WRITTEN),
    ("standard-webhooks", "timestamp_malformed", AS_WRITTEN),
    (
        "stripe",
        "signature_ambiguous",
        "of two timestamps it is not said which was signed",
    ),
    ("stripe", "timestamp_malformed", AS_WRITTEN),
    ("svix", "timestamp_malformed", AS_WRITTEN),
    (
        "twilio",
        "host_ambiguous",
        "user information in a target is an error (RFC 9110 section 4.2.4)",
    ),
];

const AHEAD: &str = "a timestamp ahead of the clock would be good for longer than the window says";
const AS_WRITTEN: &str = "a timestamp is taken only as the scheme writes it";

/// The window of the vendors that take any future, where the case names no other.
const WINDOW_MS: u64 = 300_000;

pub(super) async fn check(door: Door, case: Value) -> Checked {
    let case = Case::read(case)?;
    let at = Opened {
        scheme: scheme(&door, case.scheme()?).await?,
        credentials: case.credentials().open(&door).await?,
        now: case.now_ms(),
        tolerance: case.tolerance_ms(),
        door,
    };
    let message = case.message()?;
    let verdict = at.verify(&message).await?;
    let is_too_far_ahead = is_past_the_window(&case, &at, &message);
    match (case.result(), verdict) {
        (Published::Invalid, Err(_)) => Ok(Verdict::Passed),
        (Published::Invalid, Ok(_)) => Ok(Verdict::failed("accepted, but published as invalid")),
        (_, Err(refused)) => Ok(match laxer(case.vendor(), &refused.code) {
            Some(why) => Verdict::Stricter(why),
            None if is_too_far_ahead && refused.code == "created_in_future" => {
                Verdict::Stricter(AHEAD)
            }
            None => Verdict::Failed(format!("refused: {refused}")),
        }),
        (_, Ok(_)) if is_too_far_ahead => {
            Ok(Verdict::failed("to be refused on purpose, but accepted"))
        }
        // To verify only.
        (_, Ok(_)) if at.algorithm().await? == "hmac-sha1" => Ok(Verdict::Passed),
        (_, Ok(_)) => signed_again(&case, &at, &message).await,
    }
}

/// Why we refuse what the vendor's library takes.
fn laxer(vendor: &str, code: &str) -> Option<&'static str> {
    let found = LAXER.iter().find(|row| (row.0, row.1) == (vendor, code));
    found.map(|(.., why)| *why)
}

fn is_past_the_window(case: &Case, at: &Opened, message: &Message) -> bool {
    let ahead = case.signed_at(message, at.now).saturating_sub(at.now);
    TAKE_ANY_FUTURE.contains(&case.vendor()) && ahead > at.tolerance.unwrap_or(WINDOW_MS)
}

/// Whether we sign the message as they did.
async fn signed_again(case: &Case, at: &Opened, message: &Message) -> Checked {
    let unsigned = case.unsigned(message)?;
    let moment = Moment {
        now_ms: case.signed_at(message, at.now),
        nonce: case::nonce(message),
    };
    let signer = case.signer(message).open(&at.door).await?;
    let frame = || {
        let frame = Frame::new().number(at.scheme).number(signer);
        moment.put(unsigned.put(frame))
    };
    let mut answer = at.door.ask(number::scheme_sign, frame()).await?;
    let base = at.door.ask(number::scheme_base, frame()).await?.bytes()?;
    if case
        .signed_string()?
        .is_some_and(|expected| expected != base)
    {
        let base = String::from_utf8_lossy(&base);
        return Ok(Verdict::Failed(format!("the base is {base:?}")));
    }
    let ours = unsigned.signed(&mut answer)?;
    let everything = ours.everything();
    let signature = case.signature();
    let escaped = signature
        .replace('+', "%2B")
        .replace('/', "%2F")
        .replace('=', "%3D");
    if !everything.contains(signature) && !everything.contains(&escaped) {
        return Ok(Verdict::Failed(format!("signed as {everything}")));
    }
    let verdict = at.verify(&ours).await?;
    Ok(Verdict::passed_if(verdict.is_ok(), || {
        format!("our own is refused: {verdict:?}")
    }))
}

/// A scheme and credentials, opened, and when it is.
struct Opened {
    door: Door,
    scheme: u64,
    credentials: u64,
    now: u64,
    tolerance: Option<u64>,
}

impl Opened {
    async fn verify(&self, message: &Message) -> Result<Tried, Fault> {
        let frame = Frame::new().number(self.scheme);
        let frame = frame.bytes(&self.credentials.to_le_bytes());
        let frame = message.put(frame).number(self.now);
        let frame = match self.tolerance {
            Some(tolerance) => frame.number(tolerance),
            None => frame.bytes(b""),
        };
        self.door.try_ask(number::scheme_verify, frame).await
    }

    async fn algorithm(&self) -> Result<String, Fault> {
        let frame = Frame::new().number(self.scheme);
        let mut answer = self.door.ask(number::scheme_describe, frame).await?;
        let (_, _, algorithm) = (answer.text()?, answer.text()?, answer.text()?);
        Ok(algorithm)
    }
}

/// Opens a scheme by its name.
pub(super) async fn scheme(door: &Door, name: &str) -> Result<u64, Fault> {
    let frame = Frame::new().text(name);
    door.ask(number::scheme_open, frame).await?.number()
}

/// What a vendor gave to its customer.
#[derive(Clone, Debug)]
pub(super) struct Credentials {
    keyid: String,
    secret: String,
    passphrase: String,
    options: Vec<String>,
}

impl Credentials {
    pub(super) fn new(keyid: &str, secret: &str) -> Self {
        Credentials {
            keyid: keyid.to_owned(),
            secret: secret.to_owned(),
            passphrase: String::new(),
            options: Vec::new(),
        }
    }

    pub(super) fn passphrase(mut self, passphrase: &str) -> Self {
        passphrase.clone_into(&mut self.passphrase);
        self
    }

    pub(super) fn option(mut self, name: &str, value: &str) -> Self {
        self.options.push(format!("{name}={value}"));
        self
    }

    pub(super) fn keyid(&self) -> &str {
        &self.keyid
    }

    pub(super) async fn open(&self, door: &Door) -> Result<u64, Fault> {
        let frame = Frame::new()
            .text(&self.keyid)
            .bytes(self.secret.as_bytes())
            .text(&self.passphrase)
            .text(&self.options.join("\n"));
        door.ask(number::credentials_open, frame).await?.number()
    }
}

/// When, and with what nonce, it is signed.
#[derive(Clone, Debug)]
pub(super) struct Moment {
    now_ms: u64,
    nonce: String,
}

impl Moment {
    pub(super) fn at(now_ms: u64) -> Self {
        let nonce = String::new();
        Moment { now_ms, nonce }
    }

    /// Its three fields in a frame.
    pub(super) fn put(&self, frame: Frame) -> Frame {
        frame.number(self.now_ms).text(&self.nonce).bytes(&[7; 16])
    }
}
