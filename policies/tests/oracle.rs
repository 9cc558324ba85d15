//! Made-up policies and requests, answered by core and by Cedar's own authorizer alike.
//!
//! The expressions are mostly, not always, well typed: errors must be the same too.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "in a test, to panic is to fail"
)]

mod support;

use cedar_policy::{PolicySet, Schema};
use countersign_core::policy::EntityUid;
use countersign_policies::{Source, Sources, compile_unvalidated};
use proptest::prelude::*;
use serde_json::{Value as Json, json};
use support::{Question, cedar_answer, core_answer};

const SCHEMA: &str = r#"
entity Team in [Team];
entity User in [Team];
entity Doc in [Team];
action "all";
action "look" in ["all"];
action "read" in ["look"] appliesTo { principal: [User], resource: [Doc], context: {} };
action "write" in ["all"] appliesTo { principal: [User], resource: [Doc], context: {} };
"#;

const MANIFEST: &str = r#"
name = "oracle"
version = "1.0.0"
principal_type = "User"
policy_ids = "place"
"#;

proptest! {
    #[test]
    fn core_answers_as_cedar(seed in any::<u64>(), policies in 1..7_usize, depth in 1..6_u32) {
        let mut dice = Dice { state: seed | 1 };
        let text = (0..policies).map(|_| dice.policy(depth)).collect::<Vec<_>>().join("\n");
        let sources = Sources {
            policies: Source::new("policies.cedar", text.as_str()),
            schema: Source::new("schema.cedarschema", SCHEMA),
            manifest: Source::new("pack.toml", MANIFEST),
            entities: None,
        };
        let set: PolicySet = text.parse().expect("policies");
        let (schema, _) = Schema::from_cedarschema_str(SCHEMA).expect("a schema");
        let bundle = compile_unvalidated(&sources).expect("they compile").into_bundle();
        for _ in 0..6 {
            let entities = dice.entities().to_string();
            let context = Json::Object(dice.record(2)).to_string();
            let question = Question {
                principal: &dice.uid("User"),
                action: &dice.action(),
                resource: &dice.uid("Doc"),
                context: &context,
                entities: &entities,
            };
            let core = core_answer(&bundle, &question);
            let cedar = cedar_answer(&set, Some(&schema), "[]", &question);
            prop_assert_eq!(
                core, cedar,
                "\n{}\n{} {} {}\n{}\n{}",
                text, question.principal, question.action, question.resource, context, entities
            );
        }
    }
}

