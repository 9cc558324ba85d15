//! An OpenAPI document as a tree, in which each thing knows its place.
//!
//! YAML is read, and JSON as the YAML that it is. An alias is another hand on the same node, so a
//! document can't grow by its aliases.

use crate::diagnostics::Problem;
use crate::sources::Source;
use miette::SourceSpan;
use saphyr_parser::{Event, Parser, Span};
use std::collections::HashMap;
use std::rc::Rc;

/// Collections nest no deeper than this.
const DEPTH: usize = 128;

pub(super) struct Node {
    pub(super) span: SourceSpan,
    kind: Kind,
}

enum Kind {
    Scalar(String),
    List(Vec<Rc<Node>>),
    Map(Vec<(Key, Rc<Node>)>),
}

/// The key of an entry.
pub(super) struct Key {
    pub(super) text: String,
    pub(super) span: SourceSpan,
}

impl Node {
    /// The text of a scalar.
    pub(super) fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Scalar(text) => Some(text),
            Kind::List(_) | Kind::Map(_) => None,
        }
    }

    pub(super) fn list(&self) -> Option<&[Rc<Node>]> {
        match &self.kind {
            Kind::List(nodes) => Some(nodes),
            Kind::Scalar(_) | Kind::Map(_) => None,
        }
    }

    pub(super) fn entries(&self) -> Option<&[(Key, Rc<Node>)]> {
        match &self.kind {
            Kind::Map(entries) => Some(entries),
            Kind::Scalar(_) | Kind::List(_) => None,
        }
    }

    /// The value of the entry `key` of a map.
    pub(super) fn get(&self, key: &str) -> Option<&Node> {
        let mut entries = self.entries()?.iter();
        entries
            .find(|(known, _)| known.text == key)
            .map(|(_, node)| node.as_ref())
    }
}

/// Reads the first document of `source`.
pub(super) fn read(source: &Source) -> Result<Rc<Node>, Problem> {
    let mut reader = Reader {
        source,
        offsets: Offsets::of(source.text()),
        open: Vec::new(),
        anchors: HashMap::new(),
        root: None,
    };
    for event in Parser::new_from_str(source.text()) {
        let (event, span) = event.map_err(|error| {
            let at = reader.offsets.byte(error.marker().index());
            malformed(source, error.info()).at(Some((at, 0).into()))
        })?;
        reader.take(event, span)?;
        if reader.root.is_some() {
            break;
        }
    }
    let root = reader.root.take();
    root.ok_or_else(|| malformed(source, "the document is empty"))
}

fn malformed(source: &Source, message: &str) -> Problem {
    Problem::new("openapi_malformed", source, message)
}

struct Reader<'s> {
    source: &'s Source,
    offsets: Offsets,
    /// The collections that haven't ended.
    open: Vec<Open>,
    anchors: HashMap<usize, Rc<Node>>,
    root: Option<Rc<Node>>,
}

struct Open {
    anchor: usize,
    start: usize,
    kind: Kind,
    /// Of a map: the key that waits for its value.
    key: Option<Key>,
}

impl Reader<'_> {
    fn take(&mut self, event: Event<'_>, span: Span) -> Result<(), Problem> {
        let span = self.offsets.span(span);
        match event {
            Event::Scalar(text, _, anchor, _) => {
                let kind = Kind::Scalar(text.into_owned());
                self.close(anchor, Node { span, kind })
            }
            Event::Alias(anchor) => {
                let known = self.anchors.get(&anchor).cloned();
                let node = known.ok_or_else(|| {
                    malformed(self.source, "an alias inside of what it stands for").at(Some(span))
                })?;
                self.place(node)
            }
            Event::SequenceStart(anchor, _) => self.open(anchor, span, Kind::List(Vec::new())),
            Event::MappingStart(anchor, _) => self.open(anchor, span, Kind::Map(Vec::new())),
            Event::SequenceEnd | Event::MappingEnd => {
                let Some(open) = self.open.pop() else {
                    return Ok(());
                };
                let end = span.offset() + span.len();
                let length = end.saturating_sub(open.start);
                let node = Node {
                    span: (open.start, length).into(),
                    kind: open.kind,
                };
                self.close(open.anchor, node)
            }
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd => Ok(()),
        }
    }

    fn open(&mut self, anchor: usize, span: SourceSpan, kind: Kind) -> Result<(), Problem> {
        if self.open.len() == DEPTH {
            let message = format!("the document nests deeper than {DEPTH}");
            return Err(malformed(self.source, &message).at(Some(span)));
        }
        self.open.push(Open {
            anchor,
            start: span.offset(),
            kind,
            key: None,
        });
        Ok(())
    }

    fn close(&mut self, anchor: usize, node: Node) -> Result<(), Problem> {
        let node = Rc::new(node);
        if anchor != 0 {
            self.anchors.insert(anchor, Rc::clone(&node));
        }
        self.place(node)
    }

    /// Puts a node where it belongs: into the collection that is open, or at the root.
    fn place(&mut self, node: Rc<Node>) -> Result<(), Problem> {
        let Some(open) = self.open.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        match (&mut open.kind, open.key.take()) {
            (Kind::List(nodes), _) => nodes.push(node),
            (Kind::Map(entries), Some(key)) => entries.push((key, node)),
            (Kind::Map(entries), None) => {
                let Some(text) = node.text() else {
                    let problem = malformed(self.source, "a key that isn't a text");
                    return Err(problem.at(Some(node.span)));
                };
                if entries.iter().any(|(known, _)| known.text == text) {
                    let message = format!("the key `{text}` is there twice");
                    return Err(malformed(self.source, &message).at(Some(node.span)));
                }
                open.key = Some(Key {
                    text: text.to_owned(),
                    span: node.span,
                });
            }
            (Kind::Scalar(_), _) => {}
        }
        Ok(())
    }
}

/// The parser counts characters; places are counted in bytes.
struct Offsets {
    /// The byte of each character; none for a text of ASCII, where they are the same.
    bytes: Option<Vec<usize>>,
    length: usize,
}

impl Offsets {
    fn of(text: &str) -> Self {
        let bytes = (!text.is_ascii()).then(|| text.char_indices().map(|(at, _)| at).collect());
        Self {
            bytes,
            length: text.len(),
        }
    }

    fn byte(&self, character: usize) -> usize {
        match &self.bytes {
            None => character.min(self.length),
            Some(bytes) => bytes.get(character).copied().unwrap_or(self.length),
        }
    }

    fn span(&self, span: Span) -> SourceSpan {
        let (start, end) = (self.byte(span.start.index()), self.byte(span.end.index()));
        (start, end.saturating_sub(start)).into()
    }
}
