//! The door of the module, as a case that others published knocks at it: a verb's number, a frame in, a
//! frame out (`docs/abi.md`).
//!
//! Each case is written as if it were alone: it asks, waits, and asks again. What all of them ask at the
//! same time goes to the runtime in one batch ([`together`]), so that a browser is asked a few times and
//! not ten thousand.

mod frame;
mod machine;

use core::cell::{Cell, RefCell};
use core::future::{Future, poll_fn};
use core::pin::Pin;
use core::task::{Context, Poll, Waker};
use std::rc::Rc;

use anyhow::{Context as _, Result, ensure};

pub use frame::{Answer, Fault, Frame, Refused};
pub use machine::{Machine, Opened, open};

/// A verb with its arguments.
#[derive(Clone, Debug)]
pub struct Call {
    /// The verb's number.
    pub verb: u32,
    /// The frame of its arguments.
    pub frame: Vec<u8>,
}

/// Where cases ask.
#[derive(Clone, Debug, Default)]
pub struct Door(Rc<Queue>);

#[derive(Debug, Default)]
struct Queue {
    asked: RefCell<Vec<Asked>>,
    /// The case that is running.
    case: Cell<usize>,
}

#[derive(Debug)]
struct Asked {
    case: usize,
    call: Call,
    reply: Rc<RefCell<Option<Vec<u8>>>>,
}

impl Door {
    /// Asks, and waits for the answer.
    ///
    /// # Errors
    /// [`Fault::Refused`] with the code of the refusal.
    pub async fn ask(&self, verb: u32, frame: Frame) -> Result<Answer, Fault> {
        let reply = Rc::new(RefCell::new(None));
        self.0.asked.borrow_mut().push(Asked {
            case: self.0.case.get(),
            call: Call {
                verb,
                frame: frame.into_bytes(),
            },
            reply: Rc::clone(&reply),
        });
        let reply = poll_fn(|_| match reply.borrow_mut().take() {
            Some(reply) => Poll::Ready(reply),
            None => Poll::Pending,
        });
        Answer::open(reply.await)
    }

    /// Asks what may be refused.
    ///
    /// # Errors
    /// A refusal that says nothing of the case, such as `verb_unknown`.
    pub async fn try_ask(&self, verb: u32, frame: Frame) -> Result<Tried, Fault> {
        match self.ask(verb, frame).await {
            Ok(answer) => Ok(Ok(answer)),
            Err(Fault::Refused(refused)) if !refused.is_of_asking() => Ok(Err(refused)),
            Err(fault) => Err(fault),
        }
    }
}

/// An answer, or a refusal that may be the right one.
pub type Tried = Result<Answer, Refused>;

/// A case on its way to a verdict.
pub type Running<T> = Pin<Box<dyn Future<Output = T>>>;

/// Runs cases side by side, all at the same door, and gives what came of each, in order.
///
/// # Errors
/// A runtime that breaks: a trap, a crash. It names the case by its place.
pub fn together<T>(
    door: &Door,
    machine: &mut dyn Machine,
    cases: Vec<Running<T>>,
) -> Result<Vec<T>> {
    let mut cases: Vec<State<T>> = cases.into_iter().map(State::Running).collect();
    loop {
        for (at, case) in cases.iter_mut().enumerate() {
            door.0.case.set(at);
            case.go_on();
        }
        let asked = core::mem::take(&mut *door.0.asked.borrow_mut());
        if asked.is_empty() {
            break;
        }
        let calls: Vec<&Call> = asked.iter().map(|asked| &asked.call).collect();
        let replies = machine.answer(&calls).map_err(|broken| {
            let case = asked.get(broken.at).map_or(0, |asked| asked.case);
            broken.error.context(format!("case {case}"))
        })?;
        ensure!(
            replies.len() == asked.len(),
            "the runtime gave {} replies to {} calls",
            replies.len(),
            asked.len()
        );
        for (asked, reply) in asked.iter().zip(replies) {
            *asked.reply.borrow_mut() = Some(reply);
        }
    }
    cases
        .into_iter()
        .map(|case| match case {
            State::Done(verdict) => Ok(verdict),
            State::Running(_) => None.context("a case waits for nothing"),
        })
        .collect()
}

enum State<T> {
    Running(Running<T>),
    Done(T),
}

impl<T> State<T> {
    fn go_on(&mut self) {
        if let State::Running(case) = self
            && let Poll::Ready(verdict) =
                case.as_mut().poll(&mut Context::from_waker(Waker::noop()))
        {
            *self = State::Done(verdict);
        }
    }
}
