/**
 * Answers calls at the door of a module: one interpreter, used by every JavaScript runtime.
 *
 * A call is `[verb, frame]`, a reply is a frame, frames in base64. A call that traps ends the batch with
 * `{at, error}`.
 */

/** @param glue what was made beside the module, started */
export function answer(glue, calls) {
  const replies = [];
  for (const [verb, frame] of calls) {
    try {
      replies.push(base64(glue.call(verb, bytes(frame))));
    } catch (error) {
      return { at: replies.length, error: `${error}` };
    }
  }
  return replies;
}

function bytes(text) {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}

function base64(value) {
  let text = '';
  for (const byte of value) text += String.fromCharCode(byte);
  return btoa(text);
}
