//! Open Cybersecurity Schema Framework, version 1.3.0.

use std::collections::BTreeMap;

use countersign_core::{Environment, KeyId};
use serde::Serialize;

use super::Entry;
use crate::audit::{Hash, Kept, Outcome, Public, Question, Record};

const ENTITY_MANAGEMENT: u32 = 3004;
const API_ACTIVITY: u32 = 6003;
const OTHER: u32 = 99;
/// The type of an entity that is a person.
const USER: u32 = 2;

/// An event of either class, with all that the schema requires of it.
#[derive(Serialize)]
struct Event<'a> {
    class_uid: u32,
    category_uid: u32,
    activity_id: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    activity_name: Option<&'a str>,
    type_uid: u32,
    time: u64,
    severity_id: u32,
    metadata: Metadata<'a>,
    actor: Actor<'a>,
    status_id: u32,
    status_code: &'a str,
    message: String,
    #[serde(flatten)]
    class: Class<'a>,
    unmapped: Unmapped<'a>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Class<'a> {
    EntityManagement {
        entity: Entity<'a>,
        #[serde(skip_serializing_if = "str::is_empty")]
        comment: &'a str,
    },
    ApiActivity {
        api: Api,
        src_endpoint: Endpoint<'a>,
    },
}

#[derive(Serialize)]
struct Metadata<'a> {
    version: &'static str,
    product: Product,
    log_name: &'static str,
    event_code: &'a str,
    sequence: u64,
    uid: Hash,
    /// What gives a class more attributes than its own.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    profiles: &'static [&'static str],
}

#[derive(Serialize)]
struct Product {
    name: &'static str,
    vendor_name: &'static str,
    version: &'static str,
}

#[derive(Serialize)]
struct Actor<'a> {
    user: User<'a>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    authorizations: Vec<Authorization<'a>>,
}

#[derive(Serialize)]
struct User<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    credential_uid: Option<&'a str>,
}

#[derive(Serialize)]
struct Authorization<'a> {
    decision: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    policy: Option<Policy<'a>>,
}

#[derive(Serialize)]
struct Policy<'a> {
    uid: &'a str,
}

#[derive(Serialize)]
struct Entity<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    type_id: u32,
    uid: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<User<'a>>,
}

#[derive(Serialize)]
struct Api {
    operation: String,
}

#[derive(Serialize)]
struct Endpoint<'a> {
    uid: &'a str,
}

/// What the schema has no place for.
#[derive(Serialize)]
struct Unmapped<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    environment: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    clock_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bundle: Option<Hash>,
    #[serde(skip_serializing_if = "Option::is_none")]
    module: Option<Hash>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    details: &'a BTreeMap<String, Public>,
    previous: Hash,
}

pub(super) fn line(entry: &Entry) -> String {
    let record = entry.record();
    let keyid = record.keyid.as_ref().map(KeyId::as_str);
    let is_use = record.act == "key.used";
    let (class_uid, activity_id) = if is_use {
        (API_ACTIVITY, OTHER)
    } else {
        (ENTITY_MANAGEMENT, activity(&record.act))
    };
    let class = if is_use {
        Class::ApiActivity {
            api: Api {
                operation: operation(record),
            },
            src_endpoint: Endpoint {
                uid: keyid.unwrap_or(&record.actor),
            },
        }
    } else {
        Class::EntityManagement {
            entity: entity(record),
            comment: &record.reason,
        }
    };
    let event = Event {
        class_uid,
        category_uid: class_uid / 1000,
        activity_id,
        activity_name: (activity_id == OTHER).then_some(record.act.as_str()),
        type_uid: class_uid * 100 + activity_id,
        time: record.at_ms,
        // Informational, or low.
        severity_id: if record.outcome == Outcome::Done {
            1
        } else {
            2
        },
        metadata: Metadata {
            version: "1.3.0",
            product: Product {
                name: "Countersign",
                vendor_name: "Countersign",
                version: env!("CARGO_PKG_VERSION"),
            },
            log_name: "audit",
            event_code: &record.act,
            sequence: record.sequence,
            uid: entry.hash(),
            // Entity Management has its actor from there.
            profiles: if is_use { &[] } else { &["host"] },
        },
        actor: Actor {
            user: User {
                name: &record.actor,
                credential_uid: keyid.filter(|_| is_use),
            },
            authorizations: authorizations(record),
        },
        // Success, or failure.
        status_id: if record.outcome == Outcome::Done {
            1
        } else {
            2
        },
        status_code: record.outcome.as_str(),
        message: message(record),
        class,
        unmapped: Unmapped {
            environment: record.environment.map(Environment::as_str),
            clock_ms: record.clock_ms,
            bundle: record.decided.as_ref().map(|decided| decided.bundle),
            module: record.decided.as_ref().map(|decided| decided.module),
            details: &record.details,
            previous: entry.previous(),
        },
    };
    // Strings and numbers alone: there is nothing in it that JSON can't say.
    let mut line = serde_json::to_string(&event).unwrap_or_default();
    line.push('\n');
    line
}

