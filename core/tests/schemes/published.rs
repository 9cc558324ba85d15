//! Examples of the vendors' own documentation, so that the essentials are checked wherever this is
//! built.

use countersign_core::scheme::{Credentials, Scheme};

use crate::support::Message;

struct Example {
    scheme: &'static str,
    keyid: &'static str,
    secret: &'static str,
    now_s: u64,
    message: Message,
}

#[expect(clippy::too_many_lines, reason = "a table")]
fn examples() -> Vec<Example> {
    let get = |target| Message::new("GET", target, "");
    let post = |target, body| Message::new("POST", target, body);
    let binance = "symbol=LTCBTC&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=0.1&recvWindow=5000&timestamp=1499827319559&signature=c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71";
    let twilio = "CallSid=CA1234567890ABCDE&Caller=%2B14158675309&Digits=1234&From=%2B14158675309&To=%2B18005551212";
    vec![
        Example {
            scheme: "binance",
            keyid: "vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A",
            secret: "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j",
            now_s: 1_499_827_320,
            message: post("/api/v3/order", binance).header(
                "X-MBX-APIKEY",
                "vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A",
            ),
        },
        Example {
            scheme: "kraken",
            keyid: "",
            secret: "kQH5HW/8p1uGOVjbgWA7FunAmGO8lsSUXNsu3eow76sz84Q18fWxnyRzBHCd3pd5nE9qa99HAZtuZuj6F1huXg==",
            now_s: 0,
            message: post(
                "/0/private/AddOrder",
                "nonce=1616492376594&ordertype=limit&pair=XBTUSD&price=37500&type=buy&volume=1.25",
            )
            .header(
                "API-Sign",
                "4/dpxb3iT4tp/ZCVEwSnEsLxx0bqyhLpdfOpc6fn7OR8+UClSV5n9E6aSS8MPtnRfp32bAb0nmbRn6H8ndwLUQ==",
            ),
        },
        Example {
            scheme: "gate",
            keyid: "key",
            secret: "secret",
            now_s: 1_541_993_715,
            message: get("/api/v4/futures/orders?contract=BTC_USD&status=finished&limit=50")
                .header("KEY", "key")
                .header("Timestamp", "1541993715")
                .header("SIGN", "55f84ea195d6fe57ce62464daaa7c3c02fa9d1dde954e4c898289c9a2407a3d6fb3faf24deff16790d726b66ac9f74526668b13bd01029199cc4fcc522418b8a"),
        },
        Example {
            scheme: "bitmex",
            keyid: "LAqUlngMIQkIUjXMUreyu3qn",
            secret: "chNOOS4KvNXR_Xq4k4c9qsfoKWvnDecLATCRlcBwyKDYnWgO",
            now_s: 1_518_064_237,
            message: get("/api/v1/instrument?filter=%7B%22symbol%22%3A+%22XBTM15%22%7D")
                .header("api-key", "LAqUlngMIQkIUjXMUreyu3qn")
                .header("api-expires", "1518064237")
                .header("api-signature", "e2f422547eecb5b3cb29ade2127e21b858b235b386bfa45e1c1756eb3383919f"),
        },
        Example {
            scheme: "github",
            keyid: "",
            secret: "It's a Secret to Everybody",
            now_s: 0,
            message: post("/", "Hello, World!").header(
                "X-Hub-Signature-256",
                "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
            ),
        },
        Example {
            scheme: "shopify-app-proxy",
            keyid: "",
            secret: "hush",
            now_s: 1_317_327_555,
            message: get("/?extra=1&extra=2&shop=shop-name.myshopify.com&path_prefix=%2Fapps%2Fawesome_reviews&timestamp=1317327555&signature=a9718877bea71c2484f91608a7eaea1532bdf71f5c56825065fa4ccabe549ef3"),
        },
        Example {
            scheme: "standard-webhooks",
            keyid: "",
            secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            now_s: 1_614_265_330,
            message: post("/", r#"{"test": 2432232314}"#)
                .header("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek")
                .header("webhook-timestamp", "1614265330")
                .header("webhook-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="),
        },
        Example {
            scheme: "twilio",
            keyid: "",
            secret: "12345",
            now_s: 0,
            message: post("https://mycompany.com/myapp.php?foo=1&bar=2", twilio)
                .header("X-Twilio-Signature", "RSOYDt4T1cUTdK1PDd93/VVr8B8="),
        },
        Example {
            scheme: "hawk",
            keyid: "dh37fgj492je",
            secret: "werxhqb98rpaxn39848xrunpaw3489ruxnpa98w4rxn",
            now_s: 1_353_832_234,
            message: post("http://example.com:8000/resource/1?b=1&a=2", "Thank you for flying Hawk")
                .header("Content-Type", "text/plain")
                .header("Authorization", r#"Hawk id="dh37fgj492je", ts="1353832234", nonce="j4h3g2", hash="Yi9LfIIFRtBEPt74PVmbTF/xVAwPn7ub15ePICfgnuY=", ext="some-app-ext-data", mac="aSe1DERmZuRl3pI36/9BdZmnErTw3sNzOOAUlfeKjVw=""#),
        },
        // Of the library's own tests: an empty payload that has a type, and SHA-1.
        Example {
            scheme: "hawk",
            keyid: "123456",
            secret: "2983d45yun89q",
            now_s: 1_353_809_207,
            message: post("/somewhere/over/the/rainbow", "")
                .header("Host", "example.net")
                .header("Content-Type", "text/plain")
                .header("Authorization", r#"Hawk id="123456", ts="1353809207", nonce="Ygvqdz", hash="q/t+NNAkQZNlq/aAD6PlexImwQTxwgT2MahfTa9XRLA=", mac="U5k16YEzn3UnBHKeBzsDXn067Gu3R4YaY6xOt9PYRZM=""#),
        },
        Example {
            scheme: "hawk-sha1",
            keyid: "123456",
            secret: "2983d45yun89q",
            now_s: 1_353_809_207,
            message: post("http://example.net/somewhere/over/the/rainbow", "something to write about")
                .header("Authorization", r#"Hawk id="123456", ts="1353809207", nonce="Ygvqdz", hash="bsvY3IfUllw6V5rvk4tStEvpBhE=", ext="Bazinga!", mac="qbf1ZPG/r/e06F4ht+T77LXi5vw=""#),
        },
        Example {
            scheme: "aws-sigv4",
            keyid: "AKIAIOSFODNN7EXAMPLE",
            secret: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            now_s: 1_369_353_600,
            message: get("/test.txt")
                .header("Host", "examplebucket.s3.amazonaws.com")
                .header("Range", "bytes=0-9")
                .header("x-amz-content-sha256", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
                .header("x-amz-date", "20130524T000000Z")
                .header("Authorization", "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"),
        },
        Example {
            scheme: "aws-sigv4-query",
            keyid: "AKIAIOSFODNN7EXAMPLE",
            secret: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            now_s: 1_369_353_600 + 86_400,
            message: get("/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404")
                .header("Host", "examplebucket.s3.amazonaws.com"),
        },
    ]
}

#[test]
fn examples_of_the_documentation_verify() {
    for example in examples() {
        let scheme = Scheme::named(example.scheme).unwrap();
        let credentials = Credentials::new(example.keyid, example.secret);
        let verify = |message: &Message| {
            message.see(|it| scheme.verify(it, &[&credentials], example.now_s * 1000, None))
        };
        if let Err(refusal) = verify(&example.message) {
            panic!("{}: {refusal}", example.scheme);
        }
        let presented = example
            .message
            .see(|it| scheme.presented_keyid(it))
            .unwrap();
        assert_eq!(
            presented.unwrap_or_default(),
            example.keyid,
            "{}",
            example.scheme
        );
        let mut changed = example.message.clone();
        if changed.body.is_empty() {
            changed.target = changed.target.replacen('t', "u", 1);
        } else {
            changed.body.push(b'~');
        }
        assert!(verify(&changed).is_err(), "{}", example.scheme);
    }
}

#[test]
fn hawk_hashes_an_empty_body_that_has_a_type() {
    let scheme = Scheme::named("hawk").unwrap();
    let credentials = Credentials::new("123456", "2983d45yun89q");
    let moment = countersign_core::scheme::Moment::new(1_353_809_207_000, [1; 16]).nonce("Ygvqdz");
    let bare = Message::new("POST", "https://example.net/somewhere/over/the/rainbow", "");
    let sign = |message: &Message| {
        let parts = message.see(|it| scheme.sign(it, &credentials, &moment));
        message
            .signed(parts.unwrap())
            .value("Authorization")
            .unwrap()
            .to_owned()
    };
    assert!(!sign(&bare).contains("hash="));
    let typed = bare.header("Content-Type", "text/plain");
    assert_eq!(
        sign(&typed),
        r#"Hawk id="123456", ts="1353809207", nonce="Ygvqdz", hash="q/t+NNAkQZNlq/aAD6PlexImwQTxwgT2MahfTa9XRLA=", mac="U5k16YEzn3UnBHKeBzsDXn067Gu3R4YaY6xOt9PYRZM=""#
    );
}

/// okx-api 3.2.3 signs the query before it is encoded, and its transport writes a space as `+`.
#[test]
fn okx_takes_a_query_that_was_signed_before_it_was_encoded_as_a_form() {
    let message = Message::new(
        "GET",
        "https://www.okx.com/api/v5/account/balance?symbol=BTC-USDT&note=a+b%2Bc%26d%3De%2F%C3%A9",
        "",
    );
    let credentials = Credentials::new("key", "secret").passphrase("password");
    let moment = countersign_core::scheme::Moment::new(1_700_000_000_123, [1; 16]);
    let scheme = Scheme::named("okx-decoded").unwrap();
    let base = message
        .see(|it| scheme.base(it, &credentials, &moment))
        .unwrap();
    assert_eq!(
        String::from_utf8(base).unwrap(),
        "2023-11-14T22:13:20.123ZGET/api/v5/account/balance?symbol=BTC-USDT&note=a b+c&d=e/é"
    );
    let signed = message.signed(
        message
            .see(|it| scheme.sign(it, &credentials, &moment))
            .unwrap(),
    );
    for name in ["okx", "okx-decoded"] {
        let scheme = Scheme::named(name).unwrap();
        let verdict = signed.see(|it| scheme.verify(it, &[&credentials], 1_700_000_000_123, None));
        assert!(verdict.is_ok(), "{name}: {verdict:?}");
    }
}

#[test]
fn an_asymmetric_webhook_is_verified_with_the_public_half() {
    let scheme = Scheme::named("standard-webhooks-ed25519").unwrap();
    // RFC 8032 section 7.1, the first key.
    let private = Credentials::new("", "whsk_nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=");
    let message = Message::new("POST", "/", "{}");
    let moment = countersign_core::scheme::Moment::new(1_700_000_000_000, [1; 16]).nonce("msg_1");
    let signed = message.signed(
        message
            .see(|it| scheme.sign(it, &private, &moment))
            .unwrap(),
    );
    assert!(
        signed
            .value("webhook-signature")
            .unwrap()
            .starts_with("v1a,")
    );
    let public = Credentials::new("", "whpk_11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=");
    let authentic = signed
        .see(|it| scheme.verify(it, &[&public], 1_700_000_000_000, None))
        .unwrap();
    assert_eq!(authentic.nonce(), Some("msg_1"));
}

#[test]
fn an_exchange_holds_the_public_half_of_a_client_s_key() {
    let scheme = Scheme::named("binance-ed25519").unwrap();
    let private = Credentials::new(
        "key",
        "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n-----END PRIVATE KEY-----\n",
    );
    let public = Credentials::new(
        "key",
        "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n-----END PUBLIC KEY-----\n",
    );
    let message = Message::new("GET", "https://api.binance.com/api/v3/account", "");
    let moment = countersign_core::scheme::Moment::new(1_700_000_000_000, [1; 16]);
    let signed = message.signed(
        message
            .see(|it| scheme.sign(it, &private, &moment))
            .unwrap(),
    );
    signed
        .see(|it| scheme.verify(it, &[&public], 1_700_000_000_000, None))
        .unwrap();
}

/// RFC 4231 sections 4.3 and 4.7: a short key, and one that is longer than a block.
const HMACS: [(&str, &str, &str); 3] = [
    (
        "hmac-sha256",
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
    ),
    (
        "hmac-sha384",
        "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649",
        "4ece084485813e9088d2c63a041bc5b44f9ef1012a2b588f3cd11f05033ac4c60c2ef6ab4030fe8296248df163f44952",
    ),
    (
        "hmac-sha512",
        "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737",
        "80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f3526b56d037e05f2598bd0fd2215d6a1e5295e64f73f63f0aec8b915a985d786598",
    ),
];

#[test]
fn every_hash_makes_the_hmac_of_the_standard() {
    let row = r#"
        name = "rfc4231"
        title = "HMAC"
        documentation = "https://www.rfc-editor.org/rfc/rfc4231"
        algorithm = "hmac-sha256"
        secret = "utf8"
        encoding = "hex"
        signed = "{body}"
        [headers]
        X = "{signature}"
    "#;
    let moment = countersign_core::scheme::Moment::new(0, [0; 16]);
    for (algorithm, short, long) in HMACS {
        let scheme = Scheme::from_toml(&row.replace("hmac-sha256", algorithm)).unwrap();
        for (key, data, expected) in [
            (b"Jefe".to_vec(), "what do ya want for nothing?", short),
            (
                vec![0xaa; 131],
                "Test Using Larger Than Block-Size Key - Hash Key First",
                long,
            ),
        ] {
            let message = Message::new("POST", "/", data);
            let credentials = Credentials::new("", key);
            let parts = message
                .see(|it| scheme.sign(it, &credentials, &moment))
                .unwrap();
            assert_eq!(parts.headers, [("X".to_owned(), expected.to_owned())]);
        }
    }
}
