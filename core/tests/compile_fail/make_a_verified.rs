use countersign_core::Verified;

fn again(verified: Verified) -> Verified {
    let Verified { facts } = verified;
    Verified { facts }
}

fn main() {}
