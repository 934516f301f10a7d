import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createVersion } from '../../../lambda/change/version.ts';

import { createOpensearchStore, ensureSearch } from '../../../lambda/stores/opensearch/index.ts';
import { rowId } from '../../../lambda/stores/placement.ts';
import { bucketOf } from '../../../lambda/stores/row-hash.ts';
import type { Placement } from '../../../lambda/stores/store.ts';
import type { Buckets, Digest, Repair } from '../../../lambda/stores/view-store.ts';
import { contractCatalog, itemOf, itemRow, placementOf, upsert } from '../contract-model.ts';
import { ask, bookOf, connection, type Library, openLibrary } from './library.ts';

const buckets = 256;

let library: Library;
beforeEach(async () => {
  library = await openLibrary();
});
afterEach(async () => {
  await library.store.close();
});

const titled = (isbn: number, title: string) => ({
  isbn: `i${isbn}`,
  title,
  pages: isbn,
  notes: { n: isbn },
});

async function digest(only?: ReadonlySet<number>): Promise<{
  readonly digests: ReadonlyMap<number, Digest>;
  readonly bytes: number;
}> {
  const { digests, bytes } = await library.store.digest({
    placement: library.books,
    buckets,
    only,
    versions: true,
    after: undefined,
    limit: 1000,
  });
  return { digests: new Map(digests.map((each) => [each.bucket, each])), bytes };
}

/** All pages. */
async function scan(buckets?: Buckets): Promise<{ readonly rows: number; readonly bytes: number }> {
  let [rows, bytes] = [0, 0];
  for (let after: string | undefined; ; ) {
    const of = buckets === undefined ? {} : { buckets };
    const page = await library.store.scan({ placement: library.books, after, limit: 10_000, ...of });
    rows += page.rows.length;
    bytes += page.bytes;
    if (page.next === undefined) return { rows, bytes };
    after = page.next;
  }
}

const differing = (a: ReadonlyMap<number, Digest>, b: ReadonlyMap<number, Digest>): readonly number[] =>
  Array.from({ length: buckets }, (_, bucket) => bucket).filter(
    (bucket) => a.get(bucket)?.sum !== b.get(bucket)?.sum,
  );

describe('digests', () => {
  test('are of what is held: a document that somebody changed under its version is found', async () => {
    await library.put(...[1, 2, 3].map((isbn) => titled(isbn, `book ${isbn}`)));
    const before = await digest();
    const index = `${library.catalog.name}.book.search-1`;
    const { _source: held } = await ask('GET', `/${index}/_doc/i2`);

    const written = await ask('PUT', `/${index}/_doc/i2?version=1&version_type=external_gte&refresh=true`, {
      ...(held as object),
      title: 'another',
    });

    expect(written).toMatchObject({ _version: 1, result: 'updated' });
    const after = await digest();
    const bucket = bucketOf(rowId(library.books, { isbn: 'i2' }), buckets);
    expect(differing(before.digests, after.digests)).toEqual([bucket]);
  });

  test('of one row in a thousand that drifted, with its rows, are a tenth of all rows at most', async () => {
    const rows = Array.from({ length: 3000 }, (_, isbn) => titled(isbn, `book ${isbn} `.repeat(8)));
    for (let start = 0; start < rows.length; start += 1000)
      await library.put(...rows.slice(start, start + 1000));
    const before = await digest();
    const drifted = [7, 1700, 2999].map((isbn) => bookOf(library.catalog, titled(isbn, 'drifted')));
    const repaired = await library.store.repair(
      library.books,
      drifted.map((change) => ({ change, held: change.version })),
    );

    const after = await digest();
    const only = new Set(differing(before.digests, after.digests));
    const part = await scan({ of: buckets, only });
    const all = await scan();

    expect(repaired).toEqual({ repaired: 3, moved: [] });
    expect(only.size).toBe(3);
    expect(all.rows).toBe(3000);
    const moved = after.bytes + part.bytes;
    expect(moved / all.bytes).toBeLessThanOrEqual(0.1);
  });

  test('tell of a copy that says the bucket of its original where a scan finds it', async () => {
    await library.put(...[1, 2, 3].map((isbn) => titled(isbn, `book ${isbn}`)));
    const before = await digest();
    const index = `${library.catalog.name}.book.search-1`;
    const { _source: held } = await ask('GET', `/${index}/_doc/i2`);

    await ask('PUT', `/${index}/_doc/i9?version=1&version_type=external&refresh=true`, {
      ...(held as object),
      isbn: 'i9',
    });

    const only = new Set(differing(before.digests, (await digest()).digests));
    const { rows } = await library.store.scan({
      placement: library.books,
      buckets: { of: buckets, only },
      after: undefined,
      limit: 100,
    });
    expect(rows.map(({ key }) => key.isbn)).toContain('i9');
    expect(new Set((await digest(only)).digests.keys())).toEqual(only);
  });

  test('answer for a row that is too long to be hashed there, whose bucket then differs', async () => {
    await library.put({ ...titled(1, 'long'), notes: { text: 'x'.repeat(300_000) } });

    const { digests } = await digest();

    expect([...digests.values()]).toEqual([expect.objectContaining({ count: 1, sum: 0n })]);
  });
});

