import { describe, expect, test } from '@jest/globals';
import type { Change } from '../../lambda/change/change.ts';
import { PolystoreError } from '../../lambda/errors.ts';
import { createMemoryStore } from '../../lambda/stores/memory/index.ts';
import type { SourceStore, ViewStore } from '../../lambda/stores/view-store.ts';
import type { JobTools } from '../../lambda/sync/job-tools.ts';
import { hasEnded, type Job, type Jobs, refuseBeside } from '../../lambda/sync/jobs.ts';
import { createMaintain } from '../../lambda/sync/maintain.ts';
import { type MaintainRequest, parseMaintainRequest } from '../../lambda/sync/maintain-request.ts';
import { contractCatalog, itemOf, itemRow, placementOf, upsert } from '../stores/contract-model.ts';
import { createFakeMetrics } from './fakes.ts';
import { createFakeTools, memoryStores } from './job-fakes.ts';

const catalog = contractCatalog('maintain');
const entity = itemOf(catalog);
const source = placementOf(catalog, 'item.source');
const view = placementOf(catalog, 'item.hash');
const put = (index: number, position = 10): Change =>
  upsert(entity, itemRow({ number: String(index), count: position }), position);

/** Jobs in memory, by the rules of `Jobs`. */
function createFakeJobs(clock: () => number): Jobs {
  const held = new Map<string, Job>();
  const holders = new Map<string, string>();
  const at = (): string => new Date(clock()).toISOString();
  return {
    create: async ({ id, work, alone }) => {
      const other = held.get(holders.get(alone ?? '') ?? '');
      if (alone !== undefined && other !== undefined) refuseBeside(other, alone);
      if (alone !== undefined) holders.set(alone, id);
      const job: Job = {
        id,
        status: 'running',
        work,
        startedAt: at(),
        updatedAt: at(),
        problem: null,
        leaseUntilMs: 0,
        revision: 1,
      };
      held.set(id, job);
      return job;
    },
    get: async (id) => {
      const job = held.get(id);
      if (job === undefined) throw new PolystoreError('invalid_request', `no job ${id}`);
      return job;
    },
    open: async () => [...held.values()].filter((job) => !hasEnded(job)),
    ended: async (kind) =>
      [...held.values()].filter((job) => hasEnded(job) && job.work.kind === kind).reverse(),
    save: async (job, change) => {
      if (held.get(job.id)?.revision !== job.revision) throw new PolystoreError('conflict', 'moved');
      const next: Job = { ...job, ...change, updatedAt: at(), revision: job.revision + 1 };
      // As the table keeps it.
      held.set(job.id, JSON.parse(JSON.stringify(next)) as Job);
      return next;
    },
  };
}

function open(wrap: (store: ViewStore & SourceStore) => ViewStore & SourceStore = (store) => store) {
  let now = Date.UTC(2013, 0, 1);
  const clock = (): number => now;
  const pass = (ms: number): void => {
    now += ms;
  };
  const sleep = async (ms: number): Promise<void> => pass(ms);
  const store = createMemoryStore({ clock });
  const jobs = createFakeJobs(clock);
  let stepsLeft = Number.POSITIVE_INFINITY;
  const metrics = createFakeMetrics();
  const tools: JobTools = createFakeTools({
    catalog,
    metrics,
    endOffsets: async () => [{ partition: 0, offset: 10n }],
    stores: memoryStores(wrap(store)),
    clock,
    sleep,
    pace: {
      rows: () => 2,
      run: async (page) => {
        // A step takes a second, so that a slice of some seconds has so many.
        now += 1000;
        stepsLeft -= 1;
        if (stepsLeft < 0) throw new Error('killed');
        return page();
      },
    },
  });
  const never = () => Promise.reject(new Error('not asked'));
  let ids = 0;
  const maintain = createMaintain({
    tools,
    jobs,
    steadyClock: clock,
    desk: {
      list: never,
      show: never,
      retry: never,
      retryDue: never,
      discard: never,
      closeFilled: async () => {},
    },
    findHoles: async () => [{ topic: entity.topic, partition: 0, offset: 3n }],
    checkCapture: () =>
      Promise.reject(
        new PolystoreError('slot_lost', 'raise the generation, then run polystore backfill item'),
      ),
    newId: () => {
      ids += 1;
      return String(ids);
    },
  });
  const ask = (request: MaintainRequest, sliceMs = 10_000_000) => maintain(request, now + sliceMs);
  return {
    store,
    jobs,
    metrics,
    ask,
    pass,
    killAfter: (steps: number): void => {
      stepsLeft = steps;
    },
    job: async (request: MaintainRequest, sliceMs?: number) => (await ask(request, sliceMs)) as Job,
  };
}

