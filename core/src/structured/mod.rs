//! Structured fields (RFC 9651): read strictly, and written.
//!
//! [`Item`], [`List`] and [`Dictionary`] are the three types that a field can have. What is read
//! borrows from the field's text; several lines of one field are joined by a comma and a space first
//! ([`Headers::combined`](crate::Headers::combined)). A list, a dictionary, an inner list and
//! parameters have at most 1,024 members each, and nothing nests deeper than an item in an inner
//! list, so a text is read in a time that grows with its length and no faster.
//!
//! ```
//! use countersign_core::structured::{BareItem, Dictionary, Member};
//! let dictionary = Dictionary::parse("u=2,   i;q=0.50")?;
//! let Some(Member::Item(item)) = dictionary.get("u") else { panic!() };
//! assert_eq!(item.value, BareItem::Integer(2));
//! assert_eq!(dictionary.serialise()?, "u=2, i;q=0.5");
//! # Ok::<(), countersign_core::Refusal>(())
//! ```

mod canonical;
mod cursor;
mod field_type;
mod parse;
mod serialise;
mod value;

pub use field_type::{FieldType, FieldTypes};
pub use value::{
    BareItem, Decimal, Dictionary, InnerList, Item, List, Member, OrderedMap, Parameters,
};

pub(crate) use canonical::{members, push_member};
pub(crate) use cursor::{Cursor, Raw};
pub(crate) use serialise::{push_key, push_string};
