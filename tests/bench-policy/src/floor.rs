//! The floor: what a programmer writes who needs no policy language.

use core::hint::black_box;
use core::net::Ipv4Addr;
use core::time::Duration;
use std::collections::{HashMap, HashSet};
use std::time::Instant;

use anyhow::{Context as _, Result};

use crate::case::Case;
use crate::contender::{Answer, Contender};

/// Five look-ups in hash tables of the standard library (principal, action, resource, grant, scope),
/// then a comparison of the owner and one of the address. Inside the clock: all of it, from the
/// request's strings; the address is a number already.
pub(crate) struct Floor {
    principals: HashMap<String, Principal>,
    actions: HashMap<String, u32>,
    owners: HashMap<String, u32>,
    grants: HashMap<(u32, u32), Grant>,
    principal: String,
    action: String,
    resource: String,
    address: u32,
}

struct Principal {
    number: u32,
    /// The outermost of its groups, which is the one that grants are given to.
    group: u32,
    scopes: HashSet<String>,
}

struct Grant {
    network: u32,
    mask: u32,
    scope: String,
}

impl Floor {
    pub(crate) fn new(case: &Case) -> Result<Self> {
        let mut actions = HashMap::new();
        let mut groups = HashMap::new();
        let mut grants = HashMap::new();
        for rule in case.rules.iter().filter(|rule| rule.permits) {
            let next = u32::try_from(groups.len())?;
            let group = *groups.entry(rule.group.clone()).or_insert(next);
            let (network, bits) = rule.range.split_once('/').context("a range has a prefix")?;
            for action in &rule.actions {
                let next = u32::try_from(actions.len())?;
                let action = *actions.entry((*action).to_owned()).or_insert(next);
                grants.insert(
                    (group, action),
                    Grant {
                        network: network.parse::<Ipv4Addr>()?.to_bits(),
                        mask: u32::MAX << (32 - bits.parse::<u32>()?),
                        scope: rule.scope.clone(),
                    },
                );
            }
        }
        let asked = &case.asked;
        let group = asked.groups.last().and_then(|group| groups.get(group));
        let principal = Principal {
            number: 0,
            group: *group.context("nothing is granted to the principal's group")?,
            scopes: asked.scopes.iter().cloned().collect(),
        };
        Ok(Floor {
            principals: HashMap::from([(asked.principal.to_owned(), principal)]),
            actions,
            owners: HashMap::from([(asked.resource.to_owned(), 0)]),
            grants,
            principal: asked.principal.to_owned(),
            action: asked.action.to_owned(),
            resource: asked.resource.to_owned(),
            address: asked.address.parse::<Ipv4Addr>()?.to_bits(),
        })
    }

    fn decide(&self) -> Option<bool> {
        let principal = self.principals.get(&self.principal)?;
        let action = self.actions.get(&self.action)?;
        let owner = self.owners.get(&self.resource)?;
        let grant = self.grants.get(&(principal.group, *action))?;
        Some(
            *owner == principal.number
                && self.address & grant.mask == grant.network
                && principal.scopes.contains(&grant.scope),
        )
    }
}

impl Contender for Floor {
    fn name(&self) -> &'static str {
        "floor"
    }

    fn answer(&mut self) -> Result<Answer> {
        Ok(Answer::bare(self.decide().unwrap_or(false)))
    }

    fn time(&mut self, times: u32) -> Result<Duration> {
        let start = Instant::now();
        for _ in 0..times {
            black_box(black_box(&*self).decide());
        }
        Ok(start.elapsed())
    }
}
