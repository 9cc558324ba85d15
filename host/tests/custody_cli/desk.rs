//! A folder with a store, and the program run in it.

use std::cell::RefCell;
use std::fs;
use std::io::{ErrorKind, Write as _};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::Value;
use totp_rs::{Builder, Secret};

/// A folder with a store, and all that the program has said in it.
pub(crate) struct Desk {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) said: RefCell<Vec<u8>>,
}

impl Desk {
    /// A store that olga founded, whose root is a key file.
    pub(crate) fn founded() -> Self {
        let desk = Self::empty();
        desk.ok("vault init --store s.redb --key-file root.key --owner olga");
        desk
    }

    pub(crate) fn empty() -> Self {
        Desk {
            folder: tempfile::tempdir().unwrap(),
            said: RefCell::default(),
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Starts a command.
    pub(crate) fn start(&self, arguments: &str) -> Child {
        Command::new(env!("CARGO_BIN_EXE_countersign"))
            .args(arguments.split(' '))
            .current_dir(self.folder.path())
            .env_remove("COUNTERSIGN_TOKEN")
            .env_remove("COUNTERSIGN_STORE")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    /// Runs a command, and keeps nothing of what it says: what is shown once.
    pub(crate) fn shown(&self, arguments: &str, input: &str) -> Output {
        let mut child = self.start(arguments);
        // Closed here, so that the program sees the end of it.
        let written = child.stdin.take().unwrap().write_all(input.as_bytes());
        match written {
            Err(error) if error.kind() != ErrorKind::BrokenPipe => panic!("{error}"),
            _ => child.wait_with_output().unwrap(),
        }
    }

    pub(crate) fn run(&self, arguments: &str, input: &str) -> Output {
        let output = self.shown(arguments, input);
        let mut said = self.said.borrow_mut();
        said.extend_from_slice(&output.stdout);
        said.extend_from_slice(&output.stderr);
        output
    }

    pub(crate) fn ok(&self, arguments: &str) -> String {
        let output = self.run(arguments, "");
        assert_eq!(output.status.code(), Some(0), "{arguments}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// The JSON that a command prints, and its exit status.
    pub(crate) fn json(&self, arguments: &str) -> (Value, Option<i32>) {
        let output = self.run(&format!("{arguments} --json"), "");
        let json = serde_json::from_slice(&output.stdout);
        (
            json.unwrap_or_else(|_| panic!("{arguments}: {output:?}")),
            output.status.code(),
        )
    }

    /// The code of a refusal, and the exit status.
    pub(crate) fn refusal(&self, arguments: &str) -> (String, Option<i32>) {
        let (json, status) = self.json(arguments);
        assert_eq!(json["ok"], false, "{arguments}: {json}");
        assert!(
            json["message"]
                .as_str()
                .is_some_and(|text| !text.is_empty())
        );
        (json["code"].as_str().unwrap().to_owned(), status)
    }

    /// What is shown once.
    pub(crate) fn secret(&self, arguments: &str, member: &str) -> (Value, String) {
        let output = self.shown(&format!("{arguments} --json"), "");
        assert_eq!(output.status.code(), Some(0), "{arguments}: {output:?}");
        let mut json: Value = serde_json::from_slice(&output.stdout).unwrap();
        let secret = json[member].take().as_str().unwrap().to_owned();
        (json, secret)
    }

    /// A request signed with the token, in a file.
    pub(crate) fn sign(&self, token: &str, file: &str) {
        self.sign_get(token, "/v1/orders", file);
    }

    /// The same, for this path.
    pub(crate) fn sign_get(&self, token: &str, path: &str, file: &str) {
        self.sign_message(
            token,
            &format!("GET {path} HTTP/1.1\r\nHost: api.example.com\r\n\r\n"),
            file,
        );
    }

    /// The same, for this message.
    pub(crate) fn sign_message(&self, token: &str, message: &str, file: &str) {
        fs::write(self.path("token"), token).unwrap();
        let signed = self.run("sign --token token -", message);
        assert_eq!(signed.status.code(), Some(0), "{signed:?}");
        fs::write(self.path(file), &signed.stdout).unwrap();
        fs::remove_file(self.path("token")).unwrap();
    }

    /// `authentic`, or the code of the refusal.
    pub(crate) fn verify(&self, file: &str) -> String {
        let (json, _) = self.json(&format!("keys verify {file} {DEV} --as olga"));
        json["code"].as_str().unwrap().to_owned()
    }

    /// Enrols olga's authenticator, and confirms it: the code of the next step.
    pub(crate) fn enrol(&self, desk: &str) -> String {
        let (_, uri) = self.secret(
            &format!("people enrol {desk} --as olga --reason new-phone"),
            "otpauth",
        );
        let secret = uri
            .split_once("secret=")
            .unwrap()
            .1
            .split_once('&')
            .unwrap()
            .0;
        let code = |later: u64| {
            let now = SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .unwrap()
                .as_secs();
            let totp = Builder::new().with_secret(Secret::try_from_base32(secret).unwrap());
            totp.build().unwrap().generate(now + later).to_string()
        };
        self.ok(&format!(
            "people confirm {desk} --as olga --reason new-phone --code {}",
            code(0)
        ));
        code(30)
    }
}

pub(crate) const DEV: &str = "--store s.redb --key-file root.key --env dev";
pub(crate) const LIVE: &str = "--store s.redb --key-file root.key --env live";

/// RFC 4648 section 6, in small letters and without padding.
pub(crate) fn base32(text: &str) -> Vec<u8> {
    let (mut bytes, mut held, mut bits) = (Vec::new(), 0_u32, 0);
    for letter in text.bytes() {
        let five = match letter {
            b'a'..=b'z' => letter - b'a',
            _ => letter - b'2' + 26,
        };
        held = (held << 5) | u32::from(five);
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from((held >> bits) & 0xff).unwrap());
        }
    }
    bytes
}
