//! Ours, as native code, beside the peers.

use core::time::Duration;
use std::path::Path;

use anyhow::Result;
use cedar_policy::SchemaFragment;
use countersign_bench_policy::{Native, Prepared, Requested};
use countersign_core::policy::{Evaluation, LinkedQuery};
use countersign_policies::{Source, Sources, compile};

use crate::case::{Case, SCHEMA};
use crate::contender::{Answer, Contender};

/// Bundle and entities are linked before, and so is the request. Inside the clock:
/// `Evaluator::evaluate`.
pub(crate) struct Prebuilt {
    native: Native,
    query: LinkedQuery,
}

impl Prebuilt {
    pub(crate) fn new(prepared: &Prepared, requested: &Requested) -> Result<Self> {
        let native = Native::new(&prepared.bundle, &prepared.entities)?;
        Ok(Prebuilt {
            query: native.prebuild(requested)?,
            native,
        })
    }
}

impl Contender for Prebuilt {
    fn name(&self) -> &'static str {
        "native"
    }

    fn answer(&mut self) -> Result<Answer> {
        Ok(answer(&self.native.answer(&self.query)))
    }

    fn time(&mut self, times: u32) -> Result<Duration> {
        Ok(self.native.time(&self.query, times))
    }
}

/// Bundle and entities are linked before. Inside the clock: the request is linked from its strings, of
/// which one is parsed as an address, and `Evaluator::evaluate`.
pub(crate) struct Strings {
    native: Native,
    requested: Requested,
}

impl Strings {
    pub(crate) fn new(prepared: &Prepared, requested: &Requested) -> Result<Self> {
        Ok(Strings {
            native: Native::new(&prepared.bundle, &prepared.entities)?,
            requested: requested.clone(),
        })
    }
}

impl Contender for Strings {
    fn name(&self) -> &'static str {
        "native/strings"
    }

    fn answer(&mut self) -> Result<Answer> {
        Ok(answer(&self.native.answer_strings(&self.requested)?))
    }

    fn time(&mut self, times: u32) -> Result<Duration> {
        self.native.time_strings(&self.requested, times)
    }
}

/// What ours answered, with the ids of its policies.
pub(crate) fn answer(evaluation: &Evaluation<'_>) -> Answer {
    Answer::full(
        evaluation.is_allowed(),
        evaluation.reason_ids(),
        evaluation.error_ids(),
    )
}

/// Compiles a case, and writes it into the folder if there is one.
pub(crate) fn prepare(case: &Case, folder: Option<&Path>) -> Result<Prepared> {
    let asked = &case.asked;
    let named = |entity_type: &str, id: &str| (entity_type.to_owned(), id.to_owned());
    let prepared = Prepared {
        case: case.name(),
        bundle: bundle(&case.cedar(), SCHEMA)?,
        entities: case.entities().to_string(),
        requests: vec![Requested {
            principal: named("User", asked.principal),
            action: named("Action", asked.action),
            resource: named("Order", asked.resource),
            ip: Some(asked.address.to_owned()),
        }],
    };
    if let Some(folder) = folder {
        prepared.write(folder)?;
    }
    Ok(prepared)
}

/// Compiles policies whose schema is in JSON.
pub(crate) fn bundle_of_json(policies: &str, schema: &str) -> Result<Vec<u8>> {
    bundle(
        policies,
        &SchemaFragment::from_json_str(schema)?.to_cedarschema()?,
    )
}

fn bundle(policies: &str, schema: &str) -> Result<Vec<u8>> {
    let manifest = "name = \"bench\"\nversion = \"1.0.0\"\nprincipal_type = \"User\"\n\
                    policy_ids = \"place\"\n";
    let sources = Sources {
        policies: Source::new("policies.cedar", policies),
        schema: Source::new("schema.cedarschema", schema),
        manifest: Source::new("pack.toml", manifest),
        entities: None,
    };
    Ok(compile(&sources)?.into_bytes())
}
