/** The states of a request before policy: each is used up by the next. */

import type { Answer } from './frame.js';
import { Handle, handleOf, takeFrom } from './handle.js';
import { door, full } from './module.js';
import { ask, MemoryReplay, type ReplayStore, type ReplayToken } from './replay.js';

/**
 * A request whose signature, times and body were right. It may still be a replay: {@link spend} its
 * token before anything else.
 */
export class Authentic extends Handle {
  /** Only for the compiler, which else takes classes of one shape for one type. */
  declare protected readonly state: 'authentic';
  /** The key that signed. */
  readonly keyid: string;
  /** What must be spent. */
  readonly replayToken: ReplayToken;

  /** Made by `Verifier.verify`, out of the module's answer. */
  constructor(answer: Answer) {
    super(full, answer.number());
    this.keyid = answer.text();
    this.replayToken = { id: answer.hex(), keepUntil: answer.number() };
  }

  /**
   * What proves to anybody who signed: JSON, that `countersign evidence verify` checks. None where the key is
   * a shared secret, by which the verifier could have signed itself.
   *
   * @throws Refusal `handle_unknown` if the request was used
   */
  evidence(): string | undefined {
    return evidenceOf(handleOf(this, Authentic));
  }

  /**
   * Spends the token, which uses this object up whatever comes of it.
   *
   * @param now seconds since 1970, for a {@link MemoryReplay}; now, unless given
   * @throws Refusal `replayed`, `replay_cache_full`, `replay_store_unavailable`; `handle_unknown` if it
   * was used before
   */
  async spend(replay: ReplayStore | MemoryReplay, now: number = seconds()): Promise<Verified> {
    // Taken before the store is asked: a second call meanwhile finds nothing.
    const handle = takeFrom(this, Authentic);
    try {
      const answer =
        replay instanceof MemoryReplay
          ? door().spend(handle, handleOf(replay, MemoryReplay), now)
          : door().spent(handle, handle ? await ask(replay, this.replayToken) : 0);
      return new Verified(answer, this.keyid);
    } catch (error) {
      // Without its cache the module keeps the request.
      full.abandon(handle);
      throw error;
    }
  }
}

/** A request that is authentic and new. Only this can be asked about. */
export class Verified extends Handle {
  /** Only for the compiler, as in {@link Authentic}. */
  declare protected readonly state: 'verified';
  /** The key that signed. */
  readonly keyid: string;

  /** Made by {@link Authentic.spend}, out of the module's answer. */
  constructor(answer: Answer, keyid: string) {
    super(full, answer.number());
    this.keyid = keyid;
  }

  /** As {@link Authentic.evidence}, until the policy was asked. */
  evidence(): string | undefined {
    return evidenceOf(handleOf(this, Verified));
  }
}

function evidenceOf(handle: number): string | undefined {
  return door().evidence(handle).text() || undefined;
}

/** Now, in seconds since 1970. */
export function seconds(): number {
  return Math.floor(Date.now() / 1000);
}
