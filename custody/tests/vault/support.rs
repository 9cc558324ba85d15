//! What the tests of the vault share.

use countersign_core::{Environment, KeyId, UnixSeconds};
use countersign_custody::Secret;
use countersign_custody::vault::{
    Argon2Cost, Passphrase, Root, SecretName, UnlockedVault, VaultError,
};

pub(crate) const ALL: [Environment; 3] = [Environment::Dev, Environment::Test, Environment::Live];

pub(crate) fn now() -> UnixSeconds {
    UnixSeconds::new(1_800_000_000)
}

/// As cheap as Argon2id can be, so that a test may unlock thousands of times.
pub(crate) fn cheap(phrase: &str) -> Root {
    let cost = Argon2Cost::below_least(8, 1, 1).unwrap();
    let phrase = Secret::new(phrase.as_bytes().to_vec());
    Root::Passphrase(Passphrase::with_cost(phrase, cost))
}

pub(crate) fn name(environment: Environment, keyid: &str, version: u32) -> SecretName {
    SecretName {
        environment,
        keyid: KeyId::new(keyid).unwrap(),
        version,
    }
}

pub(crate) fn secret(text: &str) -> Secret {
    Secret::new(text.as_bytes().to_vec())
}

pub(crate) fn code<T: std::fmt::Debug>(result: Result<T, VaultError>) -> &'static str {
    result.unwrap_err().code()
}

/// Whether the vault seals and opens in every environment that is named.
pub(crate) fn assert_works(vault: &UnlockedVault, environments: &[Environment]) {
    for environment in environments {
        let name = name(*environment, "k7", 1);
        let sealed = vault.seal(&name, &secret("works")).unwrap();
        assert_eq!(vault.open(&name, &sealed).unwrap().reveal(), b"works");
    }
}
