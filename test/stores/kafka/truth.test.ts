import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Change, Row } from '../../../lambda/change/change.ts';
import { keyOf } from '../../../lambda/change/encode.ts';
import { createVersion, type Version } from '../../../lambda/change/version.ts';
import { addDigests, digestRows } from '../../../lambda/stores/digest.ts';
import type { History } from '../../../lambda/stores/kafka/history.ts';
import { createLogTruth } from '../../../lambda/stores/kafka/truth.ts';
import { createMemoryStore, type MemoryStore } from '../../../lambda/stores/memory/client.ts';
import { bucketOf } from '../../../lambda/stores/row-hash.ts';
import type { Digest, SourceStore, Truth } from '../../../lambda/stores/view-store.ts';
import { happeningModel } from './happening-model.ts';
import { type ScriptedTopic, scriptedTopic } from './scripted-topic.ts';

const { happening, source, recent, history } = happeningModel('log-truth', 2);

const rowOf = (id: number, note: string): Row => ({
  ...{ tenant: 'acme', id: `e${id}`, note },
  at: `2013-01-0${1 + (id % 4)}T00:00:00.000000Z`,
});
const upsert = (row: Row, version: Version): Change => ({
  kind: 'upsert',
  entity: happening.name,
  key: keyOf(happening, row),
  version,
  row,
});

/** A log, and an archive that has been given the beginning of it. */
interface World {
  readonly log: ScriptedTopic;
  readonly archive: MemoryStore;
  /** Everything that was ever posted. */
  readonly posted: { readonly row: Row; readonly partition: number; readonly offset: bigint }[];
  /** Gives the archive all up to here. */
  archiveUpTo(partition: number, to: bigint): Promise<void>;
  readonly archived: bigint[];
}

function openWorld(): World {
  const log = scriptedTopic(happening, { partitions: 2, batch: 3 });
  const memory = createMemoryStore({ clock: () => 0 });
  const posted: World['posted'] = [];
  const archived = [0n, 0n];
  return {
    log,
    archive: memory,
    posted,
    archived,
    archiveUpTo: async (partition, to) => {
      const from = archived[partition] ?? 0n;
      if (to <= from) return;
      const part = posted.filter(
        (each) => each.partition === partition && each.offset >= from && each.offset < to,
      );
      await memory.apply(
        history,
        part.map(({ row, offset }) => upsert(row, createVersion(0, offset))),
      );
      await memory.saveProgress([{ placement: history, topic: happening.topic, partition, from, to }]);
      archived[partition] = to;
    },
  };
}

const truthOf = (
  world: World,
  options: { readonly history?: History; readonly maxKeys?: number } = {},
): SourceStore =>
  createLogTruth({
    topicOf: () => world.log.topic,
    lookUp: () => Promise.reject(new TypeError('not asked for')),
    history: options.history ?? world.archive,
    maxKeys: options.maxKeys ?? 1000,
    clock: () => 0,
  });

/** All pages; between two of them something may happen. */
async function pages(
  truth: SourceStore,
  of: object,
  between: () => Promise<void> = async () => {},
): Promise<readonly Truth[]> {
  const found: Truth[] = [];
  let after: string | undefined;
  do {
    const page = await truth.readTruth({ placement: source, of: { kind: 'page', after, limit: 2, ...of } });
    found.push(page);
    after = page.next;
    await between();
  } while (after !== undefined);
  return found;
}

/** What is true of what was posted, by id. */
const expected = (posted: World['posted']): Map<string, string> =>
  new Map(posted.map(({ row, offset }) => [String(row.id), `${row.note} at ${offset}`]));
function applied(read: readonly Truth[]): Map<string, string> {
  const latest = new Map<string, Change>();
  for (const change of read.flatMap(({ changes }) => changes)) {
    const held = latest.get(String(change.key.id));
    if (held === undefined || change.version > held.version) latest.set(String(change.key.id), change);
  }
  return new Map(
    [...latest].map(([id, change]) => [
      id,
      change.kind === 'upsert' ? `${change.row.note} at ${change.version}` : 'deleted',
    ]),
  );
}
const sorted = (map: Map<string, string>) => [...map].sort(([a], [b]) => (a < b ? -1 : 1));

const event = fc.integer({ min: 0, max: 12 });
/** What happens to a log as time passes: events, the archive going on, and retention behind it. */
const step = fc.oneof(
  { weight: 3, arbitrary: event.map((id) => ({ kind: 'post', id }) as const) },
  fc.tuple(fc.nat(1), fc.nat(5)).map(([partition, by]) => ({ kind: 'archive', partition, by }) as const),
  fc.tuple(fc.nat(1), fc.nat(5)).map(([partition, by]) => ({ kind: 'forget', partition, by }) as const),
);
type Step =
  | { readonly kind: 'post'; readonly id: number }
  | { readonly kind: 'archive' | 'forget'; readonly partition: number; readonly by: number };

