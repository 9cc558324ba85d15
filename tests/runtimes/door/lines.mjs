/** What the drivers share: the module, and lines of JSON with the program that started us. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { PACKAGE, skip } from '../driver.mjs';

/** The module's file and its glue's, by the name on the command line. */
export function moduleFiles() {
  const name = process.argv[2];
  if (name === undefined) {
    process.stderr.write('usage: RUNTIME.mjs MODULE\n');
    process.exit(2);
  }
  const file = (end) => join(PACKAGE, 'generated', `${name}.${end}`);
  if (!existsSync(file('wasm')) || !existsSync(file('js'))) skip(`${name} is not built: \`cargo xtask build\``);
  return { wasm: file('wasm'), js: file('js') };
}

/** Greets, then answers each line of calls, until there are no more. */
export async function serve(version, sha256, answer) {
  say({ version, sha256 });
  for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
    say(await answer(JSON.parse(line)));
  }
}

function say(value) {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}
