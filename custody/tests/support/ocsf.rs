//! An exported line, held to the published schema.

use serde_json::Value;

/// What the schema says, of those classes and objects that the export has.
const SCHEMA: &str = include_str!("ocsf-1.3.0.json");

/// Every line is a valid event. An attribute that the table doesn't have fails too: look it up first.
pub(crate) fn check(lines: &str) {
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    for line in lines.lines() {
        let event: Value = serde_json::from_str(line).unwrap();
        let class = match event["class_uid"].as_u64() {
            Some(3004) => "entity_management",
            Some(6003) => "api_activity",
            other => panic!("class {other:?}"),
        };
        let profiles = event["metadata"]["profiles"].as_array();
        let profiles = profiles.cloned().unwrap_or_default();
        check_object(&schema["objects"], class, &event, &profiles);
        assert_eq!(event["metadata"]["version"], "1.3.0");
        if event["activity_id"] == 99 {
            assert!(event["activity_name"].is_string(), "{line}");
        }
        let number = |name: &str| event[name].as_u64().unwrap();
        assert_eq!(
            number("type_uid"),
            number("class_uid") * 100 + number("activity_id")
        );
        // Milliseconds of this century, not seconds.
        assert!((1_000_000_000_000..4_000_000_000_000).contains(&number("time")));
    }
}

fn check_object(objects: &Value, name: &str, value: &Value, profiles: &[Value]) {
    let object = &objects[name];
    let members = value
        .as_object()
        .unwrap_or_else(|| panic!("{name}: {value}"));
    for required in object["required"].as_array().unwrap() {
        let required = required.as_str().unwrap();
        assert!(members.contains_key(required), "{name}: no {required}");
    }
    if let Some(some) = object["at_least_one"].as_array() {
        let mut some = some.iter().filter_map(Value::as_str);
        assert!(some.any(|one| members.contains_key(one)), "{name}: {value}");
    }
    for (member, value) in members {
        let attribute = &object["attributes"][member];
        assert!(attribute.is_object(), "{name}: {member}");
        if let Some(values) = attribute["enum"].as_array() {
            assert!(values.contains(value), "{name}: {member} is {value}");
            continue;
        }
        let profile = &attribute["profile"];
        assert!(
            profile.is_null() || profiles.contains(profile),
            "{name}: {member}"
        );
        match (&attribute["type"], value) {
            (Value::Array(kind), Value::Array(values)) => {
                let kind = kind[0].as_str().unwrap();
                for value in values {
                    check_value(objects, kind, value, profiles);
                }
            }
            (Value::String(kind), value) => check_value(objects, kind, value, profiles),
            (kind, value) => panic!("{name}: {member} is {value}, not {kind}"),
        }
    }
}

fn check_value(objects: &Value, kind: &str, value: &Value, profiles: &[Value]) {
    match kind {
        "string_t" | "username_t" => assert!(value.as_str().is_some_and(|text| !text.is_empty())),
        "integer_t" | "long_t" | "timestamp_t" => assert!(value.is_u64(), "{value}"),
        // Any object.
        "object" => assert!(value.is_object(), "{value}"),
        object => check_object(objects, object, value, profiles),
    }
}
