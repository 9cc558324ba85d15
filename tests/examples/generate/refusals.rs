//! Every refusal that a stranger can cause, and those of a verifier that was set up wrongly.

use anyhow::Result;
use countersign_conformance::{Bytes, Case};
use serde_json::json;

use crate::attempt::{Attempt, CREATED, field};

const COVERED: &str = "\"@method\" \"@authority\" \"@path\" \"@query\"";
const PARAMETERS: &str = ";created=1800000000;nonce=\"n-1\";keyid=\"k7\"";

type Add<'a> = dyn FnMut(&str, Attempt) + 'a;

pub(crate) fn cases() -> Result<Vec<Case>> {
    let mut cases = Vec::new();
    let mut add = |id: &str, attempt: Attempt| cases.push(attempt.case(id));
    messages(&mut add)?;
    fields(&mut add)?;
    components(&mut add)?;
    parameters(&mut add)?;
    bodies(&mut add)?;
    times(&mut add)?;
    keys(&mut add)?;
    verifiers(&mut add)?;
    Ok(cases)
}

fn good() -> Result<Attempt> {
    Attempt::get("/v1/account?depth=1").signed()
}

fn messages(add: &mut Add<'_>) -> Result<()> {
    add(
        "method_malformed",
        good()?.but(|one| "GE T".clone_into(&mut one.request.method)),
    );
    add(
        "method_malformed, empty",
        good()?.but(|one| one.request.method.clear()),
    );
    add(
        "target_malformed",
        good()?.but(|one| "/v1/acc ount".clone_into(&mut one.request.target)),
    );
    add(
        "target_malformed, a fragment",
        good()?.but(|one| "/v1/account#a".clone_into(&mut one.request.target)),
    );
    add(
        "target_malformed, relative",
        good()?.but(|one| "v1/account".clone_into(&mut one.request.target)),
    );
    add(
        "target_malformed, empty",
        good()?.but(|one| one.request.target.clear()),
    );
    add(
        "target_too_long",
        good()?.but(|one| one.request.target = format!("/{}", "a".repeat(16 << 10))),
    );
    add(
        "headers_malformed, a name with a space",
        good()?.but(|one| one.set("X Name", "1")),
    );
    add(
        "headers_malformed, a bare carriage return",
        good()?.but(|one| one.set("X-Name", "a\rb")),
    );
    add(
        "headers_malformed, a zero",
        good()?.but(|one| one.set("X-Name", "a\0b")),
    );
    add(
        "header_not_ascii",
        good()?.but(|one| one.set("X-Name", "Jürgen")),
    );
    add(
        "too_many_headers",
        good()?.but(|one| {
            one.request
                .headers
                .extend((0..126).map(|n| field(&format!("x-{n}"), "y")));
        }),
    );
    add(
        "host_ambiguous, two",
        good()?.but(|one| one.request.headers.push(field("host", "other.example.com"))),
    );
    add(
        "host_ambiguous, with a user",
        good()?.but(|one| one.set("Host", "me@api.example.com")),
    );
    add(
        "authority_not_allowed",
        good()?.but(|one| one.demand("authorities", json!(["other.example.com"]))),
    );
    let behind = |name: &str, value: &str| -> Result<Attempt> {
        Ok(good()?.but(|one| {
            one.request.peer = Some("10.0.0.7".to_owned());
            one.request.headers.push(field(name, value));
            one.demand(
                "forwarded",
                json!({
                    "peers": ["10.0.0.7"], "scheme_field": "x-forwarded-proto",
                    "authority_field": "x-forwarded-host",
                }),
            );
        }))
    };
    add(
        "forwarded_ambiguous, a list",
        behind("X-Forwarded-Host", "a.example.com, b.example.com")?,
    );
    add(
        "forwarded_ambiguous, not a scheme",
        behind("X-Forwarded-Proto", "gopher")?,
    );
    add(
        "forwarded_ambiguous, repeated",
        behind("X-Forwarded-Proto", "https")?.but(|one| {
            one.request
                .headers
                .push(field("X-Forwarded-Proto", "https"));
        }),
    );
    Ok(())
}