/** Retention never overtakes the archive here, so nothing is lost. */
async function happen(world: World, steps: readonly Step[]): Promise<void> {
  for (const each of steps) {
    if (each.kind === 'post') {
      const row = rowOf(each.id, `${world.posted.length}`);
      world.posted.push({ row, ...world.log.post(row) });
      continue;
    }
    const { partition, by } = each;
    const held = world.archived[partition] ?? 0n;
    if (each.kind === 'forget') world.log.forget(partition, held - BigInt(by));
    else {
      const end = BigInt(world.posted.filter((post) => post.partition === partition).length);
      const to = held + BigInt(by);
      await world.archiveUpTo(partition, to < end ? to : end);
    }
  }
}

const steps: fc.Arbitrary<readonly Step[]> = fc.array(step, { maxLength: 30 });

describe('the log and the archive, read as one', () => {
  test('give every event once or more, its last version among them, whatever the archive takes and the log forgets while they are read', async () => {
    await fc.assert(
      fc.asyncProperty(steps, fc.array(steps, { maxLength: 12 }), async (before, meanwhile) => {
        const world = openWorld();
        await happen(world, before);
        const known = expected(world.posted);
        const rest = [...meanwhile];

        const read = await pages(truthOf(world), {}, () => happen(world, rest.shift() ?? []));

        const found = applied(read);
        // What was there before is there, as it was then or at some time since; the stream brings the rest.
        const since = (id: string) =>
          world.posted
            .filter(({ row }) => row.id === id)
            .map(({ row, offset }) => `${row.note} at ${offset}`);
        for (const [id, text] of known)
          expect(since(id).slice(since(id).indexOf(text))).toContain(found.get(id));
        for (const [id, text] of found) expect(since(id)).toContain(text);
      }),
    );
  });

  test('are exactly what was posted when nothing happens meanwhile, and some buckets of it where that is asked', async () => {
    await fc.assert(
      fc.asyncProperty(steps, fc.subarray([0, 1, 2, 3]), async (before, only) => {
        const world = openWorld();
        await happen(world, before);

        const buckets = { of: 4, only: new Set(only) };
        const [all, some] = [
          applied(await pages(truthOf(world), {})),
          applied(await pages(truthOf(world), { buckets })),
        ];

        const known = expected(world.posted);
        expect(sorted(all)).toEqual(sorted(known));
        const inBuckets = [...known].filter(([id]) => buckets.only.has(bucketOf(`acme|${id}`, 4)));
        expect(sorted(some)).toEqual(sorted(new Map(inBuckets)));
      }),
    );
  });

  test('do not read the archive while the log holds all', async () => {
    const world = openWorld();
    await happen(world, [
      { kind: 'post', id: 1 },
      { kind: 'post', id: 2 },
      { kind: 'post', id: 3 },
    ]);
    const forbidden = () => Promise.reject(new TypeError('the archive was read'));

    const read = await pages(truthOf(world, { history: { ...world.archive, scan: forbidden } }), {});

    expect(applied(read).size).toBe(3);
  });

  test('leave out what the archive holds and the log, which still knows, does not: neither newer nor in its span', async () => {
    const world = openWorld();
    await happen(
      world,
      [1, 2, 3, 4, 5, 6, 7, 8].map((id) => ({ kind: 'post', id })),
    );
    for (const partition of [0, 1]) {
      await world.archiveUpTo(partition, 3n);
      world.log.forget(partition, 2n);
    }
    const known = expected(world.posted);
    for (const offset of [2n, 99n])
      await world.archive.apply(history, [upsert(rowOf(50, 'never posted'), createVersion(0, offset))]);

    expect(sorted(applied(await pages(truthOf(world), {})))).toEqual(sorted(known));
  });

  test('take what the archive has of a log before this one, whose offsets were others', async () => {
    const world = openWorld();
    await world.archive.apply(history, [upsert(rowOf(40, 'of old'), createVersion(0, 1n))]);
    for (const id of [1, 2, 3, 4]) world.log.post(rowOf(id, 'new'), 1);

    const read = await pages(truthOf(world), {});

    expect([...applied(read).keys()].sort()).toEqual(['e1', 'e2', 'e3', 'e4', 'e40']);
  });

  test('name records that cannot be read, and go on', async () => {
    const world = openWorld();
    await happen(world, [
      { kind: 'post', id: 1 },
      { kind: 'post', id: 2 },
    ]);
    world.log.spoil(1);

    const read = await pages(truthOf(world), {});

    expect(applied(read).size).toBe(2);
    expect(read.flatMap((page) => page.unreadable ?? [])).toEqual([
      {
        at: expect.stringMatching(/^offset \d of partition 1 of /),
        reason: expect.stringMatching(/polystore-schema is missing/),
      },
    ]);
  });
});

