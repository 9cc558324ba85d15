//! OpenAPI documents, imported and refused.

#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "in a test, to panic is to fail"
)]

use countersign_policies::lint::{Severity, lint};
use countersign_policies::openapi::import;
use countersign_policies::{Source, Sources, compile};

const WAREHOUSE: &str = include_str!("openapi/warehouse.yaml");

fn document(text: &str) -> Source {
    Source::new("openapi.yaml", text)
}

fn imported(text: &str, pack: Option<&Sources>) -> Sources {
    match import(&document(text), pack) {
        Ok(import) => import.sources,
        Err(diagnostics) => panic!("{:?}", diagnostics.problems()),
    }
}

/// Each problem: code, sentence, the text that it underlines.
fn refused(text: &str, pack: Option<&Sources>) -> Vec<(String, String, String)> {
    let diagnostics = import(&document(text), pack)
        .map(|_| ())
        .expect_err("it is refused");
    diagnostics
        .problems()
        .iter()
        .map(|problem| {
            (
                problem.code().to_owned(),
                problem.to_string(),
                problem.text().unwrap_or_default().to_owned(),
            )
        })
        .collect()
}

#[test]
fn a_document_becomes_a_pack() {
    let pack = imported(WAREHOUSE, None);
    let bundle = compile(&pack).expect("it compiles").into_bundle();
    assert_eq!(
        (bundle.name(), bundle.version_text()),
        ("warehouse-api", "2.3.0")
    );
    let resource = |method: &str, path: &str| {
        let route = bundle.route(method, path).expect(path);
        format!("{} on {}", route.action(), route.resource())
    };
    assert_eq!(
        resource("GET", "/v2/items"),
        "Action::\"listItems\" on Api::\"main\""
    );
    assert_eq!(
        resource("POST", "/v2/items/i7/stock"),
        "Action::\"countStock\" on Item::\"i7\""
    );
    assert_eq!(
        resource("POST", "/v2/orders"),
        "Action::\"placeOrder\" on Warehouse::\"main\""
    );
    assert_eq!(
        resource("GET", "/v2/orders/o1/events"),
        "Action::\"exportEvents\" on Order::\"o1\""
    );
    for finding in lint(&pack).expect("it compiles") {
        assert_eq!(finding.severity(), Severity::Warning, "{finding}");
        assert_eq!(finding.problem().code(), "write_without_condition");
    }
}

#[test]
fn a_second_import_adds_nothing_and_keeps_what_was_written() {
    let mut pack = imported(WAREHOUSE, None);
    pack.policies = Source::new(
        "policies.cedar",
        format!("// Ours.\n{}", pack.policies.text()),
    );
    let again = import(&document(WAREHOUSE), Some(&pack)).expect("it is imported");
    assert!(again.added.is_empty(), "{:?}", again.added);
    assert_eq!(again.sources.policies.text(), pack.policies.text());
    assert_eq!(again.sources.manifest.text(), pack.manifest.text());
}

#[test]
fn a_new_operation_is_added_beside_the_others() {
    let pack = imported(WAREHOUSE, None);
    let more = WAREHOUSE.replace(
        "  /orders:\n",
        "  /reports/{id}:\n    get:\n      operationId: readReport\n      security: [{oauth: [\"reports\"]}]\n  /orders:\n",
    );
    let import = import(&document(&more), Some(&pack)).expect("it is imported");
    assert_eq!(
        import.added.schema,
        "entity Report;\naction \"readReport\" appliesTo { principal: [ApiKey], resource: [Report] };\n"
    );
    assert!(
        import
            .added
            .manifest
            .starts_with("\"reports\" = []\n\n[[routes]]\n")
    );
    assert!(
        import
            .sources
            .policies
            .text()
            .starts_with(pack.policies.text())
    );
    let bundle = compile(&import.sources).expect("it compiles").into_bundle();
    assert!(bundle.route("GET", "/v2/reports/r1").is_some());
    assert!(bundle.policy("readReport-by-reports").is_some());
}

#[test]
fn json_is_read_as_yaml_is() {
    let json = r#"{"openapi": "3.1.0", "info": {"title": "A \ud83d\ude00 API", "version": "1.0.0"},
        "paths": {"\/a": {"get": {"operationId": "readA", "security": [{"o": ["a"]}]}}}}"#;
    let pack = imported(json, None);
    assert!(pack.manifest.text().contains("path = \"/a\""));
}

#[test]
fn what_is_not_mapped_is_named_with_its_place() {
    let text = WAREHOUSE
        .replace("      operationId: readItem\n", "")
        .replace(
            "        - oauth: [\"orders:read\", \"audit\"]",
            "        - oauth: []",
        );
    assert_eq!(
        refused(&text, None),
        [
            (
                "operation_unmapped".to_owned(),
                "`GET /items/{itemId}` has no `operationId`".to_owned(),
                "get".to_owned()
            ),
            (
                "operation_unmapped".to_owned(),
                "`GET /orders/{id}/events` can be asked for without a security scope".to_owned(),
                "get".to_owned()
            ),
        ]
    );
}

#[test]
fn what_contradicts_is_refused() {
    let twice = WAREHOUSE.replace("operationId: readOrder", "operationId: readItem");
    let found = refused(&twice, None);
    assert_eq!(
        found.first().map(|found| found.0.as_str()),
        Some("operation_duplicate")
    );

    let pack = imported(WAREHOUSE, None);
    let other = WAREHOUSE.replace("operationId: readOrder", "operationId: lookAtOrder");
    assert_eq!(
        refused(&other, Some(&pack)),
        [(
            "operation_conflict".to_owned(),
            "the pack routes `GET /v2/orders/{id}` to `readOrder`, and not as the document does"
                .to_owned(),
            "get".to_owned()
        )]
    );
}

#[test]
fn what_is_not_such_a_document_is_refused() {
    let code = |text: &str| refused(text, None).first().map(|found| found.0.clone());
    let malformed = Some("openapi_malformed".to_owned());
    let unsupported = Some("openapi_unsupported".to_owned());
    assert_eq!(code(""), malformed);
    assert_eq!(code("a: ["), malformed);
    assert_eq!(code("a: 1\na: 2"), malformed);
    assert_eq!(code(&"[".repeat(100_000)), malformed);
    assert_eq!(code("a: &a [*a]"), malformed);
    assert_eq!(code("swagger: \"2.0\""), unsupported);
    assert_eq!(
        code("openapi: 3.1.0\npaths: {\"/a{b}\": {get: {operationId: x, security: [{o: [s]}]}}}"),
        unsupported
    );
    assert_eq!(
        code("openapi: 3.1.0\nservers: [{url: \"/{v}\"}]\npaths: {}"),
        unsupported
    );
    assert_eq!(
        code("openapi: 3.1.0\npaths: {/a: {$ref: other.yaml}}"),
        unsupported
    );
}

#[test]
fn aliases_do_not_make_a_document_grow() {
    let mut text = String::from("openapi: 3.1.0\nx0: &x0 [a, a]\n");
    for level in 1..60 {
        let below = level - 1;
        text.push_str(&format!("x{level}: &x{level} [*x{below}, *x{below}]\n"));
    }
    text.push_str("paths: {}\n");
    assert_eq!(imported(&text, None).policies.text(), "");
}
