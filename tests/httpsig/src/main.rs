//! Signing and verifying in Rust, beside the crate httpsig and beside the hashing that nobody can do without:
//! a part of `cargo xtask bench sign`. `docs/benchmarks.md` says what is inside each clock.

mod floor;
mod order;
mod ours;
mod row;
mod theirs;
mod turns;

use anyhow::{Result, ensure};
use clap::Parser;

use crate::floor::Floor;
use crate::order::Order;
use crate::ours::Ours;
use crate::row::Row;
use crate::theirs::Theirs;
use crate::turns::{Work, medians};

/// Measures signing and verifying by RFC 9421.
#[derive(Parser)]
struct Arguments {
    /// Prints the rows as JSON.
    #[arg(long)]
    json: bool,
    /// How many batches the median is taken of.
    #[arg(long, default_value_t = 201)]
    rounds: usize,
}

/// The sizes of bodies.
const SIZES: [(&str, usize); 4] = [("0", 0), ("256", 256), ("1k", 1 << 10), ("64k", 64 << 10)];

fn main() -> Result<()> {
    let Arguments { json, rounds } = Arguments::parse();
    let mut rows = Vec::new();
    for (size, length) in SIZES {
        let order = Order::new(length);
        let (ours, theirs) = (Ours::new()?, Theirs::new()?);
        let signed = ours.sign(&order)?.received();
        // Nobody is timed before both agree.
        for signed in [&signed, &theirs.sign(&order)?.received()] {
            ours.verify(&order, signed)?;
            theirs.verify(&order, signed)?;
        }
        let floor = Floor::new(&order, &signed)?;
        ensure!(floor.verify(), "the floor hashes something else");

        let counts = length <= 1 << 10;
        let signing: [Work<'_>; 3] = [
            ("native", &mut || ours.sign(&order).is_ok()),
            ("httpsig", &mut || theirs.sign(&order).is_ok()),
            ("floor", &mut || floor.verify()),
        ];
        rows.extend(Row::all(
            &format!("sign-{size}"),
            &medians(signing, rounds)?,
            false,
        ));
        let verifying: [Work<'_>; 3] = [
            ("native", &mut || ours.verify(&order, &signed).is_ok()),
            ("httpsig", &mut || theirs.verify(&order, &signed).is_ok()),
            ("floor", &mut || floor.verify()),
        ];
        rows.extend(Row::all(
            &format!("verify-{size}"),
            &medians(verifying, rounds)?,
            counts,
        ));
    }
    if json {
        println!("{}", serde_json::to_string_pretty(&rows)?);
    } else {
        row::print(&rows);
    }
    Ok(())
}
