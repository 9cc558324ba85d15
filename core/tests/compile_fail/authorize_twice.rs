use countersign_core::Verified;
use countersign_core::policy::{Bundle, Record};

fn decide(verified: Verified, bundle: &Bundle) {
    verified.authorize(bundle, &Record::default());
    verified.authorize(bundle, &Record::default());
}

fn main() {}
