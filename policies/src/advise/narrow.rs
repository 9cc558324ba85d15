//! From requests to the permits that they need.

use std::collections::{BTreeMap, BTreeSet};

use countersign_core::policy::EntityUid;

use super::Resources;
use super::taken::Holding;
use crate::cases::Question;

/// What was asked for, by the permit that allowed it.
#[derive(Default)]
pub(super) struct Narrowed {
    /// By permit, principal, type of resource and action: the resources, and how many requests.
    asked: BTreeMap<Place, (Resources, usize)>,
}

/// Permit, principal, type of the resource, action.
type Place = (String, EntityUid, String, EntityUid);

/// A permit to be: what is alike of several principals is one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Narrow {
    pub(super) from: String,
    pub(super) resource_type: String,
    pub(super) resources: Resources,
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
            let (resources, uses) = self
                .asked
                .entry(place)
                .or_insert_with(|| (Some(BTreeSet::new()), 0));
            *uses += 1;
            if let Some(resources) = resources {
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
                self.asked.insert(place, (None, 0));
            }
        }
    }

    /// The permits, each for as many actions and principals as have the same resources.
    pub(super) fn permits(&self, most_resources: usize) -> Vec<Narrow> {
        type Shared = (String, String, Resources);
        let mut by_principal: BTreeMap<(Shared, EntityUid), (BTreeSet<EntityUid>, usize)> =
            BTreeMap::new();
        for ((from, principal, resource_type, action), (resources, uses)) in &self.asked {
            let few = resources.as_ref().filter(|few| few.len() <= most_resources);
            let shared = (from.clone(), resource_type.clone(), few.cloned());
            let (actions, sum) = by_principal.entry((shared, principal.clone())).or_default();
            actions.insert(action.clone());
            *sum += uses;
        }
        let mut permits: BTreeMap<(Shared, BTreeSet<EntityUid>), Narrow> = BTreeMap::new();
        for ((shared, principal), (actions, uses)) in by_principal {
            let (from, resource_type, resources) = shared.clone();
            let narrow = permits
                .entry((shared, actions.clone()))
                .or_insert_with(|| Narrow {
                    from,
                    resource_type,
                    resources,
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
