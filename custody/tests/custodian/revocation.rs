//! A revocation is everywhere at once, as far as a database and three processes can tell.

use std::env;
use std::process::Command;
use std::time::Duration;

use crate::cluster::Cluster;
use crate::followers::{Stage, percentiles, play};

const REVOCATIONS: u32 = 20;
/// The goal is 250 ms, and `cargo xtask bench keys` holds against it: a busy machine may take longer.
const BOUND: Duration = Duration::from_secs(3);

#[test]
#[ignore = "a child of the test below"]
fn child() {
    play();
}

fn this_program() -> Command {
    let mut command = Command::new(env::current_exe().expect("this program"));
    command.args(["--exact", "revocation::child", "--ignored", "--nocapture"]);
    command
}

#[test]
fn a_revoked_key_is_refused_by_three_processes_at_once() {
    let Some(cluster) = Cluster::get() else {
        return;
    };
    let mut stage = Stage::new(cluster, this_program);
    stage.crowd(50);
    let taken: Vec<_> = (0..REVOCATIONS).map(|_| stage.revocation()).collect();
    let (median, p99) = percentiles(taken.iter().map(|one| one.first_refused).collect());
    let (acknowledged, _) = percentiles(taken.iter().map(|one| one.acknowledged).collect());
    println!(
        "{REVOCATIONS} revocations: refused everywhere {median:?} (p99 {p99:?}) after the command began; \
         it said so after {acknowledged:?}"
    );
    for one in &taken {
        assert!(one.last_accepted <= one.first_refused);
        assert!(one.first_refused < BOUND, "{one:?}");
    }
}
