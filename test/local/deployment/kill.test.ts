import { expect, test } from '@jest/globals';
import { requestKill, requestRestart, startControl } from '../../../local/deployment/control.ts';
import { killPart, restartEngine } from '../../../local/deployment/kill.ts';
import type { ServingRun } from '../../../local/deployment/run-file.ts';
import { freePorts } from '../../../local/engines/index.ts';
import { startSample } from '../sample-function.ts';

const nothing = { kill: async () => undefined, restart: async () => undefined, processes: () => [] };

test('a function that is killed while it works fails its invocation, and takes the next one', async () => {
  const sample = startSample(
    'export const handler = async () => { await new Promise(() => setInterval(() => {}, 1000)); };',
  );
  try {
    expect(await sample.initialised()).toBeUndefined();
    const failing = sample.invoke({});
    while (sample.status().inFlight === 0) await new Promise((resolve) => setImmediate(resolve));
    const { pid } = sample.status();

    const killed = await killPart({ engines: nothing, functions: new Map([['sample', sample]]) }, 'sample');

    expect(killed).toEqual({ part: 'sample', kind: 'function', pid, inFlight: 1 });
    expect(await failing).toMatchObject({
      kind: 'failure',
      error: { errorType: 'Runtime.ExitError', errorMessage: expect.stringMatching(/SIGKILL/) },
    });
    while (sample.status().state !== 'ready') await new Promise((resolve) => setImmediate(resolve));
    expect(sample.status()).toMatchObject({ restarts: 1 });
    expect(sample.status().pid).not.toBe(pid);
  } finally {
    sample.kill('SIGKILL');
    await sample.close();
  }
});

test('refuses what is no part, and what does not run', async () => {
  const parts = { engines: nothing, functions: new Map() };

  await expect(killPart(parts, 'mysql')).rejects.toThrow(/"mysql" is no part.*postgres-writer/);
  await expect(killPart(parts, 'kafka')).rejects.toMatchObject({
    code: 'not_running',
    message: expect.stringMatching(/polystore restart kafka/),
  });
  await expect(restartEngine(parts, 'apply-redis')).rejects.toThrow(/is no engine.*started again by itself/);
});

test('other terminals are told the same', async () => {
  const parts = { engines: nothing, functions: new Map() };
  const control = await startControl({
    status: () => Promise.reject(new Error('not asked')),
    load: () => Promise.reject(new Error('not asked')),
    kill: (part) => killPart(parts, part),
    restart: (engine) => restartEngine(parts, engine),
  });
  // Only the control is asked here.
  const run: ServingRun = {
    state: 'serving',
    process: { pid: process.pid, startTicks: '0', bootId: 'b' },
    api: `http://127.0.0.1:${(await freePorts()).kafka}`,
    control: control.access,
    lambda: 'http://127.0.0.1:3',
  };
  try {
    await expect(requestKill(run, 'kafka')).rejects.toMatchObject({ code: 'not_running' });
    await expect(requestKill(run, 'mysql')).rejects.toMatchObject({ code: 'invalid_request' });
    await expect(requestRestart(run, 'capture')).rejects.toMatchObject({ code: 'invalid_request' });
    await expect(requestRestart(run, 'kafka')).resolves.toBeUndefined();
  } finally {
    await control.close();
  }
});
