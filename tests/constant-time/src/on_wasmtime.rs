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

    fn run(&mut self) -> Result<()> {
        let Chosen { lines, code } = &self.chosen;
        let request = Request::new("GET", TARGET, lines.as_bytes());
        match self
            .instance
            .verify(&self.ring, &self.profile, NOW, &request)
        {
            Err(Error::Refused(refused)) => {
                ensure!(
                    refused.code == *code,
                    "refused by {}, not by {code}",
                    refused.code
                );
                Ok(())
            }
            Err(other) => Err(other.into()),
            Ok(_) => bail!("a wrong signature was accepted"),
        }
    }
}
