//! What a signature says nothing about, told before anyone relies on it.

use alloc::string::String;
use alloc::vec::Vec;

use super::row::{Function, Row, mentions};
use super::template::{Kind, Part};

/// How far the signature covers one part of the request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Covered {
    /// Not at all: it can be changed, and the signature stays good.
    #[default]
    No,
    /// In some requests only, or in a form that different values share.
    Partly,
    /// All of it, whatever the order of parameters.
    Yes,
}

impl Covered {
    /// `no`, `partly` or `yes`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Covered::No => "no",
            Covered::Partly => "partly",
            Covered::Yes => "yes",
        }
    }
}

/// What the signatures of a scheme cover, read off its row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    /// The method.
    pub method: Covered,
    /// The host that the request is for.
    pub host: Covered,
    /// The path.
    pub path: Covered,
    /// The query.
    pub query: Covered,
    /// The body.
    pub body: Covered,
    /// How old a signature may be, in milliseconds, unless its sender chooses the end; none if it
    /// has no timestamp.
    pub window_ms: Option<u64>,
    /// Whether the sender chooses when the signature ends.
    pub sender_sets_expiry: bool,
    /// Whether a nonce or a message id is signed.
    pub nonce: bool,
    /// What else is worth knowing, from the row.
    pub notes: Vec<String>,
}

impl Row {
    pub(super) fn coverage(&self) -> Coverage {
        let mut coverage = Coverage {
            window_ms: self.past.map(|span| span.ms),
            sender_sets_expiry: self.expires_in.is_some() || self.function == Function::AwsQuery,
            nonce: self.signs("nonce") || self.function == Function::Gemini,
            notes: self.notes.clone(),
            ..Coverage::default()
        };
        if self.is_aws() {
            coverage.method = Covered::Yes;
            coverage.host = Covered::Yes;
            coverage.path = Covered::Yes;
            coverage.query = Covered::Yes;
            coverage.body = Covered::Partly;
            return coverage;
        }
        // An alternative that leaves something out is enough to change it.
        let by = |see: fn(&Part, Covered) -> Covered| {
            let covered = self
                .signed
                .iter()
                .map(|it| look(self, it, Covered::Yes, see));
            covered.min().unwrap_or_default()
        };
        coverage.method = by(|part, most| {
            if part.kind == Kind::Method {
                most
            } else {
                Covered::No
            }
        });
        coverage.host = by(|part, most| match part.kind {
            Kind::Host | Kind::Authority => most,
            _ => Covered::No,
        });
        coverage.path = by(|part, most| match part.kind {
            Kind::Path | Kind::Target => most,
            Kind::Value if part.text == "payload" => most,
            _ => Covered::No,
        });
        coverage.query = by(|part, most| match part.kind {
            // A decoded `%26` can't be told from `&`.
            Kind::Query if part.text.contains("decoded") || part.text.contains("form") => {
                most.min(Covered::Partly)
            }
            Kind::Query | Kind::Target => most,
            _ => Covered::No,
        });
        coverage.body = by(|part, most| match part.kind {
            Kind::Body => most,
            Kind::Flat | Kind::FormPairs => most.min(Covered::Partly),
            Kind::Value if part.text == "payload" => most,
            _ => Covered::No,
        });
        coverage
    }

    /// Whether a value is under every signature.
    pub(super) fn signs(&self, value: &str) -> bool {
        self.signed.iter().all(|it| mentions(it, value)) && !self.signed.is_empty()
    }

    /// Whether a body is under every signature, without a value that stands for it.
    pub(super) fn signs_body(&self) -> bool {
        let is_body = |kind| matches!(kind, Kind::Body | Kind::Flat | Kind::FormPairs);
        let signs_it = |it: &Vec<Part>| holds(it, &is_body) || mentions(it, "payload");
        self.signed.iter().all(signs_it)
    }
}

fn holds(template: &[Part], is_it: &dyn Fn(Kind) -> bool) -> bool {
    let mut parts = template.iter();
    parts.any(|part| is_it(part.kind) || holds(&part.inner, is_it))
}

/// The most that a template covers of what `see` looks for.
fn look(
    row: &Row,
    template: &[Part],
    most: Covered,
    see: fn(&Part, Covered) -> Covered,
) -> Covered {
    let mut covered = Covered::No;
    for part in template {
        let inner = match part.kind {
            // What is left out only when it is empty is always covered.
            Kind::If if part.text == "query" || part.text == "body" => most,
            Kind::If | Kind::Unless => most.min(Covered::Partly),
            _ => most,
        };
        covered = covered
            .max(see(part, most))
            .max(look(row, &part.inner, inner, see));
        let optional = row
            .optional
            .iter()
            .find(|(name, _)| part.kind == Kind::Value && *name == part.text);
        if let Some((_, template)) = optional {
            covered = covered.max(look(row, template, most.min(Covered::Partly), see));
        }
    }
    covered
}
