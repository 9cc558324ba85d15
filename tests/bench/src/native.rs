//! The core as native code.

use core::hint::black_box;
use core::time::Duration;
use std::time::Instant;

use anyhow::{Result, bail, ensure};
use countersign_core::policy::{Bundle, Record};
use countersign_core::{
    Authentic, Headers, KeyRing, Presented, Profile, Refusal, ReplayCache, Request, Scheme,
    UnixSeconds, Verified,
};

use crate::task::{Contender, Task};
use crate::workload::{KEYRING, NOW, PROFILE, Signed, Workload};

/// A verifier in native code.
#[derive(Debug)]
pub struct Native {
    workload: Workload,
    ring: KeyRing,
    profile: Profile,
    bundle: Bundle,
}

impl Native {
    /// Opens keyring, profile and policy bundle.
    ///
    /// # Errors
    /// A bundle that can't be loaded.
    pub fn new(bundle: &[u8]) -> Result<Self> {
        Ok(Native {
            workload: Workload::new()?,
            ring: KeyRing::from_json(KEYRING)?,
            profile: Profile::from_json(PROFILE)?,
            bundle: Bundle::load_unsigned(bundle).map_err(Refusal::from)?,
        })
    }

    fn verify(&self, signed: &Signed) -> Result<Authentic, Refusal> {
        let now = UnixSeconds::new(NOW);
        let request = Request {
            method: signed.method,
            target: signed.target,
            scheme: Scheme::Https,
            headers: Headers::parse(signed.headers.as_bytes())?,
            body: signed.body(),
            peer: None,
        };
        Presented::parse(&request, &self.profile)?
            .find_key(&self.ring, now)?
            .authenticate(now)
    }

    /// Authentic requests, each with a token of its own.
    fn authentic(&self, times: u32) -> Result<Vec<Authentic>> {
        let times = usize::try_from(times)?;
        let orders = self.workload.orders();
        ensure!(times <= orders.len(), "a batch is {} at most", orders.len());
        Ok(orders
            .iter()
            .take(times)
            .map(|signed| self.verify(signed))
            .collect::<Result<_, _>>()?)
    }

    fn spend(authentic: Vec<Authentic>) -> Result<(Duration, Vec<Verified>)> {
        let now = UnixSeconds::new(NOW);
        let mut replay = ReplayCache::new(1024, 0x5eed);
        let mut verified = Vec::with_capacity(authentic.len());
        let start = Instant::now();
        for one in authentic {
            verified.push(one.spend(&mut replay, now)?);
        }
        Ok((start.elapsed(), verified))
    }
}

impl Contender for Native {
    fn time(&mut self, task: Task, times: u32) -> Result<Duration> {
        match task {
            Task::VerifyGet | Task::VerifySmall | Task::VerifyLarge | Task::VerifyHashed => {
                let signed = self.workload.request(task)?;
                let start = Instant::now();
                for _ in 0..times {
                    black_box(self.verify(black_box(signed))?);
                }
                Ok(start.elapsed())
            }
            Task::Spend => Ok(Self::spend(self.authentic(times)?)?.0),
            Task::Decide => {
                let (_, verified) = Self::spend(self.authentic(times)?)?;
                let context = Record::default();
                let start = Instant::now();
                for one in verified {
                    let decision = one.authorize(&self.bundle, &context)?;
                    ensure!(decision.code() == "allowed", "{}", decision.code());
                    black_box(decision.record());
                }
                Ok(start.elapsed())
            }
            Task::Instantiate | Task::Load => bail!("native code has no {task:?}"),
        }
    }
}
