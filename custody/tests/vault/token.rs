//! A root on a PKCS#11 token: a real one, of `SoftHSM` 2.

use std::path::{Path, PathBuf};
use std::process::Command;

use countersign_core::Environment::{Dev, Live};
use countersign_custody::vault::{self, Root, RootDescription, Token, TokenName};

use crate::support::{ALL, assert_works, cheap, code, name, now, secret};

const MODULES: [&str; 5] = [
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib64/pkcs11/libsofthsm2.so",
    "/usr/local/lib/softhsm/libsofthsm2.so",
    "/opt/homebrew/lib/softhsm/libsofthsm2.so",
];

fn module() -> Option<PathBuf> {
    MODULES.iter().map(PathBuf::from).find(|path| path.exists())
}

fn util(folder: &Path, arguments: &[&str]) -> std::io::Result<std::process::Output> {
    Command::new("softhsm2-util")
        .args(arguments)
        .env("SOFTHSM2_CONF", folder.join("softhsm2.conf"))
        .output()
}

/// `SoftHSM` reads where its tokens are from its environment, once: so the tests below that need a token run
/// in a process of their own.
#[test]
fn a_token_keeps_its_promises() {
    let folder = tempfile::tempdir().unwrap();
    let tokens = folder.path().join("tokens");
    std::fs::create_dir(&tokens).unwrap();
    let configuration = format!("directories.tokendir = {}\n", tokens.display());
    std::fs::write(folder.path().join("softhsm2.conf"), configuration).unwrap();
    for label in ["countersign", "other", "twin", "twin"] {
        let init = [
            "--init-token",
            "--free",
            "--label",
            label,
            "--pin",
            "4711",
            "--so-pin",
            "0815-0815",
        ];
        match util(folder.path(), &init) {
            Ok(made) if module().is_some() => assert!(made.status.success(), "{made:?}"),
            _ => {
                assert!(
                    std::env::var_os("CI").is_none(),
                    "softhsm2 is not installed"
                );
                println!("skipped: softhsm2 is not installed");
                return;
            }
        }
    }
    let told = Command::new(std::env::current_exe().unwrap())
        .args([
            "token::child::",
            "--ignored",
            "--nocapture",
            "--test-threads=1",
        ])
        .env("SOFTHSM2_CONF", folder.path().join("softhsm2.conf"))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&told.stdout);
    assert!(
        told.status.success(),
        "{said}{}",
        String::from_utf8_lossy(&told.stderr)
    );
    assert!(!said.contains("running 0 tests"), "{said}");
}

mod child {
    use super::*;

    fn connect(label: &str, pin: &str) -> Result<Token, vault::VaultError> {
        let name = TokenName::Label(label.to_owned());
        Token::connect(&module().unwrap(), &name, &secret(pin))
    }

    fn root() -> Root {
        Root::Token(connect("countersign", "4711").unwrap())
    }

    #[test]
    #[ignore = "a child of `a_token_keeps_its_promises`"]
    fn a_vault_opens_by_its_token() {
        let header = vault::init(&ALL, &root(), now()).unwrap().header().to_vec();
        assert_works(&vault::unlock(&header, &root()).unwrap(), &ALL);
        let status = vault::status(&header).unwrap();
        let description = &status.environments[0].roots[0].description;
        assert_eq!(
            *description,
            RootDescription::Token {
                label: "countersign".to_owned()
            }
        );
    }

    #[test]
    #[ignore = "a child of `a_token_keeps_its_promises`"]
    fn another_token_opens_nothing() {
        let header = vault::init(&[Live], &root(), now())
            .unwrap()
            .header()
            .to_vec();
        let other = Root::Token(connect("other", "4711").unwrap());
        assert_eq!(code(vault::unlock(&header, &other)), "vault_locked");
        let phrase = cheap("a phrase of many words");
        assert_eq!(code(vault::unlock(&header, &phrase)), "root_kind_absent");
    }

    #[test]
    #[ignore = "a child of `a_token_keeps_its_promises`"]
    fn every_flipped_byte_of_its_wrapping_is_found() {
        let root = root();
        let vault = vault::init(&[Live], &root, now()).unwrap();
        let header = vault.header();
        for at in 0..header.len() {
            for mask in [0x01, 0x20] {
                let mut flipped = header.to_vec();
                flipped[at] ^= mask;
                let found = code(vault::unlock(&flipped, &root));
                let found_as = ["vault_damaged", "vault_locked", "vault_newer_format"];
                assert!(found_as.contains(&found), "byte {at}: {found}");
            }
        }
        assert_works(&vault::unlock(header, &root).unwrap(), &[Live]);
    }

