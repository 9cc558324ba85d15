/** The page that `chromium.mjs` opens: runs the cases, shows them, and reports. */

import * as countersign from '/countersign/dist/adapter/browser.js';
import * as signing from '/countersign/dist/sign/adapter/browser.js';
import { roundTrip, run, signWithSigner } from '/conformance.mjs';

const MARKS = { pass: '\u2713', fail: '\u2717', unjudged: '\u2013' };

const { cases, expected, policy } = await (await fetch('/cases')).json();
try {
  await Promise.all([countersign.init(), signing.init()]);
  await roundTrip(countersign);
  await signWithSigner(signing, countersign);
  const results = await run(countersign, cases);
  show(results);
  await tell({ sha256: countersign.moduleSha256(), results });
} catch (error) {
  put('counts', `${error}`, 'fail');
  await tell({ error: `${error.stack}` });
}

async function tell(message) {
  await fetch('/report', { method: 'POST', body: JSON.stringify(message) });
}

function show(results) {
  const kinds = new Map();
  const count = { pass: 0, fail: 0, unjudged: 0 };
  results.forEach((result, at) => {
    const { id, kind, expect } = cases[at];
    const mark = judge(result, expected?.[at], expect ?? {});
    count[mark] += 1;
    kinds.set(kind, [...(kinds.get(kind) ?? []), { id, result, mark }]);
  });
  put('browser', navigator.userAgent);
  put('sha256', countersign.moduleSha256());
  put('policy', policy);
  const parts = [`${results.length} run`, `${count.pass} as expected`, `${count.fail} not`];
  if (count.unjudged) parts.push(`${count.unjudged} without an expectation`);
  put('counts', parts.join(', '), count.fail ? 'fail' : 'pass');
  document.getElementById('kinds').append(...[...kinds].flatMap(([kind, rows]) => section(kind, rows)));
}

/** Against another runtime's whole answer if there is one, else against the members that the case expects. */
function judge(result, other, expect) {
  if (other === undefined && Object.keys(expect).length === 0) return 'unjudged';
  const right = other === undefined
    ? Object.keys(expect).every((name) => same(result[name], expect[name]))
    : same(result, other);
  return right ? 'pass' : 'fail';
}

/** Whether two values of JSON are the same; members have no order. */
function same(a, b) {
  if (a === null || b === null || typeof a !== 'object' || typeof b !== 'object') return a === b;
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => Object.hasOwn(b, name) && same(a[name], b[name]));
}

function section(kind, rows) {
  const passed = rows.filter(({ mark }) => mark === 'pass').length;
  const title = make('h2', kind, passed === rows.length ? 'pass' : '');
  title.append(make('small', `${passed} of ${rows.length} as expected`));
  const list = make('ul', rows.map(({ id, result, mark }) => {
    const item = make('li', [make('b', MARKS[mark], mark), make('span', id), make('code', summary(result))]);
    item.title = `${id}\n${JSON.stringify(result, null, 2)}`;
    return item;
  }));
  return [title, list];
}

function summary({ verdict, signature, field, mac, params }) {
  return verdict ?? signature ?? field ?? mac ?? params;
}

function make(name, content, mark) {
  const made = document.createElement(name);
  made.append(...[content].flat());
  if (mark) made.className = mark;
  return made;
}

function put(id, text, mark) {
  const element = document.getElementById(id);
  element.textContent = text;
  if (mark) element.className = mark;
}
