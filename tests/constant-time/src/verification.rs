//! A verification that fails, as native code.

use core::hint::black_box;

use anyhow::Result;
use countersign_core::{
    Body, Code, Headers, KeyRing, Presented, Profile, Refusal, Request, Scheme, UnixSeconds,
};
use fastrand::Rng;

use crate::measure::{Class, Subject};
use crate::samples::{NOW, Samples, TARGET};

pub(crate) struct Native {
    samples: Samples,
    ring: KeyRing,
    profile: Profile,
    refusal: Option<Refusal>,
}

impl Native {
    pub(crate) fn new(samples: Samples) -> Result<Self> {
        Ok(Native {
            ring: KeyRing::new(),
            profile: Profile::from_json(r#"{"environment": "live"}"#)?,
            samples,
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
        self.samples.classes()
    }

    fn runtime(&self) -> &'static str {
        "native"
    }

    fn renew(&mut self, random: &mut Rng) -> Result<()> {
        self.samples.renew(random);
        self.ring = self.samples.ring(random)?;
        Ok(())
    }

    fn choose(&mut self, class: Class, random: &mut Rng) -> Result<()> {
        self.samples.choose(class, random)
    }

    fn run(&mut self) {
        self.refusal = self.verify(black_box(self.samples.lines())).err();
    }

    fn check(&mut self) -> Result<()> {
        let refused = self.refusal.take();
        let code = refused.as_ref().map(Refusal::code).map(Code::as_str);
        self.samples.check(code)
    }
}
