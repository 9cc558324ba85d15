//! What goes on when the log can't be written, and how it comes into the log afterwards.

use std::fs;

use countersign_custody::audit::spool::goes_on;
use countersign_custody::audit::{self, Draft, Spool, verify};
use countersign_custody::{Batch, Space, Store as _};
use tempfile::TempDir;

use crate::log::{Commits, Map, NOW, draft, log_of};

fn spool() -> (TempDir, Spool) {
    let folder = TempDir::new().unwrap();
    let spool = Spool::at(&folder.path().join("audit.spool"));
    (folder, spool)
}

fn revoked(n: u64) -> Draft {
    Draft {
        act: "key.revoked".into(),
        ..draft(n)
    }
}

#[test]
fn to_revoke_and_to_suspend_goes_on_and_all_else_stops() {
    assert!(goes_on("key.revoked") && goes_on("key.suspended"));
    for act in [
        "key.issued",
        "key.rotated",
        "key.exported",
        "key.resumed",
        "key.destroyed",
    ] {
        assert!(!goes_on(act), "{act}");
        let (folder, spool) = spool();
        let stopped = spool.push(&Draft::new(NOW, "alice", act)).unwrap_err();
        assert_eq!(stopped.code(), "audit_not_now");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}

#[test]
fn a_revocation_with_a_full_disk_is_recorded_when_there_is_space_again() {
    let (store, (_folder, spool)) = (log_of(3), spool());
    store.let_commits(Commits::Fail);
    let full = audit::record(&store, &[revoked(1)]).unwrap_err();
    assert_eq!(full.code(), "store_read_only");
    spool.push(&revoked(1)).unwrap();
    let stopped = spool.push_all(&[revoked(2), draft(3)]).unwrap_err();
    assert_eq!(stopped.code(), "audit_not_now");
    spool.push_all(&[revoked(2), revoked(3)]).unwrap();
    assert_eq!(
        spool.pending(&store).unwrap().drafts(),
        [revoked(1), revoked(2), revoked(3)]
    );

    store.let_commits(Commits::Succeed);
    let pending = spool.pending(&store).unwrap();
    let mut batch = Batch::new();
    batch.put(Space::Keys, b"k1", b"revoked".to_vec());
    let head = pending.settle(&store, &mut batch).unwrap();
    store.commit(&batch).unwrap();
    assert_eq!(head.sequence, 6);
    let record = audit::read(&store, 4).unwrap().record().clone();
    assert_eq!(record.act, "key.revoked");
    assert_eq!(record.details["spooled"].as_str(), "yes");
    assert_eq!((record.at_ms, record.clock_ms), (NOW + 3, Some(NOW + 1)));
    assert!(verify(&store, &[], &[]).unwrap().is_good());

    // A crash before the file is emptied changes nothing.
    assert_eq!(spool.pending(&store).unwrap().drafts(), []);
    spool.clear(&pending).unwrap();
    assert_eq!(spool.pending(&store).unwrap().drafts(), []);
    spool.push(&revoked(9)).unwrap();
    assert_eq!(spool.pending(&store).unwrap().drafts(), [revoked(9)]);
}

#[test]
fn what_came_while_the_others_were_settled_stays() {
    let (store, (_folder, spool)) = (Map::default(), spool());
    spool.push(&revoked(1)).unwrap();
    let pending = spool.pending(&store).unwrap();
    let mut batch = Batch::new();
    pending.settle(&store, &mut batch).unwrap();
    store.commit(&batch).unwrap();
    spool.push(&revoked(2)).unwrap();
    spool.clear(&pending).unwrap();
    assert_eq!(spool.pending(&store).unwrap().drafts(), [revoked(2)]);
}

#[test]
fn a_line_that_a_crash_cut_short_was_never_done_and_a_changed_one_is_told() {
    let (store, (folder, spool)) = (Map::default(), spool());
    spool.push(&revoked(1)).unwrap();
    spool.push(&revoked(2)).unwrap();
    let file = folder.path().join("audit.spool");
    let whole = fs::read(&file).unwrap();
    fs::write(&file, &whole[..whole.len() - 3]).unwrap();
    assert_eq!(spool.pending(&store).unwrap().drafts(), [revoked(1)]);
    spool.push(&revoked(3)).unwrap();
    assert_eq!(
        spool.pending(&store).unwrap().drafts(),
        [revoked(1), revoked(3)]
    );

    for at in 0..whole.len() {
        let mut changed = whole.clone();
        changed[at] ^= 1;
        fs::write(&file, &changed).unwrap();
        // The last line feed is all that a crash could have kept back.
        if at + 1 == whole.len() {
            assert_eq!(spool.pending(&store).unwrap().drafts(), [revoked(1)]);
        } else {
            let error = spool.pending(&store).unwrap_err();
            assert_eq!(error.code(), "audit_spool_damaged", "byte {at}");
        }
    }
}

#[test]
fn a_secret_does_not_come_into_the_file_either() {
    let (folder, spool) = spool();
    let secret = revoked(1).reason("csk_live_k7_aebagbafaydqqcik");
    assert_eq!(
        spool.push(&secret).unwrap_err().code(),
        "audit_secret_refused"
    );
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn the_spools_of_two_hosts_are_settled_each_once() {
    let store = Map::default();
    let (one, two) = (spool(), spool());
    one.1.push(&revoked(1)).unwrap();
    two.1.push(&revoked(2)).unwrap();
    for (_, spool) in [&one, &two] {
        let mut batch = Batch::new();
        let pending = spool.pending(&store).unwrap();
        pending.settle(&store, &mut batch).unwrap();
        store.commit(&batch).unwrap();
    }
    // Neither was emptied: a crash came first.
    for (_, spool) in [&one, &two] {
        assert_eq!(spool.pending(&store).unwrap().drafts(), []);
    }
}
