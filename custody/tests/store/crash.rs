//! `kill -9` at random points of 1,000 mixed writes by a child process: the store opens, the audit log
//! verifies, no acknowledged write is lost, and none is half done.

use std::env;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use countersign_custody::audit::{self, Draft};
use countersign_custody::store::RedbStore;
use countersign_custody::{Batch, Space, Store};

/// Tells the child where its store is: this test program runs itself.
const CHILD: &str = "COUNTERSIGN_CRASH_STORE";

const WRITES: u64 = 1000;

/// Two entries that must agree, one that grows, one that comes and goes, and the record of it.
fn write(store: &RedbStore, number: u64) {
    let mut batch = Batch::new();
    let value = number.to_string().into_bytes();
    batch.put(Space::Keys, b"count", value.clone());
    batch.put(Space::Settings, b"count", value.clone());
    let size = usize::try_from(number * 37 % 9000).unwrap();
    batch.put(Space::Usage, &(number % 50).to_be_bytes(), vec![b'u'; size]);
    if number.is_multiple_of(3) {
        batch.delete(Space::Deliveries, b"now and then");
    } else {
        batch.put(Space::Deliveries, b"now and then", value);
    }
    let draft = Draft::new(number, "tests", "count.raised");
    audit::append(store, &mut batch, &[draft]).unwrap();
    store.commit(&batch).unwrap();
}

#[test]
#[ignore = "run by the test below, as its child"]
fn child() {
    let Ok(path) = env::var(CHILD) else { return };
    let store = RedbStore::open(Path::new(&path)).unwrap();
    let first = count(&store) + 1;
    for number in first..first + WRITES {
        write(&store, number);
        let mut output = std::io::stdout().lock();
        writeln!(output, "acknowledged {number}").unwrap();
        output.flush().unwrap();
    }
}

/// The last write that the store knows, after it was seen that it is whole.
fn count(store: &RedbStore) -> u64 {
    let count = store.get(Space::Keys, b"count").unwrap();
    assert_eq!(
        store.get(Space::Settings, b"count").unwrap(),
        count,
        "half done"
    );
    let count: u64 = count.map_or(0, |text| String::from_utf8(text).unwrap().parse().unwrap());
    let passing = store.get(Space::Deliveries, b"now and then").unwrap();
    let expected = (!count.is_multiple_of(3)).then(|| count.to_string().into_bytes());
    assert_eq!(passing, expected, "half done");
    let head = audit::head(store).unwrap();
    assert_eq!(
        head.map_or(0, |head| head.sequence),
        count,
        "a change without its record"
    );
    count
}

/// Lets a child write until it has acknowledged `writes`, then `pause` more, and kills it. What it
/// acknowledged last.
fn kill_after(path: &Path, writes: u64, pause: Duration) -> u64 {
    let mut child = Command::new(env::current_exe().unwrap())
        .args(["--exact", "crash::child", "--ignored", "--nocapture"])
        .env(CHILD, path)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut acknowledged = 0;
    let mut seen = 0;
    let mut read = |line: String| {
        // The first one follows the test's name on its line.
        if let Some((_, number)) = line.split_once("acknowledged ") {
            acknowledged = number.parse().unwrap();
            return true;
        }
        false
    };
    while seen < writes {
        let Some(line) = lines.next() else { break };
        seen += u64::from(read(line.unwrap()));
    }
    thread::sleep(pause);
    child.kill().unwrap();
    for line in lines {
        read(line.unwrap());
    }
    child.wait().unwrap();
    acknowledged
}

#[test]
fn a_killed_writer_loses_nothing_that_it_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let kills = env::var("COUNTERSIGN_KILLS").map_or(25, |number| number.parse().unwrap());
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    let mut acknowledged = 0;
    for kill in 0..kills {
        // xorshift: the same points each time, as far as a clock can keep them.
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        // The first kills fall into the making of the file.
        let writes = if kill < 5 { 0 } else { random % 120 };
        let pause = Duration::from_micros(random >> 32 & 0x7fff);
        acknowledged = kill_after(&path, writes, pause).max(acknowledged);
        let store = RedbStore::open(&path).unwrap();
        let count = count(&store);
        let lost = acknowledged > count;
        assert!(
            !lost,
            "kill {kill}: {acknowledged} acknowledged, {count} found"
        );
        assert!(count <= acknowledged + 1, "what was never written");
        acknowledged = count;
    }
    println!("{kills} kills, {acknowledged} writes, none lost");
}
