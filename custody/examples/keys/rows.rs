//! What was measured, for people and for programs.

use std::error::Error;
use std::time::Duration;

use serde_json::json;

/// What is aimed at.
#[derive(Clone, Copy)]
pub(crate) enum Goal {
    None,
    AtMost(f64),
}

/// Rows as they come: each is printed at once, or all of them as one JSON array at the end.
pub(crate) struct Rows {
    json: Option<Vec<serde_json::Value>>,
}

impl Rows {
    pub(crate) fn new(json: bool) -> Self {
        Rows {
            json: json.then(Vec::new),
        }
    }

    pub(crate) fn add(&mut self, case: &str, figure: f64, unit: &str, goal: Goal) {
        let reached = match goal {
            Goal::AtMost(most) => Some(figure <= most),
            Goal::None => None,
        };
        if let Some(rows) = &mut self.json {
            let goal = match goal {
                Goal::AtMost(most) => json!({"at_most": most, "reached": reached}),
                Goal::None => serde_json::Value::Null,
            };
            rows.push(json!({"bench": "keys", "case": case, "figure": figure, "unit": unit, "goal": goal}));
            return;
        }
        let digits = if figure < 10.0 { 3 } else { 0 };
        let goal = match (goal, reached) {
            (Goal::AtMost(most), Some(true)) => format!("  <= {most} {unit}: reached"),
            (Goal::AtMost(most), _) => format!("  <= {most} {unit}: missed"),
            (Goal::None, _) => String::new(),
        };
        println!("{case:<44} {figure:>12.digits$} {unit}{goal}");
    }

    /// In seconds, or in milliseconds where that is short and there is no goal.
    pub(crate) fn took(&mut self, case: &str, time: Duration, goal: Goal) {
        match goal {
            Goal::None if time < Duration::from_millis(100) => {
                self.add(case, time.as_secs_f64() * 1e3, "ms", goal);
            }
            _ => self.add(case, time.as_secs_f64(), "s", goal),
        }
    }

    pub(crate) fn rate(&mut self, case: &str, count: u64, time: Duration) {
        #[expect(clippy::cast_precision_loss, reason = "a rate, to be read")]
        let rate = count as f64 / time.as_secs_f64();
        self.add(case, rate, "per second", Goal::None);
    }

    pub(crate) fn end(self) -> Result<(), Box<dyn Error>> {
        if let Some(rows) = self.json {
            println!("{}", serde_json::to_string_pretty(&rows)?);
        }
        Ok(())
    }
}

/// The middle one.
pub(crate) fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}
