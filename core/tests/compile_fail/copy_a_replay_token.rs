use countersign_core::{Authentic, ReplayToken};

fn copy(authentic: &Authentic) -> ReplayToken {
    *authentic.replay_token()
}

fn clone(authentic: &Authentic) -> ReplayToken {
    authentic.replay_token().clone()
}

fn main() {}
