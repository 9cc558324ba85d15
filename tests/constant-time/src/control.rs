//! The deliberate leak, by which the test is tested.

use core::hint::black_box;

use anyhow::Result;
use fastrand::Rng;

use crate::measure::{Class, Subject};

/// Compares a MAC byte by byte and stops at the first that differs.
pub(crate) struct EarlyExit {
    secret: [u8; 32],
    guess: [u8; 32],
    same: bool,
}

impl EarlyExit {
    pub(crate) fn new() -> Self {
        let secret = [0x5a; 32];
        EarlyExit {
            secret,
            guess: secret,
            same: true,
        }
    }
}

impl Subject for EarlyExit {
    fn classes(&self) -> &'static str {
        "control: early exit, first or last byte wrong"
    }

    fn runtime(&self) -> &'static str {
        "native"
    }

    fn must_leak(&self) -> bool {
        true
    }

    fn renew(&mut self, random: &mut Rng) -> Result<()> {
        self.secret.fill_with(|| random.u8(..));
        Ok(())
    }

    fn choose(&mut self, class: Class, _: &mut Rng) -> Result<()> {
        self.guess = self.secret;
        let wrong = match class {
            Class::First => self.guess.first_mut(),
            Class::Second => self.guess.last_mut(),
        };
        if let Some(byte) = wrong {
            *byte ^= 1;
        }
        Ok(())
    }

    fn run(&mut self) {
        self.same = true;
        for (secret, guess) in black_box(&self.secret).iter().zip(black_box(&self.guess)) {
            if black_box(secret != guess) {
                self.same = false;
                break;
            }
        }
    }

    fn check(&mut self) -> Result<()> {
        anyhow::ensure!(!self.same, "the guess is never right");
        Ok(())
    }
}
