use countersign_core::{Authentic, ReplayCache, UnixSeconds};

fn spend(authentic: Authentic, cache: &mut ReplayCache, now: UnixSeconds) {
    authentic.spend(cache, now);
    authentic.spend(cache, now);
}

fn main() {}
