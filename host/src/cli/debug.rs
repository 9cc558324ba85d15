//! `countersign debug`: why a request does not verify.

use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::Args;
use countersign::diagnose::{Cause, Difference, Sample, first_difference, search, search_body};
use countersign_core::scheme::Scheme;
use countersign_core::{
    Body, Code, Headers, Message as Signable, Refusal, Request, SharedSecret, SigningKey, Token,
    content_digest, signature_base, signature_inputs,
};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::Done;
use super::failure::Failure;
use super::message::{Message, read_text};
use super::vendor::{VendorArguments, see};
use super::verify::VerifyArguments;

#[derive(Debug, Args)]
pub(super) struct DebugArguments {
    #[command(flatten)]
    verify: VerifyArguments,
    /// A file with the base that the client signed, to compare with ours.
    #[arg(long, value_name = "FILE")]
    base: Option<PathBuf>,
}

/// What was found.
struct Finding {
    /// The code of the refusal.
    code: String,
    message: String,
    difference: Option<Difference>,
    cause: Option<Cause>,
    detail: Option<String>,
}

pub(super) fn run(arguments: &DebugArguments) -> Result<Done, Failure> {
    let message = arguments.verify.read()?;
    let given = arguments.base.as_deref().map(read_text).transpose()?;
    let vendor = arguments.verify.vendor();
    let finding = match vendor.scheme()? {
        Some(scheme) => of_vendor(vendor, &scheme, &message, given.as_deref())?,
        None => of_rfc9421(&arguments.verify, &message, given.as_deref())?,
    };
    Ok(finding.map_or_else(nothing_wrong, Finding::told))
}

fn nothing_wrong() -> Done {
    Done {
        text: "nothing is wrong: the request verifies\n".into(),
        json: json!({"ok": true}),
        success: true,
    }
}

impl Finding {
    fn told(self) -> Done {
        let mut text = format!("{}: {}\n", self.code, self.message);
        if let Some(difference) = &self.difference {
            let line =
                |text: &Option<String>| text.clone().unwrap_or_else(|| "(no such line)".into());
            text.push_str(&format!(
                "\nthe bases part in line {}, at {}\n  expected  {}\n  signed    {}\n            {}^\n",
                difference.line,
                difference.column + 1,
                line(&difference.expected),
                line(&difference.given),
                " ".repeat(difference.column),
            ));
        }
        match self.cause {
            Some(cause) => text.push_str(&format!(
                "\nlikely cause: {}\n  {}\n",
                cause.code(),
                cause.sentence()
            )),
            None => text.push_str("\nno likely cause was found; with --base, the base that the client signed, there is more to go by\n"),
        }
        if let Some(detail) = &self.detail {
            text.push_str(&format!("  {detail}\n"));
        }
        let difference = self.difference.map(|it| {
            json!({"line": it.line, "column": it.column, "expected": it.expected, "signed": it.given})
        });
        let json = json!({
            "ok": false, "code": self.code, "message": self.message, "difference": difference,
            "cause": self.cause.map(Cause::code), "advice": self.cause.map(Cause::sentence),
            "detail": self.detail,
        });
        Done {
            text,
            json,
            success: false,
        }
    }
}

fn sample(message: &Message) -> Result<Sample, Failure> {
    let request = message.request()?;
    let text = String::from_utf8_lossy(&message.headers);
    let headers = text.lines().filter_map(|line| {
        let (name, value) = line.split_once(':')?;
        Some((name.to_owned(), value.trim().to_owned()))
    });
    Ok(Sample {
        method: request.method.to_owned(),
        scheme: request.scheme,
        target: request.target.to_owned(),
        headers: headers.collect(),
        body: message.body.clone(),
    })
}

