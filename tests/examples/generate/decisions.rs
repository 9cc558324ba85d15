//! What the starter pack `trading-api` decides.

use anyhow::Result;
use countersign_conformance::Case;
use serde_json::{Value, json};

use crate::attempt::Attempt;

const LIVE: &str = "live";

pub(crate) fn cases() -> Result<Vec<Case>> {
    let ip = |address: &str| Some(json!({"client_ip": address}));
    let withdraw = || {
        let mut attempt = Attempt::post();
        "/v1/withdrawals".clone_into(&mut attempt.request.target);
        attempt
    };
    let delete = |target: &str| {
        let mut attempt = Attempt::get(target);
        "DELETE".clone_into(&mut attempt.request.method);
        attempt
    };
    let get = Attempt::get;
    let ask =
        |id: &str, attempt: Attempt, groups: &[&str], context: Option<Value>| -> Result<Case> {
            let keyed = attempt.but(|one| {
                one.give_key("groups", json!(groups));
                one.give_key(
                    "attributes",
                    json!({"environment": LIVE, "ip_allow_list": ["203.0.113.7"]}),
                );
                one.bundle = Some("pack:trading-api".to_owned());
                one.context = context;
            });
            Ok(keyed.signed()?.case(id))
        };
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
            "allowed, a market by way of a group's group",
            get("/v1/markets/BTC-USD"),
            &["trader"],
            None,
        )?,
        ask(
            "allowed, an encoded id",
            get("/v1/markets/BTC%2FUSD%20%C3%BC"),
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
            &["trader", "withdrawer"],
            None,
        )?,
        ask(
            "allowed, a withdrawal",
            withdraw(),
            &["withdrawer"],
            ip("203.0.113.7"),
        )?,
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
            "forbidden, and not permitted either",
            withdraw(),
            &["trader"],
            None,
        )?,
        ask(
            "forbidden, another address",
            withdraw(),
            &["withdrawer"],
            ip("203.0.113.8"),
        )?,
        ask("forbidden, no address", withdraw(), &["withdrawer"], None)?,
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
        ask(
            "another address of text",
            withdraw(),
            &["withdrawer"],
            Some(json!({"client_ip": "203.0.113.7 ", "more": {"of": ["everything", 1, true]}})),
        )?,
        of_another_environment(withdraw())?,
        with_an_attribute_of_the_wrong_type(withdraw())?,
    ])
}

fn of_another_environment(withdraw: Attempt) -> Result<Case> {
    let attempt = withdraw.but(|one| {
        one.give_key("environment", json!("test"));
        one.give_key("groups", json!(["withdrawer"]));
        one.give_key(
            "attributes",
            json!({"environment": "test", "ip_allow_list": ["203.0.113.7"]}),
        );
        one.demand("environment", json!("test"));
        one.bundle = Some("pack:trading-api".to_owned());
        one.context = Some(json!({"client_ip": "203.0.113.7"}));
    });
    Ok(attempt.signed()?.case("forbidden, another environment"))
}

/// A policy that errs is skipped and reported (Cedar spec: authorisation).
fn with_an_attribute_of_the_wrong_type(withdraw: Attempt) -> Result<Case> {
    let attempt = withdraw.but(|one| {
        one.give_key("groups", json!(["withdrawer"]));
        one.give_key(
            "attributes",
            json!({"environment": LIVE, "ip_allow_list": "203.0.113.7"}),
        );
        one.bundle = Some("pack:trading-api".to_owned());
        one.context = Some(json!({"client_ip": "203.0.113.7"}));
    });
    Ok(attempt.signed()?.case("a policy errs"))
}
