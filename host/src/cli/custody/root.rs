//! What opens the vault, as arguments: never the secret itself, which others could see.

use std::path::{Path, PathBuf};

use clap::Args;
use countersign_custody::vault::{Custodians, KeyFile, Passphrase, Root, Share, Token, TokenName};

use super::Failure;
use super::reading::{secret, secret_text};

/// The root that opens the vault.
#[derive(Debug, Args)]
pub(super) struct RootArguments {
    /// A file with the passphrase that opens the vault; `-` for standard input.
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
    /// The key file that opens the vault.
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
    /// A file with the share of a custodian; give it again for each.
    #[arg(long = "share-file", value_name = "FILE")]
    share_files: Vec<PathBuf>,
    /// The PKCS#11 token that opens the vault: the path of its module, and its label.
    #[arg(long, value_name = "MODULE:LABEL", requires = "pin_file")]
    token: Option<String>,
    /// A file with the PIN of the token.
    #[arg(long, value_name = "FILE", requires = "token")]
    pin_file: Option<PathBuf>,
}

/// The root of a new vault.
#[derive(Debug, Args)]
#[group(id = "new_root", required = true)]
pub(super) struct NewRootArguments {
    /// A file with the passphrase of the vault; `-` for standard input.
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
    /// The key file of the vault. It is made, of mode 0600, if there is none.
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
    /// Split the root among N custodians, K of whom open the vault. Each share is shown once.
    #[arg(long, value_name = "K/N", value_parser = split)]
    custodians: Option<Split>,
    /// A PKCS#11 token: the path of its module, and its label.
    #[arg(long, value_name = "MODULE:LABEL", requires = "pin_file")]
    token: Option<String>,
    /// A file with the PIN of the token.
    #[arg(long, value_name = "FILE", requires = "token")]
    pin_file: Option<PathBuf>,
}

/// The root that takes the place of another.
#[derive(Debug, Args)]
#[expect(clippy::struct_field_names, reason = "they are the options' names")]
pub(super) struct NextRootArguments {
    /// A file with the next passphrase; `-` for standard input.
    #[arg(long, value_name = "FILE")]
    to_passphrase_file: Option<PathBuf>,
    /// The next key file. It is made, of mode 0600, if there is none.
    #[arg(long, value_name = "FILE")]
    to_key_file: Option<PathBuf>,
    /// Split the next root among N custodians, K of whom open the vault. Each share is shown once.
    #[arg(long, value_name = "K/N", value_parser = split)]
    to_custodians: Option<Split>,
    /// The next root is a PKCS#11 token: the path of its module, and its label.
    #[arg(long, value_name = "MODULE:LABEL", requires = "to_pin_file")]
    to_token: Option<String>,
    /// A file with the PIN of that token.
    #[arg(long, value_name = "FILE", requires = "to_token")]
    to_pin_file: Option<PathBuf>,
}

/// So many of so many.
#[derive(Clone, Copy, Debug)]
struct Split {
    threshold: u8,
    of: u8,
}

fn split(text: &str) -> Result<Split, String> {
    let split = text.split_once('/').and_then(|(threshold, of)| {
        Some(Split {
            threshold: threshold.parse().ok()?,
            of: of.parse().ok()?,
        })
    });
    split.ok_or_else(|| "it is two numbers, such as `2/3`".into())
}

impl RootArguments {
    /// The root.
    pub(super) fn root(&self) -> Result<Root, Failure> {
        let shares = (!self.share_files.is_empty()).then(|| self.gather());
        let key_file = self.key_file.as_deref();
        one([
            self.passphrase_file.as_deref().map(passphrase),
            key_file.map(|path| Ok(Root::KeyFile(KeyFile::open(path)?))),
            shares,
            token(self.token.as_deref(), self.pin_file.as_deref()),
        ])
    }

    fn gather(&self) -> Result<Root, Failure> {
        let shares: Result<Vec<Share>, Failure> = self
            .share_files
            .iter()
            .map(|path| Ok(Share::parse(&secret_text(path)?)?))
            .collect();
        Ok(Root::Custodians(Custodians::gather(shares?)?))
    }
}

impl NewRootArguments {
    /// The root, made where it must be.
    pub(super) fn root(&self) -> Result<Root, Failure> {
        one([
            self.passphrase_file.as_deref().map(passphrase),
            self.key_file.as_deref().map(new_key_file),
            self.custodians.map(new_split),
            token(self.token.as_deref(), self.pin_file.as_deref()),
        ])
    }
}

impl NextRootArguments {
    /// The root, made where it must be.
    pub(super) fn root(&self) -> Result<Root, Failure> {
        one([
            self.to_passphrase_file.as_deref().map(passphrase),
            self.to_key_file.as_deref().map(new_key_file),
            self.to_custodians.map(new_split),
            token(self.to_token.as_deref(), self.to_pin_file.as_deref()),
        ])
    }
}

/// The one root that was named.
fn one<const N: usize>(roots: [Option<Result<Root, Failure>>; N]) -> Result<Root, Failure> {
    let mut named = roots.into_iter().flatten();
    match (named.next(), named.next()) {
        (Some(root), None) => root,
        (None, _) => Err(
            Failure::usage("root_missing", "nothing is named that opens the vault")
                .with_help("name one: a passphrase's file, a key file, custodians or a token"),
        ),
        (Some(_), Some(_)) => Err(Failure::usage(
            "root_ambiguous",
            "several roots are named, and one opens the vault",
        )),
    }
}

fn passphrase(path: &Path) -> Result<Root, Failure> {
    Ok(Root::Passphrase(Passphrase::new(secret(path)?)))
}

fn new_key_file(path: &Path) -> Result<Root, Failure> {
    let file = if path.exists() {
        KeyFile::open(path)
    } else {
        KeyFile::create(path)
    };
    Ok(Root::KeyFile(file?))
}

fn new_split(split: Split) -> Result<Root, Failure> {
    Ok(Root::Custodians(Custodians::split(
        split.threshold,
        split.of,
    )?))
}

fn token(name: Option<&str>, pin: Option<&Path>) -> Option<Result<Root, Failure>> {
    let (name, pin) = name.zip(pin)?;
    let connect = || {
        let (module, label) = name.rsplit_once(':').ok_or_else(|| {
            Failure::usage(
                "token_absent",
                "a token is named by the path of its module, a colon, and its label",
            )
        })?;
        let name = TokenName::Label(label.to_owned());
        Ok(Root::Token(Token::connect(
            Path::new(module),
            &name,
            &secret(pin)?,
        )?))
    };
    Some(connect())
}
