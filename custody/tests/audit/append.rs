//! What a record is, and how it comes to be in the log.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use countersign_core::{Effect, Environment, KeyId};
use countersign_custody::audit::{self, AuditError, Decided, Draft, Hash, Kept, Outcome, Public};
use countersign_custody::store::{Build, Entry, Page, RedbStore, Visit};
use countersign_custody::{Batch, Space, Store, StoreError};

use crate::log::{Commits, Map, NOW};

fn draft(act: &str) -> Draft {
    Draft::new(NOW, "alice", act)
}

fn store() -> RedbStore {
    RedbStore::in_memory().unwrap()
}

fn full() -> Draft {
    draft("key.issued")
        .key(KeyId::new("k7").unwrap(), Environment::Live)
        .reason("new \"desk\"\n")
        .refused("policy_denied")
        .decided(Decided {
            answer: Kept::Whole(b"deny".to_vec()),
            bundle: Hash::of(b"bundle"),
            effect: Effect::Deny,
            module: Hash::of(b"module"),
            policies: vec!["no-friday".into()],
            query: Kept::hash_of(b"query"),
        })
        .detail("owner", Public::new("Zoë").unwrap())
        .detail("days", 90_u64)
}

#[test]
fn the_canonical_bytes_are_those_of_rfc_8785() {
    let store = store();
    audit::record(&store, &[full()]).unwrap();
    let entry = audit::read(&store, 1).unwrap();
    let expected = format!(
        "{{\"act\":\"key.issued\",\"actor\":\"alice\",\"at_ms\":1800000000000,\"decided\":{{\
         \"answer\":\"base64:ZGVueQ==\",\"bundle\":\"{}\",\"effect\":\"deny\",\"module\":\"{}\",\
         \"policies\":[\"no-friday\"],\"query\":\"sha256:{}\"}},\"details\":{{\"days\":\"90\",\
         \"owner\":\"Zoë\"}},\"environment\":\"live\",\"keyid\":\"k7\",\"outcome\":\"policy_denied\",\
         \"reason\":\"new \\\"desk\\\"\\n\",\"sequence\":1,\"version\":1}}",
        Hash::of(b"bundle"),
        Hash::of(b"module"),
        Hash::of(b"query"),
    );
    assert_eq!(str::from_utf8(entry.canonical()).unwrap(), expected);
    let mut hashed = b"countersign audit record v1\n".to_vec();
    hashed.extend_from_slice(&[0; 32]);
    hashed.extend_from_slice(expected.as_bytes());
    assert_eq!(entry.hash(), Hash::of(&hashed));
    assert_eq!(entry.previous(), Hash::NONE);
    assert_eq!(
        entry.record().outcome,
        Outcome::Refused("policy_denied".into())
    );
}

#[test]
fn sequence_numbers_begin_with_1_and_each_record_holds_the_hash_of_the_one_before() {
    let store = store();
    assert_eq!(audit::head(&store).unwrap(), None);
    for sequence in 1..=20 {
        let head = audit::record(&store, &[draft("key.used")]).unwrap();
        assert_eq!(head.sequence, sequence);
    }
    for sequence in 2..=20 {
        let previous = audit::read(&store, sequence - 1).unwrap();
        assert_eq!(
            audit::read(&store, sequence).unwrap().previous(),
            previous.hash()
        );
    }
    assert_eq!(
        audit::read(&store, 21).unwrap_err().code(),
        "audit_no_record"
    );
}

#[test]
fn one_batch_makes_the_same_log_as_many_and_as_two_appends_to_one() {
    let drafts: Vec<Draft> = (0..33_u64)
        .map(|n| draft("key.used").detail("n", n))
        .collect();
    let (single, grouped, twice) = (store(), store(), store());
    for draft in &drafts {
        audit::record(&single, std::slice::from_ref(draft)).unwrap();
    }
    audit::record(&grouped, &drafts).unwrap();
    let mut batch = Batch::new();
    audit::append(&twice, &mut batch, &drafts[..13]).unwrap();
    let head = audit::append(&twice, &mut batch, &drafts[13..]).unwrap();
    assert_eq!(batch.expectations().len(), 1);
    twice.commit(&batch).unwrap();
    assert_eq!(audit::head(&twice).unwrap(), Some(head));
    let all = |store: &RedbStore| store.scan(Space::Audit, &[], 100).unwrap();
    assert_eq!(all(&single), all(&grouped));
    assert_eq!(all(&single), all(&twice));
}

#[test]
fn a_batch_may_get_many_records_one_by_one() {
    let (store, grouped) = (Map::default(), Map::default());
    let drafts: Vec<Draft> = (0..2000_u64)
        .map(|n| draft("key.revoked").detail("n", n))
        .collect();
    let mut batch = Batch::new();
    for draft in &drafts {
        audit::append(&store, &mut batch, std::slice::from_ref(draft)).unwrap();
    }
    store.commit(&batch).unwrap();
    audit::record(&grouped, &drafts).unwrap();
    assert_eq!(store.entries(), grouped.entries());
}

