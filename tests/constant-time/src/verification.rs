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
}

/// A request of one of the classes, by its place.
#[derive(Clone, Copy)]
pub(crate) struct Chosen {
    class: Class,
    at: usize,
}

impl Chosen {
    pub(crate) const NONE: Chosen = Chosen {
        class: Class::First,
        at: 0,
    };

    pub(crate) fn of(pair: &Pair, class: Class, random: &mut Rng) -> Self {
        let at = random.usize(..pair.first.len());
        Chosen { class, at }
    }

    /// Its header lines, and the code with which it must be refused.
    pub(crate) fn of_pair(self, pair: &Pair) -> (&str, &'static str) {
        let [first, second] = pair.codes;
        let (lines, code) = match self.class {
            Class::First => (&pair.first, first),
            Class::Second => (&pair.second, second),
        };
        (lines.get(self.at).map_or("", String::as_str), code)
    }
}

impl Native {
    pub(crate) fn new(pair: Pair) -> Result<Self> {
        Ok(Native {
            pair,
            ring: KeyRing::from_json(&samples::keyring())?,
            profile: Profile::from_json(r#"{"environment": "live"}"#)?,
            chosen: Chosen::NONE,
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
        self.chosen = Chosen::of(&self.pair, class, random);
    }

    fn run(&mut self) -> Result<()> {
        let (lines, code) = self.chosen.of_pair(&self.pair);
        let refused = self.verify(black_box(lines)).err();
        let refused = refused.as_ref().map(Refusal::code).map(Code::as_str);
        ensure!(
            refused == Some(code),
            "refused by {refused:?}, not by {code}"
        );
        Ok(())
    }
}
