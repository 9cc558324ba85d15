/** The page that `chromium.mjs` opens: runs the cases, shows them, and reports. */

import * as countersign from '/countersign/dist/adapter/browser.js';
import { run } from '/conformance.mjs';

const MARKS = { pass: '\u2713', fail: '\u2717', unjudged: '\u2013' };

const { cases, expected, policy } = await (await fetch('/cases')).json();
try {
  await countersign.init();
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
  const wanted = new Map((expected ?? []).map((result) => [result.id, JSON.stringify(result)]));
  const kinds = new Map();
  const count = { pass: 0, fail: 0, unjudged: 0 };
  results.forEach((result, at) => {
    const want = wanted.get(result.id);
    const mark = want === undefined ? 'unjudged' : want === JSON.stringify(result) ? 'pass' : 'fail';
    count[mark] += 1;
    const { kind } = cases[at];
    kinds.set(kind, [...(kinds.get(kind) ?? []), { result, mark }]);
  });
  put('browser', navigator.userAgent);
  put('sha256', countersign.moduleSha256());
  put('policy', policy);
  const parts = [`${results.length} run`, `${count.pass} as expected`, `${count.fail} not`];
  if (count.unjudged) parts.push(`${count.unjudged} without an expected result`);
  put('counts', parts.join(', '), count.fail ? 'fail' : 'pass');
  document.getElementById('kinds').append(...[...kinds].flatMap(([kind, rows]) => table(kind, rows)));
}

function table(kind, rows) {
  const body = rows.map(({ result, mark }) => row('td', [MARKS[mark], result.id, summary(result)], mark));
  return [
    make('h2', `${kind}: ${rows.length}`),
    make('table', [row('th', ['', 'Case', 'Result']), ...body]),
  ];
}

function row(cell, texts, mark) {
  const made = make('tr', texts.map((text) => make(cell, text)));
  if (mark) made.firstChild.className = mark;
  return made;
}

function summary({ verdict, signature, field, mac, params }) {
  return verdict ?? signature ?? field ?? mac ?? params ?? '';
}

function make(name, content) {
  const made = document.createElement(name);
  made.append(...[content].flat());
  return made;
}

function put(id, text, mark) {
  const element = document.getElementById(id);
  element.textContent = text;
  if (mark) element.className = mark;
}
