//! What the tests share: a pack with every construct of the language.

use countersign_policies::{Source, Sources};

/// A pack with every construct of the language.
pub(crate) fn language() -> Sources {
    Sources {
        policies: Source::new("policies.cedar", include_str!("../language/policies.cedar")),
        schema: Source::new(
            "schema.cedarschema",
            include_str!("../language/schema.cedarschema"),
        ),
        manifest: Source::new("pack.toml", include_str!("../language/pack.toml")),
        entities: Some(Source::new(
            "entities.json",
            include_str!("../language/entities.json"),
        )),
    }
}
