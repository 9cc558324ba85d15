use countersign_core::{SharedSecret, Token};

fn bytes(secret: &SharedSecret) -> &[u8] {
    secret.as_bytes()
}

fn text(token: &Token) -> String {
    token.to_string()
}

fn main() {}
