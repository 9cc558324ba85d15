//! Secrets in memory: out of swap, out of core dumps, out of reach.
#![cfg(target_os = "linux")]

use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::process::{Command, Output};

use countersign_custody::{Secret, Shortfall, harden_process};

/// Bytes that stand nowhere in the program, and are made where they stay.
fn fill(to: &mut [u8], seed: u8) {
    let mut state = seed;
    for byte in to {
        state = state.wrapping_mul(167).wrapping_add(13);
        *byte = state ^ 0x5a;
    }
}

fn pattern(seed: u8) -> Vec<u8> {
    let mut bytes = vec![0; 64];
    fill(&mut bytes, seed);
    bytes
}

/// Runs one of the tests below that are a child's part, in a shell with these limits.
fn child(folder: &Path, limits: &str, test: &str) -> Output {
    Command::new("sh")
        .args(["-c", &format!("{limits}; exec \"$0\" \"$@\"")])
        .arg(std::env::current_exe().unwrap())
        .args([
            "--exact",
            test,
            "--ignored",
            "--nocapture",
            "--test-threads=1",
        ])
        .current_dir(folder)
        .output()
        .unwrap()
}

#[test]
fn a_secret_is_locked_where_the_system_allows() {
    let secret = Secret::new(vec![7; 32]);
    let folder = tempfile::tempdir().unwrap();
    if !secret.is_locked() {
        println!("skipped: this system lets no memory be locked");
        return;
    }
    // The kernel's own word, of a process that holds no other secret.
    let told = child(folder.path(), "true", "memory::a_process_that_locks");
    assert!(told.status.success(), "{told:?}");
}

#[test]
#[ignore = "the child of `a_secret_is_locked_where_the_system_allows`"]
fn a_process_that_locks() {
    let locked = || {
        let status = fs::read_to_string("/proc/self/status").unwrap();
        let line = status
            .lines()
            .find(|line| line.starts_with("VmLck:"))
            .unwrap();
        line.split_whitespace()
            .nth(1)
            .unwrap()
            .parse::<u64>()
            .unwrap()
    };
    let before = locked();
    let secrets: Vec<_> = (0..10).map(|_| Secret::new(vec![7; 32])).collect();
    assert!(locked() >= before + 40);
    drop(secrets);
    // Some stay, wiped, for the next secret.
    assert!(locked() <= before + 64 * 4);
}

/// Without leave to lock there are secrets all the same; each says that it isn't locked, and the operator
/// is told.
#[test]
fn a_secret_says_when_it_is_not_locked() {
    let folder = tempfile::tempdir().unwrap();
    let told = child(
        folder.path(),
        "ulimit -l 0",
        "memory::a_process_that_may_not_lock",
    );
    assert!(told.status.success(), "{told:?}");
}

#[test]
#[ignore = "the child of `a_secret_says_when_it_is_not_locked`"]
fn a_process_that_may_not_lock() {
    let secret = Secret::new(vec![7; 32]);
    assert_eq!(secret.reveal(), [7; 32]);
    let limited = harden_process()
        .iter()
        .any(|shortfall| matches!(shortfall, Shortfall::LockedMemory { bytes: 0 }));
    // A process with CAP_IPC_LOCK is bound by no limit.
    assert_eq!(limited, !secret.is_locked());
}

#[test]
fn a_secret_may_be_empty_or_long() {
    for length in [0, 1, 4096, 4097, 1 << 20] {
        let secret = Secret::filled(length, |to| fill(to, 1));
        let mut expected = vec![0; length];
        fill(&mut expected, 1);
        assert!(secret.reveal() == expected);
    }
    let failed = Secret::try_filled(8, |_| Err("no bytes"));
    assert_eq!(failed.unwrap_err(), "no bytes");
}

#[test]
fn memory_is_wiped_before_it_is_used_again() {
    for length in [1, 32, 4096, 5000] {
        for _ in 0..200 {
            drop(Secret::new(vec![7; 4096]));
            let blank = Secret::filled(length, |_| {});
            assert!(blank.reveal().iter().all(|byte| *byte == 0));
            assert_eq!(blank.reveal().len(), length);
        }
    }
}

/// The control: a process that crashes unhardened leaves a core dump, with its memory in it and without its
/// secrets. The claim: a hardened one leaves none.
#[test]
fn a_crash_discloses_no_secret() {
    let folder = tempfile::tempdir().unwrap();
    let crashed = child(
        folder.path(),
        "ulimit -c unlimited",
        "memory::a_process_that_crashes",
    );
    assert!(!crashed.status.success());
    match core_dump(folder.path()) {
        Some(dump) => {
            assert!(holds(&dump, &pattern(1)), "the control is no control");
            assert!(!holds(&dump, &pattern(2)), "the secret is in the core dump");
        }
        None => println!("skipped: this system writes no core dump into the working directory"),
    }

    let folder = tempfile::tempdir().unwrap();
    let hardened = "memory::a_hardened_process_that_crashes";
    let crashed = child(folder.path(), "ulimit -c unlimited", hardened);
    assert!(!crashed.status.success());
    assert!(core_dump(folder.path()).is_none());
    let told = String::from_utf8_lossy(&crashed.stdout).into_owned();
    assert!(told.contains("hardened, and about to crash"), "{told}");
}

#[test]
#[ignore = "a child of `a_crash_discloses_no_secret`"]
fn a_process_that_crashes() {
    crash();
}

#[test]
#[ignore = "a child of `a_crash_discloses_no_secret`"]
fn a_hardened_process_that_crashes() {
    let shortfalls = harden_process();
    let dumps = |shortfall: &Shortfall| shortfall.code() == "core_dumps_on";
    assert!(!shortfalls.iter().any(dumps));
    println!("hardened, and about to crash");
    crash();
}

fn crash() {
    let ordinary = pattern(1);
    let secret = Secret::filled(64, |to| fill(to, 2));
    black_box((&ordinary, &secret));
    std::process::abort();
}

fn core_dump(folder: &Path) -> Option<Vec<u8>> {
    let mut files = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    files.next().map(|path| fs::read(path).unwrap())
}

fn holds(dump: &[u8], bytes: &[u8]) -> bool {
    dump.windows(bytes.len()).any(|window| window == bytes)
}
