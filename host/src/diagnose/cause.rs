//! Why a signature doesn't verify, by name.

/// A likely cause, with a stable code, a sentence, and what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Cause {
    /// JSON with other spaces, order or escapes than was signed.
    BodyReserialised,
    /// A line break at the end of the body that one side hasn't.
    BodyLineBreak,
    /// Lines end in CRLF on one side.
    BodyLineEnds,
    /// The body was not signed, or signed as empty.
    BodyMissing,
    /// `+` on one side, `%20` on the other.
    PlusForSpace,
    /// Percent-encoded on one side, decoded or encoded otherwise on the other.
    PercentEncoding,
    /// Hexadecimal digits of escapes in another case.
    EscapeCase,
    /// The same parameters in another order.
    QueryOrder,
    /// The query was left out on one side.
    QueryMissing,
    /// A slash at the end of the path that one side hasn't.
    TrailingSlash,
    /// A prefix of the path that a proxy added or took away.
    PathPrefix,
    /// `http` on one side, `https` on the other.
    OtherScheme,
    /// Another host, or a port on one side only.
    OtherAuthority,
    /// Another case of letters.
    LetterCase,
    /// White space that one side hasn't.
    WhiteSpace,
    /// Several field lines joined otherwise.
    FieldJoined,
    /// Milliseconds where seconds are meant.
    Milliseconds,
    /// Two clocks apart.
    ClockSkew,
    /// The same bytes in hexadecimal on one side, in base64 on the other.
    HexForBase64,
    /// Other components, or in another order.
    OtherComponents,
    /// A line break or a space at the end of the secret.
    SecretLineBreak,
    /// The secret's text was used where its bytes are meant, or the other way round.
    SecretEncoding,
    /// A key of another environment, or another key.
    OtherKey,
}

impl Cause {
    /// The code, as programs read it.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Cause::BodyReserialised => "body_reserialised",
            Cause::BodyLineBreak => "body_line_break",
            Cause::BodyLineEnds => "body_line_ends",
            Cause::BodyMissing => "body_missing",
            Cause::PlusForSpace => "plus_for_space",
            Cause::PercentEncoding => "percent_encoding",
            Cause::EscapeCase => "escape_case",
            Cause::QueryOrder => "query_order",
            Cause::QueryMissing => "query_missing",
            Cause::TrailingSlash => "trailing_slash",
            Cause::PathPrefix => "path_prefix",
            Cause::OtherScheme => "other_scheme",
            Cause::OtherAuthority => "other_authority",
            Cause::LetterCase => "letter_case",
            Cause::WhiteSpace => "white_space",
            Cause::FieldJoined => "field_joined",
            Cause::Milliseconds => "milliseconds",
            Cause::ClockSkew => "clock_skew",
            Cause::HexForBase64 => "hex_for_base64",
            Cause::OtherComponents => "other_components",
            Cause::SecretLineBreak => "secret_line_break",
            Cause::SecretEncoding => "secret_encoding",
            Cause::OtherKey => "other_key",
        }
    }

    /// What happened, and what to do.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        match self {
            Cause::BodyReserialised => {
                "The body was parsed and written anew after it was signed, or before it was verified. Sign and verify the bytes that are sent."
            }
            Cause::BodyLineBreak => {
                "One side's body ends in a line break that the other's hasn't. A file or `echo` adds one; some readers take it off."
            }
            Cause::BodyLineEnds => {
                "The lines of the body end in CRLF on one side and in LF on the other."
            }
            Cause::BodyMissing => {
                "One side has no body. Was it read before it was hashed, or signed before it was set?"
            }
            Cause::PlusForSpace => {
                "A space is `+` on one side and `%20` on the other. Sign the URL as it is sent."
            }
            Cause::PercentEncoding => {
                "The same text, but one side is percent-encoded and the other isn't, or is encoded twice. Sign the URL as it is sent."
            }
            Cause::EscapeCase => "The same escapes, but one side writes `%2f` and the other `%2F`.",
            Cause::QueryOrder => {
                "The same query parameters in another order. Sign them in the order in which they are sent."
            }
            Cause::QueryMissing => "One side has left the query out.",
            Cause::TrailingSlash => "One side's path ends in a slash.",
            Cause::PathPrefix => {
                "A proxy has added or taken away the beginning of the path. Let it pass the original target on, and name that field in the profile's `forwarded`."
            }
            Cause::OtherScheme => {
                "One side has `http` and the other `https`: TLS ends at a proxy before the verifier. Name the proxy in the profile's `forwarded`."
            }
            Cause::OtherAuthority => {
                "Another host or port. A proxy has set another `Host`, or one side counts the default port."
            }
            Cause::LetterCase => "The same text in another case of letters.",
            Cause::WhiteSpace => "The same text with other white space.",
            Cause::FieldJoined => {
                "The same values, but the lines of a repeated or folded field were joined otherwise. RFC 9421 joins them by a comma and a space."
            }
            Cause::Milliseconds => "A time in milliseconds where the other side has seconds.",
            Cause::ClockSkew => "The same fields with another time: which side's clock is wrong?",
            Cause::HexForBase64 => {
                "The same bytes, in hexadecimal on one side and in base64 on the other."
            }
            Cause::OtherComponents => {
                "Other components were signed, or in another order than `Signature-Input` says."
            }
            Cause::SecretLineBreak => {
                "The secret that signed has a line break or a space at its end. A file or an environment variable has brought it in."
            }
            Cause::SecretEncoding => {
                "The secret was used in its text form where its bytes are meant, or the other way round."
            }
            Cause::OtherKey => "Another key has signed. Is it the one of another environment?",
        }
    }
}
