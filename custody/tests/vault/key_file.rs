//! A root in a file that only its owner can read.
#![cfg(unix)]

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::Path;

use countersign_core::Environment::Live;
use countersign_custody::vault::{self, KeyFile, Root};
use tempfile::TempDir;

use crate::support::{ALL, assert_works, code, now};

fn made() -> (TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("root");
    KeyFile::create(&path).unwrap();
    (folder, path)
}

fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_vault_opens_by_its_key_file() {
    let (_folder, path) = made();
    let header = {
        let root = Root::KeyFile(KeyFile::open(&path).unwrap());
        vault::init(&ALL, &root, now()).unwrap().header().to_vec()
    };
    let vault = vault::unlock(&header, &Root::KeyFile(KeyFile::open(&path).unwrap())).unwrap();
    assert_works(&vault, &ALL);

    let (_other_folder, other) = made();
    let other = Root::KeyFile(KeyFile::open(&other).unwrap());
    assert_eq!(code(vault::unlock(&header, &other)), "vault_locked");
    let phrase = crate::support::cheap("a phrase of many words");
    assert_eq!(code(vault::unlock(&header, &phrase)), "root_kind_absent");
}

#[test]
fn it_has_32_bytes_and_mode_0600() {
    let (_folder, path) = made();
    let found = fs::metadata(&path).unwrap();
    assert_eq!(found.len(), 32);
    assert_eq!(found.mode() & 0o7777, 0o600);
    assert_ne!(fs::read(&path).unwrap(), [0; 32]);
}

#[test]
fn it_replaces_nothing() {
    let (folder, path) = made();
    let before = fs::read(&path).unwrap();
    assert_eq!(code(KeyFile::create(&path)), "key_file_failed");
    assert_eq!(fs::read(&path).unwrap(), before);

    let dangling = folder.path().join("dangling");
    symlink(folder.path().join("elsewhere"), &dangling).unwrap();
    assert_eq!(code(KeyFile::create(&dangling)), "key_file_failed");
    assert!(!folder.path().join("elsewhere").exists());
    let nowhere = folder.path().join("no such folder/root");
    assert_eq!(code(KeyFile::create(&nowhere)), "key_file_failed");
}

#[test]
fn a_file_that_others_may_use_is_refused() {
    let (_folder, path) = made();
    for open in [0o640, 0o620, 0o610, 0o604, 0o602, 0o601, 0o666, 0o777] {
        chmod(&path, open);
        assert_eq!(code(KeyFile::open(&path)), "key_file_unsafe", "{open:o}");
    }
    for closed in [0o600, 0o400] {
        chmod(&path, closed);
        assert!(KeyFile::open(&path).is_ok());
    }
}

#[test]
fn what_is_no_plain_file_is_refused() {
    let (folder, path) = made();
    let link = folder.path().join("link");
    symlink(&path, &link).unwrap();
    assert_eq!(code(KeyFile::open(&link)), "key_file_unsafe");
    assert_eq!(code(KeyFile::open(folder.path())), "key_file_unsafe");
    assert_eq!(
        code(KeyFile::open(Path::new("/dev/zero"))),
        "key_file_unsafe"
    );
    assert_eq!(
        code(KeyFile::open(&folder.path().join("none"))),
        "key_file_failed"
    );
}

#[test]
fn a_file_of_another_length_is_refused() {
    let (_folder, path) = made();
    for length in [0, 31, 33, 1 << 20] {
        fs::write(&path, vec![7; length]).unwrap();
        assert_eq!(code(KeyFile::open(&path)), "key_file_unsafe");
    }
}

#[test]
fn a_file_of_another_user_is_refused() {
    let (_folder, path) = made();
    if std::os::unix::fs::chown(&path, Some(12_345), None).is_err() {
        println!("skipped: only root gives a file to another user");
        return;
    }
    assert_eq!(code(KeyFile::open(&path)), "key_file_unsafe");
}

#[test]
fn debug_output_tells_nothing_of_the_key() {
    let (_folder, path) = made();
    let root = Root::KeyFile(KeyFile::open(&path).unwrap());
    assert_eq!(format!("{root:?}"), "KeyFile(KeyFile(Secret(..)))");
    assert!(vault::init(&[Live], &root, now()).is_ok());
}
