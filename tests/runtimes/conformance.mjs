/**
 * Runs conformance cases on the package `countersign`: one interpreter, used by every JavaScript runtime.
 *
 * Nothing here belongs to one runtime. A case goes in as JSON has it, with bytes in base64; its answer
 * comes out with exactly the members named below, so that answers can be compared:
 *
 *     base          base, params, label
 *     sign          signature_input, signature, content_digest (null if none is to be added)
 *     check         verdict, effect, action, resource_type, resource_id, reasons, errors, record;
 *                   without a bundle the verdict `verified` alone
 *     digest        field
 *     digest_check  verdict (`ok` or `absent`)
 *     mac           mac
 *     token_check   verdict (`ok`), environment, keyid
 *     any refusal   verdict (its code); and for `check`, problem
 */

/** Of the replay cache that each `check` begins with; the same in every runtime. */
const REPLAY_CAPACITY = 1024;
const REPLAY_SEED = 0x5eed;

/**
 * @param countersign the package, started
 * @param cases the cases, in order
 * @returns one answer for each
 */
export async function run(countersign, cases) {
  const answers = [];
  for (const one of cases) answers.push(await answer(countersign, one));
  return answers;
}

/**
 * Signs and verifies a `Request` of the platform itself, which cases can't be: its random numbers, its
 * streams, its hash of a large body. Throws if it doesn't get through once, and only once.
 */
export async function roundTrip({ generateToken, MemoryReplay, sign, SigningKey, Verifier }) {
  const token = generateToken('test', 'k7');
  const verifier = new Verifier({ keyring: { keys: [{ token }] }, profile: { environment: 'test' } });
  const replay = new MemoryReplay(4);
  for (const body of [undefined, 'small', 'x'.repeat(100_000)]) {
    const plain = new Request('https://api.example.com/v1/orders?dry=1', { method: 'POST', body });
    const request = await sign(plain, SigningKey.fromToken(token));
    await verifier.authenticate(request, { replay });
    const again = await verifier.authenticate(request, { replay }).catch((error) => error);
    if (again.code !== 'replayed') throw new Error(`a request came through twice: ${again}`);
    if ((await request.text()) !== (body ?? '')) throw new Error('verifying a request changed its body');
  }
}

/**
 * Signs by the module that only signs: what it signs by RFC 9421 must verify, and two vendors' pages say what comes of
 * theirs. Throws if not.
 */
export async function signWithSigner({ Signer }, { MemoryReplay, Verifier }) {
  const [keyid, secret] = ['k7', crypto.getRandomValues(new Uint8Array(32))];
  const key = { keyid, environment: 'test', secret: btoa(String.fromCharCode(...secret)) };
  const verifier = new Verifier({ keyring: { keys: [key] }, profile: { environment: 'test' } });
  const [signer, replay] = [new Signer({ keyid, secret }), new MemoryReplay(4)];
  for (const body of [undefined, 'small', 'x'.repeat(100_000)]) {
    const signed = signer.sign({ method: 'POST', url: 'https://api.example.com/v1/orders?dry=1', body });
    await verifier.authenticate(new Request(signed.url, signed), { replay });
  }
  signer.close();
  for (const { init, request, field, value } of PUBLISHED) {
    const { headers } = new Signer(init).sign({ method: 'POST', ...request });
    if (headers[field] !== value) throw new Error(`${init.scheme} signs ${field}: ${headers[field]}, not ${value}`);
  }
}

const PUBLISHED = [
  {
    init: { scheme: 'github', secret: "It's a Secret to Everybody" },
    request: { url: 'https://hooks.example/', body: 'Hello, World!' },
    field: 'X-Hub-Signature-256',
    value: 'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17',
  },
  {
    init: {
      scheme: 'kraken',
      keyid: 'key',
      secret: 'kQH5HW/8p1uGOVjbgWA7FunAmGO8lsSUXNsu3eow76sz84Q18fWxnyRzBHCd3pd5nE9qa99HAZtuZuj6F1huXg==',
    },
    request: {
      url: 'https://api.kraken.com/0/private/AddOrder',
      body: 'nonce=1616492376594&ordertype=limit&pair=XBTUSD&price=37500&type=buy&volume=1.25',
    },
    field: 'API-Sign',
    value: '4/dpxb3iT4tp/ZCVEwSnEsLxx0bqyhLpdfOpc6fn7OR8+UClSV5n9E6aSS8MPtnRfp32bAb0nmbRn6H8ndwLUQ==',
  },
];