const numbersIn = async (store: ViewStore): Promise<readonly number[]> =>
  (await store.scan({ placement: view, after: undefined, limit: 1000 })).rows
    .flatMap(({ row }) => (row === undefined ? [] : [Number(row.number)]))
    .sort((a, b) => a - b);

test('a capture that lost changes is told by name to whoever asks for it', async () => {
  await expect(open().ask({ command: 'check-capture' })).rejects.toMatchObject({ code: 'slot_lost' });
});

test('how far views are is told as metrics: lag by what they were given, position by what they have', async () => {
  const { store, ask, metrics } = open();
  await store.saveProgress([{ placement: view, topic: entity.topic, partition: 0, from: 0n, to: 8n }]);

  const { views } = (await ask({ command: 'status' })) as { readonly views: readonly object[] };

  expect(views).toContainEqual({
    view: 'item.hash',
    store: 'redis',
    recordsBehind: 2,
    position: 3,
    holes: 1,
    problem: null,
  });
  expect(metrics.told).toContainEqual({
    store: 'redis',
    view: 'item.hash',
    LagChanges: 2,
    Position: 3,
    OpenLetters: 1,
  });
  // It was never filled: of how far it is behind nothing is known.
  expect(metrics.told).toContainEqual({ store: 'redis', view: 'item.brief', OpenLetters: 1 });
});

describe('jobs', () => {
  test('go on in slices until they are done', async () => {
    const { store, job } = open();
    await store.apply(
      source,
      [0, 1, 2, 3, 4].map((index) => put(index)),
    );

    let { id, status } = await job({ command: 'backfill', entity: 'item', view: 'hash' }, 2_000);
    let slices = 1;
    for (; status === 'running'; slices += 1)
      ({ id, status } = await job({ command: 'continue', id }, 2_000));

    expect(status).toBe('done');
    expect(slices).toBeGreaterThan(2);
    expect(await numbersIn(store)).toEqual([0, 1, 2, 3, 4]);
  });

  test('are nobody else’s while somebody continues them, and anybody’s once that one has died', async () => {
    const { store, jobs, job, ask, killAfter, pass } = open((memory) => memory);
    await store.apply(
      source,
      [0, 1, 2, 3, 4].map((index) => put(index)),
    );
    const { id } = await job({ command: 'backfill', entity: 'item', view: 'hash' }, 1);
    const [begun] = await jobs.open();
    // A function that was cut off leaves its lease.
    if (begun !== undefined) await jobs.save(begun, { leaseUntilMs: Date.UTC(2013, 0, 1) + 60_000 });

    await expect(ask({ command: 'continue', id })).rejects.toMatchObject({ code: 'conflict' });
    pass(120_000);
    killAfter(1);
    const failed = await job({ command: 'continue', id });
    killAfter(1000);
    const done = await job({ command: 'continue', id });

    expect(failed).toMatchObject({ status: 'failed', problem: 'killed' });
    expect(done.status).toBe('done');
    expect(await numbersIn(store)).toEqual([0, 1, 2, 3, 4]);
  });

  test('that a store fails for now are tried again by the schedule', async () => {
    let down = true;
    const { store, job, ask } = open((memory) => ({
      ...memory,
      apply: (placement, changes) =>
        down
          ? Promise.reject(new PolystoreError('store_unavailable', 'away'))
          : memory.apply(placement, changes),
    }));
    await store.apply(source, [put(0)]);

    const waits = await job({ command: 'backfill', entity: 'item', view: 'hash' });
    down = false;
    await ask({ command: 'continue' });

    expect(waits).toMatchObject({ status: 'running', problem: 'away', leaseUntilMs: 0 });
    expect((await job({ command: 'job', id: waits.id })).status).toBe('done');
  });

  test('stop when they are told to, and go on from there', async () => {
    const { store, job } = open();
    await store.apply(
      source,
      [0, 1, 2].map((index) => put(index)),
    );
    const { id } = await job({ command: 'backfill', entity: 'item', view: 'hash' }, 2_000);

    expect((await job({ command: 'stop', id })).status).toBe('stopped');
    expect((await job({ command: 'continue', id })).status).toBe('done');
    expect(await numbersIn(store)).toEqual([0, 1, 2]);
  });
});

