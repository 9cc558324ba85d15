//! The module on wasmtime, by the library `countersign`.

use std::fs;

use anyhow::{Context as _, Result};
use countersign::{Instance, Module};
use countersign_wasm_build::Variant;
use sha2::{Digest as _, Sha256};

use super::{Broken, Call, Machine, Opened, built};
use crate::hex;

pub(super) fn open(module: Variant) -> Result<Opened> {
    let file = match built(module) {
        Ok(file) => file,
        Err(why) => return Ok(Opened::Skipped(why)),
    };
    let sha256 = hex::encode(&Sha256::digest(fs::read(&file)?));
    let instance = Module::from_file(&file, &sha256)?.instantiate()?;
    Ok(Opened::Running {
        machine: Box::new(Wasmtime(instance)),
        version: format!("countersign {}", env!("CARGO_PKG_VERSION")),
        sha256: Some(sha256),
    })
}

struct Wasmtime(Instance);

impl Machine for Wasmtime {
    fn answer(&mut self, calls: &[&Call]) -> Result<Vec<Vec<u8>>, Broken> {
        let mut replies = Vec::with_capacity(calls.len());
        for (at, Call { verb, frame }) in calls.iter().enumerate() {
            let reply = self.0.answer(*verb, frame).context("on wasmtime");
            replies.push(reply.map_err(|error| Broken { at, error })?);
        }
        Ok(replies)
    }
}
