//! How long a revoked key still verifies.

use std::process::Command;
use std::time::Duration;

use crate::cluster::Cluster;
use crate::followers::{Stage, percentiles};
use crate::rows::{Goal, Rows};

const REVOCATIONS: u32 = 300;
const CROWD: u32 = 2_000;

fn this_program() -> Command {
    Command::new(std::env::current_exe().unwrap())
}

pub(crate) fn measure(rows: &mut Rows) {
    let Some(cluster) = Cluster::durable() else {
        return;
    };
    let mut stage = Stage::new(cluster.into(), this_program);
    stage.crowd(CROWD);
    let taken: Vec<_> = (0..REVOCATIONS).map(|_| stage.revocation()).collect();
    let of = |one: fn(&crate::followers::Taken) -> Duration| {
        percentiles(taken.iter().map(one).collect())
    };
    let milliseconds = |time: Duration| time.as_secs_f64() * 1e3;
    let goal = Goal::AtMost(250.0);
    for (name, (median, p99), goal) in [
        (
            "done, by the command",
            of(|one| one.acknowledged),
            Goal::None,
        ),
        (
            "last accepted anywhere",
            of(|one| one.last_accepted),
            Goal::None,
        ),
        ("refused everywhere", of(|one| one.first_refused), goal),
    ] {
        rows.add(
            &format!("revocation, {name}, median"),
            milliseconds(median),
            "ms",
            Goal::None,
        );
        rows.add(
            &format!("revocation, {name}, p99"),
            milliseconds(p99),
            "ms",
            goal,
        );
    }
    let after = of(|one| one.first_refused.saturating_sub(one.acknowledged));
    rows.add(
        "revocation, after the command's word, p99",
        milliseconds(after.1),
        "ms",
        Goal::None,
    );
}