describe('records that the log has forgotten before the archive had them', () => {
  const holed = async (): Promise<World> => {
    const world = openWorld();
    await happen(
      world,
      Array.from({ length: 20 }, (_, id) => ({ kind: 'post', id }) as const),
    );
    await world.archiveUpTo(0, 2n);
    world.log.forget(0, 5n);
    return world;
  };

  test('are named with the view that lacks them, and nothing is told as if it were all', async () => {
    const truth = truthOf(await holed());
    const refusal = {
      code: 'incomplete_source',
      message: expect.stringMatching(
        /forgotten the records 2 to 4 of partition 0,.*happening\.history was not given them/,
      ),
      details: { holes: [[0, '2', '5']] },
    };

    await expect(pages(truth, {})).rejects.toMatchObject(refusal);
    await expect(
      truth.digestTruth({
        ...{ placement: recent, buckets: 4, only: undefined, versions: true },
        ...{ after: undefined, limit: 10 },
      }),
    ).rejects.toMatchObject(refusal);
  });

  test('do not keep back the others where that is accepted', async () => {
    const world = await holed();
    const isLost = ({ partition, offset }: World['posted'][number]) =>
      partition === 0 && offset >= 2n && offset < 5n;

    const read = await pages(truthOf(world), { incomplete: 'accept' });

    expect(sorted(applied(read))).toEqual(sorted(expected(world.posted.filter((each) => !isLost(each)))));
  });

  test('are found when retention overtakes the archive while they are read', async () => {
    const world = openWorld();
    await happen(
      world,
      Array.from({ length: 20 }, (_, id) => ({ kind: 'post', id }) as const),
    );
    let first = true;

    const read = pages(truthOf(world), {}, async () => {
      if (first) world.log.forget(1, 4n);
      first = false;
    });

    await expect(read).rejects.toMatchObject({
      code: 'incomplete_source',
      message: expect.stringMatching(/records 0 to 3 of partition 1/),
    });
  });
});

describe('digests of the log and the archive', () => {
  test.each([{ maxKeys: 1000 }, { maxKeys: 2 }])(
    'are those of what a view should show, however often an event was posted: $maxKeys keys in memory',
    async ({ maxKeys }) => {
      await fc.assert(
        fc.asyncProperty(steps, async (before) => {
          const world = openWorld();
          // An event that is posted again, when the log has forgotten it already, is told by looking at rows.
          await happen(
            world,
            before.filter((each) => each.kind === 'post'),
          );
          for (const partition of [0, 1]) {
            const end = BigInt(world.posted.filter((each) => each.partition === partition).length);
            await world.archiveUpTo(partition, end);
          }
          const request = {
            placement: recent,
            buckets: 8,
            only: undefined,
            versions: true,
            limit: 2,
          };
          const sum = new Map<number, Digest>();
          let after: string | undefined;
          do {
            const page = await truthOf(world, { maxKeys }).digestTruth({ ...request, after });
            addDigests(sum, page.digests);
            after = page.next;
          } while (after !== undefined);

          const last = new Map(world.posted.map((each) => [each.row.id, each]));
          const rows = [...last.values()].map(({ row, offset }) => ({
            row,
            version: createVersion(0, offset),
          }));
          expect([...sum.values()].sort((a, b) => a.bucket - b.bucket)).toEqual(
            [...digestRows({ ...request, after }, rows)].sort((a, b) => a.bucket - b.bucket),
          );
        }),
        { numRuns: 40 },
      );
    },
  );

  test('count what only the archive has, and not twice what both have', async () => {
    const world = openWorld();
    await happen(
      world,
      Array.from({ length: 12 }, (_, id) => ({ kind: 'post', id }) as const),
    );
    for (const partition of [0, 1]) {
      await world.archiveUpTo(partition, 4n);
      world.log.forget(partition, 2n);
    }
    let count = 0;
    let after: string | undefined;
    do {
      const page = await truthOf(world).digestTruth({
        ...{ placement: recent, buckets: 1, only: undefined, versions: true },
        ...{ after, limit: 3 },
      });
      count += page.digests.reduce((sum, digest) => sum + digest.count, 0);
      after = page.next;
    } while (after !== undefined);

    expect(count).toBe(12);
  });
});

test.each(['', '{}', '[]', '{"partitions":[],"slice":0}'])(
  'a page does not go on behind %j',
  async (after) => {
    await expect(
      truthOf(openWorld()).readTruth({ placement: source, of: { kind: 'page', after, limit: 1 } }),
    ).rejects.toMatchObject({ code: 'invalid_request' });
  },
);
