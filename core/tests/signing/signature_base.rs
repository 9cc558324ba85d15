//! The signature base: each component's value, and the published bases (RFC 9421 section 2).

use countersign_core::{
    Body, Code, Headers, Message, Refusal, Request, Response, Scheme, SharedSecret, SignOptions,
    SigningKey, UnixSeconds, hmac_sha256, sign, signature_base, signature_inputs,
};
use serde::Deserialize;

use crate::vectors;

const HOST: &str = "Host: www.example.com";

/// The values of components, each as: rule, `method scheme target`, header lines, identifier, value.
#[rustfmt::skip]
const VALUES: &[(&str, &str, &str, &str, &str)] = &[
    ("2.2.1 method", "POST https /path", HOST, r#""@method""#, "POST"),
    ("2.2.1 its case is kept", "Post https /path", HOST, r#""@method""#, "Post"),
    ("2.2.2 target URI", "POST https /path?param=value", HOST, r#""@target-uri""#, "https://www.example.com/path?param=value"),
    ("2.2.2 of plain HTTP", "GET http /", HOST, r#""@target-uri""#, "http://www.example.com/"),
    ("2.2.2 absolute form is the URI", "GET http https://a.example/p?q", HOST, r#""@target-uri""#, "https://a.example/p?q"),
    ("2.2.2 asterisk form has no path", "OPTIONS https *", HOST, r#""@target-uri""#, "https://www.example.com"),
    ("2.2.2 authority form has no path", "CONNECT http www.example.com:81", HOST, r#""@target-uri""#, "http://www.example.com:81"),
    ("2.2.3 authority", "POST https /path?param=value", HOST, r#""@authority""#, "www.example.com"),
    ("2.2.3 in lower case", "GET https /", "Host: WWW.Example.COM", r#""@authority""#, "www.example.com"),
    ("2.2.3 without the port of https", "GET https /", "Host: www.example.com:443", r#""@authority""#, "www.example.com"),
    ("2.2.3 without the port of http", "GET http /", "Host: www.example.com:80", r#""@authority""#, "www.example.com"),
    ("2.2.3 without an empty port", "GET https /", "Host: www.example.com:", r#""@authority""#, "www.example.com"),
    ("2.2.3 another port stays", "GET https /", "Host: www.example.com:8443", r#""@authority""#, "www.example.com:8443"),
    ("2.2.3 the other scheme's port stays", "GET https /", "Host: www.example.com:80", r#""@authority""#, "www.example.com:80"),
    ("2.2.3 of IPv6", "GET https /", "Host: [2001:DB8::1]:443", r#""@authority""#, "[2001:db8::1]"),
    ("2.2.3 IPv6 that ends like a port", "GET https /", "Host: [2001:db8::443]", r#""@authority""#, "[2001:db8::443]"),
    ("2.2.3 absolute form goes before Host", "GET https https://a.example:443/", HOST, r#""@authority""#, "a.example"),
    ("2.2.3 authority form goes before Host", "CONNECT https b.example:8443", HOST, r#""@authority""#, "b.example:8443"),
    ("2.2.4 scheme", "GET http /", HOST, r#""@scheme""#, "http"),
    ("2.2.4 of the absolute form", "GET http HTTPS://a.example/", HOST, r#""@scheme""#, "https"),
    ("2.2.5 origin form", "POST https /path?param=value", HOST, r#""@request-target""#, "/path?param=value"),
    ("2.2.5 absolute form", "GET https https://www.example.com/path?param=value", "", r#""@request-target""#, "https://www.example.com/path?param=value"),
    ("2.2.5 authority form", "CONNECT https www.example.com:80", HOST, r#""@request-target""#, "www.example.com:80"),
    ("2.2.5 asterisk form", "OPTIONS https *", HOST, r#""@request-target""#, "*"),
    ("2.2.6 path", "GET https /path?param=value", HOST, r#""@path""#, "/path"),
    ("2.2.6 an empty path is the root", "GET https https://www.example.com", "", r#""@path""#, "/"),
    ("2.2.6 an empty path before a query", "GET https https://www.example.com?q", "", r#""@path""#, "/"),
    ("2.2.6 escapes stay as sent", "GET https /a%2fb/%7Ec/../d", HOST, r#""@path""#, "/a%2fb/%7Ec/../d"),
    ("2.2.7 query", "GET https /path?param=value&foo=bar&baz=bat%2Dman", HOST, r#""@query""#, "?param=value&foo=bar&baz=bat%2Dman"),
    ("2.2.7 a query without values", "POST https /path?queryString", HOST, r#""@query""#, "?queryString"),
    ("2.2.7 no query is a question mark", "GET https /path", HOST, r#""@query""#, "?"),
    ("2.2.7 an empty query is one too", "GET https /path?", HOST, r#""@query""#, "?"),
    ("2.2.7 only the first question mark parts", "GET https /path?a?b", HOST, r#""@query""#, "?a?b"),
    ("2.2.8 query parameter", "GET https /path?param=value&foo=bar&baz=batman&qux=", HOST, r#""@query-param";name="baz""#, "batman"),
    ("2.2.8 with an empty value", "GET https /path?param=value&foo=bar&baz=batman&qux=", HOST, r#""@query-param";name="qux""#, ""),
    ("2.2.8 without a value", "GET https /path?flag&a=1", HOST, r#""@query-param";name="flag""#, ""),
    ("2.2.8 encoded again", "GET https /parameters?var=this%20is%20a%20big%0Amultiline%20value&bar=with+plus+whitespace&fa%C3%A7ade%22%3A%20=something", HOST, r#""@query-param";name="var""#, "this%20is%20a%20big%0Amultiline%20value"),
    ("2.2.8 a plus is a space", "GET https /parameters?bar=with+plus+whitespace", HOST, r#""@query-param";name="bar""#, "with%20plus%20whitespace"),
    ("2.2.8 the name is encoded too", "GET https /parameters?fa%C3%A7ade%22%3A%20=something", HOST, r#""@query-param";name="fa%C3%A7ade%22%3A%20""#, "something"),
    ("2.2.8 escapes in lower case", "GET https /parameters?a=%c3%a7", HOST, r#""@query-param";name="a""#, "%C3%A7"),
    ("2.2.8 needless escapes", "GET https /parameters?%61=%62*-._~", HOST, r#""@query-param";name="a""#, "b*-._%7E"),
    ("2.1 field", "GET https /", "Date: Tue, 20 Apr 2021 02:07:56 GMT", r#""date""#, "Tue, 20 Apr 2021 02:07:56 GMT"),
    ("2.1 white space around it", "GET https /", "X-OWS-Header:   Leading and trailing whitespace. \t ", r#""x-ows-header""#, "Leading and trailing whitespace."),
    ("2.1 white space inside it stays", "GET https /", "Example-Dict:  a=1,    b=2;x=1;y=2,   c=(a   b   c)", r#""example-dict""#, "a=1,    b=2;x=1;y=2,   c=(a   b   c)"),
    ("2.1 obsolete line folding", "GET https /", "X-Obs-Fold-Header: Obsolete\r\n    line folding.", r#""x-obs-fold-header""#, "Obsolete line folding."),
    ("2.1 folding with white space before it", "GET https /", "X-F: a \t\r\n\tb\n c", r#""x-f""#, "a b c"),
    ("2.1 repeated", "GET https /", "Cache-Control: max-age=60\r\nX: y\r\nCache-Control:    must-revalidate", r#""cache-control""#, "max-age=60, must-revalidate"),
    ("2.1 empty", "GET https /", "X-Empty-Header:", r#""x-empty-header""#, ""),
    ("2.1 repeated and empty", "GET https /", "X-E:\r\nX-E: a\r\nX-E:", r#""x-e""#, ", a, "),
];

#[test]
fn each_component_has_the_value_that_the_rfc_gives_it() {
    for (rule, line, headers, component, value) in VALUES {
        let base = base_of_one(line, headers, component).unwrap();
        assert_eq!(
            base,
            format!("{component}: {value}\n\"@signature-params\": ({component})"),
            "{rule}"
        );
    }
}

#[test]
fn what_a_message_does_not_have_is_missing_and_named() {
    for (line, headers, component, name) in [
        ("GET https /", HOST, r#""date""#, "date"),
        ("GET https /", "", r#""@authority""#, "@authority"),
        ("GET https /", "", r#""@target-uri""#, "@target-uri"),
        ("GET https /", HOST, r#""@status""#, "@status"),
        (
            "GET https /?a=1",
            HOST,
            r#""@query-param";name="b""#,
            "@query-param",
        ),
        (
            "GET https /?a=1",
            HOST,
            r#""@query-param";name="A""#,
            "@query-param",
        ),
    ] {
        let refusal = base_of_one(line, headers, component).unwrap_err();
        assert_eq!(
            refusal,
            Refusal::about(Code::ComponentMissing, name),
            "{line} {component}"
        );
    }
}

#[test]
fn a_query_that_can_be_read_in_two_ways_is_refused() {
    for (target, code) in [
        ("/?a=1&a=2", Code::QueryParamAmbiguous),
        ("/?a=1&%61=2", Code::QueryParamAmbiguous),
        ("/?a=%4", Code::QueryMalformed),
        ("/?a=%4g", Code::QueryMalformed),
        ("/?a=%ff", Code::QueryMalformed),
    ] {
        let refusal = base_of_one(
            &format!("GET https {target}"),
            HOST,
            r#""@query-param";name="a""#,
        )
        .unwrap_err();
        assert_eq!(refusal.code(), code, "{target}");
    }
}

#[test]
fn a_response_has_a_status_and_fields_and_nothing_else() {
    let block =
        b"Content-Type: text/plain\r\nSignature-Input: s=(\"@status\" \"content-type\")\r\n";
    let response = Response {
        status: 200,
        headers: Headers::parse(block).unwrap(),
        body: Body::Bytes(b""),
        request: None,
    };
    let inputs = signature_inputs(&response.headers).unwrap();
    assert_eq!(
        signature_base(Message::Response(&response), &inputs[0]).unwrap(),
        "\"@status\": 200\n\"content-type\": text/plain\n\"@signature-params\": (\"@status\" \"content-type\")",
    );
    for name in [
        "@method",
        "@target-uri",
        "@authority",
        "@scheme",
        "@request-target",
        "@path",
        "@query",
    ] {
        let block = format!("Signature-Input: s=(\"{name}\")\r\n");
        let response = Response {
            status: 200,
            headers: Headers::parse(block.as_bytes()).unwrap(),
            body: Body::Bytes(b""),
            request: None,
        };
        let inputs = signature_inputs(&response.headers).unwrap();
        let refusal = signature_base(Message::Response(&response), &inputs[0]).unwrap_err();
        assert_eq!(refusal, Refusal::about(Code::ComponentMissing, name));
    }
}

#[test]
fn the_published_bases() {
    for case in vectors::cases::<Case>("rfc9421_signature_base.json") {
        let base = case.signature_base().unwrap();
        assert_eq!(base, case.base.join("\n"), "{} {}", case.section, case.name);
    }
}

#[test]
fn the_published_hmac_is_made_byte_for_byte() {
    let cases = vectors::cases::<Case>("rfc9421_signature_base.json");
    let (case, published) = cases
        .iter()
        .find_map(|case| Some((case, case.hmac.as_ref()?)))
        .unwrap();
    let secret = base64_decode(&published.secret_base64);

    let tag = hmac_sha256(&secret, case.base.join("\n").as_bytes());
    assert_eq!(
        published.signature,
        format!("sig-b25=:{}:", base64_encode(&tag))
    );

    let request = case.request.as_ref().unwrap();
    let block = block(&request.headers);
    let key = SigningKey::new("test-shared-secret", &SharedSecret::new(secret).unwrap()).unwrap();
    let options = SignOptions::new(UnixSeconds::new(1_618_884_473))
        .label("sig-b25")
        .components(["date", "@authority", "content-type"]);
    let signed = sign(&request.borrow(&block).unwrap(), &key, &options).unwrap();
    assert_eq!(signed.signature_input, case.signature_input);
    assert_eq!(signed.signature, published.signature);
    assert_eq!(signed.content_digest, None);
}

fn base_of_one(line: &str, headers: &str, component: &str) -> Result<String, Refusal> {
    let mut words = line.split(' ');
    let mut word = || words.next().unwrap();
    let (method, scheme, target) = (word(), Scheme::parse(word()).unwrap(), word());
    let separator = if headers.is_empty() { "" } else { "\r\n" };
    let block = format!("{headers}{separator}Signature-Input: s=({component})\r\n");
    let headers = Headers::parse(block.as_bytes())?;
    let inputs = signature_inputs(&headers)?;
    let request = Request {
        method,
        target,
        scheme,
        headers,
        body: Body::Bytes(b""),
        peer: None,
    };
    signature_base(Message::Request(&request), &inputs[0])
}

#[derive(Deserialize)]
struct Case {
    section: String,
    name: String,
    request: Option<WrittenRequest>,
    response: Option<WrittenResponse>,
    signature_input: String,
    base: Vec<String>,
    hmac: Option<Hmac>,
}

#[derive(Deserialize)]
struct WrittenRequest {
    method: String,
    target: String,
    scheme: String,
    headers: Vec<(String, String)>,
    body: String,
}

#[derive(Deserialize)]
struct WrittenResponse {
    status: u16,
    headers: Vec<(String, String)>,
}

#[derive(Deserialize)]
struct Hmac {
    secret_base64: String,
    signature: String,
}

impl Case {
    fn signature_base(&self) -> Result<String, Refusal> {
        let line = format!("Signature-Input: {}\r\n", self.signature_input);
        let headers = Headers::parse(line.as_bytes())?;
        let inputs = signature_inputs(&headers)?;
        if let Some(response) = &self.response {
            let block = block(&response.headers);
            let response = Response {
                status: response.status,
                headers: Headers::parse(&block)?,
                body: Body::Bytes(b""),
                request: None,
            };
            return signature_base(Message::Response(&response), &inputs[0]);
        }
        let request = self.request.as_ref().unwrap();
        let block = block(&request.headers);
        signature_base(Message::Request(&request.borrow(&block)?), &inputs[0])
    }
}

impl WrittenRequest {
    fn borrow<'a>(&'a self, block: &'a [u8]) -> Result<Request<'a>, Refusal> {
        Ok(Request {
            method: &self.method,
            target: &self.target,
            scheme: Scheme::parse(&self.scheme).unwrap(),
            headers: Headers::parse(block)?,
            body: Body::Bytes(self.body.as_bytes()),
            peer: None,
        })
    }
}

fn block(headers: &[(String, String)]) -> Vec<u8> {
    headers
        .iter()
        .flat_map(|(name, value)| format!("{name}: {value}\r\n").into_bytes())
        .collect()
}

fn base64_encode(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

fn base64_decode(text: &str) -> Vec<u8> {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD
        .decode(text)
        .unwrap()
}
