//! The route table: which paths have a route, and which must not.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "in a test, to panic is to fail"
)]

use countersign_core::policy::Bundle;
use proptest::prelude::*;

fn bundle() -> Bundle {
    let bytes: &[u8] = include_bytes!("../../policies/tests/bundles/language.bundle");
    Bundle::load_unsigned(bytes).expect("the bundle loads")
}

/// The action and the resource of the route, if there is one.
fn route(method: &str, path: &str) -> Option<String> {
    let bundle = bundle();
    let route = bundle.route(method, path)?;
    assert_eq!(route.resource().entity_type(), route.resource_type());
    assert_eq!(route.resource().id(), route.resource_id());
    Some(format!("{} {}", route.action().id(), route.resource()))
}

#[test]
fn method_and_path_choose_the_route() {
    assert_eq!(route("GET", "/").as_deref(), Some(r#"list Folder::"root""#));
    assert_eq!(
        route("GET", "/plans/today").as_deref(),
        Some(r#"read Doc::"today""#)
    );
    assert_eq!(
        route("PUT", "/plans/today").as_deref(),
        Some(r#"write Doc::"today""#)
    );
    assert_eq!(route("get", "/plans/today"), None);
    assert_eq!(route("DELETE", "/plans/today"), None);
    assert_eq!(route("GET", "/plans"), None);
    assert_eq!(route("GET", "/plans/today/more"), None);
}

#[test]
fn a_literal_beats_a_placeholder() {
    assert_eq!(
        route("GET", "/archive/all").as_deref(),
        Some(r#"list Folder::"archive""#)
    );
    assert_eq!(
        route("GET", "/archive/other").as_deref(),
        Some(r#"read Doc::"other""#)
    );
    assert_eq!(
        route("GET", "/%61rchive/%61ll").as_deref(),
        Some(r#"list Folder::"archive""#)
    );
    assert_eq!(
        route("PUT", "/archive/all").as_deref(),
        Some(r#"write Doc::"all""#)
    );
}

#[test]
fn an_id_is_decoded_once() {
    assert_eq!(
        route("GET", "/plans/a%20b%C3%A9").as_deref(),
        Some(r#"read Doc::"a bé""#)
    );
    assert_eq!(
        route("GET", "/plans/%2561").as_deref(),
        Some(r#"read Doc::"%61""#)
    );
    assert_eq!(
        route("GET", "/plans/a;v=1,2@x:y").as_deref(),
        Some(r#"read Doc::"a;v=1,2@x:y""#)
    );
    assert_eq!(
        route("GET", "/plans/a+b").as_deref(),
        Some(r#"read Doc::"a+b""#)
    );
}

#[test]
fn a_path_that_can_be_read_in_two_ways_has_no_route() {
    for path in [
        "",
        "plans/today",
        "//",
        "/plans//",
        "/plans/",
        "//today",
        "/plans/.",
        "/plans/..",
        "/./today",
        "/plans/%2e",
        "/plans/%2E%2e",
        "/plans/.%2e",
        "/plans/a%2Fb",
        "/plans/a%2fb",
        "/plans/a%5Cb",
        "/plans/a\\b",
        "/plans/%00",
        "/plans/%0a",
        "/plans/%7f",
        "/plans/%C2%85",
        "/plans/%",
        "/plans/%4",
        "/plans/%zz",
        "/plans/%+1",
        "/plans/%ff",
        "/plans/%C3",
        "/plans/a?b",
        "/plans/a#b",
        "/plans/a b",
        "/plans/a\"b",
        "/plans/\u{e9}",
        "/plans/{doc}",
        "/plans/a\nb",
        "http://host/plans",
    ] {
        assert_eq!(route("GET", path), None, "{path:?}");
    }
}

proptest! {
    #[test]
    fn arbitrary_paths_never_panic(method in ".{0,5}", path in ".{0,60}") {
        let _ = route(&method, &path);
    }

    #[test]
    fn what_matches_is_one_whole_segment(id in "[a-zA-Z0-9%./\\\\]{1,12}") {
        let path = format!("/plans/{id}");
        if let Some(route) = bundle().route("GET", &path) {
            let found = route.resource_id();
            prop_assert!(!found.is_empty() && found != "." && found != "..");
            prop_assert!(!found.contains(['/', '\\']));
        }
    }
}
