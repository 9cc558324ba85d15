use countersign_core::Authentic;
use countersign_core::policy::{Bundle, Record};

fn decide(authentic: Authentic, bundle: &Bundle) {
    authentic.authorize(bundle, &Record::default());
}

fn main() {}
