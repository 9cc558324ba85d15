//! What a runtime inside this process does for each kind of case.

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use crate::case::{Answer, Base, Case, Check, Digest, DigestCheck, Kind, Mac, Sign, TokenCheck};

/// Why there is no answer.
pub(super) enum Fault {
    /// The module refused, which is an answer.
    Refused {
        code: String,
        /// For a stranger, as JSON (RFC 9457).
        problem: String,
    },
    /// The runtime broke.
    Broken(anyhow::Error),
}

/// One method a kind.
pub(super) trait Verbs {
    fn base(&mut self, case: &Base) -> Result<Answer, Fault>;
    fn sign(&mut self, case: &Sign) -> Result<Answer, Fault>;
    fn check(&mut self, case: &Check) -> Result<Answer, Fault>;
    fn digest_check(&mut self, case: &DigestCheck) -> Result<Answer, Fault>;
    fn digest(&mut self, case: &Digest) -> Result<Answer, Fault>;
    fn mac(&mut self, case: &Mac) -> Result<Answer, Fault>;
    fn token_check(&mut self, case: &TokenCheck) -> Result<Answer, Fault>;
}

/// Answers every case.
pub(super) fn answer_all(verbs: &mut impl Verbs, cases: &[Case]) -> Result<Vec<Answer>> {
    cases
        .iter()
        .map(|case| answer(verbs, case).with_context(|| format!("case `{}`", case.id)))
        .collect()
}

fn answer(verbs: &mut impl Verbs, case: &Case) -> Result<Answer> {
    let answer = match &case.kind {
        Kind::Base(case) => verbs.base(case),
        Kind::Sign(case) => verbs.sign(case),
        Kind::Check(case) => verbs.check(case),
        Kind::DigestCheck(case) => verbs.digest_check(case),
        Kind::Digest(case) => verbs.digest(case),
        Kind::Mac(case) => verbs.mac(case),
        Kind::TokenCheck(case) => verbs.token_check(case),
    };
    match answer {
        Ok(answer) => Ok(answer),
        Err(Fault::Broken(error)) => Err(error),
        Err(Fault::Refused { code, problem }) => {
            let mut answer = members([("verdict", json!(code))]);
            if matches!(case.kind, Kind::Check(_)) {
                answer.insert("problem".to_owned(), serde_json::from_str(&problem)?);
            }
            Ok(answer)
        }
    }
}

/// An answer of these members.
pub(super) fn members<const N: usize>(members: [(&str, Value); N]) -> Answer {
    members
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}
