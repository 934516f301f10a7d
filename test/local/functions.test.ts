import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { FunctionOptions } from '../../local/functions/index.ts';
import { type SampleFunction, startSample } from './sample-function.ts';

describe('a function on this machine', () => {
  const open: SampleFunction[] = [];
  const start = (source: string, overrides?: Partial<FunctionOptions>): SampleFunction => {
    const started = startSample(source, overrides);
    open.push(started);
    return started;
  };
  afterEach(async () => {
    await Promise.all(open.splice(0).map((started) => started.close()));
  });

  test('answers with what its handler returns', async () => {
    const sample = start('export const handler = async (event) => ({ got: event });');

    const result = await sample.invoke({ text: 'ünï', list: [1, null] });

    expect(result).toMatchObject({ kind: 'success', payload: { got: { text: 'ünï', list: [1, null] } } });
  });

  test('answers null when its handler returns nothing', async () => {
    const sample = start('export const handler = async () => undefined;');

    const result = await sample.invoke({});

    expect(result).toMatchObject({ kind: 'success', payload: null });
  });

  test('gives its handler a context with a request id, its name and the time that is left', async () => {
    const sample = start(
      'export const handler = async (_, context) => ({ id: context.awsRequestId, name: context.functionName, memory: context.memoryLimitInMB, left: context.getRemainingTimeInMillis() });',
    );

    const result = await sample.invoke({});

    expect(result).toMatchObject({ payload: { id: result.requestId, name: 'sample', memory: '128' } });
    const { left } = (result as unknown as { payload: { left: number } }).payload;
    expect(left).toBeGreaterThan(0);
    expect(left).toBeLessThanOrEqual(5000);
  });

  test('tells the type and the message of an error, and goes on', async () => {
    const sample = start(
      "export const handler = async (event) => { if (event.bad) throw new RangeError('too far'); return 1; };",
    );

    const failed = await sample.invoke({ bad: true });
    const next = await sample.invoke({});

    expect(failed).toMatchObject({
      kind: 'failure',
      error: { errorType: 'RangeError', errorMessage: 'too far' },
    });
    expect(next).toMatchObject({ kind: 'success', payload: 1 });
    expect(sample.status().restarts).toBe(0);
  });

  test('takes invocations at the same time', async () => {
    const sample = start(
      'let open = []; export const handler = (event) => new Promise((resolve) => { open.push(resolve); if (open.length === 3) open.forEach((end, index) => end(index)); });',
    );

    const results = await Promise.all([sample.invoke({}), sample.invoke({}), sample.invoke({})]);

    expect(results).toMatchObject([{ payload: 0 }, { payload: 1 }, { payload: 2 }]);
  });

  test('sees the variables it was given and none of this process', async () => {
    process.env.POLYSTORE_TEST_SECRET = 'of the parent';
    const sample = start('export const handler = async () => process.env;', {
      environment: { POLYSTORE_REDIS: 'a:1' },
      path: '/bin',
    });

    const result = await sample.invoke({});

    delete process.env.POLYSTORE_TEST_SECRET;
    const { payload } = result as unknown as { payload: Record<string, string> };
    expect(payload).toMatchObject({ POLYSTORE_REDIS: 'a:1', PATH: '/bin', TZ: 'UTC' });
    expect(
      Object.keys(payload).filter(
        (name) =>
          !/^(AWS_|LAMBDA_TASK_ROOT|_HANDLER|PATH|HOME|TZ|LANG|POLYSTORE_REDIS|NODE_CHANNEL|POWERTOOLS_METRICS_DISABLED)/.test(
            name,
          ),
      ),
    ).toEqual([]);
  });

  test('writes what it prints to its log file', async () => {
    const sample = start("export const handler = async () => { console.log('out'); console.error('err'); };");

    await sample.invoke({});

    await sample.close();
    expect(sample.readLog()).toMatch(/out\n/);
    expect(sample.readLog()).toMatch(/err\n/);
  });

  test('fails an invocation that is over its timeout, and works again in a new process', async () => {
    const sample = start(
      'export const handler = (event) => event.hang ? new Promise(() => { setInterval(() => {}, 1000); }) : process.pid;',
      { settings: { name: 'sample', memoryMb: 128, timeoutSeconds: 0.2 } },
    );
    await sample.initialised();
    const before = sample.status().pid;

    const late = await sample.invoke({ hang: true });

    expect(late).toMatchObject({ kind: 'failure', error: { errorType: 'Sandbox.Timedout' } });
    expect((late as { error?: { errorMessage: string } }).error?.errorMessage).toMatch(
      /Task timed out after 0\.20 seconds/,
    );
    // A slow machine may need more than one try at this short timeout.
    let next = await sample.invoke({});
    while (next.kind === 'failure') next = await sample.invoke({});
    expect(next.payload).not.toBe(before);
  });

  test('ends a process whose event loop is stuck when it is over its timeout', async () => {
    const sample = start('export const handler = () => { for (;;); };', {
      settings: { name: 'sample', memoryMb: 128, timeoutSeconds: 0.3 },
    });
    await sample.initialised();

    const result = await sample.invoke({});

    expect(result).toMatchObject({ error: { errorType: 'Sandbox.Timedout' } });
  });

  test('fails what runs when its process is killed, and starts again', async () => {
    const sample = start(
      'export const handler = (event) => event.hang ? new Promise(() => { setInterval(() => {}, 1000); }) : process.pid;',
    );
    const pid = (await sample.invoke({})) as unknown as { payload: number };
    const hanging = sample.invoke({ hang: true });
    await until(() => sample.status().inFlight === 1);

    sample.kill('SIGKILL');

    expect(await hanging).toMatchObject({
      kind: 'failure',
      error: { errorType: 'Runtime.ExitError', errorMessage: expect.stringMatching(/signal: SIGKILL/) },
    });
    const next = (await sample.invoke({})) as unknown as { payload: number };
    expect(next.payload).not.toBe(pid.payload);
    expect(sample.status()).toMatchObject({ state: 'ready', restarts: 1 });
    expect(sample.readLog()).toMatch(/\[host\].*signal: SIGKILL/);
  });

  test('starts again when it ends by itself in the middle of an invocation', async () => {
    const sample = start('export const handler = (event) => event.end ? process.exit(7) : 1;');

    const ended = await sample.invoke({ end: true });

    expect(ended).toMatchObject({ error: { errorMessage: expect.stringMatching(/exit status 7/) } });
    expect(await sample.invoke({})).toMatchObject({ payload: 1 });
  });

  test('tells why its module cannot be loaded, and tries again with growing waits', async () => {
    const sample = start("throw new TypeError('no such setting');");

    expect(await sample.initialised()).toMatchObject({
      errorType: 'TypeError',
      errorMessage: 'no such setting',
    });
    await until(() => sample.status().restarts >= 3);
    expect(await sample.invoke({})).toMatchObject({
      kind: 'failure',
      error: { errorMessage: 'no such setting' },
    });
    const waits = [...sample.readLog().matchAll(/starts in (\d+) ms/g)].map((match) => Number(match[1]));
    expect(waits.slice(0, 3)).toEqual([0, 20, 40]);
  });

  test('refuses a bundle without a handler', async () => {
    const sample = start('export const other = 1;');

    expect(await sample.initialised()).toMatchObject({
      errorMessage: expect.stringMatching(/no function named handler/),
    });
  });

  test('refuses an event above Lambda’s limit, and an answer above it', async () => {
    const sample = start("export const handler = (event) => 'x'.repeat(event.length);");

    const request = await sample.invoke({ text: 'x'.repeat(6_291_456) });
    const response = await sample.invoke({ length: 6_291_556 });

    expect(request).toMatchObject({ error: { errorType: 'RequestTooLargeException' } });
    expect(response).toMatchObject({ error: { errorType: 'Function.ResponseSizeTooLarge' } });
  });

  test('lets what runs end when it is closed, and refuses what comes later', async () => {
    const sample = start(
      "export const handler = () => new Promise((resolve) => setTimeout(() => resolve('done'), 150));",
    );
    await sample.initialised();
    const slow = sample.invoke({});
    await until(() => sample.status().inFlight === 1);

    await sample.close();

    expect(await slow).toMatchObject({ kind: 'success', payload: 'done' });
    expect(await sample.invoke({})).toMatchObject({ error: { errorType: 'Function.Closed' } });
    expect(isAlive(sample.status().pid)).toBe(false);
  });

  test('ends when its host is killed', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'polystore-host-'));
    const host = fileURLToPath(new URL('./sample-function.ts', import.meta.url));
    const program = join(folder, 'parent.ts');
    writeFileSync(
      program,
      `import { startSample } from '${host}';
       const sample = startSample('export const handler = () => { setInterval(() => {}, 1000); return process.pid; };');
       process.send?.(await sample.invoke({}));`,
    );
    const parent = fork(program, { execArgv: [] });
    const [{ payload: pid }] = (await once(parent, 'message')) as [{ payload: number }];
    expect(isAlive(pid)).toBe(true);

    parent.kill('SIGKILL');

    await until(() => !isAlive(pid));
  });
});

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

function isAlive(pid: number | undefined): boolean {
  try {
    process.kill(pid ?? 0, 0);
    return pid !== undefined;
  } catch {
    return false;
  }
}