fn fields(add: &mut Add<'_>) -> Result<()> {
    let with_input = |value: &str| -> Result<Attempt> {
        Ok(good()?.but(|one| one.set("Signature-Input", value)))
    };
    let with_signature =
        |value: &str| -> Result<Attempt> { Ok(good()?.but(|one| one.set("Signature", value))) };
    add("signature_missing", Attempt::get("/v1/account"));
    add(
        "signature_missing, another label",
        good()?.but(|one| one.demand("label", json!("sig2"))),
    );
    add(
        "signature_missing, another tag",
        good()?.but(|one| one.demand("tag", json!("orders"))),
    );
    add(
        "signature_ambiguous",
        good()?.but(|one| {
            one.request
                .headers
                .push(field("Signature-Input", "sig2=()"));
        }),
    );
    add("signature_input_malformed, no list", with_input("sig1")?);
    add(
        "signature_input_malformed, an open list",
        with_input("sig1=(\"@method\"")?,
    );
    add(
        "signature_input_malformed, a trailing comma",
        with_input(&format!("sig1=({COVERED}){PARAMETERS},"))?,
    );
    add(
        "signature_input_malformed, an upper-case label",
        with_input(&format!("Sig1=({COVERED}){PARAMETERS}"))?,
    );
    add("signature_malformed, no bytes", with_signature("sig1=abc")?);
    add(
        "signature_malformed, too short",
        with_signature("sig1=:AAAA:")?,
    );
    add(
        "signature_malformed, not base64",
        with_signature("sig1=:*:")?,
    );
    add(
        "label_duplicate",
        with_input(&format!("sig1=({COVERED}){PARAMETERS}, sig1=()"))?,
    );
    let labels: Vec<String> = (0..17).map(|n| format!("s{n}=()")).collect();
    add("too_many_signatures", with_input(&labels.join(", "))?);
    add("label_unpaired", good()?.but(|one| one.remove("Signature")));
    add(
        "label_unpaired, another label",
        with_signature("sig2=:AAAA:")?,
    );
    add(
        "signature_mismatch, another signature",
        with_signature("sig1=:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=:")?,
    );
    add(
        "signature_mismatch, another path",
        good()?.but(|one| "/v1/orders?depth=1".clone_into(&mut one.request.target)),
    );
    add(
        "signature_mismatch, another query",
        good()?.but(|one| "/v1/account?depth=2".clone_into(&mut one.request.target)),
    );
    add(
        "signature_mismatch, another method",
        good()?.but(|one| "DELETE".clone_into(&mut one.request.method)),
    );
    add(
        "signature_mismatch, another authority",
        good()?.but(|one| one.set("Host", "evil.example.com")),
    );
    add(
        "signature_mismatch, another nonce",
        good()?.but(|one| one.edit("Signature-Input", |value| value.replace("n-1", "n-2"))),
    );
    Ok(())
}

fn components(add: &mut Add<'_>) -> Result<()> {
    let covering = |more: &str| -> Result<Attempt> {
        Ok(good()?.but(|one| {
            one.set(
                "Signature-Input",
                &format!("sig1=({COVERED} {more}){PARAMETERS}"),
            );
        }))
    };
    add("component_unknown", covering("\"@nope\"")?);
    add("component_unknown, upper case", covering("\"Date\"")?);
    add(
        "component_parameter_unsupported, of a later RFC",
        covering("\"host\";new")?,
    );
    add(
        "component_not_structured, sf of a field that isn't one",
        covering("\"host\";sf")?,
    );
    add(
        "component_parameters_incompatible, sf and bs",
        covering("\"priority\";sf;bs")?,
    );
    add(
        "component_parameters_incompatible, req in a request",
        covering("\"@method\";req")?,
    );
    add(
        "component_parameter_unsupported, no name",
        covering("\"@query-param\"")?,
    );
    add("component_duplicate", covering("\"@method\"")?);
    add("component_missing, a field", covering("\"date\"")?);
    add("component_missing, of a response", covering("\"@status\"")?);
    add(
        "component_missing, a query parameter",
        covering("\"@query-param\";name=\"nope\"")?,
    );
    let many: Vec<String> = (0..65).map(|n| format!("\"x-{n}\"")).collect();
    add("too_many_components", covering(&many.join(" "))?);
    add(
        "component_not_covered",
        Attempt::get("/v1/account")
            .signed_as(&format!("(\"@method\" \"@authority\"){PARAMETERS}"))?,
    );
    let by_parameter = |target: &str| -> Result<Attempt> {
        Ok(covering("\"@query-param\";name=\"a\"")?
            .but(|one| target.clone_into(&mut one.request.target)))
    };
    add(
        "query_param_ambiguous",
        by_parameter("/v1/account?a=1&a=2")?,
    );
    add(
        "query_malformed, a broken escape",
        by_parameter("/v1/account?a=%4")?,
    );
    add(
        "query_malformed, not UTF-8",
        by_parameter("/v1/account?a=%FF")?,
    );
    Ok(())
}

fn parameters(add: &mut Add<'_>) -> Result<()> {
    let with = |parameters: &str| -> Result<Attempt> {
        Ok(good()?.but(|one| one.set("Signature-Input", &format!("sig1=({COVERED}){parameters}"))))
    };
    add(
        "parameter_duplicate",
        with(&format!("{PARAMETERS};created=1"))?,
    );
    add(
        "parameter_malformed",
        with(";created=1800000000;nonce=\"n-1\";keyid=k7")?,
    );
    let many: Vec<String> = (0..33).map(|n| format!(";x{n}")).collect();
    add("too_many_parameters", with(&many.concat())?);
    add(
        "created_negative",
        with(";created=-1;nonce=\"n-1\";keyid=\"k7\"")?,
    );
    add(
        "created_not_integer",
        with(";created=1800000000.5;nonce=\"n-1\";keyid=\"k7\"")?,
    );
    add(
        "created_out_of_range",
        with(";created=9999999999999999;nonce=\"n-1\";keyid=\"k7\"")?,
    );
    add("created_missing", with(";nonce=\"n-1\";keyid=\"k7\"")?);
    add(
        "expires_missing",
        good()?.but(|one| one.demand("expires_required", json!(true))),
    );
    add("nonce_missing", with(";created=1800000000;keyid=\"k7\"")?);
    add(
        "nonce_too_long",
        with(&format!(
            ";created=1800000000;nonce=\"{}\";keyid=\"k7\"",
            "n".repeat(257)
        ))?,
    );
    add(
        "nonce_too_long, empty",
        with(";created=1800000000;nonce=\"\";keyid=\"k7\"")?,
    );
    add("keyid_missing", with(";created=1800000000;nonce=\"n-1\"")?);
    add(
        "algorithm_unknown",
        with(&format!("{PARAMETERS};alg=\"none\""))?,
    );
    Ok(())
}

