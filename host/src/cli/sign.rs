//! `countersign sign`

use std::path::PathBuf;

use clap::Args;
use countersign::{Module, Signed, Signing};
use serde_json::json;
use zeroize::Zeroizing;

use super::failure::Failure;
use super::message::{Message, read_text};
use super::vendor::VendorArguments;
use super::{Done, MessageArguments, now};

const TOKEN_VARIABLE: &str = "COUNTERSIGN_TOKEN";

#[derive(Debug, Args)]
pub(super) struct SignArguments {
    #[command(flatten)]
    message: MessageArguments,
    /// A file with the token; else the environment variable `COUNTERSIGN_TOKEN` has it.
    #[arg(long, value_name = "FILE")]
    token: Option<PathBuf>,
    /// A component to cover, such as `@method` or `content-type`; give it again for each.
    #[arg(long = "component", value_name = "COMPONENT")]
    components: Vec<String>,
    /// The label of the signature.
    #[arg(long, default_value = "sig1")]
    label: String,
    /// When it is signed, in seconds since 1970; now unless given.
    #[arg(long, value_name = "SECONDS")]
    created: Option<u64>,
    /// How long the signature counts, in seconds.
    #[arg(long, value_name = "SECONDS")]
    expires_in: Option<u64>,
    /// The nonce; 128 random bits unless given.
    #[arg(long)]
    nonce: Option<String>,
    /// What application the signature is for.
    #[arg(long)]
    tag: Option<String>,
    /// State the algorithm in the signature.
    #[arg(long)]
    with_algorithm: bool,
    /// Print a curl command that sends the signed request.
    #[arg(long)]
    curl: bool,
    #[command(flatten)]
    vendor: VendorArguments,
}

pub(super) fn run(arguments: &SignArguments) -> Result<Done, Failure> {
    let message = Message::read(&arguments.message)?;
    if let Some(scheme) = arguments.vendor.scheme()? {
        return arguments
            .vendor
            .sign(&scheme, &message, arguments.nonce.as_deref());
    }
    let mut instance = Module::embedded()?.instantiate()?;
    let key = instance.key_from_token(token(arguments)?.trim())?;
    let created = arguments.created.map_or_else(now, Ok)?;
    let nonce = arguments.nonce.clone().map_or_else(random_nonce, Ok)?;
    let components: Vec<&str> = arguments.components.iter().map(String::as_str).collect();
    let signing = Signing {
        label: &arguments.label,
        components: &components,
        expires: arguments
            .expires_in
            .map(|seconds| created.saturating_add(seconds)),
        nonce: &nonce,
        tag: arguments.tag.as_deref().unwrap_or(""),
        with_algorithm: arguments.with_algorithm,
        ..Signing::at(created)
    };
    let signed = instance
        .sign(&key, &message.request()?, &signing)
        .map_err(|error| Failure::about(&message, error))?;
    let text = if arguments.curl {
        curl(&message, &signed, arguments)?
    } else {
        with_fields(&message, &signed)?
    };
    let json = json!({
        "ok": true,
        "signature_input": signed.signature_input,
        "signature": signed.signature,
        "content_digest": signed.content_digest,
    });
    Ok(Done {
        text,
        json,
        success: true,
    })
}

fn token(arguments: &SignArguments) -> Result<Zeroizing<String>, Failure> {
    match &arguments.token {
        Some(path) => read_text(path).map(Zeroizing::new),
        None => std::env::var(TOKEN_VARIABLE).map(Zeroizing::new).map_err(|_| {
            Failure::usage("token_missing", "there is no token to sign with")
                .with_help(format!("set {TOKEN_VARIABLE}, or name a file with --token; an argument could be seen by others"))
        }),
    }
}

/// 128 bits in hexadecimal.
fn random_nonce() -> Result<String, Failure> {
    let bits = getrandom::u64().and_then(|high| Ok((high, getrandom::u64()?)));
    let (high, low) = bits.map_err(|error| Failure::usage("no_entropy", error.to_string()))?;
    Ok(format!("{high:016x}{low:016x}"))
}

/// The request as it was, with the new fields after its own.
fn with_fields(message: &Message, signed: &Signed) -> Result<String, Failure> {
    let request = message.request()?;
    let headers = String::from_utf8_lossy(&message.headers);
    let body = String::from_utf8_lossy(&message.body);
    let end = if headers.is_empty() || headers.ends_with('\n') {
        ""
    } else {
        "\r\n"
    };
    Ok(format!(
        "{} {} HTTP/1.1\r\n{headers}{end}{}\r\n{body}",
        request.method,
        request.target,
        signed.header_lines(),
    ))
}

fn curl(message: &Message, signed: &Signed, arguments: &SignArguments) -> Result<String, Failure> {
    let request = message.request()?;
    let mut command = format!(
        "curl --request {} {}",
        quoted(request.method),
        quoted(&message.url()?)
    );
    let headers = String::from_utf8_lossy(&message.headers);
    let sets_itself = |line: &str| {
        let name = line.split(':').next().unwrap_or("");
        name.eq_ignore_ascii_case("host") || name.eq_ignore_ascii_case("content-length")
    };
    let own = headers
        .lines()
        .filter(|line| !sets_itself(line))
        .map(str::to_owned);
    for line in own.chain(
        signed
            .fields()
            .map(|(name, value)| format!("{name}: {value}")),
    ) {
        command.push_str(&format!(" \\\n  --header {}", quoted(&line)));
    }
    if let Some(path) = &arguments.message.body {
        command.push_str(&format!(
            " \\\n  --data-binary {}",
            quoted(&format!("@{}", path.display()))
        ));
    } else if !message.body.is_empty() {
        let body = core::str::from_utf8(&message.body).map_err(|_| {
            Failure::usage(
                "body_not_text",
                "the body is not text, so it doesn't fit on a command line",
            )
            .with_help("give it as a file, with --body")
        })?;
        command.push_str(&format!(" \\\n  --data-raw {}", quoted(body)));
    }
    command.push('\n');
    Ok(command)
}

/// A word for a POSIX shell.
fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', "'\\''"))
}
