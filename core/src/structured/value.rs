//! The values of structured fields (RFC 9651 section 3).

use alloc::borrow::Cow;
use alloc::vec::Vec;

/// A value without parameters (section 3.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BareItem<'a> {
    /// At most 15 digits.
    Integer(i64),
    /// At most 12 digits before the point and 3 after it.
    Decimal(Decimal),
    /// Printable ASCII.
    String(Cow<'a, str>),
    /// A word that begins with a letter or `*`.
    Token(&'a str),
    /// A byte sequence.
    Bytes(Cow<'a, [u8]>),
    /// True or false.
    Boolean(bool),
    /// Seconds since 1970, before it where negative; at most 15 digits.
    Date(i64),
    /// Text of any characters.
    DisplayString(Cow<'a, str>),
}

/// A decimal number of at most 12 digits before the point and 3 after it (section 3.3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Decimal(i64);

/// The largest number of 15 digits: of an Integer, a Date, and of the thousandths of a Decimal.
pub(super) const MAX_FIFTEEN_DIGITS: i64 = 999_999_999_999_999;

impl Decimal {
    /// The number of this many thousandths; none if it has too many digits.
    #[must_use]
    pub const fn from_thousandths(thousandths: i64) -> Option<Self> {
        if thousandths.unsigned_abs() <= MAX_FIFTEEN_DIGITS.unsigned_abs() {
            Some(Decimal(thousandths))
        } else {
            None
        }
    }

    /// The number written with digits and at most one point, rounded to thousandths, and to the even
    /// one where two are as near (section 4.1.5). None if it is no such number or has too many digits.
    ///
    /// ```
    /// use countersign_core::structured::Decimal;
    /// assert_eq!(Decimal::rounded("0.0025").map(Decimal::thousandths), Some(2));
    /// ```
    #[must_use]
    pub fn rounded(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('-').unwrap_or(text);
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        if !is_number(whole) || !is_number(fraction) {
            return None;
        }
        let kept = fraction.bytes().chain([b'0'; 3]).take(3);
        let mut thousandths = 0_i64;
        for digit in whole.bytes().chain(kept) {
            let digit = i64::from(digit - b'0');
            thousandths = thousandths.checked_mul(10)?.checked_add(digit)?;
        }
        let rest = fraction.as_bytes().get(3..).unwrap_or_default();
        let is_past_half = rest.iter().skip(1).any(|digit| *digit != b'0');
        let up = match rest.first() {
            Some(b'6'..=b'9') => true,
            Some(b'5') => is_past_half || thousandths % 2 == 1,
            _ => false,
        };
        thousandths = thousandths.checked_add(i64::from(up))?;
        Self::from_thousandths(if text.starts_with('-') {
            -thousandths
        } else {
            thousandths
        })
    }

    /// How many thousandths it is.
    #[must_use]
    pub const fn thousandths(self) -> i64 {
        self.0
    }
}

/// Values by their keys, in the order in which each key came first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderedMap<'a, T> {
    keys: Keys<'a>,
    values: Vec<T>,
}

/// Keys in their order, each once.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Keys<'a> {
    in_order: Vec<&'a str>,
    /// Their places sorted by key, so that a field of many members is read in little time.
    sorted: Vec<usize>,
}

impl<'a> Keys<'a> {
    /// The place of a key, or where its place belongs among the sorted ones.
    fn find(&self, key: &str) -> Result<usize, usize> {
        let key_at = |at: &usize| self.in_order.get(*at).copied().unwrap_or("");
        match self.sorted.binary_search_by(|at| key_at(at).cmp(key)) {
            Ok(found) => self.sorted.get(found).copied().ok_or(found),
            Err(at) => Err(at),
        }
    }

    /// The place of a key, which is put at the end if it is new.
    fn place(&mut self, key: &'a str) -> usize {
        self.find(key).unwrap_or_else(|at| {
            let place = self.in_order.len();
            self.in_order.push(key);
            self.sorted.insert(at, place);
            place
        })
    }
}

/// The parameters of an item or an inner list (section 3.1.2).
pub type Parameters<'a> = OrderedMap<'a, BareItem<'a>>;

/// A field that is a dictionary (section 3.2).
pub type Dictionary<'a> = OrderedMap<'a, Member<'a>>;

impl<'a, T> OrderedMap<'a, T> {
    /// An empty one.
    #[must_use]
    pub const fn new() -> Self {
        OrderedMap {
            keys: Keys {
                in_order: Vec::new(),
                sorted: Vec::new(),
            },
            values: Vec::new(),
        }
    }

    /// Sets the value of a key; one that is there is replaced in its place.
    pub fn insert(&mut self, key: &'a str, value: T) {
        let place = self.keys.place(key);
        match self.values.get_mut(place) {
            Some(known) => *known = value,
            None => self.values.push(value),
        }
    }

    /// The value of a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&T> {
        self.values.get(self.keys.find(key).ok()?)
    }

    /// Keys and values, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&'a str, &T)> {
        self.keys.in_order.iter().copied().zip(&self.values)
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }
}

impl<T> Default for OrderedMap<'_, T> {
    fn default() -> Self {
        Self::new()
    }
}

/// A field that is an item, or one within a list (section 3.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item<'a> {
    /// The value.
    pub value: BareItem<'a>,
    /// Its parameters.
    pub parameters: Parameters<'a>,
}

/// A list within a list or a dictionary (section 3.1.1).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InnerList<'a> {
    /// The items.
    pub items: Vec<Item<'a>>,
    /// The parameters of the whole.
    pub parameters: Parameters<'a>,
}

/// What a list or a dictionary consists of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Member<'a> {
    /// One item.
    Item(Item<'a>),
    /// Several.
    InnerList(InnerList<'a>),
}

/// A field that is a list (section 3.1).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct List<'a>(pub Vec<Member<'a>>);

impl<'a> From<BareItem<'a>> for Item<'a> {
    fn from(value: BareItem<'a>) -> Self {
        Item {
            value,
            parameters: Parameters::new(),
        }
    }
}
