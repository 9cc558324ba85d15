/** Handles: numbers that stand for what a module keeps, owned by objects. */

import type { Answer } from './frame.js';

/** Names nothing: the module refuses it as `handle_unknown`. */
const NOTHING = 0;

/** Who gives handles and takes them back: the instance of a module. */
export interface Giver {
  /** The verb that every module has. */
  readonly verbs: { close(handle: number): Answer };
  /** Closes the handle once the object that owns it is collected. */
  closeWith(owner: object, handle: number): void;
  /** Takes {@link closeWith} back. */
  keepOpen(owner: object): void;
}

let peek: (object: Handle) => number;
let disown: (object: Handle) => void;

/** An object that owns a handle. It is closed when collected; `using` and {@link close} are sooner. */
export abstract class Handle {
  readonly #giver: Giver;
  #handle: number;

  static {
    peek = (object) => (#handle in object ? object.#handle : NOTHING);
    disown = (object) => {
      object.#handle = NOTHING;
      object.#giver.keepOpen(object);
    };
  }

  /** Owns a handle that was given. */
  protected constructor(giver: Giver, handle: number) {
    this.#giver = giver;
    this.#handle = handle;
    giver.closeWith(this, handle);
  }

  /** Frees what the module keeps for this object, which can't be used after. Closing twice is fine. */
  close(): void {
    const handle = peek(this);
    if (handle === NOTHING) return;
    disown(this);
    this.#giver.verbs.close(handle);
  }

  /** The same as {@link close}, for `using`. */
  [Symbol.dispose](): void {
    this.close();
  }
}

/** A class of handles, whatever its constructor takes. All of one class are of one giver. */
type Kind = Function & { readonly prototype: Handle };

/** The number to pass to the module: that of `thing`, or one that it refuses if `thing` owns none. */
export function handleOf(thing: unknown, kind: Kind): number {
  return thing instanceof Handle && thing instanceof kind ? peek(thing) : NOTHING;
}

/** As {@link handleOf}, and `thing` owns it no longer: for the call that uses it up. */
export function takeFrom(thing: unknown, kind: Kind): number {
  const handle = handleOf(thing, kind);
  if (handle !== NOTHING) disown(thing as Handle);
  return handle;
}
