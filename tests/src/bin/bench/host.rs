//! The module on wasmtime.

use core::hint::black_box;
use core::time::Duration;
use std::time::Instant;

use anyhow::{Result, ensure};
use countersign::{Authentic, BundleHandle, Instance, Module, Profile, Request, Ring, Verified};
use countersign_bench::{Contender, KEYRING, NOW, PROFILE, Task, Workload};

/// A verifier in an instance of the module.
pub(crate) struct Host {
    module: Module,
    instance: Instance,
    ring: Ring,
    profile: Profile,
    bundle: BundleHandle,
    workload: Workload,
}

impl Host {
    pub(crate) fn new(bundle: &[u8]) -> Result<Self> {
        let module = Module::embedded()?;
        let mut instance = module.instantiate()?;
        Ok(Host {
            ring: instance.keyring(KEYRING)?,
            profile: instance.profile(PROFILE)?,
            bundle: instance.bundle(bundle)?,
            workload: Workload::new()?,
            instance,
            module,
        })
    }

    pub(crate) fn sha256(&self) -> &str {
        self.module.sha256_hex()
    }

    fn authentic(&mut self, times: u32) -> Result<Vec<Authentic>> {
        let orders = self.workload.orders().iter().take(usize::try_from(times)?);
        let mut authentic = Vec::with_capacity(orders.len());
        for signed in orders {
            let request = Request {
                body: signed.body(),
                ..Request::new(signed.method, signed.target, signed.headers.as_bytes())
            };
            authentic.push(
                self.instance
                    .verify(&self.ring, &self.profile, NOW, &request)?,
            );
        }
        Ok(authentic)
    }

    fn spend(&mut self, authentic: Vec<Authentic>) -> Result<(Duration, Vec<Verified>)> {
        let replay = self.instance.replay(1024)?;
        let mut verified = Vec::with_capacity(authentic.len());
        let start = Instant::now();
        for one in authentic {
            verified.push(self.instance.spend(one, &replay, NOW)?);
        }
        let took = start.elapsed();
        self.instance.close(replay)?;
        Ok((took, verified))
    }
}

impl Contender for Host {
    fn time(&mut self, task: Task, times: u32) -> Result<Duration> {
        match task {
            Task::VerifyGet | Task::VerifySmall | Task::VerifyLarge | Task::VerifyHashed => {
                let signed = self.workload.request(task)?;
                let mut authentic = Vec::with_capacity(usize::try_from(times)?);
                let start = Instant::now();
                for _ in 0..times {
                    let request = Request {
                        body: black_box(signed).body(),
                        ..Request::new(signed.method, signed.target, signed.headers.as_bytes())
                    };
                    authentic.push(self.instance.verify(
                        &self.ring,
                        &self.profile,
                        NOW,
                        &request,
                    )?);
                }
                let took = start.elapsed();
                for one in authentic {
                    self.instance.close(one)?;
                }
                Ok(took)
            }
            Task::Spend => {
                let authentic = self.authentic(times)?;
                let (took, verified) = self.spend(authentic)?;
                for one in verified {
                    self.instance.close(one)?;
                }
                Ok(took)
            }
            Task::Decide => {
                let authentic = self.authentic(times)?;
                let (_, verified) = self.spend(authentic)?;
                let start = Instant::now();
                for one in verified {
                    let decision = self.instance.authorize(one, &self.bundle, "")?;
                    ensure!(decision.is_allowed(), "{}", decision.code);
                    black_box(decision);
                }
                Ok(start.elapsed())
            }
            Task::Instantiate => {
                let start = Instant::now();
                for _ in 0..times {
                    black_box(self.module.instantiate()?);
                }
                Ok(start.elapsed())
            }
            Task::Load => {
                let start = Instant::now();
                for _ in 0..times {
                    black_box(Module::embedded()?);
                }
                Ok(start.elapsed())
            }
        }
    }
}
