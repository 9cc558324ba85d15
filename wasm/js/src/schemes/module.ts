/** The instance of the module of vendors' schemes. */

import * as glue from '../../generated/countersign-schemes.js';

import { Instance } from '../instance.js';
import { NUMBERS, type Verbs } from './verbs.js';

/** What everything of the entry `countersign/schemes` runs on. */
export const vendors = new Instance<Verbs>(glue, NUMBERS);

/** The module's verbs. */
export function door(): Verbs {
  return vendors.verbs;
}
