//! Profiles: what a verifier can demand, and how that is read.

use countersign_core::{Code, Environment, KeyRecord, Profile};

use crate::support::{Attempt, KEYID, options, ring_of, secret};

fn verify_by(profile: &str, sign: impl FnOnce(&mut Attempt)) -> Result<(), Code> {
    let mut attempt = Attempt::good();
    sign(&mut attempt);
    attempt.profile = Profile::from_json(profile).unwrap();
    attempt.verify().map(drop).map_err(|refusal| refusal.code())
}

fn covering(components: &[&str]) -> impl FnOnce(&mut Attempt) {
    let options = options().components(components.iter().copied());
    move |attempt| attempt.sign(&options)
}

#[test]
fn a_profile_of_nothing_but_its_environment_is_the_strict_one() {
    assert_eq!(verify_by(r#"{"environment": "live"}"#, |_| {}), Ok(()));
    assert_eq!(
        verify_by(r#"{"environment": "live", "max_age": 60}"#, |_| {}),
        Ok(())
    );
}

#[test]
fn the_target_uri_stands_in_for_its_parts() {
    let digest = "content-digest";
    let by_default =
        |components: &[&str]| verify_by(r#"{"environment": "live"}"#, covering(components));
    assert_eq!(by_default(&["@method", "@target-uri", digest]), Ok(()));
    assert_eq!(
        by_default(&["@method", "@authority", "@request-target", digest]),
        Ok(())
    );
    assert_eq!(
        by_default(&["@method", "@request-target", digest]),
        Err(Code::ComponentNotCovered)
    );
    assert_eq!(
        by_default(&["@target-uri", digest]),
        Err(Code::ComponentNotCovered)
    );
    let scheme = r#"{"environment": "live", "required": ["@scheme"]}"#;
    assert_eq!(
        verify_by(scheme, covering(&["@target-uri", digest])),
        Ok(())
    );
    assert_eq!(
        verify_by(scheme, covering(&["@request-target", digest])),
        Err(Code::ComponentNotCovered)
    );
}

#[test]
fn a_field_may_be_demanded() {
    let profile = r#"{"environment": "live", "required": ["content-type"]}"#;
    assert_eq!(verify_by(profile, |_| {}), Err(Code::ComponentNotCovered));
    assert_eq!(
        verify_by(profile, covering(&["content-type", "content-digest"])),
        Ok(())
    );
}

#[test]
fn a_body_must_be_covered_even_where_nothing_is_demanded() {
    let profile = r#"{"environment": "live", "required": []}"#;
    assert_eq!(verify_by(profile, covering(&[])), Err(Code::BodyNotCovered));
    let without_a_body = |attempt: &mut Attempt| {
        attempt.body.clear();
        attempt.remove("content-digest");
        attempt.sign(&options().components::<&str>([]));
    };
    assert_eq!(verify_by(profile, without_a_body), Ok(()));
}

#[test]
fn authorities_are_compared_without_case_and_default_port() {
    for (host, served) in [
        ("api.example.com", true),
        ("API.Example.Com:443", true),
        ("api.example.com:8443", false),
        ("api.example.com.evil.example", false),
    ] {
        let profile = r#"{"environment": "live", "authorities": ["api.example.com"]}"#;
        let outcome = verify_by(profile, |attempt| {
            attempt.set("Host", host);
            attempt.sign(&options());
        });
        assert_eq!(
            outcome,
            if served {
                Ok(())
            } else {
                Err(Code::AuthorityNotAllowed)
            },
            "{host}"
        );
    }
}

#[test]
fn what_is_not_understood_is_refused() {
    for text in [
        "",
        "{}",
        "[]",
        r#"{"environment": "prod"}"#,
        r#"{"environment": "live", "max_ages": 60}"#,
        r#"{"environment": "live", "max_age": -1}"#,
        r#"{"environment": "live", "max_age": 1.5}"#,
        r#"{"environment": "live", "max_age": 60, "max_age": 600}"#,
        r#"{"environment": "live", "forwarded": {}}"#,
        r#"{"environment": "live", "forwarded": {"peers": [], "host": "x"}}"#,
    ] {
        assert_eq!(
            Profile::from_json(text).unwrap_err().code(),
            Code::ProfileMalformed,
            "{text}"
        );
    }
}

/// The problem that a stranger sees when a byte of the query was changed.
fn problem_of_a_changed_query(environment: Environment, profile: Profile, known: bool) -> String {
    let mut attempt = Attempt::good();
    let record = KeyRecord::new(
        if known { KEYID } else { "another" },
        environment,
        &secret(),
    );
    attempt.ring = ring_of(record.unwrap());
    attempt.profile = profile;
    attempt.target = attempt.target.replace("BTC", "ETH");
    attempt.verify().unwrap_err().problem()
}

#[test]
fn the_expected_base_is_shown_where_that_is_switched_on_and_never_in_live() {
    let shown = Profile::from_json(r#"{"environment": "test", "reveal_base": true}"#).unwrap();
    let problem = problem_of_a_changed_query(Environment::Test, shown.clone(), true);
    assert!(
        problem.contains(
            r#""expected_base":"\"@method\": POST\u000a\"@authority\": api.example.com\u000a"#
        ),
        "{problem}"
    );
    assert!(problem.contains("symbol=ETH-USD"), "{problem}");
    // It doesn't tell a known key from an unknown one.
    assert_eq!(
        problem,
        problem_of_a_changed_query(Environment::Test, shown, false)
    );

    let silent = Profile::new(Environment::Test);
    let live = Profile::new(Environment::Live).reveal_base(true);
    for (environment, profile) in [(Environment::Test, silent), (Environment::Live, live)] {
        let problem = problem_of_a_changed_query(environment, profile, true);
        assert!(!problem.contains("base"), "{problem}");
    }
    let refused = Profile::from_json(r#"{"environment": "live", "reveal_base": true}"#);
    assert_eq!(refused.unwrap_err().code(), Code::ProfileMalformed);
}
