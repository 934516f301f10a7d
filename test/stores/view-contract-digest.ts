import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Row } from '../../lambda/change/change.ts';
import { parseRow } from '../../lambda/model/index.ts';
import { addDigests } from '../../lambda/stores/digest.ts';
import { hasPlace, heldColumns, rowId } from '../../lambda/stores/placement.ts';
import { bucketOf } from '../../lambda/stores/row-hash.ts';
import type { Digest, DigestRequest, ViewStore } from '../../lambda/stores/view-store.ts';
import { rowContent } from './contract-content.ts';
import { itemRow, remove, upsert } from './contract-model.ts';
import { isHidden, scanAll, untilExpired, type ViewContext } from './view-contract-context.ts';

/** Many, so that two rows of a test are seldom in one. */
const buckets = 1 << 16;

/** Another value of each column that is no part of the key. */
const others: Row = {
  place: 'elsewhere',
  state: 'it’s gone',
  count: 2,
  large: '-9223372036854775808',
  price: '1.5000000001',
  precise: '0.000000000000000000000000000001',
  ratio: 1e-7,
  flag: false,
  seen_at: '2013-01-01T11:00:00.000002Z',
  due_on: '2013-03-01',
  note: 'a note: “ü”\n\u0001\\"',
  image: '\\x00ff5c',
  extra: { a: [1, null, 'y'] },
};

const everyType = fc.tuple(
  rowContent,
  fc.record({
    precise: fc.option(
      fc.bigInt({ min: 0n, max: 10n ** 29n }).map((digits) => `0.${String(digits).padStart(30, '0')}`),
      { nil: null },
    ),
    due_on: fc.option(fc.constantFrom('0001-01-01', '1970-01-01', '2013-02-28', '9999-12-31'), { nil: null }),
  }),
);

export function digestCases(context: ViewContext): void {
  describe('digest', () => {
    test.each([{ versions: true }, { versions: false }])(
      'comes to what readers see, page by page: versions $versions',
      async ({ versions }) => {
        await fc.assert(
          fc.asyncProperty(fc.array(everyType, { minLength: 1, maxLength: 5 }), async (contents) => {
            const { entity } = context.placement;
            const tenant = context.tenant();
            const rows = contents.map(([columns, more], index) =>
              parseRow(entity, {
                ...itemRow({ tenant, label: `a|b%{c} ${index}`, number: String(index) }),
                ...columns,
                ...more,
              }),
            );
            await context.apply(rows.map((row) => upsert(entity, row, 1)));

            await expectSameDigests(context, { versions });
          }),
          { numRuns: context.propertyRuns },
        );
      },
    );

    test('counts no tombstone and no row that has expired', async () => {
      const { entity } = context.placement;
      const tenant = context.tenant();
      const rows = [1, 2, 3].map((number) => itemRow({ tenant, number: String(number) }));
      await context.apply(rows.map((row) => upsert(entity, row, 1)));
      await context.apply(rows.slice(0, 1).map((row) => remove(entity, row, 2)));

      await expectSameDigests(context, { versions: true });
      context.now += untilExpired(context);
      await expectSameDigests(context, { versions: true });
    });

    test('of some buckets only is the part of all', async () => {
      const { entity, store, placement } = { ...context.placement, ...context };
      const tenant = context.tenant();
      const rows = [1, 2, 3, 4].map((number) => itemRow({ tenant, number: String(number) }));
      await context.apply(rows.map((row) => upsert(entity, row, 1)));
      const only = new Set(rows.slice(0, 2).map((row) => bucketOf(rowId(placement, row), buckets)));

      const part = await digestAll(context, store, { versions: true, only });

      const all = await digestAll(context, store, { versions: true });
      expect(part).toEqual(new Map([...all].filter(([bucket]) => only.has(bucket))));
      expect([...part.values()].reduce((sum, { count }) => sum + count, 0)).toBeGreaterThanOrEqual(2);
    });

    test('another value of any one column, a row more and a row less each change the digest of its bucket, and of no other', async () => {
      const { placement, store } = context;
      const { entity } = placement;
      const tenant = context.tenant();
      const row = itemRow({ tenant });
      await context.apply([upsert(entity, row, 1)]);
      const bucket = bucketOf(rowId(placement, row), buckets);
      let version = 1;
      let before = await digestAll(context, store, { versions: false });
      // Where a row lies does not change in place.
      const columns = heldColumns(placement).filter(({ immutable }) => !immutable);

      for (const { name } of columns) {
        for (const value of [others[name] ?? null, row[name] ?? null]) {
          version += 1;
          await context.apply([upsert(entity, { ...row, [name]: value }, version)]);
          const after = await digestAll(context, store, { versions: false });
          expect({ name, changed: differing(before, after) }).toEqual({ name, changed: [bucket] });
          before = after;
        }
      }
      await context.apply([remove(entity, row, version + 1)]);
      const less = await digestAll(context, store, { versions: false });
      await context.apply([upsert(entity, row, version + 2)]);
      const more = await digestAll(context, store, { versions: false });

      expect(differing(before, less)).toEqual([bucket]);
      expect(differing(less, more)).toEqual([bucket]);
      expect(differing(before, more)).toEqual([]);
    });

    test('a higher version of the same row differs where versions count, and only there', async () => {
      const { placement, store } = context;
      const { entity } = placement;
      const row = itemRow({ tenant: context.tenant() });
      await context.apply([upsert(entity, row, 2n ** 55n)]);
      const [counted, plain] = [
        await digestAll(context, store, { versions: true }),
        await digestAll(context, store, { versions: false }),
      ];

      await context.apply([upsert(entity, row, 2n ** 55n + 1n)]);

      expect(differing(counted, await digestAll(context, store, { versions: true }))).toEqual([
        bucketOf(rowId(placement, row), buckets),
      ]);
      expect(differing(plain, await digestAll(context, store, { versions: false }))).toEqual([]);
    });
  });
}

