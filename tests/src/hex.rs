//! Hexadecimal, as published vectors have their bytes.

use anyhow::{Context as _, Result, ensure};

pub(crate) fn decode(text: &str) -> Result<Vec<u8>> {
    ensure!(
        text.is_ascii() && text.len().is_multiple_of(2),
        "`{text}` is not pairs of hexadecimal digits"
    );
    text.as_bytes()
        .chunks(2)
        .map(|pair| {
            let pair = core::str::from_utf8(pair)?;
            u8::from_str_radix(pair, 16).with_context(|| format!("`{pair}` is not hexadecimal"))
        })
        .collect()
}

pub(crate) fn encode(bytes: &[u8]) -> String {
    use core::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // A String takes everything.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
