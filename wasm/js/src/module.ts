/** The instance of the full module. */

import * as glue from '../generated/countersign.js';

import { Instance } from './instance.js';
import { NUMBERS, type Verbs } from './verbs.js';

/** What everything of the package's main entry runs on. */
export const full = new Instance<Verbs>(glue, NUMBERS);

/** The module's verbs. */
export function door(): Verbs {
  return full.verbs;
}
