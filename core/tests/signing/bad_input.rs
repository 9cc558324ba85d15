//! What a sender can do wrong: one change to a good request, and the one code that it earns.

use core::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_core::{
    Code, Environment, Fault, Forwarded, KeyRing, Message, Profile, Refusal, ReplayCache, Scheme,
    SharedSecret, SigningKey, hmac_sha256, signature_base, signature_inputs,
};

use crate::support::{Attempt, KEYID, SECRET, at, options, record, ring_of};

type Row = (&'static str, fn(&mut Attempt), Code);

const INPUT: &str = "signature-input";
const SIGNATURE: &str = "signature";

#[rustfmt::skip]
const MESSAGE: &[Row] = &[
    ("method with a space", |it| it.method = "PO ST".into(), Code::MethodMalformed),
    ("no method", |it| it.method.clear(), Code::MethodMalformed),
    ("target with a space", |it| it.target = "/a b".into(), Code::TargetMalformed),
    ("target with a fragment", |it| it.target = "/a#b".into(), Code::TargetMalformed),
    ("target that is not ASCII", |it| it.target = "/é".into(), Code::TargetMalformed),
    ("target with a line end", |it| it.target = "/a\r\nX: y".into(), Code::TargetMalformed),
    ("target over 16 KiB", |it| it.target = format!("/{}", "a".repeat(16 << 10)), Code::TargetTooLong),
    ("no target", |it| it.target.clear(), Code::TargetMalformed),
    ("target of none of the four forms", |it| it.target = "v1/orders".into(), Code::TargetMalformed),
    ("absolute target of another scheme", |it| it.target = "ftp://api.example.com/".into(), Code::TargetMalformed),
    ("header line without a colon", |it| it.lines.push(b"Accept".to_vec()), Code::HeadersMalformed),
    ("space before the colon", |it| it.lines.push(b"Accept : */*".to_vec()), Code::HeadersMalformed),
    ("header name that is empty", |it| it.lines.push(b": */*".to_vec()), Code::HeadersMalformed),
    ("NUL in a header", |it| it.lines.push(b"Accept: \0".to_vec()), Code::HeadersMalformed),
    ("bare carriage return in a header", |it| it.lines.push(b"Accept: a\rb".to_vec()), Code::HeadersMalformed),
    ("carriage return before the line end", |it| it.lines.push(b"Accept: a\r".to_vec()), Code::HeadersMalformed),
    ("header lines after the empty line", |it| it.lines.insert(1, Vec::new()), Code::HeadersMalformed),
    ("folded line before any field", |it| it.lines.insert(0, b" folded".to_vec()), Code::HeadersMalformed),
    ("non-ASCII byte in a header", |it| it.lines.push(b"Accept: caf\xe9".to_vec()), Code::HeaderNotAscii),
    ("UTF-8 in a header", |it| it.add("Accept", "café"), Code::HeaderNotAscii),
    ("129 header lines", |it| (0..124).for_each(|_| it.add("X", "y")), Code::TooManyHeaders),
    ("Host twice", |it| it.add("Host", "api.example.com"), Code::HostAmbiguous),
    ("Host with user information", |it| it.set("Host", "me@api.example.com"), Code::HostAmbiguous),
    ("Host with a path", |it| it.set("Host", "api.example.com/"), Code::HostAmbiguous),
    ("Host that is a list", |it| it.set("Host", "api.example.com, b.example"), Code::HostAmbiguous),
    ("Host with a port that is no number", |it| it.set("Host", "api.example.com:https"), Code::HostAmbiguous),
    ("Host that is empty", |it| it.set("Host", ""), Code::HostAmbiguous),
    ("body over the limit", |it| it.profile = it.profile.clone().max_body(it.body.len() - 1), Code::BodyTooLarge),
    ("authority that is not served", |it| serve(it, "other.example"), Code::AuthorityNotAllowed),
    ("forwarded field twice", |it| forward(it, &["a.example", "b.example"]), Code::ForwardedAmbiguous),
    ("forwarded field with a list", |it| forward(it, &["a.example, b.example"]), Code::ForwardedAmbiguous),
    ("forwarded scheme that is none", |it| forward_scheme(it, "gopher"), Code::ForwardedAmbiguous),
];

#[rustfmt::skip]
const SIGNATURE_FIELDS: &[Row] = &[
    ("no signature at all", |it| { it.remove(INPUT); it.remove(SIGNATURE); }, Code::SignatureMissing),
    ("Signature without Signature-Input", |it| it.remove(INPUT), Code::SignatureMissing),
    ("none with the profile's label", |it| it.profile = it.profile.clone().label("other"), Code::SignatureMissing),
    ("none with the profile's tag", |it| it.profile = it.profile.clone().tag("other"), Code::SignatureMissing),
    ("two that the profile would take", |it| it.add("Signature-Input", &it.value(INPUT).replacen("sig1", "sig2", 1)), Code::SignatureAmbiguous),
    ("empty Signature-Input", |it| it.set(INPUT, ""), Code::SignatureInputMalformed),
    ("Signature-Input without parentheses", |it| it.set(INPUT, r#"sig1="@method""#), Code::SignatureInputMalformed),
    ("label in upper case", |it| it.replace(INPUT, "sig1=", "SIG1="), Code::SignatureInputMalformed),
    ("parameter in upper case", |it| it.replace(INPUT, ";created", ";Created"), Code::SignatureInputMalformed),
    ("trailing comma in Signature-Input", |it| it.set(INPUT, &(it.value(INPUT) + ",")), Code::SignatureInputMalformed),
    ("list that doesn't end", |it| it.set(INPUT, r#"sig1=("@method""#), Code::SignatureInputMalformed),
    ("components without a space", |it| it.replace(INPUT, "\" \"", "\"\""), Code::SignatureInputMalformed),
    ("component that is a token", |it| it.replace(INPUT, "\"@method\"", "@method"), Code::SignatureInputMalformed),
    ("string that doesn't end", |it| it.set(INPUT, r#"sig1=("@method"#), Code::SignatureInputMalformed),
    ("escape of neither quote nor backslash", |it| it.replace(INPUT, "\"n-1\"", r#""n\-1""#), Code::SignatureInputMalformed),
    ("junk after a member", |it| it.set(INPUT, &(it.value(INPUT) + " x")), Code::SignatureInputMalformed),
    ("unknown parameter that is too large", |it| it.replace(INPUT, ";nonce", ";x=1234567890123456;nonce"), Code::SignatureInputMalformed),
    ("unknown parameter that is no base64", |it| it.replace(INPUT, ";nonce", ";x=:A:;nonce"), Code::SignatureInputMalformed),
    ("display string that is not UTF-8", |it| it.replace(INPUT, ";nonce", ";x=%\"%ff\";nonce"), Code::SignatureInputMalformed),
    ("decimal of four places", |it| it.replace(INPUT, ";nonce", ";x=1.2345;nonce"), Code::SignatureInputMalformed),
    ("empty Signature", |it| it.set(SIGNATURE, ""), Code::SignatureMalformed),
    ("Signature that is a string", |it| it.set(SIGNATURE, r#"sig1="abc""#), Code::SignatureMalformed),
    ("Signature label in upper case", |it| it.replace(SIGNATURE, "sig1=", "SIG1="), Code::SignatureMalformed),
    ("trailing comma in Signature", |it| it.set(SIGNATURE, &(it.value(SIGNATURE) + ",")), Code::SignatureMalformed),
    ("base64 without its padding", |it| it.replace(SIGNATURE, "=:", ":"), Code::SignatureMalformed),
    ("base64 with too much padding", |it| it.replace(SIGNATURE, "=:", "==:"), Code::SignatureMalformed),
    ("base64 of the URL alphabet", |it| it.set(SIGNATURE, "sig1=:__________________________________________8=:"), Code::SignatureMalformed),
    ("31 bytes", |it| it.set(SIGNATURE, "sig1=:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==:"), Code::SignatureMalformed),
    ("33 bytes", |it| it.set(SIGNATURE, "sig1=:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA:"), Code::SignatureMalformed),
    ("no bytes", |it| it.set(SIGNATURE, "sig1=::"), Code::SignatureMalformed),
    ("65 bytes", |it| it.set(SIGNATURE, &format!("sig1=:{}:", STANDARD.encode([0; 65]))), Code::SignatureMalformed),
    ("1025 bytes", |it| it.set(SIGNATURE, &format!("sig1=:{}:", STANDARD.encode([0; 1025]))), Code::SignatureMalformed),
    ("another value that is no base64", |it| it.set(SIGNATURE, &(it.value(SIGNATURE) + ", other=:A:")), Code::SignatureMalformed),
    ("value with a broken parameter", |it| it.set(SIGNATURE, &(it.value(SIGNATURE) + ";A")), Code::SignatureMalformed),
    ("label twice on one line", |it| it.set(INPUT, &format!("{0}, {0}", it.value(INPUT))), Code::LabelDuplicate),
    ("label twice across lines", |it| it.add("Signature-Input", &it.value(INPUT)), Code::LabelDuplicate),
    ("value twice on one line", |it| it.set(SIGNATURE, &format!("{0}, {0}", it.value(SIGNATURE))), Code::LabelDuplicate),
    ("value twice across lines", |it| it.add("Signature", &it.value(SIGNATURE)), Code::LabelDuplicate),
    ("17 signatures", |it| it.set(INPUT, &labels(17, "()")), Code::TooManySignatures),
    ("17 values", |it| it.set(SIGNATURE, &labels(17, "::")), Code::TooManySignatures),
    ("Signature-Input without Signature", |it| it.remove(SIGNATURE), Code::LabelUnpaired),
    ("Signature of another label", |it| it.replace(SIGNATURE, "sig1", "sig2"), Code::LabelUnpaired),
];

#[rustfmt::skip]
const COMPONENTS: &[Row] = &[
    ("derived component of no RFC", |it| it.replace(INPUT, "@method", "@verb"), Code::ComponentUnknown),
    ("@signature-params covered by name", |it| it.replace(INPUT, "@method", "@signature-params"), Code::ComponentUnknown),
    ("field name in upper case", |it| it.replace(INPUT, "content-digest", "Content-Digest"), Code::ComponentUnknown),
    ("field name that is empty", |it| it.replace(INPUT, "content-digest", ""), Code::ComponentUnknown),
    ("parameter that nobody knows", |it| it.replace(INPUT, "-digest\"", "-digest\";xy"), Code::ComponentParameterUnsupported),
    ("parameter sf that is false", |it| it.replace(INPUT, "-digest\"", "-digest\";sf=?0"), Code::ComponentParameterUnsupported),
    ("parameter bs with a value", |it| it.replace(INPUT, "-digest\"", "-digest\";bs=1"), Code::ComponentParameterUnsupported),
    ("parameter key without a value", |it| it.replace(INPUT, "-digest\"", "-digest\";key"), Code::ComponentParameterUnsupported),
    ("parameter sf twice", |it| it.replace(INPUT, "-digest\"", "-digest\";sf;sf"), Code::ComponentParameterUnsupported),
    ("parameter key twice", |it| it.replace(INPUT, "-digest\"", "-digest\";key=\"a\";key=\"a\""), Code::ComponentParameterUnsupported),
    ("parameters bs and sf", |it| it.replace(INPUT, "-digest\"", "-digest\";bs;sf"), Code::ComponentParametersIncompatible),
    ("parameters bs and key", |it| it.replace(INPUT, "-digest\"", "-digest\";bs;key=\"a\""), Code::ComponentParametersIncompatible),
    ("parameters key and bs", |it| it.replace(INPUT, "-digest\"", "-digest\";key=\"a\";bs"), Code::ComponentParametersIncompatible),
    ("parameter sf of a derived component", |it| it.replace(INPUT, "@path\"", "@path\";sf"), Code::ComponentParametersIncompatible),
    ("parameter key of a derived component", |it| it.replace(INPUT, "@path\"", "@path\";key=\"a\""), Code::ComponentParametersIncompatible),
    ("parameter bs of a derived component", |it| it.replace(INPUT, "@path\"", "@path\";bs"), Code::ComponentParametersIncompatible),
    ("parameter tr of a derived component", |it| it.replace(INPUT, "@path\"", "@path\";tr"), Code::ComponentParametersIncompatible),
    ("parameter req in a request", |it| cover(it, "\"@method\";req"), Code::ComponentParametersIncompatible),
    ("parameter name where there is none", |it| it.replace(INPUT, "@path\"", "@path\";name=\"a\""), Code::ComponentParametersIncompatible),
    ("sf of a field of no known type", |it| cover(it, "\"content-type\";sf"), Code::ComponentNotStructured),
    ("sf of a field that is not of its type", |it| { it.add("Priority", "u=("); cover(it, "\"priority\";sf"); }, Code::ComponentNotStructured),
    ("key of a field that is a list", |it| { it.add("Cache-Status", "a"); cover(it, "\"cache-status\";key=\"a\""); }, Code::ComponentNotStructured),
    ("key of a field over 16 KiB", |it| { it.add("Priority", &format!("u=1, s=\"{}\"", "a".repeat(16 << 10))); cover(it, "\"priority\";key=\"u\""); }, Code::ComponentNotStructured),
    ("key that the dictionary lacks", |it| { it.add("Priority", "u=1"); cover(it, "\"priority\";key=\"i\""); }, Code::ComponentMissing),
    ("trailer that is absent", |it| cover(it, "\"content-type\";tr"), Code::ComponentMissing),
    ("one digest covered of the field", |it| it.replace(INPUT, "-digest\"", "-digest\";key=\"sha-256\""), Code::BodyNotCovered),
    ("digest covered in the trailers", |it| it.replace(INPUT, "-digest\"", "-digest\";tr"), Code::BodyNotCovered),
    ("method covered of another request", |it| it.replace(INPUT, "@method\"", "@method\";req"), Code::ComponentNotCovered),
    ("query parameter without its name", |it| it.replace(INPUT, "@query", "@query-param"), Code::ComponentParameterUnsupported),
    ("query parameter with two names", |it| it.replace(INPUT, "@query\"", "@query-param\";name=\"a\";name=\"b\""), Code::ComponentParameterUnsupported),
    ("component covered twice", |it| it.replace(INPUT, "(", "(\"@path\" "), Code::ComponentDuplicate),
    ("component covered twice, its parameters turned around", |it| cover(it, "\"priority\";sf;tr \"priority\";tr;sf"), Code::ComponentDuplicate),
    ("query parameter covered twice", |it| cover(it, r#""@query-param";name="a" "@query-param";name="a""#), Code::ComponentDuplicate),
    ("covered field that is absent", |it| cover(it, "\"date\""), Code::ComponentMissing),
    ("covered query parameter that is absent", |it| cover(it, r#""@query-param";name="qty""#), Code::ComponentMissing),
    ("@status of a request", |it| cover(it, "\"@status\""), Code::ComponentMissing),
    ("@authority without Host", |it| it.remove("host"), Code::ComponentMissing),
    ("65 components", |it| { let more: Vec<String> = (0..61).map(|n| format!("\"x{n}\"")).collect(); cover(it, &more.join(" ")); }, Code::TooManyComponents),
    ("covered query parameter twice", |it| { it.target += "&symbol=X"; cover(it, r#""@query-param";name="symbol""#); }, Code::QueryParamAmbiguous),
    ("broken escape in a covered query", |it| { it.target += "&a=%2"; cover(it, r#""@query-param";name="a""#); }, Code::QueryMalformed),
    ("covered query that is not UTF-8", |it| { it.target += "&a=%FF"; cover(it, r#""@query-param";name="a""#); }, Code::QueryMalformed),
    ("@method is not covered", |it| it.replace(INPUT, "\"@method\" ", ""), Code::ComponentNotCovered),
    ("nothing is covered", |it| it.set(INPUT, r#"sig1=();created=1800000000;nonce="n";keyid="k7""#), Code::ComponentNotCovered),
    ("body without a covered digest", |it| it.replace(INPUT, " \"content-digest\"", ""), Code::BodyNotCovered),
];

#[rustfmt::skip]
const PARAMETERS: &[Row] = &[
    ("created twice", |it| it.replace(INPUT, ";created", ";created=1;created"), Code::ParameterDuplicate),
    ("unknown parameter twice", |it| it.replace(INPUT, ";created", ";x;x;created"), Code::ParameterDuplicate),
    ("33 parameters", |it| it.set(INPUT, &format!("sig1=();{}", labels(33, "1").replace(", ", ";"))), Code::TooManyParameters),
    ("keyid that is a token", |it| it.replace(INPUT, "\"k7\"", "k7"), Code::ParameterMalformed),
    ("nonce that is bytes", |it| it.replace(INPUT, "\"n-1\"", ":AAAA:"), Code::ParameterMalformed),
    ("created without a value", |it| it.replace(INPUT, "=1800000000", ""), Code::ParameterMalformed),
    ("created that is a string", |it| it.replace(INPUT, "1800000000", "\"1800000000\""), Code::ParameterMalformed),
    ("created before 1970", |it| it.replace(INPUT, "1800000000", "-1"), Code::CreatedNegative),
    ("expires before 1970", |it| it.replace(INPUT, ";nonce", ";expires=-1;nonce"), Code::CreatedNegative),
    ("created with a fraction", |it| it.replace(INPUT, "1800000000", "1800000000.0"), Code::CreatedNotInteger),
    ("created of 16 digits", |it| it.replace(INPUT, "1800000000", "1800000000000000"), Code::CreatedOutOfRange),
    ("created of 40 digits", |it| it.replace(INPUT, "1800000000", &"9".repeat(40)), Code::CreatedOutOfRange),
    ("no created", |it| it.replace(INPUT, ";created=1800000000", ""), Code::CreatedMissing),
    ("no expires where it is demanded", |it| it.profile = it.profile.clone().expires_required(true), Code::ExpiresMissing),
    ("no nonce", |it| it.replace(INPUT, ";nonce=\"n-1\"", ""), Code::NonceMissing),
    ("empty nonce", |it| it.replace(INPUT, "n-1", ""), Code::NonceTooLong),
    ("nonce of 257 bytes", |it| it.replace(INPUT, "n-1", &"n".repeat(257)), Code::NonceTooLong),
    ("no keyid", |it| it.replace(INPUT, ";keyid=\"k7\"", ""), Code::KeyidMissing),
    ("algorithm that nobody knows", |it| it.replace(INPUT, ";keyid", ";alg=\"none\";keyid"), Code::AlgorithmUnknown),
    ("algorithm in upper case", |it| it.replace(INPUT, ";keyid", ";alg=\"HMAC-SHA256\";keyid"), Code::AlgorithmUnknown),
];

#[rustfmt::skip]
const TIME_AND_BODY: &[Row] = &[
    ("created in the future", |it| it.now = at(-31), Code::CreatedInFuture),
    ("created as late as can be", |it| { it.replace(INPUT, "1800000000", "999999999999999"); forge(it); }, Code::CreatedInFuture),
    ("too old", |it| it.now = at(331), Code::TooOld),
    ("expired", |it| { it.sign(&options().expires(at(10))); it.now = at(41); }, Code::Expired),
    ("another body", |it| it.body.push(b' '), Code::DigestMismatch),
    ("no body where one was signed", |it| it.body.clear(), Code::DigestMismatch),
    ("digest that is not base64", |it| digest(it, "sha-256=:AAA:"), Code::DigestMalformed),
    ("digest of the wrong length", |it| digest(it, "sha-256=:AAAA:"), Code::DigestMalformed),
    ("digest of a weak algorithm only", |it| digest(it, "md5=:1B2M2Y8AsgTpgAmY7PhCfg==:"), Code::DigestAlgorithmUnsupported),
    ("sent again", |it| drop(it.verify().unwrap()), Code::Replayed),
    ("nonce of another request", |it| { it.verify().unwrap(); it.target = "/v1/other".into(); it.sign(&options()); }, Code::Replayed),
];

#[rustfmt::skip]
const CREDENTIAL: &[Row] = &[
    ("keyid of nobody", |it| it.replace(INPUT, "\"k7\"", "\"k8\""), Code::KeyUnknown),
    ("key of another environment", |it| it.profile = Profile::new(Environment::Test), Code::KeyWrongEnvironment),
    ("key that is not active yet", |it| it.ring = ring_of(record().active(at(1), at(10))), Code::KeyNotActive),
    ("key whose end is now", |it| it.ring = ring_of(record().active(at(-10), at(0))), Code::KeyExpired),
    ("revoked key", |it| it.ring = ring_of(record().revoked()), Code::KeyRevoked),
    ("signature by another secret", |it| { let key = other_key(); it.sign_with(&key, &options()); }, Code::SignatureMismatch),
    ("signature of nothing", |it| it.set(SIGNATURE, "sig1=:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=:"), Code::SignatureMismatch),
    ("signature as long as one of Ed25519", |it| it.set(SIGNATURE, &format!("sig1=:{}:", STANDARD.encode([1; 64]))), Code::SignatureMismatch),
    ("algorithm that is not the key's", |it| it.replace(INPUT, ";keyid", ";alg=\"ed25519\";keyid"), Code::AlgorithmMismatch),
    ("another method", |it| it.method = "PUT".into(), Code::SignatureMismatch),
    ("another path", |it| it.target = "/v1/order?symbol=BTC-USD".into(), Code::SignatureMismatch),
    ("another query", |it| it.target += "&symbol=ETH-USD", Code::SignatureMismatch),
    ("another authority", |it| it.set("Host", "api.example.org"), Code::SignatureMismatch),
    ("another digest", |it| it.replace("content-digest", "sha-256=:", "sha-256=:A"), Code::SignatureMismatch),
    ("another created", |it| it.replace(INPUT, "1800000000", "1800000001"), Code::SignatureMismatch),
    ("a parameter added", |it| it.replace(INPUT, ";keyid", ";tag=\"t\";keyid"), Code::SignatureMismatch),
];

#[rustfmt::skip]
const VERIFIER: &[Row] = &[
    ("replay cache full", |it| { it.replay = ReplayCache::new(1, 1); it.verify().unwrap(); it.sign(&options().nonce("n-2")); }, Code::ReplayCacheFull),
];

/// Codes that are not met on the way of a request, and where they are.
const OUT_OF_REACH: &[(Code, &str)] = &[
    (Code::AcceptSignatureMalformed, "accept_signature.rs"),
    (Code::BodyMalformed, "../schemes"),
    (Code::KeyDamaged, "sealed.rs"),
    (Code::KeyScopeMissing, "../snapshot.rs"),
    (Code::KeyWrongRegion, "../snapshot.rs"),
    (Code::NonceMalformed, "../schemes"),
    (Code::SignatureRequestImpossible, "accept_signature.rs"),
    (Code::StructuredFieldMalformed, "structured_fields.rs"),
    (Code::TimestampMalformed, "../schemes"),
    (Code::WantDigestMalformed, "content_digest.rs"),
];

fn rows() -> impl Iterator<Item = &'static Row> {
    [
        MESSAGE,
        SIGNATURE_FIELDS,
        COMPONENTS,
        PARAMETERS,
        TIME_AND_BODY,
        CREDENTIAL,
        VERIFIER,
    ]
    .into_iter()
    .flatten()
}

fn outcome(change: fn(&mut Attempt)) -> (Attempt, Refusal) {
    let mut attempt = Attempt::good();
    change(&mut attempt);
    let refusal = attempt.verify().unwrap_err();
    (attempt, refusal)
}

#[test]
fn every_mistake_earns_its_own_code() {
    let wrong: Vec<String> = rows()
        .map(|(what, change, code)| (what, outcome(*change).1.code(), *code))
        .filter(|(_, actual, expected)| actual != expected)
        .map(|(what, actual, expected)| {
            format!(
                "{what}: {} instead of {}",
                actual.as_str(),
                expected.as_str()
            )
        })
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_code_that_a_sender_can_cause_has_a_row() {
    for code in Code::ALL
        .iter()
        .filter(|code| matches!(code.fault(), Fault::Client | Fault::Key))
    {
        let has_row = rows().any(|(_, _, provoked)| provoked == code);
        let excused = OUT_OF_REACH.iter().any(|(excused, _)| excused == code);
        assert!(
            has_row != excused,
            "`{}` needs a row, or a place where it is met",
            code.as_str()
        );
    }
}

#[test]
fn no_refusal_tells_the_secret_or_the_mac() {
    let secret = str::from_utf8(SECRET).unwrap();
    for (what, change, _) in rows() {
        let (attempt, refusal) = outcome(*change);
        let macs = [mac(&Attempt::good()), mac(&attempt)];
        for text in [refusal.message(), refusal.problem(), format!("{refusal:?}")] {
            assert!(!text.contains(secret), "{what}: {text}");
            assert!(
                macs.iter().flatten().all(|mac| !text.contains(mac)),
                "{what}: {text}"
            );
        }
    }
}

/// A dictionary of this many members.
fn labels(count: usize, value: &str) -> String {
    let members: Vec<String> = (0..count).map(|n| format!("l{n}={value}")).collect();
    members.join(", ")
}

/// Covers more, unsigned: what it provokes is seen before the MAC is compared.
fn cover(it: &mut Attempt, more: &str) {
    it.replace(INPUT, ")", &format!(" {more})"));
}

/// Makes the MAC right again for what `Signature-Input` says now, as a hostile holder of the key can.
fn forge(it: &mut Attempt) {
    let mac = mac(it).unwrap();
    it.set(SIGNATURE, &format!("sig1=:{mac}:"));
}

/// The MAC that the key makes for the message as it is.
fn mac(it: &Attempt) -> Result<String, Refusal> {
    it.with_request(|request| {
        let inputs = signature_inputs(&request.headers)?;
        let input = inputs.first().ok_or(Code::SignatureMissing)?;
        let base = signature_base(Message::Request(request), input)?;
        Ok(STANDARD.encode(hmac_sha256(SECRET, base.as_bytes())))
    })
}

/// Replaces `Content-Digest` and signs that.
fn digest(it: &mut Attempt, value: &str) {
    it.set("content-digest", value);
    forge(it);
}

#[test]
fn a_missing_component_does_not_tell_whether_the_key_is_known() {
    let mut unknown = Attempt::good();
    cover(&mut unknown, "\"date\"");
    unknown.ring = KeyRing::new();
    let refusal = unknown.verify().unwrap_err();
    assert_eq!(refusal.code(), Code::ComponentMissing);
}

fn serve(it: &mut Attempt, authority: &str) {
    it.profile = it
        .profile
        .clone()
        .authorities([authority])
        .max_age(Duration::from_mins(1));
}

fn forward(it: &mut Attempt, hosts: &[&str]) {
    for host in hosts {
        it.add("X-Forwarded-Host", host);
    }
    it.profile = it
        .profile
        .clone()
        .forwarded(Forwarded::from_peers(["10.0.0.7"]));
    it.peer = Some("10.0.0.7");
    it.scheme = Scheme::Http;
}

fn forward_scheme(it: &mut Attempt, scheme: &str) {
    forward(it, &["a.example"]);
    it.add("X-Forwarded-Proto", scheme);
}

fn other_key() -> SigningKey {
    SigningKey::new(KEYID, &SharedSecret::new(vec![8; 32]).unwrap()).unwrap()
}
