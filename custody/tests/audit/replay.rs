//! A past decision, made again.

use std::error::Error;

use countersign_core::Effect;
use countersign_core::policy::{Bundle, Entity, EntityUid, Query, Record};
use countersign_custody::audit::{self, Decided, Draft, Kept, Replayer, archive, archived, replay};
use countersign_custody::{Batch, Space, Store as _};

use crate::log::{Map, NOW, draft};

const BUNDLE: &[u8] = include_bytes!("../../../policies/tests/bundles/language.bundle");
const MODULE: &[u8] = b"core, compiled into this test";

/// Core itself in place of a module of it. A query is the level of a user of the core team, and an action.
struct Native;

impl Replayer for Native {
    fn decide(
        &mut self,
        module: &[u8],
        bundle: &[u8],
        query: &[u8],
    ) -> Result<Vec<u8>, Box<dyn Error + Send + Sync>> {
        assert_eq!(module, MODULE);
        let (level, action) = str::from_utf8(query)?.split_once(' ').ok_or("no query")?;
        let bundle = Bundle::load_unsigned(bundle).map_err(|error| error.to_string())?;
        let mut attributes = Record::new();
        attributes.insert("level", level.parse::<i64>()?);
        let user = EntityUid::new("User", "ann");
        let context = Record::from_json(r#"{"n":1,"s":"x","flag":false,"set":[1]}"#);
        let query = Query {
            principal: &Entity::new(user, vec![EntityUid::new("Team", "core")], attributes),
            action: &EntityUid::new("Action", action),
            resource: &Entity::bare(EntityUid::new("Folder", "root")),
            context: &context.map_err(|error| error.to_string())?,
            entities: None,
        };
        let answer = bundle.evaluate(&query).map_err(|error| error.to_string())?;
        let reasons: Vec<&str> = answer.reason_ids().collect();
        Ok(format!("{} {}", answer.is_allowed(), reasons.join(",")).into())
    }
}

fn decided(store: &Map, query: Kept, answer: Kept) -> Draft {
    let mut batch = Batch::new();
    let decided = Decided {
        answer,
        bundle: archive(store, &mut batch, BUNDLE).unwrap(),
        effect: Effect::Allow,
        module: archive(store, &mut batch, MODULE).unwrap(),
        policies: vec![],
        query,
    };
    store.commit(&batch).unwrap();
    Draft::new(NOW, "alice", "key.used").decided(decided)
}

#[test]
fn the_same_module_and_bundle_give_the_same_answer() {
    let store = Map::default();
    let query = b"2 list";
    let answer = Native.decide(MODULE, BUNDLE, query).unwrap();
    assert!(answer.starts_with(b"true "));
    let whole = decided(
        &store,
        Kept::Whole(query.to_vec()),
        Kept::Whole(answer.clone()),
    );
    let hashes = decided(&store, Kept::hash_of(query), Kept::hash_of(&answer));
    audit::record(&store, &[whole, hashes]).unwrap();
    let replayed = replay(&store, 1, &mut Native).unwrap();
    assert!(replayed.same);
    assert_eq!(replayed.answer, answer);
    // With its hash only, the query is to be archived.
    let missing = replay(&store, 2, &mut Native).unwrap_err();
    assert_eq!(missing.code(), "audit_not_archived");
    let mut batch = Batch::new();
    archive(&store, &mut batch, query).unwrap();
    store.commit(&batch).unwrap();
    assert!(replay(&store, 2, &mut Native).unwrap().same);
}

#[test]
fn another_answer_is_told() {
    let store = Map::default();
    let query = Kept::Whole(b"2 list".to_vec());
    let recorded = Kept::Whole(b"false ".to_vec());
    let draft = decided(&store, query, recorded.clone());
    audit::record(&store, &[draft]).unwrap();
    let replayed = replay(&store, 1, &mut Native).unwrap();
    assert!(!replayed.same);
    assert_eq!(replayed.recorded, recorded);
    assert!(replayed.answer.starts_with(b"true "));
}

#[test]
fn what_cannot_be_replayed_says_why() {
    let store = Map::default();
    let bad = decided(&store, Kept::Whole(b"?".to_vec()), Kept::hash_of(b""));
    audit::record(&store, &[draft(1), bad]).unwrap();
    let code = |sequence| replay(&store, sequence, &mut Native).unwrap_err().code();
    assert_eq!(code(1), "audit_not_decided");
    assert_eq!(code(2), "audit_replay_failed");
    assert_eq!(code(3), "audit_no_record");
}

#[test]
fn the_archive_keeps_bytes_once_and_says_when_they_changed() {
    let store = Map::default();
    let mut batch = Batch::new();
    let hash = archive(&store, &mut batch, BUNDLE).unwrap();
    store.commit(&batch).unwrap();
    let mut again = Batch::new();
    assert_eq!(archive(&store, &mut again, BUNDLE).unwrap(), hash);
    assert!(again.changes().is_empty());
    assert_eq!(archived(&store, hash).unwrap(), BUNDLE);
    let key = (Space::Archive, hash.as_bytes().to_vec());
    store.entries.lock().unwrap().get_mut(&key).unwrap()[9] ^= 1;
    assert_eq!(
        archived(&store, hash).unwrap_err().code(),
        "audit_archive_damaged"
    );
}
