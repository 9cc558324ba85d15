//! `countersign policy sign` and `keygen`

use std::io::Write as _;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::Args;
use countersign_policies::Publisher;
use serde_json::json;
use zeroize::Zeroizing;

use super::{Done, Failure, write};
use crate::cli::message::{read, read_text};

/// Who signs, and by which key.
#[derive(Debug, Args)]
pub(super) struct SignArguments {
    /// The bundle to sign.
    bundle: PathBuf,
    /// The file with the private key, as `keygen` writes it.
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// The name under which readers trust the key.
    #[arg(long, value_name = "NAME")]
    publisher: String,
    /// Where the signed bundle goes, in place of the unsigned one.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct KeygenArguments {
    /// The name under which readers will trust the key.
    #[arg(long, value_name = "NAME")]
    publisher: String,
    /// The file for the private key. It must not exist yet.
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

pub(super) fn run(arguments: &SignArguments) -> Result<Done, Failure> {
    let publisher = publisher(&arguments.key, &arguments.publisher)?;
    let signed = sign(&publisher, &read(&arguments.bundle)?)?;
    let output = arguments.output.as_ref().unwrap_or(&arguments.bundle);
    write::replace(output, &signed)?;
    Ok(Done {
        text: format!("{}: signed by {}\n", output.display(), arguments.publisher),
        json: json!({
            "ok": true,
            "file": output.display().to_string(),
            "publisher": arguments.publisher,
            "public_key": STANDARD.encode(publisher.public_key()),
        }),
        success: true,
    })
}

/// The publisher `name` with the key in a file.
pub(super) fn publisher(key: &Path, name: &str) -> Result<Publisher, Failure> {
    let text = Zeroizing::new(read_text(key)?);
    let seed = STANDARD.decode(text.trim()).map(Zeroizing::new).ok();
    let seed = seed.and_then(|seed| seed.as_slice().try_into().map(Zeroizing::new).ok());
    let seed: Zeroizing<[u8; 32]> = seed.ok_or_else(|| {
        let message = format!("{} is not a publisher's private key", key.display());
        Failure::usage("publisher_key_malformed", message)
            .with_help("`countersign policy keygen` makes one")
    })?;
    named(name, &seed)
}

fn named(name: &str, seed: &[u8; 32]) -> Result<Publisher, Failure> {
    Publisher::new(name, seed)
        .map_err(|error| Failure::usage("publisher_name_malformed", error.to_string()))
}

/// The bundle with a signature more.
pub(super) fn sign(publisher: &Publisher, bundle: &[u8]) -> Result<Vec<u8>, Failure> {
    publisher
        .sign(bundle)
        .map_err(|error| Failure::usage(error.code(), error.to_string()).refused())
}

pub(super) fn keygen(arguments: &KeygenArguments) -> Result<Done, Failure> {
    let mut seed = Zeroizing::new([0; 32]);
    getrandom::fill(&mut *seed).map_err(|error| Failure::usage("no_entropy", error.to_string()))?;
    let publisher = named(&arguments.publisher, &seed)?;
    let text = Zeroizing::new(STANDARD.encode(*seed) + "\n");
    write_private(&arguments.output, text.as_bytes()).map_err(|error| {
        let message = format!("{}: {error}", arguments.output.display());
        Failure::usage("file_unwritable", message)
    })?;
    let json = json!({
        "name": arguments.publisher,
        "public_key": STANDARD.encode(publisher.public_key()),
    });
    Ok(Done {
        text: format!("{json}\n"),
        json,
        success: true,
    })
}

/// A new file that nobody but its owner may read.
fn write_private(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut options = std::fs::File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}