describe('a rebuild', () => {
  test('fills a new build while the old one is read, then switches and drops it', async () => {
    const { store, job } = open();
    await store.apply(source, [put(0), put(1)]);
    // Drifted: what the rebuild is for.
    await store.apply(view, [put(0), put(7)]);

    let current = await job({ command: 'rebuild', view: 'item.hash' }, 1_000);
    const seen = new Set<string>();
    while (current.status === 'running') {
      seen.add(JSON.stringify(await numbersIn(store)));
      // Beside it the stream goes on: what has it both builds take.
      current = await job({ command: 'continue', id: current.id }, 1_000);
    }

    expect([...seen]).toEqual(['[0,7]', '[0,1]']);
    expect(current.status).toBe('done');
    expect(await store.builds(view)).toEqual([{ number: 2, state: 'active' }]);
  });

  test('can be undone at any moment while the old build is there', async () => {
    for (let steps = 1; steps < 12; steps += 1) {
      const { store, job } = open();
      await store.apply(source, [put(0), put(1)]);
      await store.apply(view, [put(0), put(7)]);
      let current = await job({ command: 'rebuild', view: 'item.hash' }, 1);
      for (let step = 1; step < steps && current.status === 'running'; step += 1)
        current = await job({ command: 'continue', id: current.id }, 1);
      if (current.status !== 'running') break;

      await job({ command: 'abort', id: current.id });

      expect(await store.builds(view)).toEqual([{ number: 1, state: 'active' }]);
      expect(await numbersIn(store)).toEqual([0, 7]);
    }
  });

  test('is one at a time: a second one would fill the same build, and the first to end drop it', async () => {
    const { store, job } = open();
    await store.apply(source, [put(0), put(1)]);
    const first = await job({ command: 'rebuild', view: 'item.hash' }, 1);
    const second = () => job({ command: 'rebuild', view: 'item.hash' }, 1);

    await expect(second()).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining(first.id),
    });
    await job({ command: 'stop', id: first.id });
    // It can be gone on with, and then there would be two.
    await expect(second()).rejects.toMatchObject({ code: 'conflict' });
    await job({ command: 'abort', id: first.id });
    await expect(job({ command: 'continue', id: first.id })).rejects.toMatchObject({ code: 'conflict' });
    const next = await second();

    expect((await job({ command: 'continue', id: next.id })).status).toBe('done');
    expect(await store.builds(view)).toEqual([expect.objectContaining({ state: 'active' })]);
    expect((await second()).status).toBe('running');
  });

  test('keeps the progress that the stream makes while the new build is filled, though a late batch came before', async () => {
    const { store, job } = open();
    await store.apply(source, [put(0), put(1), put(2)]);
    const takes = (from: bigint, to: bigint) =>
      store.saveProgress([{ placement: view, topic: entity.topic, partition: 0, from, to }]);
    await takes(0n, 8n);
    let current = await job({ command: 'rebuild', view: 'item.hash' }, 1);
    // Of a function that was given up long ago.
    await takes(1n, 4n);
    const phase = () => (current.work.kind === 'rebuild' ? current.work.state.phase : '');
    while (phase() !== 'fill') current = await job({ command: 'continue', id: current.id }, 1);
    current = await job({ command: 'continue', id: current.id }, 1);

    // The log ended at 10 when the fill began.
    await takes(8n, 12n);
    const done = await job({ command: 'continue', id: current.id });

    expect(done.status).toBe('done');
    expect(await store.readProgress([view])).toMatchObject([{ offset: 12n }]);
  });

  test('does not switch to a build that differs from its source', async () => {
    let sick = true;
    const { store, job } = open((memory) => ({
      ...memory,
      repair: async (placement, repairs) =>
        sick ? { repaired: 0, moved: repairs } : memory.repair(placement, repairs),
      apply: (placement, changes) => memory.apply(placement, sick ? changes.slice(1) : changes),
    }));
    await store.apply(source, [put(0), put(1)]);

    const failed = await job({ command: 'rebuild', view: 'item.hash' });

    expect(failed).toMatchObject({ status: 'failed', problem: expect.stringContaining('not equal') });
    expect((await store.builds(view)).find(({ state }) => state === 'active')).toEqual({
      number: 1,
      state: 'active',
    });
    sick = false;
    expect((await job({ command: 'continue', id: failed.id })).status).toBe('done');
    expect(await numbersIn(store)).toEqual([0, 1]);
  });
});

