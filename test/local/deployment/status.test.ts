import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readStatus, type StatusOptions } from '../../../local/deployment/status.ts';
import type { EngineName, EngineState } from '../../../local/engines/index.ts';

let server: Server;
let api: string;
let health = 200;
beforeAll(async () => {
  server = createServer((_, response) => response.writeHead(health).end('{}'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // An address of TCP has a port.
  api = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.close();
});

/** A deployment whose engines are in these states; those that are ready or ended have had a process. */
function deployment(
  engines: Partial<Record<EngineName, EngineState>>,
  waiting: Readonly<Record<string, readonly EngineName[]>> = {},
): StatusOptions {
  const states = new Map(Object.entries(engines) as [EngineName, EngineState][]);
  const processes = [...states].flatMap(([name, state]) =>
    state === 'ready' || state === 'exited'
      ? [{ name, title: name, pid: 7, port: 8, logFile: `/logs/${name}.log`, running: state === 'ready' }]
      : [],
  );
  return {
    engines: { states: () => states, processes: () => processes },
    functions: new Map(),
    triggers: {
      changeLog: new Map(),
      streams: new Map(),
      waiting: new Map(Object.entries(waiting)),
    },
    api,
  };
}

describe('readStatus', () => {
  test('serves when every engine and the API do', async () => {
    health = 200;

    const status = await readStatus(deployment({ valkey: 'ready', kafka: 'ready' }));

    expect(status).toMatchObject({ serving: true, starting: false });
  });

  test('is starting when all that does not serve is on its way, and says what waits for what', async () => {
    health = 503;

    const status = await readStatus(
      deployment(
        { kafka: 'ready', cassandra: 'starting', opensearch: 'waiting' },
        { 'apply-keyspaces': ['kafka', 'cassandra'] },
      ),
    );

    expect(status).toMatchObject({ serving: false, starting: true });
    expect(status.parts.map(({ part, serving, detail }) => [part, serving, detail])).toEqual([
      ['Kafka', true, 'port 8, pid 7'],
      ['Cassandra', false, 'starting'],
      ['OpenSearch', false, 'waiting'],
      ['apply-keyspaces ← its trigger', false, 'waits until all of these serve: Kafka, Cassandra'],
      ['API', false, expect.stringContaining('answers 503')],
    ]);
  });

  test('is not starting but failing when an engine has ended, whatever else is on its way', async () => {
    health = 503;

    const status = await readStatus(deployment({ kafka: 'exited', cassandra: 'starting' }));

    expect(status).toMatchObject({ serving: false, starting: false });
    expect(status.parts[0]).toMatchObject({ detail: 'ended; its log is /logs/kafka.log' });
  });

  test('an API whose health fails when everything was started is failing', async () => {
    health = 503;

    const status = await readStatus(deployment({ kafka: 'ready' }));

    expect(status).toMatchObject({ serving: false, starting: false });
  });
});
