/** A module and its one instance. */

import { Door, type Glue, open } from './door.js';
import type { Giver } from './handle.js';
import { Refusal } from './refusal.js';

/** A module of this package: started once, and shared by all that its entry exports. */
export class Instance<Verbs extends Giver['verbs'] = Giver['verbs']> implements Giver {
  readonly #glue: Glue;
  readonly #numbers: { readonly [Verb in keyof Verbs]: number };
  #verbs: Verbs | undefined;
  #sha256: string | undefined;
  // The module never gives a number out twice, so closing one that was used meanwhile does no harm.
  // Workers of an old compatibility date have no registry: there, what isn't closed stays.
  readonly #abandoned =
    typeof FinalizationRegistry === 'function'
      ? new FinalizationRegistry<number>((handle) => this.abandon(handle))
      : undefined;

  /** A module by its glue and the numbers of its verbs, not started yet. */
  constructor(glue: Glue, numbers: { readonly [Verb in keyof Verbs]: number }) {
    this.#glue = glue;
    this.#numbers = numbers;
  }

  /**
   * Starts the module, once; later calls change nothing.
   *
   * @param sha256 of the module's bytes in hexadecimal, where the adapter could compute it
   */
  start(module: WebAssembly.Module, sha256?: string): void {
    if (this.#verbs) return;
    const { memory } = this.#glue.initSync({ module });
    this.#verbs = open<Verbs>(new Door(this.#glue, memory), this.#numbers);
    this.#sha256 = sha256;
  }

  /** Whether the module has been started. */
  get isStarted(): boolean {
    return this.#verbs !== undefined;
  }

  /** The SHA-256 that it was started with. */
  get sha256(): string | undefined {
    return this.#sha256;
  }

  /** The module's verbs. */
  get verbs(): Verbs {
    if (!this.#verbs) {
      throw new Error('countersign is not started: await init() first (in Node and workerd, importing the package starts it)');
    }
    return this.#verbs;
  }

  /** Wipes the module's last reply. */
  forget(): void {
    this.#glue.forget();
  }

  /** Closes a handle that may be used up. */
  abandon(handle: number): void {
    try {
      this.verbs.close(handle);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
    }
  }

  closeWith(owner: object, handle: number): void {
    this.#abandoned?.register(owner, handle, owner);
  }

  keepOpen(owner: object): void {
    this.#abandoned?.unregister(owner);
  }
}