test('a sample goes on where the one before ended, so that in turn all rows are seen', async () => {
  const { store, job, metrics } = open();
  for (const index of [0, 1, 2, 3, 4, 5]) await store.apply(source, [put(index)]);
  await store.apply(
    view,
    [0, 1, 2, 3, 4].map((index) => put(index)),
  );

  const found: number[] = [];
  for (let sample = 0; sample < 3; sample += 1) {
    const { work } = await job({ command: 'verify', entity: 'item', view: 'hash', sample: 2 });
    if (work.kind === 'verify') found.push(work.results['item.hash']?.missing ?? -1);
  }

  expect(found).toEqual([0, 0, 1]);
  expect(metrics.told).toHaveLength(3);
  expect(metrics.told.at(-1)).toEqual({
    ...{ store: 'redis', view: 'item.hash' },
    ...{ VerifyCompared: 2, VerifyMissing: 1, VerifyStale: 0, VerifyExtra: 0, VerifyDifferent: 0 },
    ...{ VerifyRepaired: 0, VerifyUnsettled: 0 },
  });
});

test('tombstones are swept in every view', async () => {
  const { store, job, pass } = open();
  await store.apply(view, [
    { kind: 'delete', entity: entity.name, key: put(0).key, version: put(0).version, before: itemRow() },
  ]);
  pass(10 * 24 * 3600 * 1000);

  const { work } = await job({ command: 'sweep' });

  expect(work).toMatchObject({ kind: 'sweep', left: [], swept: 1 });
});

test('an index is filled page by page, goes on after a crash where it was, and counts what it will lack', async () => {
  const asked: unknown[] = [];
  const { job, killAfter, pass } = open((store) => ({
    ...store,
    fillIndex: async (request) => {
      asked.push(request);
      const page = Number(request.after ?? 0);
      return {
        ...{ read: 2, filled: 1, unfilled: page === 3 ? [{ at: 'the item a / b', reason: 'too long' }] : [] },
        next: page === 3 ? undefined : String(page + 1),
      };
    },
  }));
  killAfter(3);

  const begun = await job({ command: 'fill-index', index: 'byNote' });
  killAfter(100);
  pass(200_000);
  const ended = await job({ command: 'continue', id: begun.id });

  expect(begun).toMatchObject({ status: 'failed', work: { state: { phase: 'read', after: '3' } } });
  expect(asked).toEqual([undefined, '1', '2', '3'].map((after) => ({ index: 'byNote', after, limit: 2 })));
  expect(ended).toMatchObject({
    status: 'done',
    work: { state: { phase: 'done', counts: { read: 8, filled: 4, unfilled: 1 } } },
  });
});

test('an index that is not there is not filled, and those that are there are named', async () => {
  await expect(open().ask({ command: 'fill-index', index: 'byCount' })).rejects.toMatchObject({
    code: 'invalid_request',
    message: expect.stringMatching(/no index 'byCount' to fill\. It has: byNote, byState/),
  });
});

test('a command that is none is refused by what is wrong with it', () => {
  expect(() => parseMaintainRequest({ command: 'verify', sample: 0 })).toThrow(/sample/);
  expect(() => parseMaintainRequest({ command: 'format' })).toThrow(/no command/);
  expect(() => parseMaintainRequest(undefined)).toThrow(/no command/);
});
