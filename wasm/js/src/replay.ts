/** Replay stores: where it is kept that a signature was used. */

import { Handle } from './handle.js';
import { door, full } from './module.js';

/** What must be spent for a request, once. */
export interface ReplayToken {
  /** 32 hexadecimal digits that stand for the key and its nonce. */
  readonly id: string;
  /** The last second, since 1970, at which the signature could be accepted again. */
  readonly keepUntil: number;
}

/**
 * What a store says: `fresh`, it was not there and is now; `replayed`, it was there; `full` and
 * `unavailable`, nothing can be said, and the request is refused.
 */
export type Spending = 'fresh' | 'replayed' | 'full' | 'unavailable';

/**
 * A store that all verifiers of a key share, such as Redis (`SET id 1 NX EXAT keepUntil`).
 *
 * Asking and keeping must be one atomic step. If it throws, or answers anything else, the request is
 * refused as `replay_store_unavailable`. It must answer in its own time limit.
 */
export interface ReplayStore {
  /** Spends a token: see {@link ReplayToken}. */
  spend(id: string, keepUntil: number): Promise<Spending> | Spending;
}

/** A replay cache in the module's memory, for a verifier that stands alone. */
export class MemoryReplay extends Handle {
  /** The bytes that it takes, all at once. */
  readonly memory: number;

  /**
   * @param capacity how many live tokens it holds: requests a second times the seconds that a signature
   * is accepted. When full of live ones it refuses, and never forgets
   * @param seed whole number that an attacker can't know; random, unless given
   * @throws Refusal `options_malformed` for a capacity that is not 1 to 16,777,216
   */
  constructor(capacity = 65_536, seed: number = randomSeed()) {
    const answer = door().replay_open(capacity, seed);
    super(full, answer.number());
    this.memory = answer.number();
  }
}

function randomSeed(): number {
  const [high = 0, low = 0] = crypto.getRandomValues(new Uint32Array(2));
  return (high & 0x1f_ffff) * 2 ** 32 + low;
}

/** The module's number for what a store said. */
export async function ask(store: ReplayStore, token: ReplayToken): Promise<number> {
  try {
    const answer = ANSWERS.indexOf(await store.spend(token.id, token.keepUntil));
    return answer < 0 ? UNAVAILABLE : answer;
  } catch {
    return UNAVAILABLE;
  }
}

const ANSWERS: readonly Spending[] = ['fresh', 'replayed', 'full', 'unavailable'];
const UNAVAILABLE = 3;
