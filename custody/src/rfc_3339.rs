//! Points in time as RFC 3339 writes them, in UTC.

use std::time::Duration;

use countersign_core::UnixSeconds;

/// `2026-11-25T14:52:45Z`; from the year 10000 on the number itself.
///
/// ```
/// use countersign_core::UnixSeconds;
/// use countersign_custody::rfc_3339;
/// assert_eq!(rfc_3339::seconds(UnixSeconds::new(1_800_000_000)), "2027-01-15T08:00:00Z");
/// ```
#[must_use]
pub fn seconds(at: UnixSeconds) -> String {
    let date = der::DateTime::from_unix_duration(Duration::from_secs(at.get()));
    date.map_or_else(|_| at.get().to_string(), |date| date.to_string())
}

/// `2026-11-25T14:52:45.123Z`; from the year 10000 on the number itself.
#[must_use]
pub fn milliseconds(at_ms: u64) -> String {
    let whole = seconds(UnixSeconds::new(at_ms / 1000));
    whole.strip_suffix('Z').map_or_else(
        || at_ms.to_string(),
        |whole| format!("{whole}.{:03}Z", at_ms % 1000),
    )
}
