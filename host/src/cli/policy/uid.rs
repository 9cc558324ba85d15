//! Names of entities on the command line.

use countersign_core::policy::EntityUid;

/// `Type::"id"` as in Cedar, or `Type::id`, which a shell leaves alone.
pub(super) fn parse(text: &str) -> Result<EntityUid, String> {
    let (entity_type, id) = match text.find("::\"") {
        Some(at) => text.split_at(at),
        None => match text.rfind("::") {
            Some(at) => text.split_at(at),
            None => return Err("write `Type::id`, as in `Order::42`".into()),
        },
    };
    let id = id.strip_prefix("::").unwrap_or(id);
    if entity_type.is_empty() {
        return Err("the type is missing: write `Type::id`".into());
    }
    if !id.starts_with('"') {
        return Ok(EntityUid::new(entity_type, id));
    }
    // Cedar's escapes in an id are those of JSON but for `\u{..}`, `\x..`, `\'` and `\0`.
    serde_json::from_str::<String>(id)
        .map(|id| EntityUid::new(entity_type, id))
        .map_err(|error| format!("the id isn't a string in quotes: {error}"))
}

/// An action: `Action::"id"`, or its id alone.
pub(super) fn parse_action(text: &str) -> Result<EntityUid, String> {
    if text.contains("::") {
        parse(text)
    } else {
        Ok(EntityUid::new("Action", text))
    }
}