#[test]
fn of_two_writers_one_conflicts_and_succeeds_when_it_tries_again() {
    let store = store();
    let (mut first, mut second) = (Batch::new(), Batch::new());
    audit::append(&store, &mut first, &[draft("key.issued")]).unwrap();
    audit::append(&store, &mut second, &[draft("key.revoked")]).unwrap();
    store.commit(&first).unwrap();
    let refused = store.commit(&second).unwrap_err();
    assert!(matches!(refused, StoreError::Conflict(Space::Audit)));
    let mut again = Batch::new();
    audit::append(&store, &mut again, &[draft("key.revoked")]).unwrap();
    store.commit(&again).unwrap();
    assert_eq!(audit::head(&store).unwrap().unwrap().sequence, 2);
}

#[test]
fn many_writers_at_once_leave_one_chain_without_gaps() {
    let store = store();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..25 {
                    audit::record(&store, &[draft("key.used")]).unwrap();
                }
            });
        }
    });
    assert_eq!(audit::head(&store).unwrap().unwrap().sequence, 100);
}

#[test]
fn a_clock_that_went_backwards_is_recorded_and_time_stands_still() {
    let store = store();
    audit::record(&store, &[draft("key.issued")]).unwrap();
    let late = Draft::new(NOW - 5, "alice", "key.used");
    audit::record(&store, &[late, Draft::new(NOW + 1, "alice", "key.used")]).unwrap();
    let (second, third) = (
        audit::read(&store, 2).unwrap(),
        audit::read(&store, 3).unwrap(),
    );
    assert_eq!(
        (second.record().at_ms, second.record().clock_ms),
        (NOW, Some(NOW - 5))
    );
    assert_eq!(
        (third.record().at_ms, third.record().clock_ms),
        (NOW + 1, None)
    );
}

#[test]
fn a_token_or_a_private_key_is_refused_wherever_it_stands() {
    let store = store();
    let token = "csk_live_k7_aebagbafaydqqcikbmga2dqpcaireeyuculbogazdinryhi6d4qa_2lzvcpi";
    let query = |bytes: &[u8]| Decided {
        query: Kept::Whole(bytes.to_vec()),
        ..full().decided.unwrap()
    };
    for secret in [
        token,
        &token[..20],
        &token.to_uppercase(),
        &format!("see {token}, please"),
        "csp_test_k7_aebagbafaydq",
        "-----BEGIN PRIVATE KEY-----",
        "AGE-SECRET-KEY-1QQPQQZ",
    ] {
        let word: &'static str = secret.to_owned().leak();
        for (member, draft) in [
            ("actor", Draft::new(NOW, secret, "key.used")),
            ("reason", draft("key.used").reason(secret)),
            ("details", draft("key.used").detail("note", word)),
            ("query", draft("key.used").decided(query(secret.as_bytes()))),
        ] {
            let mut batch = Batch::new();
            let error = audit::append(&store, &mut batch, &[draft]).unwrap_err();
            assert_eq!(error.code(), "audit_secret_refused", "{secret} as {member}");
            assert!(error.to_string().contains(member), "{error}");
            assert!(!error.to_string().contains("aebag"), "{error}");
            assert_eq!(batch, Batch::new());
        }
    }
    for fine in [
        "Token(csk_live_k7_..)",
        "csk_live_k7_",
        "tokens begin with csk_",
    ] {
        audit::record(&store, &[draft("key.used").reason(fine)]).unwrap();
    }
}

#[test]
fn what_a_record_cannot_hold_is_refused_and_changes_nothing() {
    let store = store();
    let many = (0..65).fold(draft("key.used"), |draft, n| {
        draft.detail(&format!("n{n}"), 1_u32)
    });
    for (member, bad) in [
        ("at_ms", Draft::new(1 << 53, "alice", "key.used")),
        ("actor", Draft::new(NOW, "", "key.used")),
        ("actor", Draft::new(NOW, &"a".repeat(257), "key.used")),
        ("actor", Draft::new(NOW, "ali\u{1b}[2Jce", "key.used")),
        ("actor", Draft::new(NOW, "ali\u{202e}ce", "key.used")),
        ("act", draft("")),
        ("act", draft("Key.Used")),
        ("act", draft("key..used")),
        ("act", draft(&"a".repeat(65))),
        ("reason", draft("key.used").reason(&"r".repeat(4097))),
        ("outcome", draft("key.used").refused("done")),
        ("outcome", draft("key.used").refused("Not a code")),
        ("details", draft("key.used").detail("No name", 1_u32)),
        ("details", many),
    ] {
        let mut batch = Batch::new();
        let error = audit::append(&store, &mut batch, &[draft("key.used"), bad]).unwrap_err();
        assert_eq!(error.code(), "audit_record_unfit", "{error}");
        assert!(error.to_string().contains(member), "{error}");
        assert_eq!(batch, Batch::new());
    }
    let none = audit::append(&store, &mut Batch::new(), &[]).unwrap_err();
    assert_eq!(none.code(), "audit_record_unfit");
}

