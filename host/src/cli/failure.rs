//! How the command line says no: a stable code, a sentence, and a pointer at the place.

use core::fmt;
use std::path::Path;

use countersign::Error;
use countersign_core::{Refusal, Subject};
use countersign_policies::cases::CaseError;
use countersign_policies::{Diagnostics, Problem};
use miette::{Diagnostic, LabeledSpan, NamedSource, SourceCode};
use serde_json::{Value, json};

use super::message::Message;

/// Why a command has no result.
#[derive(Clone, Debug)]
pub(super) struct Failure {
    code: String,
    message: String,
    help: Option<String>,
    place: Option<Box<Place>>,
    /// What is wrong with a pack, for a program.
    problems: Vec<Value>,
    /// 1: refused; 2: could not try.
    exit_code: u8,
}

/// A byte of a header field's value.
#[derive(Clone, Debug)]
struct Place {
    source: std::sync::Arc<NamedSource<String>>,
    field: String,
    at: usize,
}

impl Failure {
    /// The command could not be tried.
    pub(super) fn usage(code: &str, message: impl Into<String>) -> Self {
        Failure {
            code: code.into(),
            message: message.into(),
            help: None,
            place: None,
            problems: Vec::new(),
            exit_code: 2,
        }
    }

    /// A file could not be read.
    pub(super) fn file(path: &Path, error: &std::io::Error) -> Self {
        Self::usage("file_unreadable", format!("{}: {error}", path.display()))
    }

    pub(super) fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// An error of the module about `message`, whose place is pointed at.
    pub(super) fn about(message: &Message, error: Error) -> Self {
        let mut failure = Failure::from(error);
        if let Some((field, at)) = failure.place.take().map(|place| (place.field, place.at)) {
            let text = if field == "headers" {
                Some(String::from_utf8_lossy(&message.headers).into_owned())
            } else {
                message.field(&field).map(str::to_owned)
            };
            failure.place = text.map(|text| Place::new(&field, text, at).into());
        }
        failure
    }

    /// A pack has problems, of which `message` says what they prevent.
    pub(super) fn pack(diagnostics: &Diagnostics, message: &str) -> Self {
        let problems = diagnostics.problems();
        let shown: String = problems.iter().map(|problem| render(problem)).collect();
        let mut failure = Self::usage("pack_invalid", format!("{message}\n{shown}"));
        failure.problems = problems.iter().map(problem_json).collect();
        failure
    }

    /// In its source, for a person.
    pub(super) fn shown(&self) -> String {
        format!("{:?}", miette::Report::new_boxed(Box::new(self.clone())))
    }

    /// The same, when it is the answer that was asked for.
    pub(super) fn refused(mut self) -> Self {
        self.exit_code = 1;
        self
    }

    pub(super) fn code(&self) -> &str {
        &self.code
    }

    pub(super) fn exit_code(&self) -> u8 {
        self.exit_code
    }

    pub(super) fn to_json(&self) -> Value {
        let place = self
            .place
            .as_ref()
            .map(|place| json!({"field": place.field, "at": place.at}));
        let mut json =
            json!({"ok": false, "code": self.code, "message": self.message, "place": place});
        if let Some(object) = json.as_object_mut().filter(|_| !self.problems.is_empty()) {
            object.insert("problems".into(), self.problems.clone().into());
        }
        json
    }
}

impl Place {
    fn new(field: &str, text: String, at: usize) -> Self {
        let source = NamedSource::new(format!("header `{field}`"), text);
        Place {
            source: source.into(),
            field: field.into(),
            at,
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let message = error.to_string();
        let (exit_code, place) = match &error {
            Error::Refused(refused) => {
                let place = refused.place();
                (
                    1,
                    place.map(|(field, at)| Place::new(field, String::new(), at).into()),
                )
            }
            _ => (2, None),
        };
        Failure {
            code: error.code().into(),
            message,
            help: None,
            place,
            problems: Vec::new(),
            exit_code,
        }
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        let place = match refusal.subject() {
            Some(Subject::Offset { field, at }) => {
                Some(Place::new(field, String::new(), *at).into())
            }
            _ => None,
        };
        Failure {
            place,
            ..Self::usage(refusal.code().as_str(), refusal.message()).refused()
        }
    }
}

impl From<CaseError> for Failure {
    fn from(error: CaseError) -> Self {
        Self::usage(error.code(), error.to_string())
    }
}

impl From<Diagnostics> for Failure {
    fn from(diagnostics: Diagnostics) -> Self {
        Self::pack(&diagnostics, "the policy pack doesn't compile")
    }
}

/// A diagnostic in its source, for a person.
pub(super) fn render(diagnostic: &dyn Diagnostic) -> String {
    let mut text = String::new();
    let shown =
        miette::GraphicalReportHandler::new_themed(miette::GraphicalTheme::unicode_nocolor())
            .render_report(&mut text, diagnostic);
    if shown.is_ok() {
        text
    } else {
        diagnostic.to_string()
    }
}

/// A problem of a pack, for a program.
pub(super) fn problem_json(problem: &Problem) -> Value {
    let place = problem
        .span()
        .map(|(offset, length)| json!({"offset": offset, "length": length}));
    json!({
        "code": problem.code(),
        "message": problem.to_string(),
        "source": problem.source_name(),
        "place": place,
    })
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl core::error::Error for Failure {}

impl Diagnostic for Failure {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(&self.code))
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help
            .as_ref()
            .map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        let place = self.place.as_ref()?;
        Some(&*place.source)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let place = self.place.as_ref()?;
        let length = usize::from(place.at < place.source.inner().len());
        Some(Box::new(std::iter::once(LabeledSpan::at(
            place.at..place.at + length,
            "here",
        ))))
    }
}
