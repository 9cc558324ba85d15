//! A database that is reached by TLS: its certificate is verified, by authority and by name.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use countersign_custody::Store;
use countersign_custody::store::PostgresStore;

use crate::cluster::Cluster;

/// Makes an authority and a certificate of it for `localhost` in a folder; false if openssl isn't there.
fn certify(folder: &Path) -> bool {
    let key = [
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-days",
        "2",
    ];
    let openssl = |arguments: &[&str]| {
        let mut command = Command::new("openssl");
        command.args(["req", "-x509"]).args(key).args(arguments);
        command
            .current_dir(folder)
            .output()
            .is_ok_and(|output| output.status.success())
    };
    let authority = ["-subj", "/CN=tests", "-keyout", "ca.key", "-out", "ca.pem"];
    let server = [
        "-subj",
        "/CN=localhost",
        "-addext",
        "subjectAltName=DNS:localhost",
        "-addext",
        "basicConstraints=critical,CA:FALSE",
        "-CA",
        "ca.pem",
        "-CAkey",
        "ca.key",
        "-keyout",
        "server.key",
        "-out",
        "server.pem",
    ];
    openssl(&authority) && openssl(&server)
}

#[test]
fn only_a_server_with_the_right_certificate_is_spoken_to() {
    let folder = tempfile::tempdir().unwrap();
    if !certify(folder.path()) {
        println!("skipped: there is no openssl on this machine");
        return;
    }
    let Some(cluster) = Cluster::alone() else {
        return;
    };
    let port = cluster.listen_by_tls(folder.path());
    drop(cluster.database());
    let authority = folder.path().join("ca.pem");
    let open = |host: &str, authority: Option<&Path>| {
        let address = format!("host={host} port={port} user=tests dbname=d1 sslmode=require");
        PostgresStore::open(&address, authority)
    };
    let store = open("localhost", Some(&authority)).unwrap();
    // Its listener's session stays as long as it does.
    assert!(!store.wait(b"", Duration::from_millis(500)).unwrap());
    let encrypted = "SELECT count(*) > 0 FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)
        WHERE ssl AND application_name = 'countersign'";
    assert_eq!(cluster.sql("d1", encrypted), "t");
    for (host, authority, why) in [
        ("localhost", None, "an authority that nobody knows"),
        ("127.0.0.1", Some(&*authority), "another name"),
    ] {
        let error = open(host, authority).unwrap_err();
        assert_eq!(error.code(), "store_unreachable", "{why}: {error}");
        assert!(error.to_string().contains("certificate"), "{why}: {error}");
    }
    let none = folder.path().join("server.key");
    assert_eq!(
        open("localhost", Some(&none)).unwrap_err().code(),
        "store_address"
    );
}
