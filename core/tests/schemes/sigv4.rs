//! AWS Signature Version 4: payloads that are sent in chunks. Its suites are run by `tests/src/signing`.

use countersign_core::scheme::{Chunks, Credentials, Moment, Scheme};
use countersign_core::{Code, Refusal};

use crate::support::Message;

/// The request of S3's own example, streamed in the way that its hash says.
fn streamed(way: &str) -> (Message, Credentials) {
    let mut message = Message::new("PUT", "/examplebucket/chunkObject.txt", "")
        .header("Host", "s3.amazonaws.com")
        .header("x-amz-storage-class", "REDUCED_REDUNDANCY")
        .header("Content-Encoding", "aws-chunked")
        .header("x-amz-decoded-content-length", "66560")
        .header("Content-Length", "66824")
        .header("x-amz-content-sha256", way);
    if way.ends_with("TRAILER") {
        message = message.header("x-amz-trailer", "x-amz-checksum-crc32c");
    }
    let credentials = Credentials::new(
        "AKIAIOSFODNN7EXAMPLE",
        "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    )
    .option("region", "us-east-1")
    .option("service", "s3");
    let scheme = Scheme::named("aws-sigv4").unwrap();
    let moment = Moment::new(1_369_353_600_000, [0; 16]);
    let parts = message
        .see(|it| scheme.sign(it, &credentials, &moment))
        .unwrap();
    (message.signed(parts), credentials)
}

fn code<T>(result: Result<T, Refusal>) -> Option<Code> {
    result.err().map(|refusal| refusal.code())
}

#[test]
fn chunks_are_signed_as_in_the_documentation_of_s3() {
    let (message, credentials) = streamed("STREAMING-AWS4-HMAC-SHA256-PAYLOAD");
    let scheme = Scheme::named("aws-sigv4").unwrap();
    let authentic = message
        .see(|it| scheme.verify(it, &[&credentials], 1_369_353_600_000, None))
        .unwrap();
    assert_eq!(authentic.timestamp_ms(), Some(1_369_353_600_000));
    let new = || message.see(|it| Chunks::new(it, &credentials)).unwrap();
    let chunks = [vec![b'a'; 65536], vec![b'a'; 1024], Vec::new()];
    let lines = [
        "10000;chunk-signature=ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648",
        "400;chunk-signature=0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497",
        "0;chunk-signature=b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9",
    ];
    let (mut signer, mut verifier) = (new(), new());
    for (chunk, line) in chunks.iter().zip(lines) {
        assert!(!verifier.is_complete());
        assert_eq!(signer.sign(chunk).unwrap(), line);
        verifier.verify(line, chunk).unwrap();
    }
    assert!(verifier.is_complete() && signer.is_complete());
    assert_eq!(
        code(verifier.verify(lines[2], b"")),
        Some(Code::BodyMalformed)
    );
    assert_eq!(code(signer.sign(b"")), Some(Code::OptionsMalformed));

    let mut out_of_order = new();
    assert_eq!(
        code(out_of_order.verify(lines[1], &chunks[1])),
        Some(Code::SignatureMismatch)
    );
    let mut changed = new();
    assert_eq!(
        code(changed.verify(lines[0], &vec![b'b'; 65536])),
        Some(Code::SignatureMismatch)
    );
    assert_eq!(
        code(changed.verify(lines[1], &chunks[0])),
        Some(Code::SignatureMalformed)
    );
    assert_eq!(
        code(changed.verify("10000", &chunks[0])),
        Some(Code::SignatureMalformed)
    );
    changed.verify(lines[0], &chunks[0]).unwrap();
}

#[test]
fn trailers_are_signed_where_chunks_are() {
    let trailers = "x-amz-checksum-crc32c:sOO8/Q==\n";
    for way in [
        "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
        "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
    ] {
        let is_signed = way.contains("AWS4");
        let (message, credentials) = streamed(way);
        let new = || message.see(|it| Chunks::new(it, &credentials)).unwrap();
        let (mut signer, mut verifier) = (new(), new());
        for chunk in [&b"some bytes"[..], b""] {
            let line = signer.sign(chunk).unwrap();
            assert_eq!(line.contains(';'), is_signed);
            verifier.verify(&line, chunk).unwrap();
            assert!(
                !verifier.is_complete(),
                "{way}: the trailers are still to come"
            );
        }
        let signature = signer.sign_trailers(trailers).unwrap();
        assert_eq!(signature.is_some(), is_signed);
        for wrong in [
            "",
            "x-amz-checksum-crc32:sOO8/Q==\n",
            "x-amz-checksum-crc32c:sOO8/Q==",
            "x-amz-checksum-crc32c:a\nb:c\n",
        ] {
            assert_eq!(
                code(verifier.verify_trailers(wrong, signature.as_deref())),
                Some(Code::BodyMalformed)
            );
        }
        if is_signed {
            assert_eq!(
                code(verifier.verify_trailers(trailers, None)),
                Some(Code::SignatureMissing)
            );
            let changed = "x-amz-checksum-crc32c:sOO8/R==\n";
            assert_eq!(
                code(verifier.verify_trailers(changed, signature.as_deref())),
                Some(Code::SignatureMismatch)
            );
        }
        assert!(!verifier.is_complete());
        verifier
            .verify_trailers(trailers, signature.as_deref())
            .unwrap();
        assert!(verifier.is_complete());
    }
}

#[test]
fn a_request_that_is_not_streamed_has_no_chunks() {
    let (message, credentials) = streamed("UNSIGNED-PAYLOAD");
    assert_eq!(
        code(message.see(|it| Chunks::new(it, &credentials))),
        Some(Code::ParameterMalformed)
    );
}

#[test]
fn trailers_are_signed_as_in_the_documentation_of_s3() {
    let (mut message, credentials) = streamed("STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER");
    // This example leaves the length out.
    message
        .headers
        .retain(|(name, _)| name != "Content-Length" && name != "Authorization");
    let scheme = Scheme::named("aws-sigv4").unwrap();
    let moment = Moment::new(1_369_353_600_000, [0; 16]);
    let message = message.signed(
        message
            .see(|it| scheme.sign(it, &credentials, &moment))
            .unwrap(),
    );
    let seed = "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e";
    assert!(message.value("Authorization").unwrap().ends_with(seed));
    let mut chunks = message.see(|it| Chunks::new(it, &credentials)).unwrap();
    for (chunk, signature) in [
        (
            vec![b'a'; 65536],
            "b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2",
        ),
        (
            vec![b'a'; 1024],
            "1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7",
        ),
        (
            Vec::new(),
            "2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992",
        ),
    ] {
        assert!(chunks.sign(&chunk).unwrap().ends_with(signature));
    }
    let signature = chunks
        .sign_trailers("x-amz-checksum-crc32c:sOO8/Q==\n")
        .unwrap();
    let expected = "d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435";
    assert_eq!(signature.as_deref(), Some(expected));
}

#[test]
fn without_a_host_field_the_one_that_the_client_will_send_is_signed() {
    let scheme = Scheme::named("aws-sigv4").unwrap();
    let credentials = Credentials::new("AKIDEXAMPLE", "secret")
        .option("region", "eu-west-1")
        .option("service", "execute-api");
    let moment = Moment::new(1_700_000_000_000, [0; 16]);
    for (url, host) in [
        ("https://API.example.com:443/x", "api.example.com"),
        ("http://localhost:80/x", "localhost"),
        ("https://localhost:80/x", "localhost:80"),
        ("http://[::1]:4566/x", "[::1]:4566"),
    ] {
        let signed = |message: Message| message.see(|it| scheme.base(it, &credentials, &moment));
        let told = Message::new("GET", "/x", "").header("Host", host);
        let left_out = Message::new("GET", url, "");
        assert_eq!(signed(left_out).unwrap(), signed(told).unwrap(), "{url}");
    }
}