/// A source of choices.
struct Dice {
    state: u64,
}

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        // xorshift64
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        (self.state >> 11) % sides
    }

    fn one<'c>(&mut self, choices: &[&'c str]) -> &'c str {
        let sides = u64::try_from(choices.len()).expect("a count");
        choices[usize::try_from(self.roll(sides)).expect("an index")]
    }

    fn name(&mut self) -> &'static str {
        self.one(&["a", "b", "c", "d"])
    }

    fn uid(&mut self, entity_type: &str) -> EntityUid {
        EntityUid::new(entity_type, self.one(&["0", "1", "2", "3"]))
    }

    fn any_uid(&mut self) -> EntityUid {
        let entity_type = self.one(&["User", "Team", "Team", "Doc"]);
        self.uid(entity_type)
    }

    fn action(&mut self) -> EntityUid {
        EntityUid::new(
            "Action",
            self.one(&["read", "read", "write", "look", "other"]),
        )
    }

    /// Some entities; each parent has a greater id, so that there is no cycle.
    fn entities(&mut self) -> Json {
        let mut entities = Vec::new();
        for entity_type in ["User", "Team", "Doc"] {
            for id in 0..4 {
                if self.roll(5) == 0 {
                    continue;
                }
                let parents: Vec<Json> = (0..4)
                    .filter(|parent| (entity_type != "Team" || *parent > id) && self.roll(3) == 0)
                    .map(|parent| json!({ "type": "Team", "id": format!("{parent}") }))
                    .collect();
                entities.push(json!({
                    "uid": { "type": entity_type, "id": format!("{id}") },
                    "attrs": self.record(2),
                    "parents": parents,
                }));
            }
        }
        Json::Array(entities)
    }

    fn record(&mut self, depth: u32) -> serde_json::Map<String, Json> {
        let count = self.roll(5);
        (0..count)
            .map(|_| (self.name().to_owned(), self.value(depth)))
            .collect()
    }

    fn value(&mut self, depth: u32) -> Json {
        match self.roll(if depth == 0 { 4 } else { 7 }) {
            0 => json!(self.roll(2) == 0),
            1 => json!(self.number().parse::<i64>().expect("a number")),
            2 => json!(self.text()),
            3 => {
                let uid = self.any_uid();
                json!({ "__entity": { "type": uid.entity_type(), "id": uid.id() } })
            }
            4 | 5 => {
                let count = self.roll(4);
                (0..count).map(|_| self.value(depth - 1)).collect()
            }
            _ => Json::Object(self.record(depth - 1)),
        }
    }

    fn number(&mut self) -> &'static str {
        self.one(&[
            "0",
            "1",
            "2",
            "3",
            "-1",
            "7",
            "9223372036854775807",
            "-9223372036854775808",
        ])
    }

    fn text(&mut self) -> &'static str {
        self.one(&["", "a", "b", "ab", "aba", "a*b", "äöü", "abab\nab"])
    }

    fn policy(&mut self, depth: u32) -> String {
        let effect = self.one(&["permit", "permit", "forbid"]);
        let (principal, resource) = (self.scope("principal"), self.scope("resource"));
        let action = match self.roll(4) {
            0 => "action".to_owned(),
            1 => format!("action == {}", self.action()),
            2 => format!(
                "action in {}",
                self.one(&["Action::\"all\"", "Action::\"look\""])
            ),
            _ => format!("action in [{}, {}]", self.action(), self.action()),
        };
        let conditions: Vec<String> = (0..self.roll(3))
            .map(|_| {
                let keyword = self.one(&["when", "unless"]);
                format!(" {keyword} {{ {} }}", self.boolean(depth))
            })
            .collect();
        let conditions = conditions.concat();
        format!("{effect} ({principal}, {action}, {resource}){conditions};")
    }

    fn scope(&mut self, variable: &str) -> String {
        let entity_type = self.one(&["User", "Doc", "Team"]);
        match self.roll(7) {
            0..=2 => variable.to_owned(),
            3 => format!("{variable} == {}", self.any_uid()),
            4 => format!("{variable} in {}", self.any_uid()),
            5 => format!("{variable} is {entity_type}"),
            _ => format!("{variable} is {entity_type} in {}", self.any_uid()),
        }
    }

    /// An expression of any kind.
    fn any(&mut self, depth: u32) -> String {
        match self.roll(6) {
            0 => self.boolean(depth),
            1 => self.long(depth),
            2 => self.string(depth),
            3 => self.entity(depth),
            4 => self.set(depth),
            _ => self.record_or_path(depth),
        }
    }

    fn is_astray(&mut self) -> bool {
        self.roll(25) == 0
    }

    fn branch(&mut self, depth: u32, then: &str, otherwise: &str) -> String {
        let guard = self.boolean(depth);
        format!("(if {guard} then {then} else {otherwise})")
    }

    /// A path into the variables: its kind is only known when it is read.
    fn path(&mut self) -> String {
        let root = self.one(&["context", "context", "principal", "resource", "action"]);
        let mut path = root.to_owned();
        for _ in 0..=self.roll(2) {
            path += ".";
            path += self.name();
        }
        path
    }

    fn boolean(&mut self, depth: u32) -> String {
        if depth == 0 || self.roll(12) == 0 {
            return match self.roll(3) {
                0 => self.path(),
                1 => self.one(&["true", "false"]).to_owned(),
                _ => format!("(context has {})", self.name()),
            };
        }
        if self.is_astray() {
            return self.any(depth - 1);
        }
        let depth = depth - 1;
        match self.roll(18) {
            0 | 1 => format!("({} && {})", self.boolean(depth), self.boolean(depth)),
            2 | 3 => format!("({} || {})", self.boolean(depth), self.boolean(depth)),
            4 => format!("!({})", self.boolean(depth)),
            5 => {
                let operator = self.one(&["<", "<=", ">", ">="]);
                format!("({} {operator} {})", self.long(depth), self.long(depth))
            }
            6 | 7 => {
                let operator = self.one(&["==", "!="]);
                let (left, right) = if self.roll(2) == 0 {
                    (self.any(depth), self.any(depth))
                } else {
                    (self.set(depth), self.set(depth))
                };
                format!("({left} {operator} {right})")
            }
            8 => format!("({} in {})", self.entity(depth), self.entity(depth)),
            9 => format!(
                "({} in [{}, {}])",
                self.entity(depth),
                self.entity(depth),
                self.entity(depth)
            ),
            10 => format!(
                "({} is {})",
                self.entity(depth),
                self.one(&["User", "Doc", "Team"])
            ),
            11 => {
                let pattern =
                    self.one(&["*", "a*", "*b", "a*b", "*a*b*", "a\\*b", "", "**", "*\\n*"]);
                format!("({} like \"{pattern}\")", self.string(depth))
            }
            12 => format!("({} has {})", self.any(depth), self.name()),
            13 => {
                let names = [self.name(), self.name(), self.name()];
                let root = self.one(&["context", "principal", "resource"]);
                let names = names[..2 + usize::try_from(self.roll(2)).expect("a count")].join(".");
                format!("({root} has {names})")
            }
            14 => format!("({}).contains({})", self.set(depth), self.any(depth)),
            15 => {
                let method = self.one(&["containsAll", "containsAny"]);
                format!("({}).{method}({})", self.set(depth), self.set(depth))
            }
            16 => format!("({}).isEmpty()", self.set(depth)),
            _ => {
                let (then, otherwise) = (self.boolean(depth), self.boolean(depth));
                self.branch(depth, &then, &otherwise)
            }
        }
    }

    fn long(&mut self, depth: u32) -> String {
        if depth == 0 || self.roll(3) == 0 {
            return if self.roll(3) == 0 {
                self.path()
            } else {
                self.number().to_owned()
            };
        }
        if self.is_astray() {
            return self.any(depth - 1);
        }
        let depth = depth - 1;
        match self.roll(5) {
            0 => format!("-({})", self.long(depth)),
            4 => {
                let (then, otherwise) = (self.long(depth), self.long(depth));
                self.branch(depth, &then, &otherwise)
            }
            operator => {
                let operator = ["", "+", "-", "*"][usize::try_from(operator).expect("an index")];
                format!("({} {operator} {})", self.long(depth), self.long(depth))
            }
        }
    }

    fn string(&mut self, depth: u32) -> String {
        if depth > 0 && self.is_astray() {
            return self.any(depth - 1);
        }
        match self.roll(3) {
            0 => self.path(),
            _ => format!("\"{}\"", self.text().replace('\n', "\\n")),
        }
    }

    fn entity(&mut self, depth: u32) -> String {
        if depth > 0 && self.is_astray() {
            return self.any(depth - 1);
        }
        match self.roll(6) {
            0 => self.path(),
            1 => "principal".to_owned(),
            2 => "resource".to_owned(),
            3 => "action".to_owned(),
            4 => self.action().to_string(),
            _ => self.any_uid().to_string(),
        }
    }

    fn set(&mut self, depth: u32) -> String {
        if depth == 0 || self.roll(3) == 0 {
            return self.path();
        }
        if self.is_astray() {
            return self.any(depth - 1);
        }
        let count = self.roll(4);
        let elements: Vec<String> = (0..count).map(|_| self.any(depth - 1)).collect();
        format!("[{}]", elements.join(", "))
    }

    fn record_or_path(&mut self, depth: u32) -> String {
        if depth == 0 || self.roll(2) == 0 {
            return self
                .one(&["context", "context.a", "principal.b"])
                .to_owned();
        }
        let (first, second) = (self.any(depth - 1), self.any(depth - 1));
        format!("{{\"a\": {first}, \"c\": {second}}}")
    }
}
