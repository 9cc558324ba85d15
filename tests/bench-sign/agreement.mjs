/** Nobody is timed before all agree: what one signs every other accepts, and none accepts another body. */

/** The request as a contender signs it, with header names in lower case. */
export async function signedBy(contender, request) {
  const fields = contender.fields(await contender.sign());
  const headers = { ...request.headers };
  for (const [name, value] of Object.entries(fields)) headers[name.toLowerCase()] = String(value);
  return { ...request, headers };
}

/** Throws where two contenders disagree. */
export async function agree(contenders, request) {
  for (const signer of contenders) {
    const signed = await signedBy(signer, request);
    const changed = { ...signed, body: Buffer.from(signed.body) };
    changed.body[changed.body.length >> 1] ^= 1;
    for (const judge of contenders) {
      const told = `${judge.name} of a request that ${signer.name} signed`;
      if (judge.signsAgain) {
        // A peer that doesn't verify; what it leaves unsigned itself, ours signs.
        if (!signer.verifier) continue;
        if ((await judge.signsAgain(signed)) !== signed.headers.authorization) throw new Error(`another signature: ${told}`);
        continue;
      }
      if (!judge.verifier) continue;
      if (!(await judge.verifier(signed)())) throw new Error(`not accepted: ${told}`);
      if (await accepts(judge.verifier(changed))) throw new Error(`another body accepted: ${told}`);
    }
  }
}

async function accepts(verify) {
  try {
    return Boolean(await verify());
  } catch {
    return false;
  }
}
