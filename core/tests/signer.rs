//! The signer that is small signs as the one that verifies, too: the same bytes for every scheme and any request, or
//! the same refusal.

#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a failed test is what they mean"
)]

use countersign_core::scheme::{Credentials, Moment, Scheme};
use countersign_core::signer::{Key, memory_for, open, sign};
use countersign_core::{
    Body, BodyDigest, Code, DigestAlgorithm, Environment, Headers, Refusal, Request,
    Scheme as UriScheme, SharedSecret, SignOptions, SigningKey, Token, UnixSeconds,
};
use proptest::prelude::*;

type Signed = (String, String, Option<String>);

/// A frame of the module, in memory of its own.
#[derive(Default)]
struct Frame(Vec<u8>);

impl Frame {
    fn of(fields: &[&[u8]]) -> Self {
        let mut frame = Frame::default();
        for field in fields {
            frame.push(field);
        }
        frame
    }

    fn push(&mut self, field: &[u8]) {
        self.0
            .extend_from_slice(&u32::try_from(field.len()).unwrap().to_le_bytes());
        self.0.extend_from_slice(field);
    }
}

struct Opened {
    key: Key,
    program: Vec<u8>,
    sender: Vec<u8>,
}

impl Opened {
    fn new(
        program: &[u8],
        keyid: &str,
        secret: &[u8],
        passphrase: &str,
        options: &[(String, String)],
    ) -> Result<Self, Code> {
        let lines: Vec<_> = options
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let scheme: &[u8] = if program.is_empty() { b"" } else { b"scheme" };
        let frame = Frame::of(&[
            scheme,
            secret,
            keyid.as_bytes(),
            passphrase.as_bytes(),
            lines.join("\n").as_bytes(),
        ])
        .0;
        let mut memory = vec![0; memory_for(frame.len())];
        memory[..frame.len()].copy_from_slice(&frame);
        let opened = open(&mut memory, frame.len(), |_| Some(program));
        assert!(
            secret.len() < 4 || !memory.windows(secret.len()).any(|it| it == secret),
            "the secret is left"
        );
        let (key, _, sender) = opened?;
        Ok(Opened {
            key,
            program: program.to_vec(),
            sender: memory[..sender].to_vec(),
        })
    }

    fn sign(&self, request: &Request<'_>, rest: [&[u8]; 8]) -> Result<Signed, Code> {
        let (kind, body): (&[u8], &[u8]) = match &request.body {
            Body::Bytes(bytes) => (b"0", bytes),
            Body::Digest(digest) => (b"1", digest.as_bytes()),
        };
        let mut frame = Frame::of(&[
            request.scheme.as_str().as_bytes(),
            request.method.as_bytes(),
            request.target.as_bytes(),
            kind,
            body,
        ]);
        for field in rest {
            frame.push(field);
        }
        for field in request.headers.fields() {
            frame.push(field.name.as_bytes());
            frame.push(field.value.as_bytes());
        }
        let (sender, frame) = (self.sender.len(), frame.0);
        let all = [&self.sender[..], &frame].concat();
        let mut memory = vec![0; memory_for(all.len())];
        memory[..all.len()].copy_from_slice(&all);
        sign(
            &mut memory,
            sender,
            frame.len(),
            &self.key,
            &self.program,
            false,
        )?;
        let (count, mut reply) = memory[sender..].split_first_chunk().unwrap();
        let mut fields = Vec::new();
        for _ in 0..u32::from_le_bytes(*count) {
            let (length, rest) = reply.split_first_chunk().unwrap();
            let (field, rest) = rest.split_at(u32::from_le_bytes(*length) as usize);
            fields.push(String::from_utf8(field.to_vec()).unwrap());
            reply = rest;
        }
        assert!(reply.iter().all(|byte| *byte == 0), "something is left");
        let mut fields = fields.into_iter();
        Ok((
            fields.next().unwrap(),
            fields.next().unwrap(),
            fields.next(),
        ))
    }
}

/// Rows with an HMAC, each with a secret as its vendor writes them.
fn schemes() -> Vec<(Scheme, Vec<u8>)> {
    let all = Scheme::all().map(|name| Scheme::named(name).unwrap());
    all.filter_map(|scheme| Some((scheme.program()?, scheme)))
        .map(|(program, scheme)| (scheme, program))
        .collect()
}

fn secret_of(scheme: &str, index: u8) -> String {
    match scheme {
        "coinbase-exchange" | "kraken" | "kraken-json" => {
            ["c2VjcmV0IHNlY3JldA==", "AAEC", "AAE=", "AAF=", "====", "a"][usize::from(index % 6)]
                .into()
        }
        "standard-webhooks" | "svix" => {
            ["whsec_c2VjcmV0", "c2VjcmV0", "whsec_", "whsec_!"][usize::from(index % 4)].into()
        }
        _ => match index % 4 {
            0 => "secret".into(),
            1 => "s".repeat(200),
            2 => " secret".into(),
            _ => "\u{e9}x".into(),
        },
    }
}