/// What a key was used for: the action of the question that was kept, or the detail that names it.
fn operation(record: &Record) -> String {
    let kept = record.decided.as_ref().map(|decided| &decided.query);
    if let Some(Kept::Whole(query)) = kept
        && let Ok(question) = Question::from_bytes(query)
    {
        return question.action().id().to_owned();
    }
    let named = record.details.get("action").map(Public::as_str);
    named.unwrap_or(&record.act).to_owned()
}

/// What an act was done to: a key, or what the act's first word is and a detail of that name names.
fn entity(record: &Record) -> Entity<'_> {
    let (kind, _) = record.act.split_once('.').unwrap_or((&record.act, ""));
    let is_person = kind == "person";
    let named = record.details.get(kind).map(Public::as_str);
    // Who enrols does it to themselves; whom somebody was refused to appoint isn't known.
    let own = is_person && record.act != "person.appointed";
    let named = named.or(own.then_some(record.actor.as_str()));
    let keyid = record.keyid.as_ref().map(KeyId::as_str);
    Entity {
        // What the schema knows is called as it calls it.
        kind: if is_person { "User" } else { kind },
        type_id: if is_person { USER } else { OTHER },
        uid: keyid.or(named).unwrap_or(kind),
        user: named.filter(|_| is_person).map(|name| User {
            name,
            credential_uid: None,
        }),
    }
}

/// The activity of Entity Management that an act is.
fn activity(act: &str) -> u32 {
    match act.rsplit('.').next().unwrap_or(act) {
        "added" | "archived" | "asked" | "begun" | "created" | "founded" | "generated"
        | "issued" | "made" | "planned" | "published" => 1,
        "advised" | "exported" | "listed" | "read" | "reviewed" | "shown" => 2,
        "appointed" | "changed" | "confirmed" | "given" | "renewed" | "rewrapped" | "rotated" => 3,
        "deleted" | "destroyed" | "removed" => 4,
        "enrolled" => 6,
        "activated" => 10,
        "expired" | "revoked" => 11,
        "suspended" => 12,
        "resumed" => 13,
        _ => OTHER,
    }
}

fn authorizations(record: &Record) -> Vec<Authorization<'_>> {
    let Some(decided) = &record.decided else {
        return Vec::new();
    };
    let of = |policy| Authorization {
        decision: decided.effect.as_str(),
        policy,
    };
    if decided.policies.is_empty() {
        return vec![of(None)];
    }
    let policies = decided.policies.iter();
    policies
        .map(|policy| of(Some(Policy { uid: policy })))
        .collect()
}

fn message(record: &Record) -> String {
    let keyid = record.keyid.as_ref().map_or("", KeyId::as_str);
    let space = if keyid.is_empty() { "" } else { " " };
    let (actor, act, outcome) = (&record.actor, &record.act, record.outcome.as_str());
    format!("{actor}: {act}{space}{keyid}: {outcome}")
}
