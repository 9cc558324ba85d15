/** Handles: numbers that stand for what the module keeps, owned by objects. */

import { Answer } from './frame.js';
import { door } from './module.js';

/** Names nothing: the module refuses it as `handle_unknown`. */
const NOTHING = 0;

// The module never gives a number out twice, so closing one that was used meanwhile does no harm.
// Workers of an old compatibility date have no registry: there, what isn't closed stays.
const abandoned =
  typeof FinalizationRegistry === 'function'
    ? new FinalizationRegistry<number>((handle) => void door().close(handle))
    : undefined;

let peek: (object: Handle) => number;
let disown: (object: Handle) => void;

/** An object that owns a handle. It is closed when collected; `using` and {@link close} are sooner. */
export abstract class Handle {
  #handle: number;

  static {
    peek = (object) => (#handle in object ? object.#handle : NOTHING);
    disown = (object) => {
      object.#handle = NOTHING;
      abandoned?.unregister(object);
    };
  }

  /** Owns a handle that the module gave. */
  protected constructor(handle: number) {
    this.#handle = handle;
    abandoned?.register(this, handle, this);
  }

  /** Frees what the module keeps for this object, which can't be used after. Closing twice is fine. */
  close(): void {
    const handle = peek(this);
    if (handle === NOTHING) return;
    disown(this);
    Answer.of(door().close(handle));
  }

  /** The same as {@link close}, for `using`. */
  [Symbol.dispose](): void {
    this.close();
  }
}

/** A class of handles, whatever its constructor takes. */
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