/** The whole view against the reference; what the store may render otherwise is left out by its bucket. */
async function expectSameDigests(
  context: ViewContext,
  { versions }: { readonly versions: boolean },
): Promise<void> {
  const { store, reference, placement } = context;
  const found = await digestAll(context, store, { versions, limit: 13 });
  const expected = await digestAll(context, reference, { versions });
  const held = [...(await scanAll(reference, placement, { limit: 100 })).values()];
  const otherwise = new Set(
    held
      .filter(({ row }) => row !== undefined && context.rendersOtherwise(row))
      .map(({ key }) => bucketOf(rowId(placement, key), buckets)),
  );
  const compared = (digests: ReadonlyMap<number, Digest>) =>
    [...digests.values()]
      .map((digest) => (otherwise.has(digest.bucket) ? { ...digest, sum: 'otherwise' } : digest))
      .sort((a, b) => a.bucket - b.bucket);
  // Rows say more than sums of hashes.
  const wrong = new Set(differing(found, expected).filter((bucket) => !otherwise.has(bucket)));
  const rowsIn = async (side: ViewStore) =>
    [...(await scanAll(side, placement, { limit: 100 })).values()]
      .filter(({ key, row }) => row !== undefined && wrong.has(bucketOf(rowId(placement, key), buckets)))
      .map(({ version, row }) => JSON.stringify([String(version), row]))
      .sort();
  expect(await rowsIn(store)).toEqual(await rowsIn(reference));
  expect(compared(found)).toEqual(compared(expected));
  const shown = held.filter(
    ({ row }) => !isHidden(context, row) && row !== undefined && hasPlace(placement, row),
  );
  expect([...found.values()].reduce((sum, { count }) => sum + count, 0)).toBe(shown.length);
}

async function digestAll(
  { placement }: ViewContext,
  store: ViewStore,
  {
    versions,
    only,
    limit = 1000,
  }: { readonly versions: boolean; readonly only?: DigestRequest['only']; readonly limit?: number },
): Promise<Map<number, Digest>> {
  const digests = new Map<number, Digest>();
  for (let after: string | undefined; ; ) {
    const page = await store.digest({ placement, buckets, only, versions, after, limit });
    addDigests(digests, page.digests);
    if (page.next === undefined) return digests;
    after = page.next;
  }
}

/** The buckets that are not the same in both. */
const differing = (a: ReadonlyMap<number, Digest>, b: ReadonlyMap<number, Digest>): readonly number[] =>
  [...new Set([...a.keys(), ...b.keys()])].filter((bucket) => {
    const [one, two] = [a.get(bucket), b.get(bucket)];
    return one?.sum !== two?.sum || one?.count !== two?.count;
  });