fn query() -> impl Strategy<Value = String> {
    let pair = prop_oneof![
        "[abc]{0,2}(=[a-z%&+ ~/\u{e9}]{0,4})?",
        "[ab](%[0-9A-Fa-f]{2}|%zz|\\+){0,3}=?(%[0-9a-f]{2}|x){0,3}",
        "(timestamp|recvWindow|signature|hmac|nonce|X-Amz-Date|X-Amz-Signature|Timestamp|Signature)=[0-9a-f%]{0,5}",
    ];
    proptest::collection::vec(pair, 0..6).prop_map(|pairs| pairs.join("&"))
}

fn json(depth: u32) -> BoxedStrategy<String> {
    let leaf = prop_oneof![
        "-?[0-9]{1,3}(\\.[0-9])?",
        Just("true".into()),
        Just("null".into()),
        "\"[a-c\u{e9} ]{0,3}\"",
        "\"(\\\\n|\\\\u00e9|\\\\ud83d\\\\ude00|\\\\\"|\\\\/|x|\\\\ud83d|\\\\q){0,3}\"",
    ];
    if depth == 0 {
        return leaf.boxed();
    }
    let name = "\"(a|b|c|id|method|params|nonce|api_key|sig|request|\\\\u0061){1,2}\"";
    prop_oneof![
        leaf,
        proptest::collection::vec(json(depth - 1), 0..3)
            .prop_map(|all| format!("[{}]", all.join(", "))),
        proptest::collection::vec((name, json(depth - 1)), 0..4).prop_map(|all| {
            let all: Vec<_> = all
                .into_iter()
                .map(|(name, value)| format!("{name} :{value}"))
                .collect();
            format!("{{{}}}", all.join(","))
        }),
    ]
    .boxed()
}

fn body() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        Just(Vec::new()),
        query().prop_map(String::into_bytes),
        (json(3), "[ \n]{0,2}", "(x|\\}|)")
            .prop_map(|(json, space, end)| format!("{space}{json}{space}{end}").into_bytes()),
        (json(2), json(2)).prop_map(|(one, other)| {
            format!("{{\"method\":\"private/get\",\"id\":11,\"params\":{one},\"x\":{other}}}")
                .into_bytes()
        }),
        proptest::collection::vec(any::<u8>(), 0..150),
    ]
}

fn target() -> impl Strategy<Value = String> {
    let path = prop_oneof![
        "(/[a-c.~%]{0,3}){1,4}/?",
        "(/(a|b|\\.|\\.\\.|%20|%2f|\u{e9}| |c d)?){1,5}",
        Just("/".into()),
        Just(String::new()),
    ];
    let origin = prop_oneof![
        6 => Just(String::new()),
        1 => "(https|HTTP|ftp)://(EXAMPLE\\.com|a:8443|\\[::1\\]:80|a b|u@h|h:443|h:)?",
    ];
    (origin, path, proptest::option::of(query())).prop_map(|(origin, path, query)| match query {
        Some(query) => format!("{origin}{path}?{query}"),
        None => origin + &path,
    })
}

fn lines() -> impl Strategy<Value = String> {
    let line = prop_oneof![
        8 => "(Host|hOST): (api\\.Example\\.com|h:443|h:80|h:8080|\\[::1\\]:8080)",
        3 => "Content-Type: (application/json; a=b|Text/Plain|)",
        2 => "(X-Amz-Date: 20150830T123600Z|X-Amz-Date: 20150230T123600Z|x-amz-date: 2015)",
        1 => "(x-amz-content-sha256: UNSIGNED-PAYLOAD|X-Amz-Security-Token: t|User-Agent: u|Connection: c)",
        3 => "(a|b|A|X-Y): [a-z  \t]{0,6}",
    ];
    proptest::collection::vec(line, 0..5)
        .prop_map(|lines| lines.iter().flat_map(|line| [line, "\r\n"]).collect())
}

