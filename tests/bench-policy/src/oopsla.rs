//! The benchmark of Cedar's own paper: three applications, every request that their schema has.

use core::hint::black_box;
use core::time::Duration;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use cedar_policy::{
    Authorizer, Context, Entities, EntityId, EntityTypeName, EntityUid, PolicySet, Request, Schema,
};
use countersign_bench_policy::{Native, Prepared, Requested, quantile};
use countersign_core::policy::LinkedQuery;
use serde_json::Value;

use crate::cedar;
use crate::ours;
use crate::table::{Report, Row};

/// The applications.
pub(crate) const APPLICATIONS: [&str; 3] = ["gdrive", "github", "tinytodo"];
/// How many entities of each kind a hierarchy has.
pub(crate) const SIZES: [usize; 4] = [5, 10, 20, 50];
/// Hierarchies of each size, made with different seeds.
const HIERARCHIES: usize = 2;
/// How often each request is timed: its median is its time.
const PASSES: usize = 9;

/// Where the applications are, unless they aren't.
pub(crate) fn folder() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/vectors/cedar-oopsla");
    folder.is_dir().then_some(folder)
}

/// Measures ours and cedar-policy over all requests of all hierarchies of this size. A row is the
/// median request, another is the one that 1 % are slower than.
pub(crate) fn measure(
    folder: &Path,
    (application, size): (&str, usize),
    write: Option<&Path>,
    report: &mut Report,
) -> Result<()> {
    let folder = folder.join(application);
    let read = |name: &str| {
        fs::read_to_string(folder.join(name)).with_context(|| format!("{application}/{name}"))
    };
    let (policies, schema) = (read("policies.cedar")?, read("schema.json")?);
    let clock = clock();
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for number in 1..=HIERARCHIES {
        let entities = read(&format!("entities-{size}-{number}.json"))?;
        let prepared = Prepared {
            case: format!("oopsla/{application}/{size}-{number}"),
            bundle: ours::bundle_of_json(&policies, &schema)?,
            requests: requests(&schema, &entities)?,
            entities,
        };
        if let Some(write) = write {
            prepared.write(write)?;
        }
        let mut bench = Bench::new(&policies, &schema, &prepared)?;
        bench
            .agree()
            .with_context(|| format!("{application}/{size}"))?;
        let (our_times, their_times) = bench.time(clock);
        ours.extend(our_times);
        theirs.extend(their_times);
    }
    for (suffix, at) in [("", 0.5), ("/p99", 0.99)] {
        report.add(Row::new(
            format!("oopsla/{application}/{size}{suffix}"),
            ("native", quantile(&mut ours, at)),
            ("cedar-policy", quantile(&mut theirs, at)),
        ));
    }
    Ok(())
}

/// What two looks at the clock take with nothing between them; it is taken off.
fn clock() -> f64 {
    let mut times: Vec<f64> = (0..100_001)
        .map(|_| nanoseconds(Instant::now().elapsed()))
        .collect();
    quantile(&mut times, 0.5)
}

struct Bench {
    native: Native,
    authorizer: Authorizer,
    policies: PolicySet,
    entities: Entities,
    requests: Vec<(LinkedQuery, Request)>,
}

impl Bench {
    fn new(policies: &str, schema: &str, prepared: &Prepared) -> Result<Self> {
        let native = Native::new(&prepared.bundle, &prepared.entities)?;
        let requests = prepared
            .requests
            .iter()
            .map(|requested| Ok((native.prebuild(requested)?, request(requested)?)))
            .collect::<Result<Vec<_>>>()?;
        ensure!(!requests.is_empty(), "the schema has no requests");
        let schema = Schema::from_json_str(schema)?;
        Ok(Bench {
            native,
            authorizer: Authorizer::new(),
            policies: policies.parse()?,
            entities: Entities::from_json_str(&prepared.entities, Some(&schema))?,
            requests,
        })
    }

    /// Fails unless both answer every request alike.
    fn agree(&mut self) -> Result<()> {
        for (ours, theirs) in &self.requests {
            let expected = cedar::answer(&self.authorizer.is_authorized(
                theirs,
                &self.policies,
                &self.entities,
            ));
            let answer = ours::answer(&self.native.answer(ours));
            ensure!(
                answer == expected,
                "{theirs}: cedar-policy answers {expected:?}, but native {answer:?}"
            );
        }
        Ok(())
    }

    /// Times each request alone, in passes over all of them in which ours and theirs take turns.
    fn time(&mut self, clock: f64) -> (Vec<f64>, Vec<f64>) {
        let mut ours = vec![Vec::with_capacity(PASSES); self.requests.len()];
        let mut theirs = ours.clone();
        for _ in 0..PASSES {
            for (times, (request, _)) in ours.iter_mut().zip(&self.requests) {
                times.push(nanoseconds(self.native.time(request, 1)) - clock);
            }
            for (times, (_, request)) in theirs.iter_mut().zip(&self.requests) {
                let start = Instant::now();
                black_box(self.authorizer.is_authorized(
                    black_box(request),
                    &self.policies,
                    &self.entities,
                ));
                times.push(nanoseconds(start.elapsed()) - clock);
            }
        }
        let median = |times: &mut Vec<f64>| quantile(times, 0.5);
        (
            ours.iter_mut().map(median).collect(),
            theirs.iter_mut().map(median).collect(),
        )
    }
}

fn nanoseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e9
}

/// The same for cedar-policy.
fn request(requested: &Requested) -> Result<Request> {
    let uid = |(entity_type, id): &(String, String)| -> Result<EntityUid> {
        let entity_type: EntityTypeName = entity_type.parse()?;
        Ok(EntityUid::from_type_name_and_id(
            entity_type,
            EntityId::new(id),
        ))
    };
    Ok(Request::new(
        uid(&requested.principal)?,
        uid(&requested.action)?,
        uid(&requested.resource)?,
        Context::empty(),
        None,
    )?)
}

/// Every principal with every action on every resource that the schema has.
fn requests(schema: &str, entities: &str) -> Result<Vec<Requested>> {
    let schema: Value = serde_json::from_str(schema)?;
    let entities: Value = serde_json::from_str(entities)?;
    let uids: Vec<(String, String)> = entities
        .as_array()
        .context("the entities are no list")?
        .iter()
        .map(uid)
        .collect::<Result<_>>()?;
    let actions = schema
        .pointer("//actions")
        .and_then(Value::as_object)
        .context("the schema has no actions")?;
    let mut requests = Vec::new();
    for (action, declared) in actions {
        let of = |key: &str| -> Vec<&(String, String)> {
            let types = declared.pointer(&format!("/appliesTo/{key}"));
            let types = types
                .and_then(Value::as_array)
                .map_or(&[][..], Vec::as_slice);
            let takes = |uid: &&(String, String)| types.iter().any(|one| *one == *uid.0);
            uids.iter().filter(takes).collect()
        };
        for principal in of("principalTypes") {
            for resource in of("resourceTypes") {
                requests.push(Requested {
                    principal: principal.clone(),
                    action: ("Action".to_owned(), action.clone()),
                    resource: resource.clone(),
                    ip: None,
                });
            }
        }
    }
    Ok(requests)
}

fn uid(entity: &Value) -> Result<(String, String)> {
    let uid = entity.get("uid").context("an entity has no uid")?;
    let uid = uid.get("__entity").unwrap_or(uid);
    let text = |key| {
        let text = uid.get(key).and_then(Value::as_str);
        text.map(str::to_owned).context("a uid is a type and an id")
    };
    Ok((text("type")?, text("id")?))
}
