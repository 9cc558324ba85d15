/** Requests to policy in the compact form (`docs/abi.md`): no JSON, no object tree in the module. */

import type { EntityUid } from './decision.js';
import type { CedarValue, Context } from './verifier.js';

/** What is asked of policy alone: may this principal do this action on this resource. */
export interface Query {
  readonly principal: EntityUid;
  readonly action: EntityUid;
  readonly resource: EntityUid;
  /** What else is known; `{"__entity": ..}` and `{"__extn": ..}` as in Cedar's JSON format. */
  readonly context?: Context;
}

const FALSE = 0;
const TRUE = 1;
const LONG = 2;
const STRING = 3;
const ENTITY = 4;
const SET = 5;
const RECORD = 6;
/** A constructor of an extension type, and the text that the module reads by it. */
const CALL = 11;

const encoder = new TextEncoder();

/** Writes queries, into memory that it keeps. */
export class QueryWriter {
  #bytes = new Uint8Array(1024);
  #view = new DataView(this.#bytes.buffer);
  #at = 0;

  /**
   * The query in the compact form; good until the next one.
   *
   * @throws TypeError for a value that Cedar hasn't
   */
  write(query: Query): Uint8Array {
    this.#at = 0;
    this.#entity(query.principal);
    this.#entity(query.action);
    this.#entity(query.resource);
    this.#record(query.context ?? {});
    return this.#bytes.subarray(0, this.#at);
  }

  #entity(uid: EntityUid): void {
    this.#text(uid.type);
    this.#text(uid.id);
  }

  #record(record: Context): void {
    const names = Object.keys(record);
    this.#count(names.length);
    for (const name of names) {
      this.#text(name);
      this.#value(record[name] as CedarValue);
    }
  }

  #value(value: CedarValue | bigint): void {
    switch (typeof value) {
      case 'boolean':
        return this.#byte(value ? TRUE : FALSE);
      case 'string':
        this.#byte(STRING);
        return this.#text(value);
      case 'number':
        if (!Number.isSafeInteger(value)) throw new TypeError(`${value} is not an integer that a number holds exactly`);
        return this.#long(BigInt(value));
      case 'bigint':
        return this.#long(value);
    }
    if (Array.isArray(value)) {
      this.#byte(SET);
      this.#count(value.length);
      for (const element of value) this.#value(element);
    } else if (value === null || typeof value !== 'object') {
      throw new TypeError('Cedar has no such value');
    } else if ('__entity' in value) {
      this.#byte(ENTITY);
      this.#entity(value['__entity'] as unknown as EntityUid);
    } else if ('__extn' in value) {
      const { fn, arg } = value['__extn'] as { readonly [name: string]: unknown };
      if (typeof fn !== 'string' || typeof arg !== 'string') throw new TypeError('`__extn` takes `fn` and `arg`, two strings');
      this.#byte(CALL);
      this.#text(fn);
      this.#text(arg);
    } else {
      this.#byte(RECORD);
      this.#record(value as Context);
    }
  }

  #long(value: bigint): void {
    this.#byte(LONG);
    this.#reserve(8);
    this.#view.setBigInt64(this.#at, value, true);
    this.#at += 8;
  }

  #byte(byte: number): void {
    this.#reserve(1);
    this.#bytes[this.#at++] = byte;
  }

  #count(count: number): void {
    this.#reserve(4);
    this.#view.setUint32(this.#at, count, true);
    this.#at += 4;
  }

  #text(text: string): void {
    this.#reserve(4 + 3 * text.length);
    const from = this.#at + 4;
    let length = text.length;
    // Most texts are short and ASCII: a loop is faster than the encoder.
    for (let index = 0; index < length; index++) {
      const unit = text.charCodeAt(index);
      if (unit > 0x7f) {
        length = encoder.encodeInto(text, this.#bytes.subarray(from)).written;
        break;
      }
      this.#bytes[from + index] = unit;
    }
    this.#view.setUint32(this.#at, length, true);
    this.#at = from + length;
  }

  #reserve(more: number): void {
    const need = this.#at + more;
    if (need <= this.#bytes.length) return;
    const bytes = new Uint8Array(Math.max(need, 2 * this.#bytes.length));
    bytes.set(this.#bytes);
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer);
  }
}
