//! From the text of a field to its values (RFC 9651 section 4.2).

use alloc::borrow::Cow;
use alloc::vec::Vec;

use super::cursor::{Cursor, Raw, unescape_display};
use super::value::{
    BareItem, Decimal, Dictionary, InnerList, Item, List, Member, OrderedMap, Parameters,
};
use crate::base64;
use crate::refusal::Refusal;

const MAX_MEMBERS: usize = 1024;

impl<'a> Item<'a> {
    /// Reads a field that is an item.
    ///
    /// # Errors
    /// `structured_field_malformed` with the place.
    pub fn parse(text: &'a str) -> Result<Self, Refusal> {
        let mut cursor = Cursor::over_field(text);
        cursor.skip_outer_spaces();
        let item = Self::read(&mut cursor)?;
        cursor.skip_outer_spaces();
        if cursor.is_at_end() {
            Ok(item)
        } else {
            Err(cursor.error())
        }
    }

    fn read(cursor: &mut Cursor<'a>) -> Result<Self, Refusal> {
        Ok(Item {
            value: BareItem::read(cursor)?,
            parameters: Parameters::read(cursor)?,
        })
    }
}

impl<'a> List<'a> {
    /// Reads a field that is a list; an empty text is an empty list.
    ///
    /// # Errors
    /// `structured_field_malformed` with the place.
    pub fn parse(text: &'a str) -> Result<Self, Refusal> {
        let mut cursor = Cursor::over_field(text);
        let mut members = Vec::new();
        cursor.skip_outer_spaces();
        let mut more = !cursor.is_at_end();
        while more {
            limit(&cursor, members.len())?;
            members.push(Member::read(&mut cursor)?);
            more = cursor.next_member()?;
        }
        Ok(List(members))
    }
}

impl<'a> Dictionary<'a> {
    /// Reads a field that is a dictionary; an empty text is an empty dictionary. Of a key that comes
    /// twice the last value counts.
    ///
    /// # Errors
    /// `structured_field_malformed` with the place.
    pub fn parse(text: &'a str) -> Result<Self, Refusal> {
        let mut cursor = Cursor::over_field(text);
        let mut members = OrderedMap::new();
        cursor.skip_outer_spaces();
        let mut more = !cursor.is_at_end();
        while more {
            limit(&cursor, members.len())?;
            let key = cursor.key()?;
            let member = if cursor.eat(b'=') {
                Member::read(&mut cursor)?
            } else {
                Member::Item(Item {
                    value: BareItem::Boolean(true),
                    parameters: Parameters::read(&mut cursor)?,
                })
            };
            members.insert(key, member);
            more = cursor.next_member()?;
        }
        Ok(members)
    }
}

impl<'a> Member<'a> {
    fn read(cursor: &mut Cursor<'a>) -> Result<Self, Refusal> {
        if cursor.eat(b'(') {
            InnerList::read_rest(cursor).map(Member::InnerList)
        } else {
            Item::read(cursor).map(Member::Item)
        }
    }
}

impl<'a> InnerList<'a> {
    /// Reads an inner list with its parameters, after its parenthesis was read.
    pub(crate) fn read_rest(cursor: &mut Cursor<'a>) -> Result<Self, Refusal> {
        let mut items = Vec::new();
        while cursor.next_in_list(items.is_empty())? {
            limit(cursor, items.len())?;
            items.push(Item::read(cursor)?);
        }
        Ok(InnerList {
            items,
            parameters: Parameters::read(cursor)?,
        })
    }
}

impl<'a> Parameters<'a> {
    /// Reads parameters up to where they end. Of a key that comes twice the last value counts.
    pub(crate) fn read(cursor: &mut Cursor<'a>) -> Result<Self, Refusal> {
        let mut parameters = OrderedMap::new();
        while let Some((name, raw)) = cursor.parameter()? {
            limit(cursor, parameters.len())?;
            parameters.insert(name, BareItem::of(cursor, raw)?);
        }
        Ok(parameters)
    }
}

impl<'a> BareItem<'a> {
    fn read(cursor: &mut Cursor<'a>) -> Result<Self, Refusal> {
        let raw = cursor.bare_item()?;
        Self::of(cursor, raw)
    }

    fn of(cursor: &Cursor<'a>, raw: Raw<'a>) -> Result<Self, Refusal> {
        let decoded = match raw {
            Raw::Integer(number) => Some(BareItem::Integer(number)),
            Raw::IntegerTooLarge => None,
            Raw::Decimal(thousandths) => {
                Decimal::from_thousandths(thousandths).map(BareItem::Decimal)
            }
            Raw::String(quoted) => Some(BareItem::String(quoted.unescape())),
            Raw::Token(text) => Some(BareItem::Token(text)),
            Raw::Bytes(text) => {
                base64::decode_vec(text).map(|bytes| BareItem::Bytes(Cow::Owned(bytes)))
            }
            Raw::True => Some(BareItem::Boolean(true)),
            Raw::False => Some(BareItem::Boolean(false)),
            Raw::Date(seconds) => Some(BareItem::Date(seconds)),
            Raw::DisplayString(inner) => {
                unescape_display(inner).map(|text| BareItem::DisplayString(Cow::Owned(text)))
            }
        };
        decoded.ok_or_else(|| cursor.error())
    }
}

/// Refuses one member too many.
pub(super) fn limit(cursor: &Cursor<'_>, members: usize) -> Result<(), Refusal> {
    if members < MAX_MEMBERS {
        Ok(())
    } else {
        Err(cursor.error())
    }
}
