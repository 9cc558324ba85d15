//! Tokens, as their checker reads them.

use anyhow::Result;
use countersign_conformance::case::TokenCheck;
use countersign_conformance::{Case, Kind};
use countersign_core::{Environment, Token};

pub(crate) fn cases() -> Result<Vec<Case>> {
    let token = |environment, keyid: &str| -> Result<String> {
        Ok(Token::generate(environment, keyid, &[9; 32])?
            .reveal()
            .to_string())
    };
    let case = |id: &str, token: &str| {
        Case::new(
            id,
            Kind::TokenCheck(TokenCheck {
                token: token.to_owned(),
            }),
        )
    };
    let good = token(Environment::Test, "k7")?;
    let (body, checksum) = good.rsplit_once('_').unwrap_or((&good, ""));
    Ok(vec![
        case("of a test key", &good),
        case("of a development key", &token(Environment::Dev, "7")?),
        case("of a live key", &token(Environment::Live, &"k".repeat(32))?),
        case("token_checksum_mismatch", &format!("{body}_aaaaaaa")),
        case(
            "token_checksum_mismatch, another keyid",
            &good.replace("k7", "k8"),
        ),
        case("token_malformed, empty", ""),
        case("token_malformed, not a token", "hello"),
        case(
            "token_malformed, another prefix",
            &good.replace("csk", "csp"),
        ),
        case(
            "token_malformed, another environment",
            &good.replace("test", "prod"),
        ),
        case(
            "token_malformed, an upper-case keyid",
            &good.replace("k7", "K7"),
        ),
        case(
            "token_malformed, a part too many",
            &format!("{body}_x_{checksum}"),
        ),
        case(
            "token_malformed, a short secret",
            &format!("csk_test_k7_aaaa_{checksum}"),
        ),
        case("token_malformed, not ASCII", &good.replace("k7", "k\u{fc}")),
    ])
}