async function answer(countersign, one) {
  const kind = Object.hasOwn(KINDS, one.kind) ? KINDS[one.kind] : undefined;
  if (kind === undefined) throw new Error(`case ${one.id}: no kind is called ${one.kind}`);
  try {
    return await kind(countersign, one);
  } catch (error) {
    if (!(error instanceof countersign.Refusal)) throw new Error(`case ${one.id}: ${error}`, { cause: error });
    return { verdict: error.code, ...(one.kind === 'check' && { problem: error.problem }) };
  }
}

const KINDS = {
  base(countersign, one) {
    const message = one.response ?? requestOf(one.request);
    const { label, signatureParams, base } = countersign.inspect(message, one.label ?? '');
    return { base, params: signatureParams, label };
  },

  async sign(countersign, one) {
    const key = countersign.SigningKey.open(one.key.keyid, bytes(one.key.secret));
    const { with_algorithm: withAlgorithm = false, nonce = null, ...options } = one.options;
    try {
      const { headers } = await countersign.sign(requestOf(one.request), key, { ...options, nonce, withAlgorithm });
      return {
        signature_input: headers['signature-input'],
        signature: headers.signature,
        content_digest: headers['content-digest'] ?? null,
      };
    } finally {
      key.close();
    }
  },

  async check(countersign, one) {
    const { request, keyring, profile, now, context, times = 1 } = one;
    const policy = one.bundle === undefined ? undefined : new countersign.Bundle(bytes(one.bundle));
    const verifier = new countersign.Verifier({ keyring, profile, policy });
    const replay = new countersign.MemoryReplay(REPLAY_CAPACITY, REPLAY_SEED);
    const look = policy === undefined ? verify : decide;
    const once = () => look(verifier, requestOf(request), { now, context, replay });
    try {
      // Only the last time counts; what the earlier ones leave behind is in the cache.
      for (let left = times; left > 1; left--) await once().catch(unlessRefusal(countersign));
      return await once();
    } finally {
      replay.close();
      verifier.close();
      policy?.close();
    }
  },

  digest(countersign, one) {
    const body = bytes(one.body);
    if (one.split === undefined) return { field: countersign.contentDigest(body, one.algorithm) };
    const digest = new countersign.ContentDigest(one.algorithm);
    return { field: digest.update(body.subarray(0, one.split)).update(body.subarray(one.split)).finish().field };
  },

  digest_check(countersign, one) {
    const present = countersign.checkContentDigest(one.headers, bytes(one.body), one.field);
    return { verdict: present ? 'ok' : 'absent' };
  },

  mac(countersign, one) {
    return { mac: base64(countersign.hmacSha256(bytes(one.key), bytes(one.message))) };
  },

  token_check(countersign, one) {
    return { verdict: 'ok', ...countersign.tokenCheck(one.token) };
  },
};

async function verify(verifier, request, options) {
  const verified = await verifier.authenticate(request, options);
  verified.close();
  return { verdict: 'verified' };
}

async function decide(verifier, request, options) {
  const decision = await verifier.check(request, options);
  return {
    verdict: decision.code,
    effect: decision.effect,
    action: decision.action,
    resource_type: decision.resource?.type ?? '',
    resource_id: decision.resource?.id ?? '',
    reasons: decision.reasons,
    errors: decision.errors,
    record: decision.record,
  };
}

function unlessRefusal({ Refusal }) {
  return (error) => {
    if (!(error instanceof Refusal)) throw error;
  };
}

function requestOf({ method, target, scheme, headers, body, body_digest: digest, peer }) {
  return {
    method,
    target,
    scheme,
    headers,
    ...(body !== undefined && { body: bytes(body) }),
    ...(digest !== undefined && { bodyDigest: { algorithm: digest.algorithm, value: bytes(digest.value) } }),
    ...(peer !== undefined && { peer }),
  };
}

function bytes(text) {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}

function base64(value) {
  return btoa(String.fromCharCode(...value));
}
