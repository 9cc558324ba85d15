//! What the starter pack `trading-api` decides.

use anyhow::Result;
use countersign_conformance::{Bytes, Case};
use countersign_policies::{Source, Sources, compile};
use serde_json::{Value, json};

use crate::attempt::Attempt;

pub(crate) fn cases() -> Result<Vec<Case>> {
    let others = vec![
        with_a_second_factor()?,
        of_another_environment()?,
        with_an_attribute_of_the_wrong_type()?,
        ask(
            "context_malformed",
            get("/v1/account"),
            &["trader"],
            Some(json!({"client_ip": null})),
        )?,
        ask(
            "a replay is not asked about",
            get("/v1/account").but(|one| one.times = 2),
            &["trader"],
            None,
        )?,
    ];
    Ok([allowed()?, denied()?, others].concat())
}

fn allowed() -> Result<Vec<Case>> {
    let orders = &["trader", "withdrawer"];
    Ok(vec![
        ask(
            "allowed, a market",
            get("/v1/markets/BTC-USD"),
            &["market-data"],
            None,
        )?,
        ask(
            "allowed, all markets",
            get("/v1/markets?limit=5"),
            &["market-data"],
            None,
        )?,
        ask(
            "allowed, by way of a group's group",
            get("/v1/markets/BTC-USD"),
            &["trader"],
            None,
        )?,
        ask(
            "allowed, an encoded id",
            get("/v1/markets/BTC%20USD%C3%BC"),
            &["trader"],
            None,
        )?,
        ask(
            "allowed, the account",
            get("/v1/account"),
            &["trader"],
            None,
        )?,
        ask("allowed, an order", Attempt::post(), &["trader"], None)?,
        ask(
            "allowed, to look at an order",
            get("/v1/orders/o-1"),
            &["trader"],
            None,
        )?,
        ask(
            "allowed, to cancel an order",
            delete("/v1/orders/o-1"),
            orders,
            None,
        )?,
        ask(
            "step_up_required, a withdrawal",
            withdraw(),
            &["withdrawer"],
            Some(from("203.0.113.7")),
        )?,
    ])
}

fn denied() -> Result<Vec<Case>> {
    Ok(vec![
        ask(
            "not_permitted, no group",
            get("/v1/markets/BTC-USD"),
            &[],
            None,
        )?,
        ask(
            "not_permitted, an unknown group",
            get("/v1/account"),
            &["traders"],
            None,
        )?,
        ask(
            "not_permitted, an order",
            Attempt::post(),
            &["market-data"],
            None,
        )?,
        ask(
            "forbidden, not permitted either",
            withdraw(),
            &["trader"],
            None,
        )?,
        ask(
            "forbidden, another address",
            withdraw(),
            &["withdrawer"],
            Some(from("203.0.113.8")),
        )?,
        ask("forbidden, no address", withdraw(), &["withdrawer"], None)?,
        ask(
            "forbidden, an address with a space",
            withdraw(),
            &["withdrawer"],
            Some(from("203.0.113.7 ")),
        )?,
        ask(
            "no_route, another path",
            get("/v2/markets"),
            &["trader"],
            None,
        )?,
        ask(
            "no_route, another method",
            delete("/v1/account"),
            &["trader"],
            None,
        )?,
        ask(
            "no_route, one segment more",
            get("/v1/markets/BTC-USD/x"),
            &["trader"],
            None,
        )?,
        ask(
            "no_route, an empty segment",
            get("/v1/markets/"),
            &["trader"],
            None,
        )?,
        ask(
            "no_route, an encoded slash",
            get("/v1/markets/BTC%2FUSD"),
            &["trader"],
            None,
        )?,
    ])
}

/// Asks the pack about a live key of these groups that may withdraw from one address.
fn ask(id: &str, attempt: Attempt, groups: &[&str], context: Option<Value>) -> Result<Case> {
    let attributes = json!({"environment": "live", "ip_allow_list": ["203.0.113.7"]});
    of_pack(attempt, groups, attributes, context)
        .signed()
        .map(|one| one.case(id))
}

fn of_pack(
    attempt: Attempt,
    groups: &[&str],
    attributes: Value,
    context: Option<Value>,
) -> Attempt {
    attempt.but(|one| {
        one.give_key("groups", json!(groups));
        one.give_key("attributes", attributes);
        one.bundle = Some("pack:trading-api".to_owned());
        one.context = context;
    })
}

fn from(address: &str) -> Value {
    json!({"client_ip": address, "more": {"of": ["everything", 1, true]}})
}

fn get(target: &str) -> Attempt {
    Attempt::get(target)
}

fn delete(target: &str) -> Attempt {
    get(target).but(|one| "DELETE".clone_into(&mut one.request.method))
}

fn withdraw() -> Attempt {
    Attempt::post().but(|one| "/v1/withdrawals".clone_into(&mut one.request.target))
}

fn of_another_environment() -> Result<Case> {
    let attributes = json!({"environment": "test", "ip_allow_list": ["203.0.113.7"]});
    let attempt = of_pack(
        withdraw(),
        &["withdrawer"],
        attributes,
        Some(from("203.0.113.7")),
    )
    .but(|one| {
        one.give_key("environment", json!("test"));
        one.demand("environment", json!("test"));
    });
    Ok(attempt.signed()?.case("forbidden, another environment"))
}

/// A policy that errs is skipped and reported (Cedar spec: authorisation).
fn with_an_attribute_of_the_wrong_type() -> Result<Case> {
    let attributes = json!({"environment": "live", "ip_allow_list": "203.0.113.7"});
    let attempt = of_pack(
        withdraw(),
        &["withdrawer"],
        attributes,
        Some(from("203.0.113.7")),
    );
    Ok(attempt.signed()?.case("a policy errs"))
}

/// No policy of the pack asks for a second factor, so this one has a bundle of its own.
fn with_a_second_factor() -> Result<Case> {
    let sources = Sources {
        policies: Source::new(
            "policies.cedar",
            "@id(\"with-a-code\") @reason(\"Give the code.\") @stepup(\"totp\") permit (principal, action, resource);",
        ),
        schema: Source::new(
            "schema.cedarschema",
            "entity Key; entity Account; \
             action read appliesTo { principal: [Key], resource: [Account], context: {} };",
        ),
        manifest: Source::new(
            "pack.toml",
            "name = \"step-up\"\nversion = \"1.0.0\"\nprincipal_type = \"Key\"\n[[routes]]\n\
             method = \"GET\"\npath = \"/v1/account\"\naction = \"read\"\n\
             resource = { type = \"Account\", id = \"own\" }\n",
        ),
        entities: None,
    };
    let bundle = Bytes(compile(&sources)?.into_bytes());
    let attempt = Attempt::get("/v1/account").but(|one| one.bundle = Some(bundle.to_base64()));
    Ok(attempt.signed()?.case("step_up_required"))
}
