//! Makes worlds up, each from its seed.

mod data;
mod expression;
mod literal;
mod policy;
mod schema;

use crate::dice::Dice;
use crate::world::{Mode, World};
use data::Data;

const STORES: usize = 3;
const REQUESTS: usize = 16;

/// The world of that seed.
pub(crate) fn world(seed: u64) -> World {
    let mut dice = Dice::new(seed);
    let mode = match dice.roll(5) {
        0 | 1 => Mode::Typed,
        2 | 3 => Mode::Loose,
        _ => Mode::Bare,
    };
    let schema = schema::schema(&mut dice);
    let data = Data::new(&mut dice, &schema, mode);
    let policies = policy::policies(&mut dice, &schema, &data);
    let links = policy::links(&mut dice, &data, &policies);
    let fixed = match mode {
        Mode::Bare => Vec::new(),
        Mode::Typed | Mode::Loose if dice.one_in(2) => Vec::new(),
        Mode::Typed | Mode::Loose => data.fixed(&mut dice),
    };
    let stores = (0..STORES)
        .map(|_| data.store(&mut dice, &fixed, REQUESTS))
        .collect();
    World {
        seed,
        mode,
        schema,
        policies,
        links,
        fixed,
        stores,
    }
}
