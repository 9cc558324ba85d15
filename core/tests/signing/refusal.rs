//! Refusals: codes that programs rely on, and the little that a stranger is told.

use std::collections::BTreeSet;

use countersign_core::{Code, Fault, Refusal, Subject};
use serde_json::Value;

#[test]
fn codes_are_unique_words_in_snake_case() {
    let codes: BTreeSet<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
    assert_eq!(codes.len(), Code::ALL.len());
    for code in codes {
        let in_words = code
            .split('_')
            .all(|word| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase()));
        assert!(in_words, "{code}");
    }
}

#[test]
fn every_code_has_a_sentence_and_a_status_of_its_fault() {
    for code in Code::ALL {
        assert!(code.sentence().ends_with('.'), "{}", code.as_str());
        let fits = match code.fault() {
            Fault::Client => (400..500).contains(&code.status()),
            Fault::Key => code.status() == 401,
            Fault::Policy if *code == Code::StepUpRequired => code.status() == 401,
            Fault::Policy => code.status() == 403,
            Fault::Verifier => code.status() == 503,
            Fault::Caller => code.status() == 500,
        };
        assert!(fits, "{}", code.as_str());
    }
}

#[test]
fn a_problem_is_json_with_the_members_of_rfc_9457() {
    for code in Code::ALL {
        let refusal = Refusal::about(*code, "a \"name\" with \\ in it");
        let problem: Value = serde_json::from_str(&refusal.problem()).unwrap();
        assert_eq!(
            problem["type"],
            format!("urn:countersign:{}", refusal.public_code())
        );
        assert_eq!(problem["code"], refusal.public_code());
        assert_eq!(problem["status"], code.status());
        assert!(problem["title"].is_string());
        assert_eq!(problem.as_object().unwrap().len(), 4);
    }
}

#[test]
fn a_stranger_cannot_tell_one_fault_of_the_credential_from_another() {
    let of_the_key = Code::ALL.iter().filter(|code| code.fault() == Fault::Key);
    let problems: BTreeSet<String> = of_the_key
        .map(|code| Refusal::about(*code, "k7").problem())
        .collect();
    assert_eq!(problems.len(), 1, "{problems:#?}");
}

#[test]
fn a_stranger_is_not_told_how_the_caller_failed() {
    let of_the_caller = Code::ALL
        .iter()
        .filter(|code| code.fault() == Fault::Caller);
    let problems: BTreeSet<String> = of_the_caller
        .map(|code| Refusal::from(*code).problem())
        .collect();
    assert_eq!(problems.len(), 1, "{problems:#?}");
}

#[test]
fn the_operator_is_told_what_and_where() {
    let refusal = Refusal::about(Code::ComponentMissing, "date");
    assert_eq!(
        refusal.message(),
        "A covered component is not in the message. (`date`)"
    );
    assert_eq!(refusal.to_string(), refusal.message());

    let headers =
        countersign_core::Headers::parse(b"Signature-Input: s=(\"@method\";;)\r\n").unwrap();
    let refusal = countersign_core::signature_inputs(&headers).unwrap_err();
    assert_eq!(
        refusal.subject(),
        Some(&Subject::Offset {
            field: "signature-input",
            at: 13
        })
    );
    assert_eq!(
        refusal.message(),
        "The Signature-Input field is not a dictionary of inner lists. (byte 13 of `signature-input`)",
    );
}
