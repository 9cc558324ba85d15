//! A secret sealed for its recipient is opened by the recipient's identity, by `age` too, and by no other.

use std::io::Write as _;
use std::process::{Command, Stdio};

use age::secrecy::ExposeSecret as _;
use age::x25519::Identity;
use countersign_core::KeyId;
use countersign_custody::delivery::Recipient;

use crate::world::{NOW, World, issued};

/// A sealed token of `k7`, and the identity that opens it.
fn sealed(world: &World) -> (String, Identity) {
    let identity = Identity::generate();
    let recipient: Recipient = identity.to_public().to_string().parse().expect("age1..");
    let shown = issued(world, "k7").shown.expect("a token");
    let keyid = KeyId::new("k7").expect("an id");
    let sealed = world.dev.seal_for(&recipient, &keyid, shown, "otto", NOW);
    (sealed.expect("a file"), identity)
}

#[test]
fn its_recipient_opens_it_and_no_other() {
    let world = World::new();
    let (file, identity) = sealed(&world);
    assert!(file.starts_with("-----BEGIN AGE ENCRYPTED FILE-----\n"));
    let token = age::decrypt(&identity, file.as_bytes()).expect("the secret");
    assert!(token.starts_with(b"csk_dev_k7_"));
    assert!(age::decrypt(&Identity::generate(), file.as_bytes()).is_err());

    let record = world.last_record();
    assert_eq!(
        (record.act.as_str(), record.actor.as_str()),
        ("secret.sealed", "otto")
    );
    assert_eq!(record.keyid.as_ref().map(KeyId::as_str), Some("k7"));
    let recipient = record
        .details
        .get("recipient")
        .map(|name| name.as_str().to_owned());
    assert_eq!(recipient, Some(identity.to_public().to_string()));
}

#[test]
fn the_program_age_opens_it() {
    let Ok(version) = Command::new("age").arg("--version").output() else {
        assert!(std::env::var_os("CI").is_none(), "CI has the program age");
        return println!("skipped: the program age is not in PATH");
    };
    assert!(version.status.success());
    let (file, identity) = sealed(&World::new());
    let folder = tempfile::tempdir().expect("a folder");
    let key = folder.path().join("key.txt");
    std::fs::write(&key, identity.to_string().expose_secret()).expect("an identity");
    let mut child = Command::new("age")
        .args(["--decrypt", "--identity"])
        .arg(&key)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("age");
    let mut input = child.stdin.take().expect("its input");
    input.write_all(file.as_bytes()).expect("the file");
    drop(input);
    let output = child.wait_with_output().expect("its output");
    assert!(output.stdout.starts_with(b"csk_dev_k7_"), "{output:?}");
}

#[test]
fn what_is_no_recipient_is_refused() {
    let identity = Identity::generate().to_public().to_string();
    let private = Identity::generate().to_string();
    let cut = identity.strip_suffix(|_: char| true).expect("a letter");
    for text in [
        "",
        "age1",
        private.expose_secret(),
        cut,
        &format!(" {identity}"),
    ] {
        let error = text.parse::<Recipient>().expect_err("no recipient");
        assert_eq!(error.code(), "recipient_malformed");
        // What is mistyped may be the private half.
        assert!(!error.to_string().contains("SECRET"));
    }
}
