use countersign_core::{Presented, UnixSeconds};

fn verify(presented: Presented<'_>, now: UnixSeconds) {
    presented.authenticate(now);
}

fn main() {}