#[test]
fn a_store_that_vanishes_in_a_commit_is_read_to_learn_whether_it_was_made() {
    let store = Map::default();
    store.let_commits(Commits::Vanish);
    let head = audit::record(&store, &[draft("key.used"), draft("key.used")]).unwrap();
    assert_eq!(audit::head(&store).unwrap(), Some(head));
    store.let_commits(Commits::VanishBefore);
    let error = audit::record(&store, &[draft("key.used")]).unwrap_err();
    assert_eq!(error.code(), "store_unknown");
    assert_eq!(audit::head(&store).unwrap(), Some(head));
}

#[test]
fn nothing_is_added_to_a_damaged_end() {
    let store = store();
    audit::record(&store, &[draft("key.used")]).unwrap();
    let (key, mut value) = store.last(Space::Audit).unwrap().unwrap();
    *value.last_mut().unwrap() ^= 1;
    let mut batch = Batch::new();
    batch.put(Space::Audit, &key, value);
    store.commit(&batch).unwrap();
    let error = audit::record(&store, &[draft("key.used")]).unwrap_err();
    assert_eq!(error.code(), "audit_damaged");
    let mut batch = Batch::new();
    batch.put(Space::Audit, b"stray", vec![1]);
    store.commit(&batch).unwrap();
    assert_eq!(audit::head(&store).unwrap_err().code(), "audit_damaged");
}

/// A store that counts how often a commit conflicted.
struct Counted {
    store: RedbStore,
    conflicts: AtomicU32,
}

impl Store for Counted {
    fn get(&self, space: Space, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.store.get(space, key)
    }
    fn turn(
        &self,
        page: &mut Page,
        space: Space,
        from: &[u8],
        limit: usize,
    ) -> Result<(), StoreError> {
        self.store.turn(page, space, from, limit)
    }
    fn last(&self, space: Space) -> Result<Option<Entry>, StoreError> {
        self.store.last(space)
    }
    fn walk(&self, visit: &mut Visit<'_>) -> Result<(), StoreError> {
        self.store.walk(visit)
    }
    fn commit(&self, batch: &Batch) -> Result<(), StoreError> {
        self.commit_behind(&mut |_| Some(batch.clone()))
    }
    fn commit_behind(&self, build: &mut Build<'_>) -> Result<(), StoreError> {
        let made = self.store.commit_behind(build);
        if matches!(made, Err(StoreError::Conflict(_))) {
            self.conflicts.fetch_add(1, Ordering::Relaxed);
        }
        made
    }
    fn wait(&self, seen: &[u8], timeout: Duration) -> Result<bool, StoreError> {
        self.store.wait(seen, timeout)
    }
}

fn counted() -> Counted {
    Counted {
        store: store(),
        conflicts: AtomicU32::new(0),
    }
}

#[test]
fn writers_of_one_process_append_to_one_another_without_a_conflict() {
    let store = counted();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..40 {
                    audit::record(&store, &[draft("key.used"), draft("key.used")]).unwrap();
                }
            });
        }
    });
    assert_eq!(store.conflicts.load(Ordering::Relaxed), 0);
    let report = audit::verify(&store, &[], &[]).unwrap();
    assert!(report.is_good(), "{report:?}");
    assert_eq!(report.records, 8 * 40 * 2);
}

/// Who appended to a batch that came to nothing appends again, and nothing is left out of the chain.
#[test]
fn a_batch_that_comes_to_nothing_takes_only_its_own_records_with_it() {
    let store = counted();
    let once = |name: &str| {
        let mut batch = Batch::new();
        batch.expect(Space::Settings, name.as_bytes(), None);
        batch.put(Space::Settings, name.as_bytes(), b"taken".to_vec());
        let drafts = [draft("name.taken").detail("name", Public::new(name).unwrap())];
        loop {
            let no_more = |_: &mut Batch, _: &audit::Head| Ok::<(), AuditError>(());
            match audit::commit(&store, &batch, &drafts, no_more) {
                Ok(_) => return true,
                Err(AuditError::Store(StoreError::Conflict(Space::Settings))) => return false,
                // Upon one that came to nothing.
                Err(AuditError::Store(StoreError::Conflict(Space::Audit))) => {}
                Err(error) => panic!("{error}"),
            }
        }
    };
    let taken = AtomicU32::new(0);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for number in 0..30 {
                    taken.fetch_add(u32::from(once(&format!("n{number}"))), Ordering::Relaxed);
                }
            });
        }
    });
    assert_eq!(taken.into_inner(), 30, "each name once");
    let report = audit::verify(&store, &[], &[]).unwrap();
    assert!(report.is_good(), "{report:?}");
    assert_eq!(report.records, 30);
}
