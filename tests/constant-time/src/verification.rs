//! A verification that fails, as native code.

use core::hint::black_box;

use anyhow::{Result, ensure};
use countersign_core::{
    Body, Code, Headers, KeyRing, Presented, Profile, Refusal, Request, Scheme, UnixSeconds,
};
use fastrand::Rng;

use crate::measure::{Class, Subject};
use crate::samples::{self, NOW, Pair, TARGET};

pub(crate) struct Native {
    pair: Pair,
    ring: KeyRing,
    profile: Profile,
    chosen: Chosen,
    refusal: Option<Refusal>,
}

/// A request of one of the classes. Those of both are put in one place, so that where they come from
/// doesn't tell.
#[derive(Default)]
pub(crate) struct Chosen {
    /// Its header lines.
    pub(crate) lines: String,
    /// The code with which it must be refused.
    pub(crate) code: &'static str,
}

impl Chosen {
    pub(crate) fn choose(&mut self, pair: &Pair, class: Class, random: &mut Rng) {
        let [first, second] = pair.codes;
        let (all, code) = match class {
            Class::First => (&pair.first, first),
            Class::Second => (&pair.second, second),
        };
        let lines = all
            .get(random.usize(..all.len()))
            .map_or("", String::as_str);
        self.lines.clear();
        self.lines.push_str(lines);
        self.code = code;
    }
}

impl Native {
    pub(crate) fn new(pair: Pair) -> Result<Self> {
        Ok(Native {
            pair,
            ring: KeyRing::from_json(&samples::keyring())?,
            profile: Profile::from_json(r#"{"environment": "live"}"#)?,
            chosen: Chosen::default(),
            refusal: None,
        })
    }

    fn verify(&self, lines: &str) -> Result<(), Refusal> {
        let now = UnixSeconds::new(NOW);
        let request = Request {
            method: "GET",
            target: TARGET,
            scheme: Scheme::Https,
            headers: Headers::parse(lines.as_bytes())?,
            body: Body::Bytes(b""),
            peer: None,
        };
        Presented::parse(&request, &self.profile)?
            .find_key(&self.ring, now)?
            .authenticate(now)?;
        Ok(())
    }
}

impl Subject for Native {
    fn classes(&self) -> &str {
        self.pair.classes
    }

    fn runtime(&self) -> &'static str {
        "native"
    }

    fn choose(&mut self, class: Class, random: &mut Rng) {
        self.chosen.choose(&self.pair, class, random);
    }

    fn run(&mut self) {
        self.refusal = self.verify(black_box(&self.chosen.lines)).err();
    }

    fn check(&mut self) -> Result<()> {
        let refused = self
            .refusal
            .take()
            .as_ref()
            .map(Refusal::code)
            .map(Code::as_str);
        let code = self.chosen.code;
        ensure!(
            refused == Some(code),
            "refused by {refused:?}, not by {code}"
        );
        Ok(())
    }
}
