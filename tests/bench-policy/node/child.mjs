/**
 * Decides in Node, as the benchmark's child. Each line on stdin is a command, each line on stdout its
 * answer:
 *
 *     {"open": NAME, "case": CASE}    {"allowed", "reasons", "errors"}, or {"skipped": WHY}
 *     {"time": NAME, "times": N}      {"nanoseconds"}
 */

import { createInterface } from 'node:readline';

const contenders = { 'cedar-wasm': cedarWasm, node: compact, 'node/objects': objects };
const opened = new Map();

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await perform(JSON.parse(line)))}\n`);
}

async function perform(command) {
  if (command.open !== undefined) {
    try {
      const contender = await contenders[command.open](command.case);
      opened.set(command.open, contender);
      return contender.answer();
    } catch (error) {
      if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error;
      return { skipped: error.message };
    }
  }
  const { decide } = opened.get(command.time);
  const start = process.hrtime.bigint();
  for (let time = 0; time < command.times; time += 1) decide();
  return { nanoseconds: Number(process.hrtime.bigint() - start) };
}

/**
 * Policies are parsed before. Inside the clock: `statefulIsAuthorized` with a request and entities that
 * are objects already.
 */
async function cedarWasm({ name, policies, request, entities }) {
  const cedar = await import('@cedar-policy/cedar-wasm/nodejs');
  const parsed = cedar.preparsePolicySet(name, { staticPolicies: policies });
  if (parsed.type !== 'success') throw new Error(JSON.stringify(parsed.errors));
  const call = { ...request, entities, preparsedPolicySetId: name };
  const decide = () => cedar.statefulIsAuthorized(call);
  return {
    decide,
    answer() {
      const answer = decide();
      if (answer.type !== 'success') throw new Error(JSON.stringify(answer.errors));
      const { decision, diagnostics } = answer.response;
      return {
        allowed: decision === 'allow',
        reasons: diagnostics.reason,
        errors: diagnostics.errors.map((error) => error.policyId),
      };
    },
  };
}

/**
 * The module, bundle and entities linked before. Inside the clock: `Entities.decideCompact` of a request
 * that is bytes already, and its answer as an object.
 */
async function compact(parts) {
  const { QueryWriter, entities } = await open(parts);
  const bytes = new QueryWriter().write(parts.request).slice();
  const decide = () => entities.decideCompact(bytes);
  return { decide, answer: () => answered(decide()) };
}

/** The same. Inside the clock: `Entities.decide` of a request that is an object. */
async function objects(parts) {
  const { entities } = await open(parts);
  const decide = () => entities.decide(parts.request);
  return { decide, answer: () => answered(decide()) };
}

async function open({ bundle, entities }) {
  const { Bundle, Entities, QueryWriter } = await import('../../../wasm/js/dist/adapter/node.js');
  const opened = new Bundle(Uint8Array.from(bundle));
  return { QueryWriter, entities: new Entities(opened, entities) };
}

function answered({ effect, reasons, errors }) {
  return { allowed: effect === 'allow', reasons, errors };
}