fn bodies(add: &mut Add<'_>) -> Result<()> {
    let signed = || Attempt::post().signed();
    add(
        "body_too_large",
        signed()?.but(|one| one.demand("max_body", json!(8))),
    );
    add(
        "body_not_covered",
        good()?.but(|one| one.request.body = Some(Bytes(b"{}".to_vec()))),
    );
    add(
        "digest_mismatch",
        signed()?.but(|one| one.request.body = Some(Bytes(b"{}".to_vec()))),
    );
    add(
        "digest_mismatch, no body",
        signed()?.but(|one| one.request.body = None),
    );
    add(
        "signature_mismatch, another digest",
        signed()?.but(|one| one.set("Content-Digest", "sha-256=:AAAA:")),
    );
    let with_digest = |value: &str| {
        Attempt::post()
            .but(|one| one.set("Content-Digest", value))
            .signed_as(&format!("({COVERED} \"content-digest\"){PARAMETERS}"))
    };
    add("digest_malformed", with_digest("sha-256=abc")?);
    add(
        "digest_malformed, too short",
        with_digest("sha-256=:AAAA:")?,
    );
    add("digest_algorithm_unsupported", with_digest("md5=:AAAA:")?);
    add(
        "digest_algorithm_unsupported, the platform has another",
        signed()?.but(|one| {
            one.request.body = None;
            one.request.body_digest = Some(countersign_conformance::case::PlatformDigest {
                algorithm: "sha-512".to_owned(),
                value: Bytes(vec![0; 64]),
            });
        }),
    );
    Ok(())
}

fn times(add: &mut Add<'_>) -> Result<()> {
    add(
        "created_in_future",
        good()?.but(|one| one.now = CREATED - 31),
    );
    add("too_old", good()?.but(|one| one.now = CREATED + 331));
    add(
        "expired",
        Attempt::get("/v1/account")
            .but(|one| {
                one.options.expires = Some(CREATED + 60);
                one.now = CREATED + 91;
            })
            .signed()?,
    );
    add("replayed", good()?.but(|one| one.times = 2));
    add(
        "replayed without a nonce",
        Attempt::get("/v1/account")
            .but(|one| {
                one.options.nonce = None;
                one.demand("nonce_required", json!(false));
                one.times = 3;
            })
            .signed()?,
    );
    Ok(())
}

fn keys(add: &mut Add<'_>) -> Result<()> {
    add(
        "key_unknown",
        good()?.but(|one| one.give_key("keyid", json!("k8"))),
    );
    add(
        "key_wrong_environment",
        good()?.but(|one| one.demand("environment", json!("test"))),
    );
    add(
        "key_not_active",
        good()?.but(|one| one.give_key("not_before", json!(CREATED + 2))),
    );
    add(
        "key_expired",
        good()?.but(|one| one.give_key("not_after", json!(CREATED + 1))),
    );
    add(
        "key_revoked",
        good()?.but(|one| one.give_key("revoked", json!(true))),
    );
    add(
        "signature_mismatch, another secret",
        good()?.but(|one| one.give_key("secret", json!(Bytes(vec![1; 32])))),
    );
    Ok(())
}

fn verifiers(add: &mut Add<'_>) -> Result<()> {
    add(
        "keyring_malformed, an unknown member",
        good()?.but(|one| one.give_key("color", json!("red"))),
    );
    add(
        "keyring_malformed, not base64",
        good()?.but(|one| one.give_key("secret", json!("*"))),
    );
    add(
        "secret_too_short",
        good()?.but(|one| one.give_key("secret", json!(Bytes(vec![1; 15])))),
    );
    add(
        "keyid_malformed",
        good()?.but(|one| one.give_key("keyid", json!("k 7"))),
    );
    add(
        "profile_malformed, an unknown member",
        good()?.but(|one| one.demand("colour", json!("red"))),
    );
    add(
        "profile_malformed, an unknown environment",
        good()?.but(|one| one.demand("environment", json!("prod"))),
    );
    add(
        "bundle_not_a_bundle",
        good()?.but(|one| one.bundle = Some(Bytes(vec![0; 64]).to_base64())),
    );
    add(
        "bundle_truncated",
        good()?.but(|one| one.bundle = Some(String::new())),
    );
    Ok(())
}