    /// A root is moved onto a token, and off it again, while the vault is open.
    #[test]
    #[ignore = "a child of `a_token_keeps_its_promises`"]
    fn a_root_moves_onto_a_token_and_off_it() {
        let (phrase, token) = (
            cheap("a phrase of many words"),
            connect("countersign", "4711").unwrap(),
        );
        let vault = vault::init(&ALL, &phrase, now()).unwrap();
        let k7 = name(Live, "k7", 1);
        let sealed = vault.seal(&k7, &secret("s3cret")).unwrap();
        let old = vault::status(vault.header()).unwrap().environments[0].roots[0].id;
        let token = Root::Token(token);
        let (vault, id) = vault.rewrap(old, &token, now()).unwrap();
        let vault = vault::unlock(vault.header(), &token).unwrap();
        assert_eq!(vault.open(&k7, &sealed).unwrap().reveal(), b"s3cret");
        let renewed = vault.renew(Live, &token, now()).unwrap();
        assert_works(&vault::unlock(renewed.header(), &token).unwrap(), &ALL);

        let (back, _) = vault.rewrap(id, &phrase, now()).unwrap();
        let Root::Token(key_holder) = &token else {
            panic!()
        };
        for environment in ALL {
            assert!(key_holder.destroy_key(id, environment).unwrap());
            assert!(!key_holder.destroy_key(id, environment).unwrap());
        }
        assert_eq!(code(vault::unlock(vault.header(), &token)), "vault_locked");
        let back = vault::unlock(back.header(), &phrase).unwrap();
        assert_eq!(back.open(&k7, &sealed).unwrap().reveal(), b"s3cret");
    }

    /// One key for each environment, and without it that environment alone is closed.
    #[test]
    #[ignore = "a child of `a_token_keeps_its_promises`"]
    fn the_token_has_a_key_for_each_environment() {
        let token = connect("countersign", "4711").unwrap();
        let root = Root::Token(token);
        let vault = vault::init(&[Dev, Live], &root, now()).unwrap();
        let id = vault::status(vault.header()).unwrap().environments[0].roots[0].id;
        let Root::Token(token) = &root else { panic!() };
        assert!(token.destroy_key(id, Live).unwrap());
        assert_eq!(
            code(vault::unlock_only(vault.header(), &root, &[Live])),
            "vault_locked"
        );
        assert_works(
            &vault::unlock_only(vault.header(), &root, &[Dev]).unwrap(),
            &[Dev],
        );
    }

    /// The token is asked, not us: another PKCS#11 program can't get the key out either.
    #[test]
    #[ignore = "a child of `a_token_keeps_its_promises`"]
    fn the_key_never_leaves_the_token() {
        use cryptoki::context::Pkcs11;
        use cryptoki::object::{Attribute, AttributeType, ObjectClass};
        let vault = vault::init(&[Live], &root(), now()).unwrap();
        let id = vault::status(vault.header()).unwrap().environments[0].roots[0].id;
        let module = Pkcs11::new(module().unwrap()).unwrap();
        let slots = module.get_slots_with_initialized_token().unwrap();
        let label = |slot| {
            module
                .get_token_info(slot)
                .unwrap()
                .label()
                .trim_end()
                .to_owned()
        };
        let slot = slots
            .into_iter()
            .find(|slot| label(*slot) == "countersign")
            .unwrap();
        // Still logged in: the login is the process's.
        let held = root();
        let session = module.open_rw_session(slot).unwrap();
        let label = Attribute::Label(format!("countersign {id} live").into_bytes());
        let keys = session
            .find_objects(&[Attribute::Class(ObjectClass::SECRET_KEY), label])
            .unwrap();
        let [key] = keys[..] else { panic!("{keys:?}") };
        let value = session
            .get_attributes(key, &[AttributeType::Value])
            .unwrap();
        assert!(value.is_empty(), "the token told the key");
        let set = session.update_attributes(key, &[Attribute::Extractable(true)]);
        assert!(set.is_err());
        drop(held);
    }

    #[test]
    #[ignore = "a child of `a_token_keeps_its_promises`"]
    fn what_does_not_lead_to_a_token_is_told_apart() {
        // Logged out of each, so that the PIN is what is asked for.
        assert_eq!(code(connect("other", "0000")), "token_pin_refused");
        assert_eq!(code(connect("other", "")), "token_pin_refused");
        assert!(connect("other", "4711").is_ok());
        assert_eq!(code(connect("nobody", "4711")), "token_absent");
        // Two tokens of one label: the slot tells them apart.
        assert_eq!(code(connect("twin", "4711")), "token_absent");
        let by_slot =
            |slot| Token::connect(&module().unwrap(), &TokenName::Slot(slot), &secret("4711"));
        assert_eq!(code(by_slot(u64::MAX)), "token_absent");

        let no_module = |path: &Path| Token::connect(path, &TokenName::Slot(0), &secret("4711"));
        assert_eq!(
            code(no_module(Path::new("/nowhere/module.so"))),
            "token_module"
        );
        assert_eq!(
            code(no_module(&std::env::current_exe().unwrap())),
            "token_module"
        );
    }

    #[test]
    #[ignore = "a child of `a_token_keeps_its_promises`"]
    fn debug_output_tells_no_pin() {
        assert_eq!(format!("{:?}", root()), "Token(Token(countersign))");
        let refused = connect("countersign", "a-wrong-pin").unwrap_err();
        assert!(!format!("{refused:?} {refused}").contains("a-wrong-pin"));
    }
}
