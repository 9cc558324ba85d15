/**
 * Runs conformance cases on the package `countersign`: one interpreter, used by every JavaScript runtime.
 *
 * Nothing here belongs to one runtime. A case goes in as JSON has it, with bytes in base64; its result
 * comes out with exactly the members named below, in this order, so that texts can be compared:
 *
 *     base          base, params, label
 *     sign          signature_input, signature, content_digest ("" if none is to be added)
 *     check         verdict, effect, action, resource_type, resource_id, reasons, errors, record
 *                   (verdict alone if the case has no bundle)
 *     digest        field
 *     digest_check  verdict ("ok" or "absent")
 *     mac           mac
 *     token_check   verdict ("ok"), environment, keyid
 *     any refusal   verdict (its code), message, problem
 */

/**
 * @param countersign the package, started
 * @param cases the cases, in order
 * @returns one result for each, with the case's `id` first
 */
export async function run(countersign, cases) {
  const results = [];
  for (const one of cases) results.push({ id: one.id, ...(await result(countersign, one)) });
  return results;
}

async function result(countersign, one) {
  const kind = Object.hasOwn(KINDS, one.kind) ? KINDS[one.kind] : undefined;
  if (kind === undefined) throw new Error(`case ${one.id}: no kind is called ${one.kind}`);
  try {
    return await kind(countersign, one);
  } catch (error) {
    if (!(error instanceof countersign.Refusal)) throw new Error(`case ${one.id}: ${error}`, { cause: error });
    return { verdict: error.code, message: error.message, problem: error.problem };
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
        content_digest: headers['content-digest'] ?? '',
      };
    } finally {
      key.close();
    }
  },

  async check(countersign, one) {
    const { now, context } = one;
    const policy = one.bundle === undefined ? undefined : new countersign.Bundle(bytes(one.bundle));
    const verifier = new countersign.Verifier({ keyring: one.keyring, profile: one.profile, policy });
    const replay = new countersign.MemoryReplay(64, 1);
    try {
      const request = requestOf(one.request);
      for (let left = one.times ?? 1; left > 1; left--) {
        await look(verifier, request, { now, context, replay, policy }).catch((error) => {
          if (!(error instanceof countersign.Refusal)) throw error;
        });
      }
      return await look(verifier, request, { now, context, replay, policy });
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

async function look(verifier, request, { policy, ...options }) {
  if (policy === undefined) {
    const verified = await verifier.authenticate(request, options);
    verified.close();
    return { verdict: 'allowed' };
  }
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
