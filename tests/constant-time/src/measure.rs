//! Times inputs of two classes, and compares the means.

use std::time::Instant;

use anyhow::Result;
use fastrand::Rng;

/// From this `|t|` on, the classes are told apart.
pub(crate) const LEAK: f64 = 4.5;

/// The slowest measurements are interruptions: besides all of them, those below these quantiles are
/// compared alone.
const KEPT: [f64; 4] = [1.0, 0.99, 0.9, 0.5];

/// After how many measurements the keys are others.
const RENEWED: u32 = 1 << 14;

/// What may leak.
pub(crate) trait Subject {
    /// What the two classes are.
    fn classes(&self) -> &str;

    /// Who runs it.
    fn runtime(&self) -> &'static str;

    /// Whether it is here to be caught.
    fn must_leak(&self) -> bool {
        false
    }

    /// Takes other keys.
    ///
    /// # Errors
    /// When none can be made.
    fn renew(&mut self, random: &mut Rng) -> Result<()>;

    /// Makes an input of the class, outside of the clock.
    ///
    /// # Errors
    /// When none can be made.
    fn choose(&mut self, class: Class, random: &mut Rng) -> Result<()>;

    /// Runs on the input, and keeps the answer.
    fn run(&mut self);

    /// Looks at the answer, outside of the clock.
    ///
    /// # Errors
    /// When it isn't the expected one: then the time means nothing.
    fn check(&mut self) -> Result<()>;
}

/// Which of two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    First,
    Second,
}

/// What was found.
pub(crate) struct Found {
    /// Nanoseconds, of all measurements.
    pub(crate) mean: f64,
    /// The greatest `|t|`.
    pub(crate) t: f64,
}

/// Measures `count` times, after a tenth as many that don't count.
pub(crate) fn measure(subject: &mut dyn Subject, count: u32, random: &mut Rng) -> Result<Found> {
    let mut times: [Vec<f64>; 2] = Default::default();
    for round in 0..count + count / 10 {
        let class = if random.bool() {
            Class::First
        } else {
            Class::Second
        };
        if round % RENEWED == 0 {
            subject.renew(random)?;
        }
        subject.choose(class, random)?;
        let start = Instant::now();
        subject.run();
        let took = start.elapsed();
        subject.check()?;
        if round >= count / 10 {
            let [first, second] = &mut times;
            let times = if class == Class::First { first } else { second };
            times.push(took.as_secs_f64() * 1e9);
        }
    }
    let [first, second] = &times;
    let mut all: Vec<f64> = first.iter().chain(second).copied().collect();
    all.sort_by(f64::total_cmp);
    let most = |quantile: f64| {
        let last = all.len().saturating_sub(1);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_precision_loss,
            clippy::cast_sign_loss,
            reason = "a place among a million"
        )]
        let at = (quantile * last as f64) as usize;
        all.get(at).copied().unwrap_or(f64::INFINITY)
    };
    let t = KEPT
        .into_iter()
        .map(|quantile| {
            welch(
                &moments(first, most(quantile)),
                &moments(second, most(quantile)),
            )
        })
        .fold(0.0, f64::max);
    Ok(Found {
        mean: moments(&all, f64::INFINITY).mean,
        t,
    })
}

struct Moments {
    count: f64,
    mean: f64,
    /// Of the sample.
    variance: f64,
}

/// Of the times up to `most`.
fn moments(times: &[f64], most: f64) -> Moments {
    let (mut count, mut mean, mut squares) = (0.0, 0.0, 0.0);
    for time in times.iter().filter(|time| **time <= most) {
        count += 1.0;
        let delta = time - mean;
        mean += delta / count;
        squares += delta * (time - mean);
    }
    Moments {
        count,
        mean,
        variance: squares / (count - 1.0),
    }
}

/// The absolute value of Welch's t.
fn welch(a: &Moments, b: &Moments) -> f64 {
    let error = (a.variance / a.count + b.variance / b.count).sqrt();
    let difference = (a.mean - b.mean).abs();
    // Without any spread, no difference is none, and any other is certain.
    if difference > 0.0 {
        difference / error
    } else {
        0.0
    }
}

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "exact by construction")]
mod tests {
    use super::*;

    #[test]
    fn welch_is_that_of_the_textbook() {
        let a = moments(&[1.0, 2.0, 3.0, 4.0, 5.0], f64::INFINITY);
        let b = moments(&[2.0, 4.0, 6.0, 8.0, 10.0], f64::INFINITY);
        assert_eq!(
            (a.mean, a.variance, b.mean, b.variance),
            (3.0, 2.5, 6.0, 10.0)
        );
        assert!((welch(&a, &b) - 3.0 / 2.5_f64.sqrt()).abs() < 1e-12);
        assert_eq!(welch(&a, &a), 0.0);
    }
}
