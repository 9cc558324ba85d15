//! The same verification, by the module on wasmtime.

use anyhow::{Result, bail, ensure};
use countersign::{Error, Instance, Module, Profile, Request, Ring};
use fastrand::Rng;

use crate::measure::{Class, Subject};
use crate::samples::{self, NOW, Pair, TARGET};
use crate::verification::Chosen;

pub(crate) struct OnWasmtime {
    pair: Pair,
    instance: Instance,
    ring: Ring,
    profile: Profile,
    chosen: Chosen,
    error: Option<Error>,
}

impl OnWasmtime {
    pub(crate) fn new(pair: Pair) -> Result<Self> {
        let mut instance = Module::embedded()?.instantiate()?;
        Ok(OnWasmtime {
            ring: instance.keyring(&samples::keyring())?,
            profile: instance.profile(r#"{"environment": "live"}"#)?,
            pair,
            instance,
            chosen: Chosen::default(),
            error: None,
        })
    }
}

impl Subject for OnWasmtime {
    fn classes(&self) -> &str {
        self.pair.classes
    }

    fn runtime(&self) -> &'static str {
        "wasmtime"
    }

    fn choose(&mut self, class: Class, random: &mut Rng) {
        self.chosen.choose(&self.pair, class, random);
    }

    fn run(&mut self) {
        let request = Request::new("GET", TARGET, self.chosen.lines.as_bytes());
        let verified = self
            .instance
            .verify(&self.ring, &self.profile, NOW, &request);
        self.error = verified.err();
    }

    fn check(&mut self) -> Result<()> {
        let code = self.chosen.code;
        match self.error.take() {
            Some(error) => ensure!(
                error.code() == code,
                "refused by {}, not by {code}",
                error.code()
            ),
            None => bail!("a wrong signature was accepted"),
        }
        Ok(())
    }
}
