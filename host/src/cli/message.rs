//! An HTTP/1.1 message as text: a file, standard input, or what `curl -v` printed.

use std::io::Read as _;
use std::path::Path;

use countersign::{Body, Request, Scheme};
use countersign_core::Headers;

use super::MessageArguments;
use super::failure::Failure;

/// No message of more bytes than this is read.
const LIMIT: u64 = 64 << 20;

/// A message, taken apart no further than its lines.
#[derive(Clone)]
pub(super) struct Message {
    scheme: Scheme,
    pub(super) start: Start,
    /// The header lines, as they were.
    pub(super) headers: Vec<u8>,
    pub(super) body: Vec<u8>,
}

/// The first line.
#[derive(Clone)]
pub(super) enum Start {
    Request { method: String, target: String },
    Response { status: u16 },
}

impl Message {
    /// Reads the message that the arguments name.
    pub(super) fn read(arguments: &MessageArguments) -> Result<Self, Failure> {
        let mut message = Self::parse(&read(&arguments.message)?, arguments.scheme)?;
        if let Some(path) = &arguments.body {
            message.body = read(path)?;
        }
        Ok(message)
    }

    fn parse(bytes: &[u8], scheme: Scheme) -> Result<Self, Failure> {
        let bytes = if is_curl_trace(bytes) {
            from_curl_trace(bytes)
        } else {
            bytes.to_vec()
        };
        let bytes = bytes.as_slice();
        let (start, rest) = split_line(bytes);
        let start =
            core::str::from_utf8(start).map_err(|_| malformed("its first line is not ASCII"))?;
        let start = Start::parse(start)?;
        let mut headers_end = 0;
        let mut after = rest;
        while !after.is_empty() {
            let (line, next) = split_line(after);
            if line.is_empty() {
                after = next;
                break;
            }
            headers_end = rest.len() - next.len();
            after = next;
        }
        let headers = rest.get(..headers_end).unwrap_or(rest).to_vec();
        let mut message = Message {
            scheme,
            start,
            headers,
            body: Vec::new(),
        };
        message.body = match message.field("content-length") {
            None => after.to_vec(),
            Some(length) => {
                let length: usize = length
                    .parse()
                    .map_err(|_| malformed("its Content-Length is not a number"))?;
                let body = after.get(..length);
                body.ok_or_else(|| malformed("its body is shorter than its Content-Length"))?
                    .to_vec()
            }
        };
        Ok(message)
    }

    /// The request, for the module.
    pub(super) fn request(&self) -> Result<Request<'_>, Failure> {
        let Start::Request { method, target } = &self.start else {
            return Err(malformed("it is a response, where a request is needed"));
        };
        Ok(self.as_request(method, target))
    }

    /// The request, for core in this process.
    pub(super) fn for_core(&self) -> Result<countersign_core::Request<'_>, Failure> {
        let request = self.request()?;
        Ok(countersign_core::Request {
            method: request.method,
            target: request.target,
            scheme: request.scheme,
            headers: Headers::parse(&self.headers)?,
            body: request.body,
            peer: None,
        })
    }

    /// The message in the form in which the module takes responses too, and the status of one.
    pub(super) fn request_or_response(&self) -> (Request<'_>, Option<u16>) {
        match &self.start {
            Start::Request { method, target } => (self.as_request(method, target), None),
            Start::Response { status } => (self.as_request("GET", "/"), Some(*status)),
        }
    }

    fn as_request<'a>(&'a self, method: &'a str, target: &'a str) -> Request<'a> {
        let body = Body::Bytes(&self.body);
        Request {
            scheme: self.scheme,
            body,
            ..Request::new(method, target, &self.headers)
        }
    }

    /// The value of the first field line with this name.
    pub(super) fn field(&self, name: &str) -> Option<&str> {
        let text = core::str::from_utf8(&self.headers).ok()?;
        text.lines().find_map(|line| {
            let (found, value) = line.split_once(':')?;
            found
                .eq_ignore_ascii_case(name)
                .then(|| value.trim_matches([' ', '\t']))
        })
    }

    /// The URL of the request: an absolute target, or scheme, host and target.
    pub(super) fn url(&self) -> Result<String, Failure> {
        let request = self.request()?;
        if request.target.contains("://") {
            return Ok(request.target.into());
        }
        let host = self
            .field("host")
            .ok_or_else(|| malformed("it has no Host, so it has no URL"))?;
        Ok(format!(
            "{}://{host}{}",
            self.scheme.as_str(),
            request.target
        ))
    }
}

impl Start {
    fn parse(line: &str) -> Result<Self, Failure> {
        let words: Vec<&str> = line.split(' ').collect();
        match words.as_slice() {
            [version, status, ..] if version.starts_with("HTTP/") => {
                let status = status
                    .parse()
                    .map_err(|_| malformed("its status is not a number"))?;
                Ok(Start::Response { status })
            }
            [method, target, version] if version.starts_with("HTTP/") => Ok(Start::Request {
                method: (*method).into(),
                target: (*target).into(),
            }),
            _ => Err(malformed("its first line is not `METHOD TARGET HTTP/1.1`")),
        }
    }
}

fn malformed(what: &str) -> Failure {
    Failure::usage(
        "message_malformed",
        format!("this is not an HTTP/1.1 message: {what}"),
    )
    .with_help(
        "give the message as it is sent: request line, header lines, an empty line, the body",
    )
}

/// Reads a file, or standard input for `-`.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let outcome = if path == Path::new("-") {
        std::io::stdin().take(LIMIT + 1).read_to_end(&mut bytes)
    } else {
        std::fs::File::open(path).and_then(|file| file.take(LIMIT + 1).read_to_end(&mut bytes))
    };
    let length = outcome.map_err(|error| Failure::file(path, &error))?;
    if length as u64 > LIMIT {
        return Err(Failure::usage(
            "body_too_large",
            format!("{} has more than 64 MiB", path.display()),
        ));
    }
    Ok(bytes)
}

/// Reads a file of text.
pub(super) fn read_text(path: &Path) -> Result<String, Failure> {
    String::from_utf8(read(path)?).map_err(|_| {
        Failure::usage(
            "file_unreadable",
            format!("{} is not UTF-8", path.display()),
        )
    })
}

/// `curl -v` marks what it sent by `> `; other lines are its own.
fn is_curl_trace(bytes: &[u8]) -> bool {
    let is_trace_line = |line: &[u8]| {
        [&b"> "[..], b"* ", b"< "]
            .iter()
            .any(|mark| line.starts_with(mark))
    };
    is_trace_line(bytes)
        && bytes
            .split(|byte| *byte == b'\n')
            .any(|line| line.starts_with(b"> "))
}

fn from_curl_trace(bytes: &[u8]) -> Vec<u8> {
    let mut message = Vec::with_capacity(bytes.len());
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        let sent = line.strip_prefix(b"> ").or_else(|| {
            line.strip_prefix(b">")
                .filter(|rest| rest.trim_ascii().is_empty())
        });
        message.extend_from_slice(sent.unwrap_or_default());
    }
    message
}

/// The first line without its end, and what follows.
fn split_line(bytes: &[u8]) -> (&[u8], &[u8]) {
    let feed = bytes.iter().position(|byte| *byte == b'\n');
    let (line, rest) = match feed {
        Some(feed) => bytes.split_at_checked(feed + 1).unwrap_or((bytes, &[])),
        None => (bytes, &[][..]),
    };
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    (line.strip_suffix(b"\r").unwrap_or(line), rest)
}
