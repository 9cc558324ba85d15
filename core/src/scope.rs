//! Keys derived for one region and one day, so that an edge never holds what outlives them.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

use crate::instant::UnixSeconds;
use crate::key::Environment;
use crate::refusal::{Code, Refusal};
use crate::scheme::time::{civil, days};

const MAX_REGION_BYTES: usize = 32;
const DAY_SECONDS: u64 = 86_400;

/// How long before its day and after it a derived key is accepted: clocks differ, and a request takes its
/// time.
const LEEWAY: Duration = Duration::from_mins(15);

/// A region and a day in UTC: what a secret is derived for. Written `eu-west/20261125`; a signature by the
/// derived key has the keyid `k7/eu-west/20261125`.
///
/// The derived secret is one block of HKDF-Expand (RFC 5869 section 2.3) with HMAC-SHA-256, the key's secret
/// in place of the pseudorandom key, and `countersign edge key v1`, the environment, the region and the day
/// as its info, each after a zero byte. From it neither the secret nor that of another day can be learned.
///
/// ```
/// use countersign_core::{Scope, UnixSeconds};
/// let scope = Scope::new("eu-west", UnixSeconds::new(1_795_600_000))?;
/// assert_eq!(scope.to_string(), "eu-west/20261125");
/// assert_eq!(scope.keyid("k7"), "k7/eu-west/20261125");
/// # Ok::<(), countersign_core::Refusal>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    region: Box<str>,
    day: u32,
}

impl Scope {
    /// The scope of a region, on the day of an instant. A region has 1 to 32 lower-case letters, digits and
    /// hyphens.
    ///
    /// # Errors
    /// `scope_malformed`.
    pub fn new(region: &str, at: UnixSeconds) -> Result<Self, Refusal> {
        let day = u32::try_from(at.get() / DAY_SECONDS);
        match day {
            Ok(day) if is_region(region) && day < MAX_DAY => Ok(Scope {
                region: region.into(),
                day,
            }),
            _ => Err(Refusal::named(Code::ScopeMalformed, region)),
        }
    }

    /// The region.
    #[must_use]
    pub fn region(&self) -> &str {
        &self.region
    }

    /// Days since 1970-01-01.
    #[must_use]
    pub fn day(&self) -> u32 {
        self.day
    }

    /// The keyid of a key that is derived for this scope.
    #[must_use]
    pub fn keyid(&self, key: &str) -> String {
        let mut out = String::from(key);
        out.push('/');
        out.push_str(&self.region);
        out.push('/');
        push_day(&mut out, self.day);
        out
    }

    /// The key and the scope that a keyid names, if it names a scope.
    pub(crate) fn split(keyid: &str) -> Option<(&str, Self)> {
        let (rest, date) = keyid.rsplit_once('/')?;
        let (key, region) = rest.rsplit_once('/')?;
        let day = read_day(date)?;
        let region = is_region(region).then(|| region.into())?;
        (!key.is_empty()).then_some((key, Scope { region, day }))
    }

    /// What is wrong with the day, if anything.
    pub(crate) fn fault(&self, now: UnixSeconds) -> Option<Code> {
        let start = UnixSeconds::new(u64::from(self.day) * DAY_SECONDS);
        if now.after(LEEWAY) < start {
            Some(Code::KeyNotActive)
        } else if now >= start.after(Duration::from_secs(DAY_SECONDS)).after(LEEWAY) {
            Some(Code::KeyExpired)
        } else {
            None
        }
    }

    /// What the derived secret is a MAC of.
    pub(crate) fn info(&self, environment: Environment) -> Vec<u8> {
        let mut date = String::with_capacity(8);
        push_day(&mut date, self.day);
        let mut info = Vec::with_capacity(96);
        let parts = [
            "countersign edge key v1",
            environment.as_str(),
            &self.region,
            &date,
        ];
        for part in parts {
            info.extend_from_slice(part.as_bytes());
            info.push(0);
        }
        // The number of the block; and the last part needs no zero byte after it.
        if let Some(last) = info.last_mut() {
            *last = 1;
        }
        info
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.keyid("").trim_start_matches('/'))
    }
}

/// 10000-01-01: from there on a date has more digits.
const MAX_DAY: u32 = 2_932_897;

pub(crate) fn is_region(region: &str) -> bool {
    let good = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
    (1..=MAX_REGION_BYTES).contains(&region.len()) && region.bytes().all(good)
}

fn push_day(out: &mut String, day: u32) {
    let (year, month, day) = civil(u64::from(day));
    let number = year * 10_000 + month * 100 + day;
    let mut place = 10_000_000;
    while place > 0 {
        let digit = u32::try_from(number / place % 10).unwrap_or(0);
        out.push(char::from_digit(digit, 10).unwrap_or('0'));
        place /= 10;
    }
}

fn read_day(text: &str) -> Option<u32> {
    if text.len() != 8 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number: u64 = text.parse().ok()?;
    let day = days(number / 10_000, number / 100 % 100, number % 100)?;
    let day = u32::try_from(day).ok()?;
    let mut again = String::with_capacity(8);
    push_day(&mut again, day);
    (again == text).then_some(day)
}
