//! Why the vault didn't do it.

use countersign_core::Environment;

use super::RootId;
use crate::entropy::EntropyError;

/// Why the vault didn't do it. Nothing has changed, whatever it is.
///
/// A wrong passphrase and a damaged wrapping can't be told apart, and aren't; only what the bytes say
/// without any key is called `vault_damaged`, and what a root that opens proves.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VaultError {
    /// The bytes are no header, or were changed after they were written.
    #[error("the vault's header is damaged ({0}); restore it from a backup")]
    Damaged(&'static str),
    /// It was written by a later version of this program.
    #[error("the vault has format {found}; this program knows format {known}; update it")]
    NewerFormat {
        /// The format of the vault.
        found: u32,
        /// The format that this program knows.
        known: u32,
    },
    /// The root isn't the vault's, or the vault was damaged: nobody can tell which.
    #[error("the vault stays locked: the root is the wrong one for `{}`, or the vault was damaged", .0.as_str())]
    Locked(Environment),
    /// The vault has no such environment, or it isn't unlocked here.
    #[error("`{}` is not among the unlocked environments of this vault", .0.as_str())]
    EnvironmentAbsent(Environment),
    /// No environment was named, or one twice.
    #[error("name each environment once, and at least one")]
    EnvironmentsMalformed,
    /// The environment has no root of this kind.
    #[error("no root of this kind opens `{}`; `vault status` tells which do", .0.as_str())]
    RootKindAbsent(Environment),
    /// The environment has no root of this id.
    #[error("there is no root {0}; `vault status` tells which there are")]
    RootAbsent(RootId),
    /// The environment has this root already.
    #[error("root {0} opens it already")]
    RootPresent(RootId),
    /// Without its last root an environment could never be opened again.
    #[error("root {0} is the last one: add another before you remove it")]
    LastRoot(RootId),
    /// An environment key is only renewed where its one root is at hand.
    #[error("several roots open `{}`: leave the one that stays, then renew", .0.as_str())]
    SeveralRoots(Environment),
    /// The header holds as many of them as it may.
    #[error("the vault has room for no more {0}; remove one that is out of use")]
    Full(&'static str),
    /// The header is older than what was opened before.
    #[error(
        "the header is of generation {found}, and {known} was seen before: it was put back to an older state"
    )]
    RolledBack {
        /// Its generation.
        found: u64,
        /// The generation that was seen.
        known: u64,
    },
    /// It was sealed under a data key that the unlocked header doesn't have.
    #[error(
        "the secret was sealed under data key {version} of `{}`, which is not here: refresh the header",
        environment.as_str()
    )]
    DataKeyAbsent {
        /// The environment.
        environment: Environment,
        /// The version of its data key.
        version: u32,
    },
    /// New secrets are sealed under the newest data key.
    #[error("data key {0} is in use: rotate it, seal anew what it sealed, then remove it")]
    DataKeyInUse(u32),
    /// The bytes are no sealed secret, or not of this name in this vault, or were changed.
    #[error(
        "the secret doesn't open: it was sealed for another key, environment, version or vault, or was damaged"
    )]
    SealBroken,
    /// Secrets have 1 to 65,536 bytes.
    #[error("a secret of {0} bytes can't be sealed; it has 1 to 65,536")]
    SecretLength(usize),
    /// A cost of Argon2id that nobody should choose, or wait for.
    #[error("the cost of the passphrase is refused: {0}")]
    CostRefused(&'static str),
    /// The passphrase can be guessed.
    #[error("the passphrase has fewer than {0} characters; take a longer one")]
    PassphraseTooShort(usize),
    /// A key file that others may have read or replaced.
    #[error("the key file is not safe: {0}")]
    KeyFileUnsafe(&'static str),
    /// A key file that can't be read or made.
    #[error("the key file can't be used: {0}")]
    KeyFileFailed(String),
    /// Two or more of 2 to 16 custodians.
    #[error("a secret is split among 2 to 16 custodians, and 2 or more of them open it")]
    SplitMalformed,
    /// It isn't a share.
    #[error("it is not a custodian's share")]
    ShareMalformed,
    /// It was mistyped.
    #[error("the share of custodian {0} was mistyped: its checksum doesn't match")]
    ShareChecksum(u8),
    /// The same custodian twice.
    #[error("custodian {0} gave two shares")]
    ShareDuplicate(u8),
    /// Shares of two splits, or of a root that this vault doesn't have.
    #[error("the share of custodian {0} belongs to another split")]
    ShareForeign(u8),
    /// It isn't what the custodian was given.
    #[error("the share of custodian {0} is not the one that was given out")]
    ShareWrong(u8),
    /// Too few custodians.
    #[error("{given} of the {needed} shares that are needed were given")]
    SharesTooFew {
        /// How many there are.
        given: usize,
        /// How many open it.
        needed: usize,
    },
    /// A new root needs every share, as they were split.
    #[error("a new root of custodians takes the shares of all of them, as they were split")]
    SharesIncomplete,
    /// The PKCS#11 module can't be loaded.
    #[error("the token's module can't be used: {0}")]
    TokenModule(String),
    /// No such token.
    #[error("there is no token {0}, or several; name its slot")]
    TokenAbsent(String),
    /// The token refused the PIN. Tokens lock themselves after a few wrong ones.
    #[error("the token refused the PIN; it may lock itself after more wrong ones")]
    TokenPin,
    /// The token has locked itself.
    #[error("the token has locked its PIN; its security officer sets a new one")]
    TokenPinLocked,
    /// The token refused or failed.
    #[error("the token failed: {0}")]
    TokenFailed(String),
    /// No random bytes.
    #[error(transparent)]
    Entropy(#[from] EntropyError),
    /// The system has no memory for it, or a primitive refused its input: nothing a caller can cause.
    #[error("the cryptography failed: {0}")]
    Primitive(&'static str),
}

impl VaultError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            VaultError::Damaged(_) => "vault_damaged",
            VaultError::NewerFormat { .. } => "vault_newer_format",
            VaultError::Locked(_) => "vault_locked",
            VaultError::EnvironmentAbsent(_) => "vault_environment_absent",
            VaultError::EnvironmentsMalformed => "vault_environments_malformed",
            VaultError::RootKindAbsent(_) => "root_kind_absent",
            VaultError::RootAbsent(_) => "root_absent",
            VaultError::RootPresent(_) => "root_present",
            VaultError::LastRoot(_) => "root_last",
            VaultError::SeveralRoots(_) => "root_not_alone",
            VaultError::Full(_) => "vault_full",
            VaultError::RolledBack { .. } => "vault_rolled_back",
            VaultError::DataKeyAbsent { .. } => "data_key_absent",
            VaultError::DataKeyInUse(_) => "data_key_in_use",
            VaultError::SealBroken => "seal_broken",
            VaultError::SecretLength(_) => "secret_length",
            VaultError::CostRefused(_) => "cost_refused",
            VaultError::PassphraseTooShort(_) => "passphrase_too_short",
            VaultError::KeyFileUnsafe(_) => "key_file_unsafe",
            VaultError::KeyFileFailed(_) => "key_file_failed",
            VaultError::SplitMalformed => "split_malformed",
            VaultError::ShareMalformed => "share_malformed",
            VaultError::ShareChecksum(_) => "share_checksum_mismatch",
            VaultError::ShareDuplicate(_) => "share_duplicate",
            VaultError::ShareForeign(_) => "share_foreign",
            VaultError::ShareWrong(_) => "share_wrong",
            VaultError::SharesTooFew { .. } => "shares_too_few",
            VaultError::SharesIncomplete => "shares_incomplete",
            VaultError::TokenModule(_) => "token_module",
            VaultError::TokenAbsent(_) => "token_absent",
            VaultError::TokenPin => "token_pin_refused",
            VaultError::TokenPinLocked => "token_pin_locked",
            VaultError::TokenFailed(_) => "token_failed",
            VaultError::Entropy(error) => error.code(),
            VaultError::Primitive(_) => "primitive_failed",
        }
    }
}
