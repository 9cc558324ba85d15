//! The version of a bundle.

/// Three numbers, `major.minor.patch`: which of two bundles is the older.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    numbers: [u32; 3],
}

impl Version {
    /// Reads three decimal numbers, without leading zeros, with points between them.
    ///
    /// ```
    /// use countersign_core::policy::Version;
    /// assert!(Version::parse("1.10.0") > Version::parse("1.9.7"));
    /// assert_eq!(Version::parse("1.0"), None);
    /// ```
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut numbers = [0; 3];
        let mut parts = text.split('.');
        for number in &mut numbers {
            let part = parts.next()?;
            let plain = part.bytes().all(|byte| byte.is_ascii_digit())
                && (part == "0" || !part.starts_with('0'));
            *number = part.parse().ok().filter(|_| plain)?;
        }
        parts.next().is_none().then_some(Self { numbers })
    }
}
