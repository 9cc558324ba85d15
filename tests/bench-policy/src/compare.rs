//! Who is compared with whom.

use core::cell::RefCell;
use std::path::PathBuf;
use std::rc::Rc;

use anyhow::{Context as _, Result};
use countersign::Module;

use crate::case::{Case, Shape};
use crate::contender::{Contender, agree};
use crate::measure::measure;
use crate::node::{InNode, Node};
use crate::table::{Report, Row};
use crate::wasmtime::OnWasmtime;
use crate::{cedar, floor, ours};

/// Where the peers that walk all policies, and take longest to parse them, are measured no more.
const MOST_RULES: usize = 1_000;

/// What outlives a case.
pub(crate) struct Comparison {
    rounds: usize,
    folder: Option<PathBuf>,
    module: Module,
    node: Option<Rc<RefCell<Node>>>,
    /// Native code at the smallest selective case, beside which the others must be flat.
    smallest: Option<(String, f64)>,
}

impl Comparison {
    pub(crate) fn new(rounds: usize, folder: Option<PathBuf>, report: &mut Report) -> Result<Self> {
        let node = Node::start()?;
        if node.is_none() {
            report.skip("node", "there is no node on this machine");
        }
        if cfg!(not(feature = "peers")) {
            report.skip("regorus", "built without `--features peers`");
        }
        Ok(Comparison {
            rounds,
            folder,
            module: Module::embedded()?,
            node,
            smallest: None,
        })
    }

    /// Checks that all give one answer, then measures them all.
    pub(crate) fn case(&mut self, case: &Case, report: &mut Report) -> Result<()> {
        let mut contenders = self.contenders(case, report)?;
        agree(&case.name(), &mut contenders)?;
        let times = measure(&mut contenders, self.rounds)?;
        let times: Vec<(&'static str, f64)> = contenders
            .iter()
            .map(|contender| contender.name())
            .zip(times)
            .collect();
        for &(ours, time) in &times {
            let (runtime, name) = match ours.strip_suffix("/strings") {
                Some(runtime) => (runtime, format!("{}/strings", case.name())),
                None => (ours, case.name()),
            };
            for baseline in baselines(ours) {
                if let Some(other) = times.iter().find(|(name, _)| name == baseline) {
                    report.add(Row::new(name.clone(), (runtime, time), *other));
                }
            }
            if ours == "native" && case.shape == Shape::Selective {
                match &self.smallest {
                    None => self.smallest = Some((name, time)),
                    Some((smallest, baseline)) => {
                        report.add(Row::new(name, (runtime, time), (smallest, *baseline)));
                    }
                }
            }
        }
        Ok(())
    }

    /// The first is the one whose answers the others must give.
    fn contenders(&self, case: &Case, report: &mut Report) -> Result<Vec<Box<dyn Contender>>> {
        let prepared = ours::prepare(case, self.folder.as_deref())?;
        let requested = prepared.requests.first().context("no request")?;
        let mut contenders: Vec<Box<dyn Contender>> = vec![
            Box::new(cedar::Prebuilt::new(case)?),
            Box::new(cedar::FromJson::new(case)?),
            Box::new(ours::Prebuilt::new(&prepared, requested)?),
            Box::new(ours::Strings::new(&prepared, requested)?),
            Box::new(OnWasmtime::new(&self.module, &prepared, requested)?),
        ];
        if case.shape == Shape::Selective {
            contenders.push(Box::new(floor::Floor::new(case)?));
        }
        #[cfg(feature = "peers")]
        {
            contenders.push(Box::new(crate::rego::Machine::new(case)?));
            if case.rules.len() <= MOST_RULES {
                contenders.push(Box::new(crate::rego::Interpreter::new(case)?));
            }
        }
        if let Some(node) = &self.node
            && case.rules.len() <= MOST_RULES
        {
            for name in ["cedar-wasm", "node", "node/objects"] {
                match InNode::open(node, name, case, &prepared.bundle)? {
                    Ok(contender) => contenders.push(Box::new(contender)),
                    Err(why) => report.skip(name, &why),
                }
            }
        }
        Ok(contenders)
    }
}

/// With whom one of ours is compared; nobody for a peer.
fn baselines(ours: &str) -> &'static [&'static str] {
    match ours {
        "native" => &["cedar-policy", "regorus", "regorus-vm", "floor"],
        "native/strings" => &["cedar-policy/json", "cedar-policy", "regorus-vm", "floor"],
        "wasmtime" => &["native/strings", "native", "cedar-policy/json"],
        "node" | "node/objects" => &["cedar-wasm"],
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everyone_gives_the_answer_of_cedar_policy() {
        let comparison = Comparison {
            rounds: 1,
            folder: None,
            module: Module::embedded().unwrap(),
            node: None,
            smallest: None,
        };
        for shape in [Shape::Selective, Shape::Dense] {
            for size in [10, 100] {
                let case = Case::new(shape, size);
                let mut contenders = comparison
                    .contenders(&case, &mut Report::new(true))
                    .unwrap();
                agree(&case.name(), &mut contenders).unwrap();
            }
        }
    }
}