fn options() -> impl Strategy<Value = Vec<(String, String)>> {
    let common = [("region", "us-east-1"), ("service", "iam")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
    let option = (
        "(region|service|expires|session-token|omit-session-token|payload-hash|content-sha256|normalize|recvWindow|recv_window|ext|app|dlg|key-version)",
        prop_oneof![
            Just("true".to_owned()),
            Just("s3".into()),
            Just(String::new()),
            Just("a b".into()),
            Just("x\"y".into()),
            Just("60".into())
        ],
    );
    (any::<bool>(), proptest::collection::vec(option, 0..5)).prop_map(
        move |(is_common, mut more)| {
            if is_common {
                more.splice(0..0, common.clone());
            }
            more
        },
    )
}

/// The names of the codes for `countersign/sign`, whose module gives numbers.
#[test]
fn the_package_names_every_code() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../wasm/js/src/sign/codes.ts");
    let names: Vec<_> = Code::ALL
        .iter()
        .flat_map(|code| ["  '", code.as_str(), "',\n"])
        .collect();
    let text = format!(
        "/** The codes of refusals, by the numbers that the module gives. */\nexport const codes: readonly string[] = [\n{}];\n",
        names.concat(),
    );
    if std::env::var_os("COUNTERSIGN_BLESS").is_some() {
        std::fs::write(path, &text).unwrap();
    }
    assert_eq!(
        std::fs::read_to_string(path).unwrap(),
        text,
        "set COUNTERSIGN_BLESS=1 to write it"
    );
}

