//! From requests to the permits that they need.

use std::collections::{BTreeMap, BTreeSet};

use countersign_core::policy::EntityUid;

use super::Resources;
use super::context::Seen;
use super::taken::Holding;
use crate::cases::Question;
use crate::reference::Reference;

/// What was asked for, by the permit that allowed it.
#[derive(Default)]
pub(super) struct Narrowed {
    /// By permit, principal, type of resource and action.
    asked: BTreeMap<Place, Asked>,
}

#[derive(Default)]
struct Asked {
    resources: Resources,
    context: Seen,
    uses: usize,
}

/// Permit, principal, type of the resource, action.
type Place = (String, EntityUid, String, EntityUid);

/// A permit to be: what is alike of several principals is one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Narrow {
    pub(super) from: String,
    pub(super) resource_type: String,
    pub(super) resources: Resources,
    /// What was alike in every context, as Cedar has it.
    pub(super) conditions: BTreeSet<String>,
    pub(super) actions: BTreeSet<EntityUid>,
    pub(super) principals: BTreeSet<EntityUid>,
    pub(super) uses: usize,
}

impl Narrowed {
    /// A request, with the permits that allowed it.
    pub(super) fn add(&mut self, reasons: &BTreeSet<String>, question: &Question) {
        for permit in reasons {
            let place = (
                permit.clone(),
                question.principal.clone(),
                question.resource.entity_type().to_owned(),
                question.action.clone(),
            );
            let asked = self.asked.entry(place).or_insert_with(|| Asked {
                resources: Some(BTreeSet::new()),
                ..Asked::default()
            });
            asked.uses += 1;
            asked.context.add(&question.context);
            if let Some(resources) = &mut asked.resources {
                resources.insert(question.resource.clone());
            }
        }
    }

    /// An action of which only the name is known: on anything that the principal may do it on, unless it was
    /// asked for in full.
    pub(super) fn add_counted(&mut self, held: &[Holding], principal: &EntityUid, action: &str) {
        let is_known = |place: &Place| place.1 == *principal && place.3.id() == action;
        if self.asked.keys().any(is_known) {
            return;
        }
        let holdings = held
            .iter()
            .filter(|holding| holding.principal == *principal && holding.action.id() == action);
        for holding in holdings {
            for permit in &holding.permits {
                let place = (
                    permit.clone(),
                    principal.clone(),
                    holding.resource_type.clone(),
                    holding.action.clone(),
                );
                self.asked.insert(place, Asked::default());
            }
        }
    }

    /// The permits, each for as many actions and principals as have the same resources and conditions.
    pub(super) fn permits(
        &self,
        reference: &Reference,
        most_resources: usize,
        most_values: usize,
    ) -> Vec<Narrow> {
        type Shared = (String, String, Resources, BTreeSet<String>);
        let mut by_principal: BTreeMap<(Shared, EntityUid), (BTreeSet<EntityUid>, usize)> =
            BTreeMap::new();
        for ((from, principal, resource_type, action), asked) in &self.asked {
            let few = asked.resources.as_ref();
            let few = few.filter(|few| few.len() <= most_resources);
            let conditions = match most_values {
                0 => BTreeSet::new(),
                most_values => asked.context.conditions(reference, action, most_values),
            };
            let shared = (
                from.clone(),
                resource_type.clone(),
                few.cloned(),
                conditions,
            );
            let (actions, sum) = by_principal.entry((shared, principal.clone())).or_default();
            actions.insert(action.clone());
            *sum += asked.uses;
        }
        let mut permits: BTreeMap<(Shared, BTreeSet<EntityUid>), Narrow> = BTreeMap::new();
        for ((shared, principal), (actions, uses)) in by_principal {
            let (from, resource_type, resources, conditions) = shared.clone();
            let narrow = permits
                .entry((shared, actions.clone()))
                .or_insert_with(|| Narrow {
                    from,
                    resource_type,
                    resources,
                    conditions,
                    actions,
                    principals: BTreeSet::new(),
                    uses: 0,
                });
            narrow.principals.insert(principal);
            narrow.uses += uses;
        }
        permits.into_values().collect()
    }
}
