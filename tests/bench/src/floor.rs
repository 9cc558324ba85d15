//! The floor: the hashing that a verifier can't do without, and nothing else.

use core::hint::black_box;
use core::time::Duration;
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};

use crate::task::{Contender, Task};
use crate::workload::{SECRET, Workload};

/// HMAC-SHA-256 of the signature base, by a state that is keyed before and cloned for each call, and
/// the SHA-256 of the body where there is one.
#[derive(Debug)]
pub struct Floor {
    workload: Workload,
    keyed: Hmac<Sha256>,
}

impl Floor {
    /// Keys the MAC.
    ///
    /// # Errors
    /// None that these keys can cause.
    pub fn new() -> Result<Self> {
        let keyed = Hmac::new_from_slice(&SECRET)
            .ok()
            .context("HMAC takes every key")?;
        Ok(Floor {
            workload: Workload::new()?,
            keyed,
        })
    }
}

impl Contender for Floor {
    fn time(&mut self, task: Task, times: u32) -> Result<Duration> {
        let signed = self.workload.request(task)?;
        let base = signed.base.as_bytes();
        let tag = self
            .keyed
            .clone()
            .chain_update(base)
            .finalize()
            .into_bytes();
        let body = Some(signed.body.as_slice()).filter(|body| !body.is_empty());
        let start = Instant::now();
        for _ in 0..times {
            let mut mac = self.keyed.clone();
            mac.update(black_box(base));
            ensure!(mac.verify_slice(&tag).is_ok(), "the MAC is wrong");
            if let Some(body) = body {
                black_box(Sha256::digest(black_box(body)));
            }
        }
        Ok(start.elapsed())
    }
}
