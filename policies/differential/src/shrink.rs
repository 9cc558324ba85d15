//! Makes a diverging world smaller, as long as it diverges.

use crate::compare::{Divergence, compare};
use crate::edit::{apply, edits};
use crate::tally::Tally;

/// At most this many worlds are tried.
const PATIENCE: usize = 4000;

pub(crate) fn shrink(divergence: Divergence) -> Divergence {
    let mut smallest = divergence;
    let mut tried = 0;
    loop {
        let mut progress = false;
        let mut at = 0;
        while tried < PATIENCE {
            let Some(edit) = edits(&smallest.world).into_iter().nth(at) else {
                break;
            };
            tried += 1;
            // A world that isn't taken any more doesn't diverge.
            match compare(&apply(&edit, &smallest.world), &mut Tally::default()) {
                Ok(Some(smaller)) => {
                    smallest = smaller;
                    progress = true;
                }
                Ok(None) | Err(_) => at += 1,
            }
        }
        if !progress || tried >= PATIENCE {
            return smallest;
        }
    }
}
