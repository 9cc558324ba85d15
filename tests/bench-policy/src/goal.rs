//! What is aimed at.

use core::fmt;

/// A goal of a row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Goal {
    /// At least so many times as fast as the baseline.
    Faster(f64),
    /// At most so many times the baseline's time.
    Within(f64),
    /// At most so many nanoseconds, and at least so many times as fast.
    Under { nanoseconds: f64, faster: f64 },
}

impl Goal {
    /// The goal of the row for this case, of ours and of the baseline.
    pub(crate) fn of(case: &str, runtime: &str, baseline: &str) -> Option<Goal> {
        let (shape, rest) = case.split_once('/')?;
        match (shape, rest, runtime, baseline) {
            ("selective", "100", "native", "cedar-policy") => Some(Goal::Faster(200.0)),
            ("selective", "1000", "native", "cedar-policy") => Some(Goal::Faster(2000.0)),
            ("selective", _, "native", "regorus-vm") => Some(Goal::Faster(10.0)),
            ("selective", _, "native", "selective/10") => Some(Goal::Within(1.5)),
            ("selective" | "dense", _, "wasmtime", "native/strings") => Some(Goal::Within(2.5)),
            ("selective", "10" | "100", "node", "cedar-wasm") => Some(Goal::Faster(100.0)),
            ("dense", _, "native", "cedar-policy") => Some(Goal::Faster(20.0)),
            ("oopsla", app, "native", "cedar-policy") if !app.ends_with("/p99") => {
                Some(Goal::Under {
                    nanoseconds: 150.0,
                    faster: 30.0,
                })
            }
            _ => None,
        }
    }

    pub(crate) fn is_reached(self, nanoseconds: f64, speedup: f64) -> bool {
        match self {
            Goal::Faster(times) => speedup >= times,
            Goal::Within(times) => speedup * times >= 1.0,
            Goal::Under {
                nanoseconds: most,
                faster,
            } => nanoseconds <= most && speedup >= faster,
        }
    }
}

impl fmt::Display for Goal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Goal::Faster(times) => write!(f, ">= {times}x"),
            Goal::Within(times) => write!(f, "<= {times}x its time"),
            Goal::Under {
                nanoseconds,
                faster,
            } => write!(f, "<= {nanoseconds} ns and >= {faster}x"),
        }
    }
}