/// Shows a sample to core.
fn with_request<T>(
    sample: &Sample,
    see: impl FnOnce(&Request<'_>) -> Result<T, Refusal>,
) -> Result<T, Refusal> {
    let lines: String = sample
        .headers
        .iter()
        .flat_map(|(name, value)| [name.as_str(), ": ", value, "\r\n"])
        .collect();
    see(&Request {
        method: &sample.method,
        target: &sample.target,
        scheme: sample.scheme,
        headers: Headers::parse(lines.as_bytes())?,
        body: Body::Bytes(&sample.body),
        peer: None,
    })
}

fn of_vendor(
    vendor: &VendorArguments,
    scheme: &Scheme,
    message: &Message,
    given: Option<&str>,
) -> Result<Option<Finding>, Failure> {
    let secrets = vendor.secrets()?;
    let now = vendor.now_ms()?;
    let sample = sample(message)?;
    let own = secrets.first().map_or(&[][..], |secret| secret.as_bytes());
    let credentials_of = vendor.credentials()?;
    let credentials = credentials_of(own);
    let outcome = see(message, |request| {
        scheme.verify(request, &[&credentials], now, None).map(drop)
    });
    let Err(failure) = outcome else {
        return Ok(None);
    };
    let base = see(message, |request| {
        scheme.received_bases(request, &credentials)
    })
    .ok();
    let base = base.and_then(|bases| String::from_utf8(bases.into_iter().next()?).ok());
    let difference = base
        .zip(given)
        .and_then(|(base, given)| first_difference(&base, given));
    let borrowed: Vec<&[u8]> = secrets.iter().map(|secret| secret.as_bytes()).collect();
    let is_time = |code: &str| matches!(code, "too_old" | "created_in_future" | "expired");
    let cause = match failure.code() {
        "signature_mismatch" => search(&sample, &borrowed, |changed, secret| {
            let credentials = credentials_of(secret);
            let verdict = with_request(changed, |request| {
                scheme.verify(request, &[&credentials], now, None)
            });
            // The time is looked at once the signature is known to be right.
            verdict.map_or_else(|refusal| is_time(refusal.code().as_str()), |_| true)
        }),
        code if is_time(code) => Some(Cause::ClockSkew),
        _ => None,
    };
    Ok(Some(Finding {
        code: failure.code().to_owned(),
        message: failure.to_string(),
        cause: difference.as_ref().and_then(|it| it.cause).or(cause),
        difference,
        detail: None,
    }))
}

fn of_rfc9421(
    verify: &VerifyArguments,
    message: &Message,
    given: Option<&str>,
) -> Result<Option<Finding>, Failure> {
    let Err(failure) = verify.check_message(message.clone()) else {
        return Ok(None);
    };
    let sample = sample(message)?;
    let base = with_request(&sample, base_and_signature).ok();
    let difference = base
        .as_ref()
        .zip(given)
        .and_then(|((base, _), given)| first_difference(base, given));
    let code = failure.code().to_owned();
    let mut detail = None;
    let cause = match code.as_str() {
        "signature_mismatch" | "key_unknown" | "key_wrong_environment" => {
            let secrets = secrets(verify, keyid(&sample).as_deref())?;
            let borrowed: Vec<&[u8]> = secrets.iter().map(|secret| secret.as_slice()).collect();
            search(&sample, &borrowed, |changed, secret| {
                let made = with_request(changed, |request| {
                    let (base, signature) = base_and_signature(request)?;
                    Ok(key_of(secret)?.sign(base.as_bytes()).as_bytes() == signature)
                });
                made == Ok(true)
            })
        }
        "digest_mismatch" => search_body(&sample.body, |changed| {
            with_request(&sample, |request| {
                content_digest(&request.headers, "content-digest", &Body::Bytes(changed))
            })
            .is_ok()
        }),
        "created_in_future" | "too_old" | "expired" | "created_out_of_range" => {
            let (cause, told) = of_time(&sample, verify.now()?);
            detail = told;
            cause
        }
        _ => None,
    };
    Ok(Some(Finding {
        message: failure.to_string(),
        cause: difference.as_ref().and_then(|it| it.cause).or(cause),
        difference,
        code,
        detail,
    }))
}

/// The base of the only signature, or the first, and the value that was presented.
fn base_and_signature(request: &Request<'_>) -> Result<(String, Vec<u8>), Refusal> {
    let inputs = signature_inputs(&request.headers)?;
    let input = inputs.first().ok_or(Code::SignatureMissing)?;
    let base = signature_base(Signable::Request(request), input)?;
    let start = format!("{}=:", input.label());
    let value = request
        .headers
        .all("signature")
        .find_map(|field| field.split_once(&start)?.1.split(':').next())
        .and_then(|base64| STANDARD.decode(base64).ok());
    Ok((base, value.ok_or(Code::SignatureMalformed)?))
}

fn keyid(sample: &Sample) -> Option<String> {
    with_request(sample, |request| {
        let inputs = signature_inputs(&request.headers)?;
        let keyid = inputs
            .first()
            .and_then(|input| input.parameters().keyid.clone());
        Ok(keyid.map(String::from))
    })
    .ok()
    .flatten()
}

/// The secrets of the keyring, that of `keyid` first; a token stands for the one in it.
fn secrets(
    verify: &VerifyArguments,
    keyid: Option<&str>,
) -> Result<Vec<Zeroizing<Vec<u8>>>, Failure> {
    let ring = Zeroizing::new(verify.keyring_text()?);
    let keyring: Value = serde_json::from_str(&ring).unwrap_or_default();
    let mut own = None;
    let mut others = Vec::new();
    for key in keyring
        .get("keys")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        let (id, secret) = match (text(key, "token"), text(key, "secret")) {
            (Some(token), _) => {
                let id = Token::parse(token).map(|token| token.keyid().as_str().to_owned());
                (id.unwrap_or_default(), token.as_bytes().to_vec())
            }
            (None, Some(secret)) => {
                let id = text(key, "keyid").unwrap_or("").to_owned();
                (id, STANDARD.decode(secret).unwrap_or_default())
            }
            (None, None) => continue,
        };
        let secret = Zeroizing::new(secret);
        if Some(id.as_str()) == keyid {
            own = Some(secret);
        } else {
            others.push(secret);
        }
    }
    // An unknown key has none, and may have signed as another.
    others.insert(0, own.unwrap_or_default());
    Ok(others)
}

fn text<'k>(key: &'k Value, name: &str) -> Option<&'k str> {
    key.get(name).and_then(Value::as_str)
}

/// The key of a secret, or of a token's.
fn key_of(secret: &[u8]) -> Result<SigningKey, Refusal> {
    match core::str::from_utf8(secret).ok().map(Token::parse) {
        Some(Ok(token)) => token.signing_key(),
        _ => SigningKey::new("k", &SharedSecret::new(secret.to_vec())?),
    }
}

/// How far the sender's clock is from ours.
fn of_time(sample: &Sample, now: u64) -> (Option<Cause>, Option<String>) {
    let field = sample
        .headers
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case("signature-input"));
    let created = field.and_then(|(_, value)| {
        let (_, rest) = value.split_once("created=")?;
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        digits.parse::<u64>().ok()
    });
    match created {
        Some(created) if created > 100_000_000_000 => (Some(Cause::Milliseconds), None),
        Some(created) => {
            let detail = if created > now {
                format!("it was created {} s ahead of this clock", created - now)
            } else {
                format!(
                    "it was created {} s before now by this clock",
                    now - created
                )
            };
            (Some(Cause::ClockSkew), Some(detail))
        }
        None => (None, None),
    }
}
