//! A time-stamping authority of OpenSSL, under a root and an issuer of its own, made for a test.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;

pub(crate) struct Authority {
    folder: TempDir,
}

/// How an authority signs.
#[derive(Clone, Copy)]
pub(crate) struct Manner<'a> {
    /// Arguments of `openssl req` for its key.
    pub(crate) key: &'a str,
    pub(crate) digest: &'a str,
    /// How its certificate is named in what it signs.
    pub(crate) named_by: &'a str,
}

pub(crate) const USUAL: Manner<'static> = Manner {
    key: P_256,
    digest: "sha256",
    named_by: "sha256",
};
pub(crate) const P_256: &str = "ec -pkeyopt ec_paramgen_curve:P-256";

const CONFIGURATION: &str = "\
[tsa]
serial = ./serial
crypto_device = builtin
signer_cert = ./tsa.pem
certs = ./issuer.pem
signer_key = ./tsa.key
signer_digest = DIGEST
default_policy = 1.2.3.4.1
digests = sha256
accuracy = secs:1
clock_precision_digits = 3
ordering = yes
tsa_name = yes
ess_cert_id_alg = NAMED_BY
[authority]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign
[stamps]
basicConstraints = CA:FALSE
extendedKeyUsage = critical,timeStamping
keyUsage = critical,digitalSignature
subjectKeyIdentifier = hash
# Of certificates that are not for time stamps as they must be.
[not-critical]
extendedKeyUsage = timeStamping
[more]
extendedKeyUsage = critical,timeStamping,codeSigning
[none]
keyUsage = critical,digitalSignature
[encipherment]
extendedKeyUsage = critical,timeStamping
keyUsage = critical,digitalSignature,keyEncipherment
[req]
distinguished_name = name
[name]
";

impl Authority {
    /// None where there is no OpenSSL.
    pub(crate) fn new(manner: Manner<'_>) -> Option<Self> {
        Command::new("openssl")
            .arg("version")
            .stdout(Stdio::null())
            .status()
            .ok()?;
        let folder = TempDir::new().unwrap();
        let configuration = CONFIGURATION
            .replace("DIGEST", manner.digest)
            .replace("NAMED_BY", manner.named_by);
        fs::write(folder.path().join("tsa.conf"), configuration).unwrap();
        fs::write(folder.path().join("serial"), "01\n").unwrap();
        let authority = Authority { folder };
        let (key, digest) = (manner.key, manner.digest);
        authority.openssl(&format!(
            "req -x509 -newkey {key} -{digest} -nodes -days 2 -subj /CN=root -keyout root.key -out root.pem \
             -config tsa.conf -extensions authority"
        ));
        let under = |issuer: &str, name: &str, extensions: &str| {
            authority.openssl(&format!(
                "req -x509 -CA {issuer}.pem -CAkey {issuer}.key -newkey {key} -{digest} -nodes -days 2 \
                 -subj /CN={name} -keyout {name}.key -out {name}.pem -config tsa.conf -extensions {extensions}"
            ));
        };
        under("root", "issuer", "authority");
        under("issuer", "tsa", "stamps");
        Some(authority)
    }

    pub(crate) fn openssl(&self, arguments: &str) {
        let output = Command::new("openssl")
            .args(arguments.split_whitespace())
            .current_dir(self.path())
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{arguments}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path().join(name)).unwrap()
    }

    pub(crate) fn answer(&self, request: &[u8]) -> Vec<u8> {
        fs::write(self.path().join("request"), request).unwrap();
        self.openssl("ts -reply -config tsa.conf -section tsa -queryfile request -out response");
        self.read("response")
    }
}
