import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

const root = new URL('../', import.meta.url);
const manifest = JSON.parse(readFileSync(new URL('package.json', root), 'utf8'));

function targets(entry) {
  return typeof entry === 'string' ? [entry] : Object.values(entry).flatMap(targets);
}

test('every sub-path leads to files that are published', () => {
  for (const [path, entry] of Object.entries(manifest.exports)) {
    for (const target of targets(entry)) {
      assert.ok(existsSync(new URL(target, root)), `${path}: ${target}`);
      const published = manifest.files.some((folder) => target.startsWith(`./${folder}/`));
      assert.ok(published || target === './package.json', `${target} is not published`);
    }
  }
});

test('every condition names its types first', () => {
  for (const [path, entry] of Object.entries(manifest.exports)) {
    const conditions = Object.hasOwn(entry, 'node') ? Object.values(entry) : [entry];
    for (const condition of conditions) {
      if (typeof condition === 'string') continue;
      assert.deepEqual(Object.keys(condition), ['types', 'default'], path);
    }
  }
});

test('each runtime finds its own entry, and the others the browser’s', () => {
  for (const path of ['.', './schemes', './complete', './sign']) {
    const entries = manifest.exports[path];
    assert.deepEqual(Object.keys(entries), ['workerd', 'node', 'browser', 'default']);
    for (const runtime of ['workerd', 'node', 'browser']) {
      assert.deepEqual(entries[runtime], manifest.exports[`${path}/${runtime}`]);
    }
    assert.deepEqual(entries.default, manifest.exports[`${path}/browser`]);
  }
});

test('every entry exports the same, and its own', async () => {
  for (const path of ['countersign', 'countersign/schemes', 'countersign/sign']) {
    const node = await import(`${path}/node`);
    const browser = await import(`${path}/browser`);
    assert.equal(await import(path), node);
    const common = (entry, own) => Object.keys(entry).filter((name) => name !== own);
    assert.deepEqual(common(node, 'fromIncoming'), common(browser, 'init'));
  }
});

test('nothing but the adapters knows where it runs', () => {
  for (const folder of [new URL('dist/', root), new URL('dist/schemes/', root), new URL('dist/complete/', root), new URL('dist/sign/', root)]) {
    for (const file of readdirSync(folder).filter((name) => name.endsWith('.js'))) {
      const source = readFileSync(new URL(file, folder), 'utf8');
      assert.doesNotMatch(source, /from 'node:|\bprocess\.|\bBuffer\b|\bwindow\b|\bnavigator\b|\brequire\(/, file);
    }
  }
});

test('only the entries that start the module have side effects', () => {
  const starting = ['', 'schemes/', 'complete/', 'sign/'].flatMap((entry) => ['node', 'workerd'].map((name) => `./dist/${entry}adapter/${name}.js`));
  assert.deepEqual(manifest.sideEffects, starting);
});

test('there are no runtime dependencies, and the lock file holds no addresses', () => {
  assert.equal(manifest.dependencies, undefined);
  const lock = JSON.parse(readFileSync(new URL('package-lock.json', root), 'utf8'));
  for (const [name, entry] of Object.entries(lock.packages)) assert.equal(entry.resolved, undefined, name);
});

test('the README names every scheme that is built in', () => {
  const readme = readFileSync(new URL('README.md', root), 'utf8');
  const list = /^Built in: ([^.]*)\./m.exec(readme)?.[1].match(/[^`,\s]+/g);
  const rows = readdirSync(new URL('../../core/schemes/', root)).map((file) => file.replace('.toml', ''));
  assert.deepEqual(list, rows.sort());
});
