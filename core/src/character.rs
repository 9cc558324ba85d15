//! Classes of ASCII characters, all in one table: what is read is looked at once, byte by byte.

/// Which characters are accepted somewhere.
#[derive(Clone, Copy)]
pub(crate) struct Class(u8);

impl Class {
    /// Of a token: a method or a field name (RFC 9110 section 5.6.2).
    pub(crate) const TOKEN: Class = Class(1);
    /// Of a field name in lower case.
    pub(crate) const NAME: Class = Class(1 << 1);
    /// Of a structured field's key, after its first (RFC 9651 section 4.2.3.3).
    pub(crate) const KEY: Class = Class(1 << 2);
    /// Of a structured field's token, after its first (RFC 9651 section 4.2.6).
    pub(crate) const WORD: Class = Class(1 << 3);
    /// Of base64, with its padding.
    pub(crate) const BASE64: Class = Class(1 << 4);
    /// Of a host that is no IPv6 address (RFC 3986 section 3.2.2).
    pub(crate) const HOST: Class = Class(1 << 5);
    /// Of a request target: what can be seen, but no fragment.
    pub(crate) const TARGET: Class = Class(1 << 6);

    /// Whether the byte is of the class.
    #[inline]
    pub(crate) fn has(self, byte: u8) -> bool {
        let classes = CLASSES.get(usize::from(byte)).copied();
        classes.unwrap_or(0) & self.0 != 0
    }

    /// Whether every character of the text is.
    pub(crate) fn has_all(self, text: &str) -> bool {
        self.length_in(text) == text.len()
    }

    /// How many characters from the start are.
    #[inline]
    pub(crate) fn length_in(self, text: &str) -> usize {
        self.length_from(text.as_bytes(), 0)
    }

    /// How many bytes from `at` on are.
    #[inline]
    pub(crate) fn length_from(self, bytes: &[u8], at: usize) -> usize {
        let rest = bytes.get(at..).unwrap_or_default();
        let ends = |byte: &u8| !self.has(*byte);
        rest.iter().position(ends).unwrap_or(rest.len())
    }

    /// The same for what is long: eight are looked at before it is asked whether one ends it.
    pub(crate) fn long_length_from(self, bytes: &[u8], at: usize) -> usize {
        let mut end = at;
        let rest = bytes.get(at..).unwrap_or_default();
        for eight in rest.as_chunks::<8>().0 {
            let classes = |byte: &u8| CLASSES.get(usize::from(*byte)).copied().unwrap_or(0);
            let common = eight
                .iter()
                .fold(self.0, |common, byte| common & classes(byte));
            if common == 0 {
                break;
            }
            end += 8;
        }
        end - at + self.length_from(bytes, end)
    }
}

/// How many bytes from `at` on are from space to tilde, and none of `but`. Eight are looked at
/// together: one that ends it sets the highest bit of its place, and maybe of those after it.
#[inline]
pub(crate) fn printable_length<const COUNT: usize>(
    bytes: &[u8],
    at: usize,
    but: [u8; COUNT],
) -> usize {
    let (words, rest) = bytes.get(at..).unwrap_or_default().as_chunks();
    let mut length = 0;
    for word in words {
        let word = u64::from_le_bytes(*word);
        let below = word.wrapping_sub(EACH * 0x20) & !word;
        let above = word.wrapping_add(EACH) | word;
        let marks = but.iter().fold(below | above, |marks, byte| {
            let differs = word ^ (EACH * u64::from(*byte));
            marks | differs.wrapping_sub(EACH) & !differs
        });
        let first = (marks & EACH << 7).trailing_zeros() / 8;
        if first < 8 {
            return length + first as usize;
        }
        length += 8;
    }
    let ends = |byte: &u8| !matches!(byte, b' '..=b'~') || but.contains(byte);
    length + rest.iter().position(ends).unwrap_or(rest.len())
}

