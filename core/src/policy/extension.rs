//! The extension types of Cedar: `decimal`, `ipaddr`, `datetime` and `duration`.

use core::net::IpAddr;

/// A decimal number with four digits after the point, as ten-thousandths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Decimal(pub i64);

/// A point in time, as milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Datetime(pub i64);

/// A span of time, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Duration(pub i64);

/// An IP address with the length of its prefix: a single address, or a range in CIDR notation. The
/// bits after the prefix are kept, and count in comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IpRange {
    pub(super) v6: bool,
    pub(super) address: u128,
    pub(super) prefix: u8,
}

const DAY: i64 = 86_400_000;

impl Decimal {
    /// Reads `-?d+.d+`, with one to four digits after the point.
    ///
    /// ```
    /// use countersign_core::policy::Decimal;
    /// assert_eq!(Decimal::parse("-0.5"), Some(Decimal(-5000)));
    /// assert_eq!(Decimal::parse("1.23456"), None);
    /// ```
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (sign, text) = sign(text);
        let (whole, fraction) = text.split_once('.')?;
        if whole.is_empty() || !matches!(fraction.len(), 1..=4) {
            return None;
        }
        let zeros = "0000".get(fraction.len()..)?;
        let mut value = 0;
        for digits in [whole, fraction, zeros] {
            for digit in digits.bytes() {
                value = append(value, sign, digit)?;
            }
        }
        Some(Self(value))
    }
}

impl Duration {
    /// Reads `-?(Nd)?(Nh)?(Nm)?(Ns)?(Nms)?`, with one part at least; the sign is for all.
    ///
    /// ```
    /// use countersign_core::policy::Duration;
    /// assert_eq!(Duration::parse("-1h30m"), Some(Duration(-5_400_000)));
    /// assert_eq!(Duration::parse("30m1h"), None);
    /// ```
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        const UNITS: [(&str, i64); 5] = [
            ("d", DAY),
            ("h", 3_600_000),
            ("m", 60_000),
            ("s", 1000),
            ("ms", 1),
        ];
        let (sign, mut text) = sign(text);
        if text.is_empty() {
            return None;
        }
        let mut parts = [0; 5];
        let mut units = UNITS.iter().zip(&mut parts);
        while !text.is_empty() {
            let len = text.bytes().take_while(u8::is_ascii_digit).count();
            let (digits, rest) = text.split_at_checked(len).filter(|_| len > 0)?;
            let len = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
            let (unit, rest) = rest.split_at_checked(len)?;
            let (_, part) = units.find(|(known, _)| known.0 == unit)?;
            for digit in digits.bytes() {
                *part = append(*part, sign, digit)?;
            }
            text = rest;
        }
        // From the smallest up: each sum on the way must fit, as in Cedar.
        let mut total = 0_i64;
        for ((_, unit), part) in UNITS.iter().zip(parts).rev() {
            total = total.checked_add(part.checked_mul(*unit)?)?;
        }
        Some(Self(total))
    }
}

impl Datetime {
    /// Reads `YYYY-MM-DD`, or that and `Thh:mm:ss`, `.SSS` or not, and `Z`, `+hhmm` or `-hhmm`.
    ///
    /// ```
    /// use countersign_core::policy::Datetime;
    /// assert_eq!(Datetime::parse("1970-01-02"), Some(Datetime(86_400_000)));
    /// assert_eq!(Datetime::parse("1970-01-01T01:00:00.5Z"), None);
    /// ```
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut text = Digits(text.as_bytes());
        let year = text.number(4)?;
        let month = text.after(b'-')?.number(2)?;
        let day = text.after(b'-')?.number(2)?;
        let mut time = 0;
        if !text.0.is_empty() {
            let hour = text.after(b'T')?.number(2)?;
            let minute = text.after(b':')?.number(2)?;
            let second = text.after(b':')?.number(2)?;
            let mut milliseconds = 0;
            if text.0.first() == Some(&b'.') {
                milliseconds = text.after(b'.')?.number(3)?;
            }
            let (&zone, rest) = text.0.split_first()?;
            text.0 = rest;
            let east = match zone {
                b'Z' => 0,
                b'+' | b'-' => {
                    let (hours, minutes) = (text.number(2)?, text.number(2)?);
                    if hours >= 24 || minutes >= 60 {
                        return None;
                    }
                    let east = hours * 60 + minutes;
                    if zone == b'+' { east } else { -east }
                }
                _ => return None,
            };
            if !text.0.is_empty() || hour >= 24 || minute >= 60 || second >= 60 {
                return None;
            }
            time = ((hour * 60 + minute - east) * 60 + second) * 1000 + milliseconds;
        }
        Some(Self(days(year, month, day)? * DAY + time))
    }

    /// The start of the day, in UTC.
    pub(super) fn to_date(self) -> Option<Self> {
        self.0.checked_sub(self.to_time().0).map(Self)
    }

    /// The time since the start of the day, in UTC.
    pub(super) fn to_time(self) -> Duration {
        Duration(self.0.rem_euclid(DAY))
    }
}

