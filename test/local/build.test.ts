import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type BuiltFunction, buildFunctions } from '../../bin/build.ts';
import { compile, functionsOf } from '../../lambda/model/index.ts';
import model from '../../model/flights.ts';
import { unreachable } from './unreachable.ts';

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});
function makeFolder(prefix: string): string {
  const folder = mkdtempSync(join(tmpdir(), prefix));
  folders.push(folder);
  return folder;
}

const projectRoot = fileURLToPath(new URL('../..', import.meta.url));

describe('buildFunctions', () => {
  const root = sampleRoot({
    parsing: `import { parse } from 'libpg-query';
      export const handler = async (event: { sql: string }) => (await parse(event.sql)).stmts?.length;`,
    logging: `import { Producer } from '@platformatic/kafka';
      export const handler = async () => typeof Producer;`,
    native: `import { DuckDBInstance } from '@duckdb/node-api';
      export const handler = async () => {
        const connection = await (await DuckDBInstance.create()).connect();
        return (await connection.runAndReadAll('select 42')).getRowsJson();
      };`,
    plain: `import pg from 'pg';
      class NamedError extends Error { override name = 'NamedError'; }
      export const handler = async () => [typeof pg.Pool, typeof require, __filename.endsWith('index.js'), new NamedError().name];`,
  });
  const outDir = join(root, 'out');
  let built: readonly BuiltFunction[] = [];
  beforeAll(async () => {
    built = await buildFunctions({ root, outDir, names: ['parsing', 'logging', 'native', 'plain'] });
  });

  test('makes a folder a function with the handler in dist/ and the module type beside it', () => {
    for (const { name, folder, handler, bytes } of built) {
      expect(folder).toBe(join(outDir, name));
      expect(handler).toBe('dist/index.handler');
      expect(statSync(join(folder, 'dist', 'index.js')).size).toBe(bytes);
      expect(JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))).toEqual({ type: 'module' });
    }
  });

  test('puts WebAssembly beside the bundles that use it, and beside no other', () => {
    expect(built.map(({ name, wasm }) => [name, wasm])).toEqual([
      ['parsing', ['libpg-query.wasm']],
      ['logging', ['native.wasm']],
      ['native', []],
      ['plain', []],
    ]);
    expect(readdirSync(join(outDir, 'parsing', 'dist')).sort()).toEqual(['index.js', 'libpg-query.wasm']);
    expect(readdirSync(join(outDir, 'plain', 'dist'))).toEqual(['index.js']);
  });

  test('keeps apart what the query function imports when it is needed, and of that nothing of an earlier build', async () => {
    const sources = (lazy: string) =>
      sampleRoot({
        query: `export const handler = async () => (await import('./${lazy}.ts')).text;`,
        one: "export const text = 'one'.repeat(2000);",
        two: "export const text = 'two'.repeat(2000);",
      });
    const into = makeFolder('polystore-lazy-');
    const handlers = ['query'];

    await buildFunctions({ root: sources('one'), outDir: into, names: handlers });
    const [second] = await buildFunctions({ root: sources('two'), outDir: into, names: handlers });

    const files = readdirSync(join(into, 'query', 'dist'));
    expect(files).toEqual(['index.js', expect.stringMatching(/^two-/)]);
    expect(second?.bytesInAll).toBe(
      files.reduce((sum, file) => sum + statSync(join(into, 'query', 'dist', file)).size, 0),
    );
    expect(second?.bytes).toBe(statSync(join(into, 'query', 'dist', 'index.js')).size);
    expect(runClean(copyAway(join(into, 'query')), 'handler()')).toBe('two'.repeat(2000));
  });

  test('puts packages with a native library beside the bundles that use them, and beside no other', () => {
    const folders = ['parsing', 'logging', 'native', 'plain'].filter((name) =>
      readdirSync(join(outDir, name)).includes('node_modules'),
    );

    expect(folders).toEqual(['native']);
    expect(built.find(({ name }) => name === 'native')?.packages).toContain(
      '@duckdb/node-bindings-linux-x64',
    );
    expect(statSync(join(outDir, 'native', 'dist', 'index.js')).size).toBeLessThan(10_000);
  });

  test('does not copy a library again that is there', async () => {
    const library = join(outDir, 'native', 'node_modules/@duckdb/node-bindings-linux-x64/libduckdb.so');
    const before = statSync(library);

    await buildFunctions({ root, outDir, names: ['native'] });

    expect(statSync(library)).toEqual(before);
  });

  test.each([
    ['native', {}, [[42]]],
    ['parsing', { sql: 'select 1; select 2' }, 2],
    ['logging', {}, 'function'],
    ['plain', {}, ['function', 'function', true, 'NamedError']],
  ])('the bundle %s runs where no node_modules is reachable', (name, event, expected) => {
    const folder = copyAway(join(outDir, name));

    expect(runClean(folder, `handler(${JSON.stringify(event)})`)).toEqual(expected);
  });

  test('gives the same bytes for the same sources, in another folder too', async () => {
    const elsewhere = mkdtempSync(join(tmpdir(), 'polystore-out-'));

    await buildFunctions({ root, outDir: elsewhere, names: ['parsing', 'logging', 'native', 'plain'] });

    expect(hashes(elsewhere)).toEqual(hashes(outDir));
  });

  test('does not write what would not change', async () => {
    const file = join(outDir, 'plain', 'dist', 'index.js');
    const before = statSync(file).mtimeMs;

    await buildFunctions({ root, outDir, names: ['plain'] });

    expect(statSync(file).mtimeMs).toBe(before);
  });

  test('keeps esbuild’s account of the contents outside the folders that are deployed', () => {
    const account = JSON.parse(readFileSync(join(outDir, 'parsing.meta.json'), 'utf8'));

    expect(Object.keys(account.inputs).some((path) => path.includes('libpg-query'))).toBe(true);
    expect(Object.keys(account.inputs).some((path) => path.includes('@platformatic'))).toBe(false);
  });

  test('names the handler that is missing', async () => {
    await expect(buildFunctions({ root, outDir, names: ['plain', 'absent'] })).rejects.toMatchObject({
      code: 'setup_failed',
      message: expect.stringMatching(/lambda\/handlers\/absent\.ts/),
    });
  });

  test('tells what esbuild says of a source that cannot be bundled', async () => {
    const broken = sampleRoot({ broken: "import './not-there.ts'; export const handler = 1;" });

    await expect(
      buildFunctions({ root: broken, outDir: join(broken, 'out'), names: ['broken'] }),
    ).rejects.toMatchObject({ code: 'setup_failed', message: expect.stringMatching(/not-there\.ts/) });
  });
});