/// Whether two texts are the same. Their lengths alone, and nothing in them, say how long that takes.
pub(crate) fn is_same_throughout(one: &str, other: &str) -> bool {
    let (words, rest) = one.as_bytes().as_chunks::<8>();
    let (other_words, other_rest) = other.as_bytes().as_chunks::<8>();
    let differs = |(a, b): (&[u8; 8], &[u8; 8])| u64::from_le_bytes(*a) ^ u64::from_le_bytes(*b);
    let words = words.iter().zip(other_words).map(differs);
    let rest = rest.iter().zip(other_rest).map(|(a, b)| u64::from(a ^ b));
    one.len() == other.len() && words.chain(rest).fold(0, |all, one| all | one) == 0
}

/// Whether two names of fields are the same, whatever their case.
#[inline]
pub(crate) fn is_same_name(one: &str, other: &str) -> bool {
    one.len() == other.len() && is_alike(one.as_bytes(), other.as_bytes())
}

/// The same of two that are equally long. Eight bytes are compared together, the last eight too, though
/// some of them were compared before.
fn is_alike(one: &[u8], other: &[u8]) -> bool {
    let (Some(last), Some(other_last)) = (one.last_chunk(), other.last_chunk()) else {
        return one.eq_ignore_ascii_case(other);
    };
    let mut words = one.as_chunks().0.iter().zip(other.as_chunks().0);
    lower(*last) == lower(*other_last) && words.all(|(a, b)| lower(*a) == lower(*b))
}

/// ASCII characters in lower case; of others that are alike they are alike.
fn lower(word: [u8; 8]) -> u64 {
    let word = u64::from_le_bytes(word);
    let low = word & !(EACH << 7);
    let from_a = low.wrapping_add(EACH * (0x80 - 0x41));
    let after_z = low.wrapping_add(EACH * (0x7f - 0x5a));
    word | (from_a & !after_z & !word & EACH << 7) >> 2
}

/// One in each byte of a word.
const EACH: u64 = u64::MAX / 0xff;

/// The classes of each byte.
static CLASSES: [u8; 256] = classes();

const fn classes() -> [u8; 256] {
    let mut all = [0; 256];
    let mut rest = all.as_mut_slice();
    let mut byte = 0;
    while let [first, others @ ..] = rest {
        *first = classes_of(byte);
        byte = byte.wrapping_add(1);
        rest = others;
    }
    all
}

const fn classes_of(byte: u8) -> u8 {
    let is_token = byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'!' | b'#'
                | b'$'
                | b'%'
                | b'&'
                | b'\''
                | b'*'
                | b'+'
                | b'-'
                | b'.'
                | b'^'
                | b'_'
                | b'`'
                | b'|'
                | b'~'
        );
    let is_host = is_token && !matches!(byte, b'#' | b'^' | b'`' | b'|')
        || matches!(byte, b'(' | b')' | b';' | b'=');
    let is_key = matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-' | b'.' | b'*');
    let is_base64 = byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
    let pairs = [
        (Class::TOKEN, is_token),
        (Class::NAME, is_token && !byte.is_ascii_uppercase()),
        (Class::KEY, is_key),
        (Class::WORD, is_token || matches!(byte, b':' | b'/')),
        (Class::BASE64, is_base64),
        (Class::HOST, is_host),
        (Class::TARGET, byte.is_ascii_graphic() && byte != b'#'),
    ];
    let (mut bits, mut rest) = (0, pairs.as_slice());
    while let [(class, is_of), others @ ..] = rest {
        if *is_of {
            bits |= class.0;
        }
        rest = others;
    }
    bits
}

#[cfg(test)]
mod tests {
    use alloc::string::String;

    use super::is_same_throughout;

    #[test]
    fn texts_of_any_length_differ_by_any_byte() {
        for length in 0..20 {
            let one: String = ('a'..).take(length).collect();
            assert!(is_same_throughout(&one, &one), "{one}");
            for at in 0..length {
                let mut other = one.clone();
                other.replace_range(at..=at, "-");
                assert!(!is_same_throughout(&one, &other), "{one} {other}");
                other.truncate(at);
                assert!(!is_same_throughout(&one, &other), "{one} {other}");
            }
        }
    }
}
