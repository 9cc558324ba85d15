//! The module, on wasmtime.

use core::hint::black_box;
use core::time::Duration;
use std::time::Instant;

use anyhow::{Context as _, Result};
use countersign::{EntitiesHandle, Instance, Module, Query};
use countersign_bench_policy::{Prepared, Requested};
use countersign_core::policy::{IpRange, Record, Value};

use crate::contender::{Answer, Contender};

/// Bundle and entities are linked before, and the request is bytes already. Inside the clock:
/// `Instance::decide`, in which the module links the request, and its answer with the ids.
pub(crate) struct OnWasmtime {
    instance: Instance,
    entities: EntitiesHandle,
    query: Query,
}

impl OnWasmtime {
    pub(crate) fn new(module: &Module, prepared: &Prepared, requested: &Requested) -> Result<Self> {
        let mut instance = module.instantiate()?;
        let bundle = instance.bundle(&prepared.bundle)?;
        Ok(OnWasmtime {
            entities: instance.entities(&bundle, &prepared.entities)?,
            query: query(requested)?,
            instance,
        })
    }
}

impl Contender for OnWasmtime {
    fn name(&self) -> &'static str {
        "wasmtime"
    }

    fn answer(&mut self) -> Result<Answer> {
        let answer = self.instance.decide(&self.entities, &self.query)?;
        Ok(Answer::full(
            answer.is_allowed,
            answer.reasons,
            answer.errors,
        ))
    }

    fn time(&mut self, times: u32) -> Result<Duration> {
        let start = Instant::now();
        for _ in 0..times {
            let answer = self
                .instance
                .decide(&self.entities, black_box(&self.query))?;
            black_box(answer.is_allowed);
        }
        Ok(start.elapsed())
    }
}

fn query(requested: &Requested) -> Result<Query> {
    let mut context = Record::new();
    if let Some(ip) = &requested.ip {
        let ip = IpRange::parse(ip).context("the address is none")?;
        context.insert("ip", Value::Ip(ip));
    }
    let (principal, action, resource) =
        (&requested.principal, &requested.action, &requested.resource);
    Ok(Query::new(
        (&principal.0, &principal.1),
        (&action.0, &action.1),
        (&resource.0, &resource.1),
        &context,
    ))
}
