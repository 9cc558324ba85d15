//! What binds a principal to addresses.

use serde_json::Value;

use crate::diagnostics::{Diagnostics, Problem};
use crate::manifest::Manifest;
use crate::sources::Sources;

/// The attributes of a pack's principals that are addresses, or sets of them: by these a key can be bound to where
/// it is used.
///
/// # Errors
/// `pack_manifest_malformed`, `schema_malformed`.
///
/// ```
/// use countersign_policies::{packs, reach::address_attributes};
/// let names = address_attributes(&packs::trading_api())?;
/// assert_eq!(names, ["ip_allow_list", "ip_allow_range"]);
/// # Ok::<(), countersign_policies::Diagnostics>(())
/// ```
pub fn address_attributes(sources: &Sources) -> Result<Vec<String>, Diagnostics> {
    let manifest = Manifest::parse(&sources.manifest)?;
    let source = &sources.schema;
    let (schema, _) = cedar_policy::SchemaFragment::from_cedarschema_str(source.text())
        .map_err(|error| Problem::cedar("schema_malformed", source, &error))?;
    let schema = schema
        .to_json_value()
        .map_err(|error| Problem::new("schema_malformed", source, error.to_string()))?;
    let (namespace, name) = match manifest.principal_type.rsplit_once("::") {
        Some(parts) => parts,
        None => ("", manifest.principal_type.as_str()),
    };
    let attributes = schema
        .get(namespace)
        .and_then(|space| {
            space
                .get("entityTypes")?
                .get(name)?
                .get("shape")?
                .get("attributes")
        })
        .and_then(Value::as_object);
    let attributes = attributes.into_iter().flatten();
    Ok(attributes
        .filter(|(_, kind)| is_address(kind))
        .map(|(name, _)| name.clone())
        .collect())
}

/// Whether it is an address, or a set of them.
fn is_address(kind: &Value) -> bool {
    let name = kind.get("name").and_then(Value::as_str);
    name.is_some_and(|name| name.trim_start_matches("__cedar::") == "ipaddr")
        || kind.get("element").is_some_and(is_address)
}
