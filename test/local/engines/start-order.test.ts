import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { type EngineName, endpointsOf, engineNames, freePorts } from '../../../local/engines/index.ts';
import { startInOrder, stopInOrder, withNeeded } from '../../../local/engines/start-order.ts';
import { locateDownloads } from '../../../local/setup/index.ts';

/** Engines that come to serve when the test says so. */
function scripted() {
  const begun: EngineName[] = [];
  const settle = new Map<EngineName, { serve: () => void; fail: (error: Error) => void }>();
  const runner = {
    start: (engine: EngineName, signal?: AbortSignal): Promise<void> => {
      begun.push(engine);
      return new Promise((serve, fail) => {
        settle.set(engine, { serve, fail });
        signal?.addEventListener('abort', () => fail(signal.reason));
      });
    },
  };
  return {
    runner,
    begun,
    async serve(engine: EngineName) {
      settle.get(engine)?.serve();
      await turn();
    },
    async fail(engine: EngineName, error: Error) {
      settle.get(engine)?.fail(error);
      await turn();
    },
  };
}

const endpoints = endpointsOf(await freePorts(), locateDownloads('/project'));

describe('withNeeded', () => {
  test('adds what an engine waits for', () => {
    expect(withNeeded(['connect'])).toEqual(['postgres-writer', 'kafka', 'connect']);
  });

  test('adds nothing to all of them', () => {
    expect(withNeeded(engineNames)).toEqual(engineNames);
  });
});

describe('startInOrder', () => {
  test('starts at once what waits for nothing, and an engine when what it waits for is ready', async () => {
    const { runner, begun, serve } = scripted();
    startInOrder({
      runner,
      engines: ['postgres-writer', 'kafka', 'connect', 'valkey'],
      endpoints,
      after: {},
    });
    await turn();
    const atOnce = [...begun];

    await serve('postgres-writer');
    const afterOne = [...begun];
    await serve('kafka');

    expect(atOnce).toEqual(['postgres-writer', 'kafka', 'valkey']);
    expect(afterOne).toEqual(atOnce);
    expect(begun).toEqual([...atOnce, 'connect']);
  });

  test('an engine is ready when what comes after it is done, and only then others start that wait for it', async () => {
    const { runner, begun, serve } = scripted();
    let done = (): void => undefined;
    const schema = new Promise<void>((resolve) => {
      done = resolve;
    });
    const start = startInOrder({
      runner,
      engines: withNeeded(['postgres-reporting']),
      endpoints,
      after: { 'postgres-writer': () => schema },
    });
    let ready = false;
    const writer = start.ready(['postgres-writer']).then(() => {
      ready = true;
    });
    await turn();

    await serve('postgres-writer');
    const before = { ready, begun: [...begun] };
    done();
    await writer;
    await turn();

    expect(before).toEqual({ ready: false, begun: ['postgres-writer'] });
    expect(begun).toEqual(['postgres-writer', 'postgres-reporting']);
  });

  test('the first failure gives up the others and is what every one of them rejects with', async () => {
    const { runner, begun, fail } = scripted();
    const start = startInOrder({ runner, engines: ['kafka', 'dynamodb', 'valkey'], endpoints, after: {} });
    const kafka = start.ready(['kafka']);
    kafka.catch(() => undefined);
    await turn();

    await fail('valkey', new Error('its file is damaged'));

    await expect(kafka).rejects.toThrow('its file is damaged');
    await expect(start.ready(['dynamodb'])).rejects.toThrow('its file is damaged');
    await expect(start.settled).resolves.toBeUndefined();
    expect(begun).toHaveLength(3);
  });

  test('starts those that are to be first with what they wait for, and the others when all of them are ready', async () => {
    const { runner, begun, serve } = scripted();
    startInOrder({
      runner,
      engines: engineNames,
      first: ['postgres-dashboard', 'valkey'],
      endpoints,
      after: {},
    });
    await turn();
    const atOnce = [...begun];

    await serve('postgres-writer');
    await serve('valkey');
    const beforeTheLast = [...begun];
    await serve('postgres-dashboard');

    expect(atOnce).toEqual(['postgres-writer', 'valkey']);
    expect(beforeTheLast).toEqual([...atOnce, 'postgres-dashboard']);
    expect(begun).toEqual(expect.arrayContaining(['cassandra', 'opensearch', 'kafka', 'postgres-reporting']));
  });

  test('an engine that served and died fails the start, though nothing else has failed', async () => {
    const { runner, serve } = scripted();
    const start = startInOrder({ runner, engines: ['kafka', 'valkey'], endpoints, after: {} });
    await turn();
    await serve('kafka');

    start.fail(new Error('Kafka ended unasked'));

    await expect(start.ready(['valkey'])).rejects.toThrow('Kafka ended unasked');
    await expect(start.ready(['kafka'])).rejects.toThrow('Kafka ended unasked');
  });

  test('does not take an engine for ready that it was not asked to start', async () => {
    const start = startInOrder({ runner: scripted().runner, engines: [], endpoints, after: {} });

    await expect(start.ready(['kafka'])).rejects.toThrow(/kafka is not among/);
  });
});

describe('stopInOrder', () => {
  test('stops an engine after those that wait for it', async () => {
    const stopped: EngineName[] = [];
    const runner = {
      stop: async (engine: EngineName) => {
        await turn();
        stopped.push(engine);
      },
    };

    await stopInOrder(runner, engineNames);

    const at = (engine: EngineName): number => stopped.indexOf(engine);
    expect([...stopped].sort()).toEqual([...engineNames].sort());
    expect(at('connect')).toBeLessThan(Math.min(at('kafka'), at('postgres-writer')));
    expect(at('postgres-reporting')).toBeLessThan(at('postgres-writer'));
  });
});