describe('repair', () => {
  test('to a lower version, by two at once: one of them', async () => {
    const { books, catalog, store } = library;
    const high = { ...bookOf(catalog, titled(1, 'from the future')), version: createVersion(9, 0n) };
    await store.apply(books, [high]);
    const repairs = [2n, 3n].map((position): readonly Repair[] => [
      {
        change: { ...bookOf(catalog, titled(1, `right ${position}`)), version: createVersion(0, position) },
        held: high.version,
      },
    ]);

    const results = await Promise.all(repairs.map((each) => store.repair(books, each)));

    expect(results.map(({ repaired }) => repaired).toSorted()).toEqual([0, 1]);
    const { rows } = await store.scan({ placement: books, after: undefined, limit: 10 });
    expect(rows).toHaveLength(1);
    const made = repairs[results.findIndex(({ repaired }) => repaired === 1)]?.[0]?.change;
    expect(rows[0]?.version).toBe(made?.version);
  });
});

describe('builds', () => {
  test('are heard of by other processes, which write to them', async () => {
    const { books, catalog, store } = library;
    const other = createOpensearchStore({
      ...connection(),
      model: catalog.name,
      clock: Date.now,
      refresh: true,
    });
    await other.apply(books, [bookOf(catalog, titled(1, 'before'))]);
    const build = await store.beginBuild(books);
    await sleep(store.buildDelayMs);

    await other.apply(books, [bookOf(catalog, titled(2, 'after'))]);
    await other.close();

    const { rows } = await store.scan({ placement: build, after: undefined, limit: 10 });
    expect(rows.map(({ key }) => key.isbn)).toEqual(['i2']);
  });

  test('are what the view’s alias is moved by, and a dropped one is gone', async () => {
    const { books, catalog, store } = library;
    const alias = `${catalog.name}.book.search`;
    const build = await store.beginBuild(books);

    await store.activateBuild(build);
    const moved = Object.keys(await ask('GET', `/_alias/${alias}`));
    await store.dropBuild({ ...books, build: 1 });

    expect(moved).toEqual([`${alias}-2`]);
    expect(Object.keys(await ask('GET', `/${alias}-*`))).toEqual([`${alias}-2`]);
    expect(await ensureSearch(catalog, connection())).toEqual([]);
  });

  test('of a log have days of their own, and the alias has those of the active one, also of days to come', async () => {
    const catalog = contractCatalog(`rebuilt-${library.catalog.name}`);
    await ensureSearch(catalog, connection());
    const logged: Placement = placementOf(catalog, 'item.logged');
    const store = createOpensearchStore({
      ...connection(),
      model: catalog.name,
      clock: () => Date.parse('2013-01-01T12:00:00Z'),
      refresh: true,
    });
    const alias = `${catalog.name}.item.logged`;
    const onDay = (day: number) =>
      upsert(itemOf(catalog), itemRow({ at: `2013-01-0${day}T10:00:00.000000Z` }), 1);
    await store.apply(logged, [onDay(1)]);
    const build = await store.beginBuild(logged);
    await store.apply(build, [onDay(1)]);

    await store.activateBuild(build);
    await store.apply(logged, [onDay(2)]);
    const named = Object.keys(await ask('GET', `/_alias/${alias}`)).toSorted();
    await store.dropBuild({ ...logged, build: 1 });
    await store.close();

    expect(named).toEqual([`${alias}@2-2013.01.01`, `${alias}@2-2013.01.02`]);
    expect(Object.keys(await ask('GET', `/${alias}-*`))).toEqual([]);
  });
});
