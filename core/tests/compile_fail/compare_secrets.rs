use countersign_core::SharedSecret;

fn same(one: &SharedSecret, other: &SharedSecret) -> bool {
    one == other
}

fn main() {}