impl IpRange {
    /// Reads an address of IP version 4 or 6, alone or with `/` and the length of its prefix. An IPv4
    /// address within an IPv6 one must be written in hexadecimal.
    ///
    /// ```
    /// use countersign_core::policy::IpRange;
    /// assert_eq!(IpRange::parse("10.0.0.1"), IpRange::parse("10.0.0.1/32"));
    /// assert_eq!(IpRange::parse("::ffff:10.0.0.1"), None);
    /// ```
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        const MAX_LEN: usize = "ABCD:EF01:2345:6789:ABCD:EF01:2345:6789/128".len();
        if text.len() > MAX_LEN {
            return None;
        }
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let (v6, address) = match address.parse().ok()? {
            IpAddr::V4(address) => (false, u128::from(u32::from(address))),
            IpAddr::V6(_) if address.contains('.') => return None,
            IpAddr::V6(address) => (true, u128::from(address)),
        };
        let longest = width(v6);
        let prefix = match prefix {
            None => longest,
            Some(digits) => {
                let plain = digits.bytes().all(|byte| byte.is_ascii_digit())
                    && (digits == "0" || !digits.starts_with('0'));
                digits
                    .parse()
                    .ok()
                    .filter(|prefix| plain && *prefix <= longest)?
            }
        };
        Some(Self {
            v6,
            address,
            prefix,
        })
    }

    /// The address, with the bits after the prefix.
    #[must_use]
    pub fn address(self) -> IpAddr {
        match u32::try_from(self.address) {
            Ok(address) if !self.v6 => IpAddr::from(address.to_be_bytes()),
            _ => IpAddr::from(self.address.to_be_bytes()),
        }
    }

    /// The length of the prefix, in bits.
    #[must_use]
    pub fn prefix(self) -> u8 {
        self.prefix
    }

    /// The range of these parts, if there is one.
    pub(super) fn from_parts(v6: bool, address: u128, prefix: u8) -> Option<Self> {
        let fits = v6 || address <= u128::from(u32::MAX);
        (fits && prefix <= width(v6)).then_some(Self {
            v6,
            address,
            prefix,
        })
    }

    pub(super) fn is_loopback(self) -> bool {
        if self.v6 {
            self.address == 1 && self.prefix == 128
        } else {
            self.address >> 24 == 127 && self.prefix >= 8
        }
    }

    pub(super) fn is_multicast(self) -> bool {
        if self.v6 {
            self.address >> 120 == 0xff && self.prefix >= 8
        } else {
            self.address >> 28 == 0xe && self.prefix >= 4
        }
    }

    /// Whether every address of it is one of `other`.
    pub(super) fn is_in_range(self, other: Self) -> bool {
        let host_bits = u32::from(width(other.v6) - other.prefix);
        self.v6 == other.v6
            && self.prefix >= other.prefix
            && (self.address ^ other.address)
                .checked_shr(host_bits)
                .unwrap_or(0)
                == 0
    }
}

/// The bits of an address.
const fn width(v6: bool) -> u8 {
    if v6 { 128 } else { 32 }
}

fn sign(text: &str) -> (i64, &str) {
    match text.strip_prefix('-') {
        Some(text) => (-1, text),
        None => (1, text),
    }
}

/// `value` with one more decimal digit, away from zero.
fn append(value: i64, sign: i64, digit: u8) -> Option<i64> {
    let digit = char::from(digit).to_digit(10)?;
    value.checked_mul(10)?.checked_add(sign * i64::from(digit))
}

/// Text of digits and marks, read from its start.
struct Digits<'a>(&'a [u8]);

impl Digits<'_> {
    fn after(&mut self, mark: u8) -> Option<&mut Self> {
        self.0 = self.0.strip_prefix(&[mark])?;
        Some(self)
    }

    fn number(&mut self, len: usize) -> Option<i64> {
        let (digits, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        let mut value = 0;
        for digit in digits {
            value = append(value, 1, *digit)?;
        }
        Some(value)
    }
}

/// Days since 1970-01-01 in the Gregorian calendar, for years from 0.
fn days(year: i64, month: i64, day: i64) -> Option<i64> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        2 => 28 + i64::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if !(1..=length).contains(&day) {
        return None;
    }
    // Years begin in March, so that the day of the leap is the last of its year.
    let (year, month) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let leaps = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    Some(year * 365 + leaps + (153 * month + 2) / 5 + day - 1 - 719_468)
}
