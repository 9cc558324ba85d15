//! Which fields are structured, and of which type.

use alloc::string::String;
use alloc::vec::Vec;

/// The type of a structured field (RFC 9651 section 3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldType {
    /// One item.
    Item,
    /// A list of members.
    List,
    /// Members by key.
    Dictionary,
}

impl FieldType {
    /// The type that `item`, `list` or `dictionary` names.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "item" => Some(FieldType::Item),
            "list" => Some(FieldType::List),
            "dictionary" => Some(FieldType::Dictionary),
            _ => None,
        }
    }

    /// The type of a field that is registered as structured (IANA, HTTP Field Name Registry), by its
    /// name in lower case.
    #[must_use]
    pub fn of_registered(name: &str) -> Option<Self> {
        let is_in = |names: &str| names.split(' ').any(|one| one == name);
        if is_in(DICTIONARIES) {
            Some(FieldType::Dictionary)
        } else if is_in(LISTS) {
            Some(FieldType::List)
        } else if is_in(ITEMS) {
            Some(FieldType::Item)
        } else {
            None
        }
    }
}

const DICTIONARIES: &str = "accept-signature cdn-cache-control content-digest permissions-policy \
    priority reporting-endpoints repr-digest signature signature-input use-as-dictionary \
    want-content-digest want-repr-digest";

const LISTS: &str = "accept-ch cache-group-invalidation cache-groups cache-status \
    client-cert-chain critical-ch link-template proxy-status sec-ch-ua \
    sec-ch-ua-form-factors sec-ch-ua-full-version-list";

const ITEMS: &str = "available-dictionary capsule-protocol client-cert \
    cross-origin-embedder-policy cross-origin-embedder-policy-report-only \
    cross-origin-opener-policy cross-origin-opener-policy-report-only deprecation dictionary-id \
    origin-agent-cluster sec-ch-ua-arch sec-ch-ua-bitness sec-ch-ua-full-version \
    sec-ch-ua-mobile sec-ch-ua-model sec-ch-ua-platform sec-ch-ua-platform-version \
    sec-ch-ua-wow64 sec-fetch-dest sec-fetch-mode sec-fetch-site sec-fetch-user";

/// The types of fields: of those that are registered, and of more that the application knows.
///
/// ```
/// use countersign_core::structured::{FieldType, FieldTypes};
/// let types = FieldTypes::new().with("example-dict", FieldType::Dictionary);
/// assert_eq!(types.of("example-dict"), Some(FieldType::Dictionary));
/// assert_eq!(types.of("priority"), Some(FieldType::Dictionary));
/// assert_eq!(types.of("date"), None);
/// ```
#[derive(Clone, Debug, Default)]
pub struct FieldTypes(Vec<(String, FieldType)>);

impl FieldTypes {
    /// Those that are registered.
    #[must_use]
    pub const fn new() -> Self {
        FieldTypes(Vec::new())
    }

    /// These and one more, by its name in lower case; it goes before a registered one.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, field_type: FieldType) -> Self {
        self.0.push((name.into(), field_type));
        self
    }

    /// The type of a field, by its name in lower case.
    #[must_use]
    pub fn of(&self, name: &str) -> Option<FieldType> {
        match self.0.iter().rfind(|(known, _)| known == name) {
            Some((_, field_type)) => Some(*field_type),
            None => FieldType::of_registered(name),
        }
    }
}
