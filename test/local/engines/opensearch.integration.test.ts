import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import {
  type EngineExit,
  freePorts,
  type RunningEngines,
  startEngines,
} from '../../../local/engines/index.ts';
import { setUp } from '../../../local/setup/index.ts';
import { listenersOf } from './listeners.ts';

const root = join(import.meta.dirname, '..', '..', '..');
const minuteMs = 60_000;
// A space, for paths of people's machines have some.
const parent = mkdtempSync(join(tmpdir(), 'polystore opensearch-'));
let engines: RunningEngines;

async function start(): Promise<RunningEngines> {
  const downloads = await setUp({ root, silent: true, parts: ['opensearch'] });
  // Other ports at each start: a kept folder is not bound to them.
  const ports = await freePorts();
  return startEngines({ downloads, stateDir: parent, ports, durable: true, engines: ['opensearch'] });
}

beforeAll(async () => {
  engines = await start();
}, 5 * minuteMs);
afterAll(async () => {
  await engines?.stop();
  rmSync(parent, { recursive: true, force: true });
}, minuteMs);

/** One request; fails unless it is answered 2xx. */
async function ask(method: 'GET' | 'POST' | 'PUT', path: string, body?: unknown): Promise<unknown> {
  const response = await fetch(`${engines.endpoints.opensearch.url}${path}`, {
    method,
    headers: { 'content-type': 'application/json' },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path} answers ${response.status}: ${text}`);
  return JSON.parse(text);
}

/** Every id of an index, up to 10,000. */
async function readIds(index: string): Promise<ReadonlySet<string>> {
  await ask('POST', `/${index}/_refresh`);
  const answer = await ask('GET', `/${index}/_search?size=10000&_source=false`);
  // The shape is OpenSearch's documented one.
  const { hits } = answer as { readonly hits: { readonly hits: readonly { readonly _id: string }[] } };
  return new Set(hits.hits.map(({ _id }) => _id));
}

test('listens on 127.0.0.1 only, and is the version that its address says', async () => {
  const listeners = engines.processes().map(({ pid }) => listenersOf(pid));
  const about = await ask('GET', '/');

  // HTTP and transport.
  expect(listeners).toEqual([{ all: 2, elsewhere: [] }]);
  expect(about).toMatchObject({ version: { number: engines.endpoints.opensearch.version } });
});

test(
  'stems, highlights, runs scripts and keeps the newest version, as the service does',
  async () => {
    await ask('PUT', '/words', {
      settings: { number_of_replicas: 0 },
      mappings: { properties: { text: { type: 'text', analyzer: 'english' }, count: { type: 'integer' } } },
    });
    await ask('PUT', '/words/_doc/1?version=7&version_type=external_gte', {
      text: 'Delayed flights',
      count: 1,
    });
    const older = ask('PUT', '/words/_doc/1?version=6&version_type=external_gte', { text: 'older' });
    await expect(older).rejects.toThrow(/409.*version_conflict_engine_exception/);
    await ask('POST', '/words/_update/1?refresh=true', { script: { source: 'ctx._source.count += 1' } });

    const found = await ask('POST', '/words/_search', {
      query: { match: { text: 'flight delay' } },
      highlight: { fields: { text: {} } },
    });

    expect(found).toMatchObject({
      hits: {
        hits: [
          {
            _id: '1',
            _source: { text: 'Delayed flights', count: 2 },
            highlight: { text: ['<em>Delayed</em> <em>flights</em>'] },
          },
        ],
      },
    });
  },
  minuteMs,
);

test(
  'keeps documents over a stop and a start, on other ports too',
  async () => {
    await ask('PUT', '/stopped/_doc/1', { text: 'kept' });

    await engines.stop();
    engines = await start();

    expect([...(await readIds('stopped'))]).toEqual(['1']);
  },
  5 * minuteMs,
);

test(
  'a node that is killed under load loses nothing that it acknowledged',
  async () => {
    const exits: EngineExit[] = [];
    engines.onExit((exit) => exits.push(exit));
    const acknowledged: string[] = [];
    let next = 0;
    const write = async (): Promise<void> => {
      for (;;) {
        const ids = Array.from({ length: 5 }, () => String(next++));
        const lines = ids.map((id) => `{"index":{"_index":"killed","_id":"${id}"}}\n{"text":"row ${id}"}\n`);
        const answer = await ask('POST', '/_bulk', lines.join(''));
        // The shape is OpenSearch's documented one.
        if ((answer as { readonly errors: boolean }).errors) throw new Error(JSON.stringify(answer));
        acknowledged.push(...ids);
        // In the middle of everybody's writes.
        if (acknowledged.length === 500) await engines.kill('opensearch', 'SIGKILL');
      }
    };

    await Promise.allSettled(Array.from({ length: 10 }, write));
    await engines.restart('opensearch');

    const kept = await readIds('killed');
    expect(exits.map(({ engine, signal }) => `${engine} ${signal}`)).toEqual(['opensearch SIGKILL']);
    expect(acknowledged.length).toBeGreaterThanOrEqual(500);
    expect(acknowledged.filter((id) => !kept.has(id))).toEqual([]);
  },
  5 * minuteMs,
);
