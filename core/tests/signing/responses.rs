//! Responses: signed by the server, bound to the request, verified by the client.

use countersign_core::{
    AuthenticResponse, Body, Code, Environment, Headers, KeyRecord, KeyRing, Profile, Refusal,
    Request, Response, SignOptions, SigningKey, sign_response,
};

use crate::support::{Attempt, at, ring_of};

const BODY: &[u8] = br#"{"order":17}"#;

fn server() -> SigningKey {
    SigningKey::ed25519("server-1", &[7; 32]).unwrap()
}

/// What the client knows of the server: the public half.
fn ring() -> KeyRing {
    let public = server().verifying_key().unwrap();
    ring_of(KeyRecord::public("server-1", Environment::Live, public).unwrap())
}

fn profile() -> Profile {
    Profile::for_responses(Environment::Live)
}

/// A response to the good request, signed, and changed on its way.
fn verify(
    options: &SignOptions,
    profile: &Profile,
    change: impl FnOnce(&mut Response<'_>),
) -> Result<AuthenticResponse, Refusal> {
    Attempt::good().with_request(|request| {
        let plain = Response {
            status: 201,
            headers: Headers::default(),
            body: Body::Bytes(BODY),
            request: Some(request),
        };
        let lines = sign_response(&plain, &server(), options)?.header_lines();
        let mut received = Response {
            headers: Headers::parse(lines.as_bytes())?,
            ..plain
        };
        change(&mut received);
        AuthenticResponse::verify(&received, profile, &ring(), at(1))
    })
}

fn refused(change: impl FnOnce(&mut Response<'_>)) -> Code {
    verify(&SignOptions::new(at(0)), &profile(), change)
        .unwrap_err()
        .code()
}

#[test]
fn what_the_server_answered_is_authentic_and_can_be_shown_to_others() {
    let authentic = verify(&SignOptions::new(at(0)), &profile(), |_| ()).unwrap();
    assert_eq!(authentic.keyid(), "server-1");
    assert_eq!(authentic.status(), 201);
    assert_eq!(authentic.at(), at(1));
    let evidence = authentic.evidence().unwrap();
    assert_eq!(evidence.verify(), Ok(()));
    assert!(
        evidence
            .base()
            .starts_with("\"@status\": 201\n\"@method\";req: POST\n")
    );
}

#[test]
fn what_was_changed_on_its_way_is_not() {
    assert_eq!(refused(|it| it.status = 200), Code::SignatureMismatch);
    assert_eq!(
        refused(|it| it.body = Body::Bytes(b"{}")),
        Code::DigestMismatch
    );
    assert_eq!(refused(|it| it.request = None), Code::ComponentMissing);
    assert_eq!(
        refused(|it| it.headers = Headers::default()),
        Code::SignatureMissing
    );
}

#[test]
fn an_answer_to_another_request_is_not_one_to_ours() {
    let mut other = Attempt::good();
    other.target = "/v1/orders?symbol=ETH-USD".into();
    let code = other
        .with_request(|other| {
            // The lifetimes of the two requests are not the same.
            Attempt::good().with_request(|request| {
                let plain = Response {
                    status: 201,
                    headers: Headers::default(),
                    body: Body::Bytes(BODY),
                    request: Some(other),
                };
                let lines =
                    sign_response(&plain, &server(), &SignOptions::new(at(0)))?.header_lines();
                let received = Response {
                    status: 201,
                    headers: Headers::parse(lines.as_bytes())?,
                    body: Body::Bytes(BODY),
                    request: Some(request),
                };
                AuthenticResponse::verify(&received, &profile(), &ring(), at(1))
            })
        })
        .unwrap_err()
        .code();
    assert_eq!(code, Code::SignatureMismatch);
}

#[test]
fn the_profile_demands_that_it_is_bound() {
    let unbound = SignOptions::new(at(0)).components(["@status", "content-digest"]);
    let refusal = verify(&unbound, &profile(), |_| ()).unwrap_err();
    assert_eq!(refusal.code(), Code::ComponentNotCovered);

    let to_the_signature = r#""signature";req;key="sig1""#;
    let strict = profile().require(["@status", to_the_signature]);
    let refusal = verify(&SignOptions::new(at(0)), &strict, |_| ()).unwrap_err();
    assert_eq!(
        refusal,
        Refusal::about(Code::ComponentNotCovered, to_the_signature)
    );

    let bound = ["@status", "content-digest", r#""signature";key="sig1";req"#];
    let bound = SignOptions::new(at(0)).components(bound);
    assert!(verify(&bound, &strict, |_| ()).is_ok());
}

#[test]
fn the_target_uri_of_the_request_stands_in_for_its_parts() {
    let wide = [
        "@status",
        "content-digest",
        "\"@method\";req",
        "\"@target-uri\";req",
    ];
    assert!(
        verify(
            &SignOptions::new(at(0)).components(wide),
            &profile(),
            |_| ()
        )
        .is_ok()
    );
    // That of the message itself doesn't.
    let request_only = Profile::new(Environment::Live).require(["\"@path\";req"]);
    let code = Attempt::good()
        .with_request(|request| {
            countersign_core::Presented::parse(request, &request_only).map(drop)
        })
        .unwrap_err()
        .code();
    assert_eq!(code, Code::ComponentNotCovered);
}

#[test]
fn a_response_may_be_stale_or_by_nobody() {
    let old = SignOptions::new(at(-331));
    assert_eq!(
        verify(&old, &profile(), |_| ()).unwrap_err().code(),
        Code::TooOld
    );
    let future = SignOptions::new(at(32));
    assert_eq!(
        verify(&future, &profile(), |_| ()).unwrap_err().code(),
        Code::CreatedInFuture
    );
    let dev = Profile::for_responses(Environment::Dev);
    assert_eq!(
        verify(&SignOptions::new(at(0)), &dev, |_| ())
            .unwrap_err()
            .code(),
        Code::KeyWrongEnvironment
    );
    let small = profile().max_body(BODY.len() - 1);
    assert_eq!(
        verify(&SignOptions::new(at(0)), &small, |_| ())
            .unwrap_err()
            .code(),
        Code::BodyTooLarge
    );
}

#[test]
fn a_response_to_nothing_covers_its_status_and_its_body() {
    let response = Response {
        status: 200,
        headers: Headers::default(),
        body: Body::Bytes(BODY),
        request: None::<&Request<'_>>,
    };
    let signed = sign_response(&response, &server(), &SignOptions::new(at(0))).unwrap();
    assert_eq!(
        signed.signature_input,
        r#"sig1=("@status" "content-digest");created=1800000000;keyid="server-1""#
    );
}