fn request_of<'a>(
    method: &'a str,
    is_https: bool,
    target: &'a str,
    lines: &'a str,
    body: &'a [u8],
    is_digest: bool,
) -> Request<'a> {
    Request {
        method,
        target,
        scheme: if is_https {
            UriScheme::Https
        } else {
            UriScheme::Http
        },
        headers: Headers::parse(lines.as_bytes()).unwrap(),
        body: if is_digest {
            Body::Digest(BodyDigest::of(DigestAlgorithm::Sha256, body))
        } else {
            Body::Bytes(body)
        },
        peer: None,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn schemes_are_signed_alike(
        index in any::<prop::sample::Index>(),
        secret in 0..8_u8,
        keyid in prop_oneof![Just(""), Just("key"), Just("k\"q")],
        passphrase in prop_oneof![Just(""), Just("pass"), Just("p\nq")],
        options in options(),
        method in prop_oneof![Just("GET"), Just("post"), Just("P T")],
        is_https in any::<bool>(),
        target in target(),
        lines in lines(),
        body in body(),
        is_digest in prop_oneof![9 => Just(false), 1 => Just(true)],
        now in 0..4_000_000_000_000_u64,
        nonce in prop_oneof![2 => Just(None), 1 => Just(Some("n-1")), 1 => Just(Some("n 1"))],
        entropy in any::<[u8; 16]>(),
    ) {
        let schemes = schemes();
        let (scheme, program) = index.get(&schemes);
        let secret = secret_of(scheme.name(), secret);
        let request = request_of(method, is_https, &target, &lines, &body, is_digest);
        let mut credentials = Credentials::new(keyid, secret.as_bytes()).passphrase(passphrase);
        for (name, value) in &options {
            credentials = credentials.option(name, value);
        }
        let moment = Moment::new(now, entropy);
        let moment = match nonce {
            Some(nonce) => moment.nonce(nonce),
            None => moment,
        };
        let expected = scheme.sign(&request, &credentials, &moment).map_err(|refusal: Refusal| refusal.code()).map(|signed| {
            let lines = signed.headers.iter().flat_map(|(name, value)| [name, ": ", value, "\n"]).collect::<String>();
            (lines, signed.target.unwrap_or_default(), signed.body)
        });
        let now = now.to_string();
        let nonce = nonce.unwrap_or("");
        let found = Opened::new(program, keyid, secret.as_bytes(), passphrase, &options).and_then(|opened| {
            opened.sign(&request, [now.as_bytes(), b"", nonce.as_bytes(), &entropy, b"", b"", b"", b""])
        });
        match (&expected, &found) {
            (Err(one), Err(other)) if one != other => {}
            _ => prop_assert_eq!(expected, found, "{}", scheme.name()),
        }
    }

    #[test]
    fn fields_are_signed_alike(
        method in prop_oneof![Just("GET"), Just("POST"), Just("P T")],
        is_https in any::<bool>(),
        target in target(),
        lines in lines(),
        body in body(),
        is_digest in prop_oneof![9 => Just(false), 1 => Just(true)],
        keyid in prop_oneof![4 => Just("k7"), 1 => Just(""), 1 => Just("a\"b")],
        components in proptest::option::of(proptest::collection::vec(prop_oneof![
            6 => "@(method|authority|path|query|target-uri|scheme|request-target|status|x)",
            3 => "(content-type|content-digest|host|a|b|x-y|X-Y|)",
            2 => "\"@query-param\";name=\"(a|b|c|ab|a%20b)\"",
            1 => "\"(a|b|@path)\"(;bs|;sf|;key=\"a\"|;req)?",
        ], 0..5)),
        expires in prop_oneof![Just(None), Just(Some(1_900_000_000_u64)), Just(Some(999_999_999_999_999))],
        nonce in prop_oneof![Just(None), Just(Some("n\"1")), Just(Some("\u{e9}"))],
        tag in prop_oneof![Just(None), Just(Some("t"))],
        label in prop_oneof![3 => Just("sig1"), 1 => Just("*a.b"), 1 => Just("Sig")],
        with_algorithm in any::<bool>(),
    ) {
        let request = request_of(method, is_https, &target, &lines, &body, is_digest);
        let secret = [7; 32];
        let mut options = SignOptions::new(UnixSeconds::new(1_800_000_000)).label(label).with_algorithm(with_algorithm);
        if let Some(components) = &components {
            options = options.components(components.clone());
        }
        if let Some(expires) = expires {
            options = options.expires(UnixSeconds::new(expires));
        }
        if let Some(nonce) = nonce {
            options = options.nonce(nonce);
        }
        if let Some(tag) = tag {
            options = options.tag(tag);
        }
        let expected = SigningKey::new(keyid, &SharedSecret::new(secret.to_vec()).unwrap())
            .and_then(|key| countersign_core::sign(&request, &key, &options))
            .map_err(|refusal: Refusal| refusal.code())
            .map(|signed| (signed.header_lines().replace('\r', ""), String::new(), None));
        let listed = match &components {
            None => String::new(),
            Some(all) if all.is_empty() => "()".into(),
            Some(all) => all.join("\n"),
        };
        // An empty list entry alone would be the usual components.
        prop_assume!(components.as_ref().is_none_or(|all| all.is_empty() || !listed.is_empty()));
        let is_more = listed.contains(";sf") || listed.contains(";key");
        let expires = expires.map(|it| it.to_string()).unwrap_or_default();
        let alg: &[u8] = if with_algorithm { b"hmac-sha256" } else { b"" };
        let found = Opened::new(b"", keyid, &secret, "", &[]).and_then(|opened| {
            let rest: [&[u8]; 8] = [
                b"1800000000", expires.as_bytes(), nonce.unwrap_or("").as_bytes(), b"", label.as_bytes(), listed.as_bytes(),
                alg, tag.unwrap_or("").as_bytes(),
            ];
            opened.sign(&request, rest)
        });
        match (&expected, &found) {
            (Err(_), Err(_)) => {}
            (Ok(_), Err(Code::ComponentParameterUnsupported)) if is_more => {}
            _ => prop_assert_eq!(expected, found),
        }
    }

    #[test]
    fn tokens_are_read_alike(
        environment in prop_oneof![Just(Environment::Dev), Just(Environment::Test), Just(Environment::Live)],
        id in "[a-z0-9]{1,32}",
        entropy in any::<[u8; 32]>(),
        change in proptest::option::of((any::<prop::sample::Index>(), "[a-z0-9_A*=\u{e9}]?")),
        with_right_checksum in any::<bool>(),
    ) {
        let mut text = Token::generate(environment, &id, &entropy).unwrap().reveal().to_string();
        if let Some((place, instead)) = change {
            let place = 4 + place.index(text.len() - 4);
            text.replace_range(place..=place, &instead);
            if with_right_checksum && let Some((body, _)) = text.rsplit_once('_') {
                text = format!("{body}_{}", checksum_of(body));
            }
        }
        let lines = "Host: example.com\n";
        let request = request_of("GET", true, "/", lines, b"", false);
        let options = SignOptions::new(UnixSeconds::new(1_800_000_000));
        let expected = Token::parse(&text)
            .and_then(|token| countersign_core::sign(&request, &token.signing_key()?, &options))
            .map_err(|refusal: Refusal| refusal.code())
            .map(|signed| (signed.header_lines().replace('\r', ""), String::new(), None));
        let found = Opened::new(b"", "", text.as_bytes(), "", &[]).and_then(|opened| {
            opened.sign(&request, [b"1800000000", b"", b"", b"", b"sig1", b"", b"", b""])
        });
        prop_assert_eq!(expected, found, "{}", text);
    }
}

/// Four bytes of the SHA-256 in base32, without what `Token` is made of.
fn checksum_of(body: &str) -> String {
    let digest = BodyDigest::of(DigestAlgorithm::Sha256, body.as_bytes());
    let mut bits = digest.as_bytes()[..4]
        .iter()
        .fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte))
        << 3;
    let mut text = Vec::new();
    for _ in 0..7 {
        text.insert(0, b"abcdefghijklmnopqrstuvwxyz234567"[(bits & 31) as usize]);
        bits >>= 5;
    }
    String::from_utf8(text).unwrap()
}

#[test]
fn a_token_has_its_keyid_in_it() {
    let token = Token::generate(Environment::Live, "k7", &[7; 32]).unwrap();
    let beside = Opened::new(b"", "k7", token.reveal().as_bytes(), "", &[]);
    assert_eq!(beside.err(), Some(Code::KeyidMalformed));
}
