import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { openCredentials } from '../../../local/deployment/credentials.ts';
import { createLoads, type Loads } from '../../../local/deployment/loads.ts';
import { writeSampleData } from '../loader/sample-data.ts';

let stateDir: string;
let dataDir: string;
let loads: Loads;

beforeEach(async () => {
  stateDir = mkdtempSync(join(tmpdir(), 'polystore-loads-'));
  dataDir = await writeSampleData();
  loads = createLoads({
    // Nothing listens there: a load that gets as far as its first request waits until it is stopped.
    api: 'http://127.0.0.1:1',
    credentials: await openCredentials(stateDir),
    dataDir,
    stateDir,
    onProgress: () => {},
  });
});
afterEach(() => {
  for (const folder of [stateDir, dataDir]) rmSync(folder, { recursive: true, force: true });
});

test('a load that cannot be begun has failed, and is not being loaded for ever', async () => {
  const load = loads.begin({ asOf: '2026-01-01', days: 400 });

  await expect(load.done).rejects.toMatchObject({ code: 'invalid_request' });
  expect(load.status()).toMatchObject({ state: 'failed' });
});

test('a load waits for the one before it, and does not end it', async () => {
  const first = loads.begin({ asOf: '2026-01-01', days: 7 });
  const second = loads.begin({ asOf: '2026-01-01', days: 1 });
  await Promise.resolve();

  expect([first.status().state, second.status().state]).toEqual(['loading', 'waiting']);
  await loads.stop();
});

test('a load that was stopped does not say that it is done', async () => {
  const load = loads.begin({ asOf: '2026-01-01', days: 1 });

  await loads.stop();

  expect(load.status()).toMatchObject({ state: 'finished', summary: { outcome: 'stopped' } });
});

test('a load begins although the one before it failed', async () => {
  writeFileSync(join(stateDir, 'load.json'), 'no checkpoint');
  const first = loads.begin({ asOf: '2026-01-01', days: 1 });
  await expect(first.done).rejects.toMatchObject({ code: 'setup_failed' });
  rmSync(join(stateDir, 'load.json'));

  const second = loads.begin({ asOf: '2026-01-01', days: 1 });
  await loads.stop();

  expect(second.status()).toMatchObject({ state: 'finished' });
});
