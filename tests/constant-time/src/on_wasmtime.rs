//! The same verification, by the module on wasmtime.

use anyhow::Result;
use countersign::{Error, Instance, Module, Profile, Request, Ring};
use fastrand::Rng;

use crate::measure::{Class, Subject};
use crate::samples::{NOW, Samples, TARGET};

pub(crate) struct OnWasmtime {
    samples: Samples,
    instance: Instance,
    ring: Ring,
    profile: Profile,
    error: Option<Error>,
}

impl OnWasmtime {
    pub(crate) fn new(samples: Samples) -> Result<Self> {
        let mut instance = Module::embedded()?.instantiate()?;
        Ok(OnWasmtime {
            ring: instance.keyring(r#"{"keys": []}"#)?,
            profile: instance.profile(r#"{"environment": "live"}"#)?,
            samples,
            instance,
            error: None,
        })
    }
}

impl Subject for OnWasmtime {
    fn classes(&self) -> &str {
        self.samples.classes()
    }

    fn runtime(&self) -> &'static str {
        "wasmtime"
    }

    fn renew(&mut self, random: &mut Rng) -> Result<()> {
        self.samples.renew(random);
        let ring = self.instance.keyring(&self.samples.keyring())?;
        let former = core::mem::replace(&mut self.ring, ring);
        Ok(self.instance.close(former)?)
    }

    fn choose(&mut self, class: Class, random: &mut Rng) -> Result<()> {
        self.samples.choose(class, random)
    }

    fn run(&mut self) {
        let request = Request::new("GET", TARGET, self.samples.lines().as_bytes());
        let verified = self
            .instance
            .verify(&self.ring, &self.profile, NOW, &request);
        self.error = verified.err();
    }

    fn check(&mut self) -> Result<()> {
        let error = self.error.take();
        self.samples.check(error.as_ref().map(Error::code))
    }
}