describe('the deployed functions', () => {
  const specs = functionsOf(compile(model));
  const outDir = mkdtempSync(join(tmpdir(), 'polystore-deployed-'));
  let deployed: readonly BuiltFunction[] = [];
  beforeAll(async () => {
    deployed = await buildFunctions({ root: projectRoot, outDir });
  });

  test('only those that are said to carry a native library do', () => {
    const carrying = deployed.filter(({ packages }) => packages.length > 0).map(({ name }) => name);

    expect(carrying).toEqual(
      specs.filter(({ architecture }) => architecture === 'x86_64').map(({ name }) => name),
    );
  });

  test.each(specs.map(({ name }) => name))('%s loads where no node_modules is reachable', (name) => {
    // Cold starts grow steeply above 8 MB (DESIGN §10).
    expect(statSync(join(outDir, name, 'dist', 'index.js')).size).toBeLessThan(8_000_000);
    expect(runClean(copyAway(join(outDir, name)), 'typeof handler', unreachable)).toBe('function');
  });
});

/** A project with these handlers, as sources by name. */
function sampleRoot(handlers: Readonly<Record<string, string>>): string {
  const root = makeFolder('polystore-build-');
  mkdirSync(join(root, 'lambda', 'handlers'), { recursive: true });
  symlinkSync(join(projectRoot, 'node_modules'), join(root, 'node_modules'));
  for (const [name, source] of Object.entries(handlers)) {
    writeFileSync(join(root, 'lambda', 'handlers', `${name}.ts`), source);
  }
  return root;
}

function copyAway(folder: string): string {
  const copy = makeFolder('polystore-clean-');
  cpSync(folder, copy, { recursive: true });
  return copy;
}

/** The JSON of an expression over the bundle's exports, from a process with no package and no other variable. */
function runClean(folder: string, expression: string, env: Record<string, string> = {}): unknown {
  const program = `import { handler } from './dist/index.js';
    process.stdout.write(JSON.stringify(await (${expression})), () => process.exit(0));`;
  writeFileSync(join(folder, 'run.mjs'), program);
  return JSON.parse(execFileSync(process.execPath, ['run.mjs'], { cwd: folder, env, encoding: 'utf8' }));
}

function hashes(folder: string): Record<string, string> {
  return Object.fromEntries(
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((path) => statSync(join(folder, path)).isFile())
      .sort()
      .map((path) => [
        path,
        createHash('sha256')
          .update(readFileSync(join(folder, path)))
          .digest('hex'),
      ]),
  );
}
