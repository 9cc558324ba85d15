//! `cedar-policy`: the crate that the answers come from.

use core::hint::black_box;
use core::time::Duration;
use std::time::Instant;

use anyhow::{Context as _, Result};
use cedar_policy::{
    AuthorizationError, Authorizer, Context, Decision, Entities, EntityUid, PolicySet, Request,
    Response,
};
use serde_json::Value;

use crate::case::Case;
use crate::contender::{Answer, Contender};

/// Policies, request and entities are made before. Inside the clock: `Authorizer::is_authorized`.
pub(crate) struct Prebuilt {
    authorizer: Authorizer,
    policies: PolicySet,
    entities: Entities,
    request: Request,
}

impl Prebuilt {
    pub(crate) fn new(case: &Case) -> Result<Self> {
        Ok(Prebuilt {
            authorizer: Authorizer::new(),
            policies: case.cedar().parse()?,
            entities: Entities::from_json_value(case.entities(), None)?,
            request: request(case.request())?,
        })
    }

    fn decide(&self) -> Response {
        self.authorizer
            .is_authorized(&self.request, &self.policies, &self.entities)
    }
}

impl Contender for Prebuilt {
    fn name(&self) -> &'static str {
        "cedar-policy"
    }

    fn answer(&mut self) -> Result<Answer> {
        Ok(answer(&self.decide()))
    }

    fn time(&mut self, times: u32) -> Result<Duration> {
        let start = Instant::now();
        for _ in 0..times {
            black_box(black_box(&*self).decide());
        }
        Ok(start.elapsed())
    }
}

/// Policies are made before. Inside the clock: request and entities from JSON, then the decision.
pub(crate) struct FromJson {
    authorizer: Authorizer,
    policies: PolicySet,
    request: String,
    entities: String,
}

impl FromJson {
    pub(crate) fn new(case: &Case) -> Result<Self> {
        Ok(FromJson {
            authorizer: Authorizer::new(),
            policies: case.cedar().parse()?,
            request: case.request().to_string(),
            entities: case.entities().to_string(),
        })
    }

    fn decide(&self) -> Result<Response> {
        let request = request(serde_json::from_str(&self.request)?)?;
        let entities = Entities::from_json_str(&self.entities, None)?;
        Ok(self
            .authorizer
            .is_authorized(&request, &self.policies, &entities))
    }
}

impl Contender for FromJson {
    fn name(&self) -> &'static str {
        "cedar-policy/json"
    }

    fn answer(&mut self) -> Result<Answer> {
        Ok(answer(&self.decide()?))
    }

    fn time(&mut self, times: u32) -> Result<Duration> {
        let start = Instant::now();
        for _ in 0..times {
            black_box(black_box(&*self).decide()?);
        }
        Ok(start.elapsed())
    }
}

/// What Cedar answered, with the ids of its policies.
pub(crate) fn answer(response: &Response) -> Answer {
    let diagnostics = response.diagnostics();
    Answer::full(
        response.decision() == Decision::Allow,
        diagnostics.reason().map(ToString::to_string),
        diagnostics
            .errors()
            .map(|AuthorizationError::PolicyEvaluationError(error)| error.policy_id().to_string()),
    )
}

fn request(mut json: Value) -> Result<Request> {
    let mut take = |name: &str| {
        json.get_mut(name)
            .map(Value::take)
            .with_context(|| format!("the request has no {name}"))
    };
    Ok(Request::new(
        EntityUid::from_json(take("principal")?)?,
        EntityUid::from_json(take("action")?)?,
        EntityUid::from_json(take("resource")?)?,
        Context::from_json_value(take("context")?, None)?,
        None,
    )?)
}
