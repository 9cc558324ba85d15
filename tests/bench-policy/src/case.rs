//! The cases: policies and one request, from which every contender's own text is made.

use serde_json::{Value, json};

/// A permit or forbid for a group, and what it asks of the request.
#[derive(Clone, Debug)]
pub(crate) struct Rule {
    pub(crate) permits: bool,
    pub(crate) group: String,
    pub(crate) actions: Vec<&'static str>,
    pub(crate) range: &'static str,
    pub(crate) scope: String,
}

/// Who asks for what, and from where.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) principal: &'static str,
    /// The groups that the principal is in, each a member of the next.
    pub(crate) groups: Vec<String>,
    pub(crate) scopes: Vec<String>,
    pub(crate) action: &'static str,
    pub(crate) resource: &'static str,
    pub(crate) account: &'static str,
    pub(crate) address: &'static str,
}

/// Policies, and a request that one of them permits.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) shape: Shape,
    pub(crate) rules: Vec<Rule>,
    pub(crate) asked: Asked,
}

/// How many of the policies a request concerns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// The scope of one matches.
    Selective,
    /// The scopes of all match, so that each is evaluated.
    Dense,
}

impl Shape {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Shape::Selective => "selective",
            Shape::Dense => "dense",
        }
    }

    /// How many policies there are.
    pub(crate) const fn sizes(self) -> &'static [usize] {
        match self {
            Shape::Selective => &[10, 100, 1_000, 10_000],
            Shape::Dense => &[10, 100, 1_000],
        }
    }
}

const ACTIONS: [&str; 8] = [
    "read", "list", "history", "export", "create", "amend", "cancel", "archive",
];

/// The schema of every case, in Cedar's own syntax.
pub(crate) const SCHEMA: &str = r"
entity Account;
entity Group in [Group];
entity User in [Group] = { scopes: Set<String> };
entity Order in [Account] = { owner: User };
action read, list, history, export, create, amend, cancel, archive appliesTo {
  principal: User,
  resource: Order,
  context: { ip: ipaddr }
};
";

impl Case {
    /// `size` policies, each with a scope of its own that a request may hold; a tenth forbid.
    pub(crate) fn new(shape: Shape, size: usize) -> Self {
        let group = |number: usize| match shape {
            Shape::Selective => format!("readers-{number}"),
            Shape::Dense => "readers".to_owned(),
        };
        // In the middle; every tenth, counted from the ninth, forbids.
        let decisive = size / 2;
        let rules = (0..size)
            .map(|number| {
                let first = match shape {
                    Shape::Selective => number,
                    Shape::Dense => decisive,
                };
                let actions = ACTIONS.iter().copied().cycle().skip(first % ACTIONS.len());
                Rule {
                    permits: number % 10 != 9,
                    group: group(number),
                    actions: actions.take(3).collect(),
                    range: "10.0.0.0/8",
                    scope: format!("orders:{number}"),
                }
            })
            .collect();
        let action = ACTIONS
            .get((decisive + 1) % ACTIONS.len())
            .copied()
            .unwrap_or_default();
        Case {
            shape,
            rules,
            asked: Asked {
                principal: "alice",
                groups: vec![
                    format!("staff-{decisive}"),
                    format!("team-{decisive}"),
                    group(decisive),
                ],
                scopes: [
                    "profile:read",
                    "profile:write",
                    "markets:read",
                    "transfers:read",
                ]
                .map(str::to_owned)
                .into_iter()
                .chain([format!("orders:{decisive}")])
                .collect(),
                action,
                resource: "order-4711",
                account: "account-12",
                address: "10.20.30.40",
            },
        }
    }

    /// `selective/100`.
    pub(crate) fn name(&self) -> String {
        format!("{}/{}", self.shape.as_str(), self.rules.len())
    }

    /// The policies in Cedar, in order.
    pub(crate) fn cedar(&self) -> String {
        self.rules.iter().map(Rule::cedar).collect()
    }

    /// The seven entities in Cedar's JSON format: principal, three groups, order, account, action.
    pub(crate) fn entities(&self) -> Value {
        let asked = &self.asked;
        let mut entities = vec![
            entity(
                &uid("User", asked.principal),
                &json!({ "scopes": asked.scopes }),
                asked.groups.first().map(|group| uid("Group", group)),
            ),
            entity(
                &uid("Order", asked.resource),
                &json!({ "owner": { "__entity": uid("User", asked.principal) } }),
                Some(uid("Account", asked.account)),
            ),
            entity(&uid("Account", asked.account), &json!({}), None),
            entity(&uid("Action", asked.action), &json!({}), None),
        ];
        for (at, group) in asked.groups.iter().enumerate() {
            let parent = asked.groups.get(at + 1).map(|parent| uid("Group", parent));
            entities.push(entity(&uid("Group", group), &json!({}), parent));
        }
        Value::Array(entities)
    }

    /// The request in Cedar's JSON format.
    pub(crate) fn request(&self) -> Value {
        let asked = &self.asked;
        json!({
            "principal": uid("User", asked.principal),
            "action": uid("Action", asked.action),
            "resource": uid("Order", asked.resource),
            "context": { "ip": { "__extn": { "fn": "ip", "arg": asked.address } } },
        })
    }
}

impl Rule {
    fn cedar(&self) -> String {
        let effect = if self.permits { "permit" } else { "forbid" };
        let actions: Vec<String> = self
            .actions
            .iter()
            .map(|action| format!("Action::\"{action}\""))
            .collect();
        format!(
            "{effect}(principal in Group::\"{}\", action in [{}], resource is Order)\n\
             when {{ resource.owner == principal && context.ip.isInRange(ip(\"{}\")) && \
             principal.scopes.contains(\"{}\") }};\n",
            self.group,
            actions.join(", "),
            self.range,
            self.scope
        )
    }
}

fn uid(entity_type: &str, id: &str) -> Value {
    json!({ "type": entity_type, "id": id })
}

fn entity(uid: &Value, attributes: &Value, parent: Option<Value>) -> Value {
    json!({ "uid": uid, "attrs": attributes, "parents": Vec::from_iter(parent) })
}
