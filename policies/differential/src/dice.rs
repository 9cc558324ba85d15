//! Choices, all drawn from one seed.

use fastrand::Rng;

/// A source of choices: the same seed gives the same choices.
#[derive(Debug)]
pub(crate) struct Dice {
    rng: Rng,
}

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            rng: Rng::with_seed(seed),
        }
    }

    /// One of `0..sides`; 0 if there are none.
    pub(crate) fn roll(&mut self, sides: usize) -> usize {
        match sides {
            0 => 0,
            _ => self.rng.usize(..sides),
        }
    }

    pub(crate) fn one_in(&mut self, sides: usize) -> bool {
        self.roll(sides) == 0
    }

    pub(crate) fn long(&mut self) -> i64 {
        self.rng.i64(..)
    }

    /// One of the choices; the default value if there are none.
    pub(crate) fn pick<T: Clone + Default>(&mut self, choices: &[T]) -> T {
        self.one_of(choices).cloned().unwrap_or_default()
    }

    pub(crate) fn one_of<'a, T>(&mut self, choices: &'a [T]) -> Option<&'a T> {
        choices.get(self.roll(choices.len()))
    }

    /// The number of choices to make: at most `most`, rather few than many.
    pub(crate) fn few(&mut self, most: usize) -> usize {
        self.roll(most + 1).min(self.roll(most + 1))
    }

    pub(crate) fn shuffle<T>(&mut self, things: &mut [T]) {
        self.rng.shuffle(things);
    }
}
