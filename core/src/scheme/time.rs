//! Timestamps as vendors write them.

use alloc::string::String;

use crate::refusal::push_decimal;

/// How a timestamp is written. All are in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TimeForm {
    /// `1700000000`
    Seconds,
    /// `1700000000`, or with a fraction
    DecimalSeconds,
    /// `1700000000123`
    Milliseconds,
    /// `2023-11-14T22:13:20.123Z`
    IsoMilliseconds,
    /// `2023-11-14T22:13:20`
    Iso,
    /// `20231114T221320Z`
    Basic,
}

/// 9999-12-31T23:59:59.999Z: later years have more digits.
const MAX_MS: u64 = 253_402_300_799_999;

impl TimeForm {
    /// Writes a time in milliseconds since 1970.
    pub(super) fn write(self, ms: u64) -> String {
        let ms = ms.min(MAX_MS);
        let mut out = String::with_capacity(24);
        let pattern = match self {
            TimeForm::Seconds | TimeForm::DecimalSeconds => {
                push(&mut out, ms / 1000, 1);
                return out;
            }
            TimeForm::Milliseconds => {
                push(&mut out, ms, 1);
                return out;
            }
            TimeForm::IsoMilliseconds | TimeForm::Iso => ["-", "-", "T", ":", ":"],
            TimeForm::Basic => ["", "", "T", "", ""],
        };
        let (year, month, day) = civil(ms / 86_400_000);
        let second = ms / 1000;
        let fields = [
            month,
            day,
            second / 3600 % 24,
            second / 60 % 60,
            second % 60,
        ];
        push(&mut out, year, 4);
        for (separator, field) in pattern.iter().zip(fields) {
            out.push_str(separator);
            push(&mut out, field, 2);
        }
        if self == TimeForm::IsoMilliseconds {
            out.push('.');
            push(&mut out, ms % 1000, 3);
        }
        if self != TimeForm::Iso {
            out.push('Z');
        }
        out
    }

    /// Reads a time in milliseconds since 1970, if it is written exactly so.
    pub(super) fn read(self, text: &str) -> Option<u64> {
        let number = |digits: &str| {
            let is_number = (1..=15).contains(&digits.len())
                && digits.bytes().all(|byte| byte.is_ascii_digit());
            is_number.then(|| number_of(digits))
        };
        let ms = match self {
            TimeForm::Milliseconds => number(text)?,
            TimeForm::Seconds => thousand_times(number(text)?),
            TimeForm::DecimalSeconds => {
                let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
                number(fraction)?;
                thousand_times(number(whole)?)
            }
            TimeForm::IsoMilliseconds | TimeForm::Iso | TimeForm::Basic => {
                let mut digits = text.bytes().filter(u8::is_ascii_digit);
                let mut field = |length: usize| {
                    digits
                        .by_ref()
                        .take(length)
                        .fold(0, |number, digit| number * 10 + u64::from(digit - b'0'))
                };
                let (year, month, day) = (field(4), field(2), field(2));
                let (hour, minute, second) = (field(2), field(2), field(2));
                let days = days(year, month, day)?;
                ((days * 24 + hour) * 60 + minute) * 60_000 + second * 1000 + field(3)
            }
        };
        let is_calendar = !matches!(
            self,
            TimeForm::Seconds | TimeForm::DecimalSeconds | TimeForm::Milliseconds
        );
        (ms <= MAX_MS && (!is_calendar || self.write(ms) == text)).then_some(ms)
    }
}

/// The number of at most 15 digits. WebAssembly has no multiplication that tells whether it overflows.
fn number_of(digits: &str) -> u64 {
    digits.bytes().fold(0, |number: u64, digit| {
        number.wrapping_mul(10).wrapping_add(u64::from(digit & 15))
    })
}

/// A thousand times such a number, which has 18 digits at most.
fn thousand_times(number: u64) -> u64 {
    number.wrapping_mul(1000)
}

fn push(out: &mut String, number: u64, width: usize) {
    let mut limit = 1;
    for _ in 1..width {
        limit *= 10;
        if number < limit {
            out.push('0');
        }
    }
    push_decimal(out, i64::try_from(number).unwrap_or(i64::MAX));
}

/// Year, month and day of a day since 1970, by eras of 400 years that begin in March.
pub(crate) fn civil(day: u64) -> (u64, u64, u64) {
    let day = day + 719_468;
    let (era, of_era) = (day / 146_097, day % 146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let march_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 {
        march_month + 3
    } else {
        march_month - 9
    };
    (year + era * 400 + u64::from(month <= 2), month, day)
}

/// The day since 1970 of a date. A date that doesn't exist gives the day of another.
pub(crate) fn days(year: u64, month: u64, day: u64) -> Option<u64> {
    let year = year - u64::from(month <= 2 && year > 0);
    let march_month = (month + 9) % 12;
    let of_year = (153 * march_month + 2) / 5 + day;
    (year * 365 + year / 4 - year / 100 + year / 400 + of_year).checked_sub(719_469)
}
