//! `regorus`: Rego, by the interpreter and by its virtual machine.

use core::fmt::Write as _;
use core::hint::black_box;
use core::time::Duration;
use std::time::Instant;

use anyhow::{Result, anyhow};
use regorus::languages::rego::compiler::Compiler;
use regorus::rvm::vm::RegoVM;
use regorus::{Engine, Rc, Value};
use serde_json::json;

use crate::case::{Case, Rule};
use crate::contender::{Answer, Contender};

const ALLOW: &str = "data.authz.allow";
const HEAD: &str =
    "package authz\n\ndefault allow := false\n\nallow if {\n    permitted\n    not forbidden\n}\n";

/// A rule for each policy. Inside the clock: `Engine::set_input` of an input that is made before, and
/// `Engine::eval_rule`.
pub(crate) struct Interpreter {
    engine: Engine,
    input: Value,
}

impl Interpreter {
    pub(crate) fn new(case: &Case) -> Result<Self> {
        let mut engine = Engine::new();
        engine.add_policy("authz.rego".to_owned(), rules(case))?;
        Ok(Interpreter {
            engine,
            input: input(case)?,
        })
    }

    fn decide(&mut self) -> Result<Value> {
        self.engine.set_input(self.input.clone());
        self.engine.eval_rule(ALLOW.to_owned())
    }
}

impl Contender for Interpreter {
    fn name(&self) -> &'static str {
        "regorus"
    }

    fn answer(&mut self) -> Result<Answer> {
        Ok(Answer::bare(self.decide()? == Value::from(true)))
    }

    fn time(&mut self, times: u32) -> Result<Duration> {
        let start = Instant::now();
        for _ in 0..times {
            black_box(black_box(&mut *self).decide()?);
        }
        Ok(start.elapsed())
    }
}

/// Two rules for all policies, which are data: found by type, action and group. Inside the clock:
/// `RegoVM::set_input` of an input that is made before, and `RegoVM::execute`.
pub(crate) struct Machine {
    vm: RegoVM,
    input: Value,
}

impl Machine {
    pub(crate) fn new(case: &Case) -> Result<Self> {
        let mut engine = Engine::new();
        engine.add_policy("authz.rego".to_owned(), program())?;
        let policy = engine.compile_with_entrypoint(&Rc::from(ALLOW))?;
        let program = Compiler::compile_from_policy(&policy, &[ALLOW])
            .map_err(|error| anyhow!("regorus: {error}"))?;
        let mut vm = RegoVM::new_with_policy(policy);
        vm.load_program(program);
        vm.set_max_instructions(usize::MAX);
        vm.set_data(grants(case)?)?;
        Ok(Machine {
            vm,
            input: input(case)?,
        })
    }

    fn decide(&mut self) -> Result<Value> {
        self.vm.set_input(self.input.clone());
        Ok(self.vm.execute()?)
    }
}

impl Contender for Machine {
    fn name(&self) -> &'static str {
        "regorus-vm"
    }

    fn answer(&mut self) -> Result<Answer> {
        Ok(Answer::bare(self.decide()? == Value::from(true)))
    }

    fn time(&mut self, times: u32) -> Result<Duration> {
        let start = Instant::now();
        for _ in 0..times {
            black_box(black_box(&mut *self).decide()?);
        }
        Ok(start.elapsed())
    }
}

/// The two rules, written out: a function of both grants would cost another call.
fn program() -> String {
    let mut text = HEAD.to_owned();
    for (head, grants) in [("permitted", "permits"), ("forbidden", "forbids")] {
        let _ = write!(
            text,
            "\n{head} if {{\n    some group in input.principal.groups\n    \
             some grant in data.{grants}[input.resource.type][input.action][group]\n    \
             input.resource.owner == input.principal.id\n    \
             net.cidr_contains(grant.range, input.context.ip)\n    \
             grant.scope in input.principal.scopes\n}}\n"
        );
    }
    text
}

fn rules(case: &Case) -> String {
    let mut text = HEAD.to_owned();
    for rule in &case.rules {
        let head = if rule.permits {
            "permitted"
        } else {
            "forbidden"
        };
        let _ = write!(
            text,
            "\n{head} if {{\n    \"{}\" in input.principal.groups\n    input.action in {:?}\n    \
             input.resource.type == \"Order\"\n    input.resource.owner == input.principal.id\n    \
             net.cidr_contains(\"{}\", input.context.ip)\n    \
             \"{}\" in input.principal.scopes\n}}\n",
            rule.group, rule.actions, rule.range, rule.scope
        );
    }
    text
}

/// Permits and forbids, each by the type of the resource, the action, and the group.
fn grants(case: &Case) -> Result<Value> {
    let by_action = |permits: bool| {
        let mut actions = serde_json::Map::new();
        for rule in case.rules.iter().filter(|rule| rule.permits == permits) {
            for action in &rule.actions {
                insert(&mut actions, action, rule);
            }
        }
        json!({ "Order": actions })
    };
    let data = json!({ "permits": by_action(true), "forbids": by_action(false) });
    Value::from_json_str(&data.to_string())
}

fn insert(actions: &mut serde_json::Map<String, serde_json::Value>, action: &str, rule: &Rule) {
    let groups = actions.entry(action).or_insert_with(|| json!({}));
    if let Some(groups) = groups.as_object_mut() {
        let grants = groups.entry(&rule.group).or_insert_with(|| json!([]));
        if let Some(grants) = grants.as_array_mut() {
            grants.push(json!({ "range": rule.range, "scope": rule.scope }));
        }
    }
}

/// The request, the principal's groups closed.
fn input(case: &Case) -> Result<Value> {
    let asked = &case.asked;
    let input = json!({
        "principal": { "id": asked.principal, "groups": asked.groups, "scopes": asked.scopes },
        "action": asked.action,
        "resource": { "type": "Order", "id": asked.resource, "owner": asked.principal },
        "context": { "ip": asked.address },
    });
    Value::from_json_str(&input.to_string())
}
