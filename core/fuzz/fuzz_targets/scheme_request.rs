#![no_main]

#[allow(dead_code, reason = "each target runs one oracle")]
#[path = "../oracles.rs"]
mod oracles;

libfuzzer_sys::fuzz_target!(|data: &[u8]| oracles::scheme_request(data));
