/**
 * Answers calls at the door of a module: one interpreter, used by every JavaScript runtime.
 *
 * A call is `[verb, frame]`, a reply is a frame, frames in base64. A call that traps ends the batch with
 * `{at, error}`.
 */

/** @param module the exports of the module, started */
export function answer(module, calls) {
  const replies = [];
  for (const [verb, frame] of calls) {
    try {
      replies.push(base64(call(module, verb, bytes(frame))));
    } catch (error) {
      return { at: replies.length, error: `${error}` };
    }
  }
  return replies;
}

/** By the plain exports, as `docs/abi.md` says. */
function call({ memory, countersign_alloc, countersign_call, countersign_free }, verb, frame) {
  const length = Math.max(1, frame.length);
  const address = countersign_alloc(length) >>> 0;
  new Uint8Array(memory.buffer, address, length).set(frame);
  const reply = BigInt.asUintN(64, countersign_call(verb, address, frame.length));
  const copy = new Uint8Array(memory.buffer, Number(reply >> 32n), Number(reply & 0xffff_ffffn)).slice();
  countersign_free(address, length);
  return copy;
}

function bytes(text) {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}

function base64(value) {
  let text = '';
  for (const byte of value) text += String.fromCharCode(byte);
  return btoa(text);
}
