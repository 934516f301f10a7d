import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createVersion } from '../../../lambda/change/version.ts';
import { type NextPage, newestOf } from '../../../lambda/stores/keyspaces/newest.ts';
import type { HeldVersion } from '../../../lambda/stores/keyspaces/read.ts';

const held = (id: number, version: number): HeldVersion => ({
  row: { id },
  version: createVersion(0, BigInt(version)),
  deleted: false,
  expiry: undefined,
});
const byId = (a: HeldVersion['row'], b: HeldVersion['row']): number => Number(a.id) - Number(b.id);

/** Pages of any size, some of them empty, as Cassandra gives them where it read only tombstones. */
function streamOf(rows: readonly HeldVersion[], size: number): NextPage {
  let at = -size;
  return async () => {
    at += size;
    if (at > rows.length) return undefined;
    return rows.slice(at, at + size);
  };
}

test('of each row the newest version comes, in order, however rows are spread and paged', async () => {
  const versions = fc.uniqueArray(fc.tuple(fc.nat({ max: 8 }), fc.nat({ max: 5 })), {
    selector: ([id, version]) => `${id}|${version}`,
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(versions, { maxLength: 4 }),
      fc.integer({ min: 1, max: 4 }),
      fc.boolean(),
      async (streams, size, descending) => {
        const sign = descending ? -1 : 1;
        const pages = streams.map((rows) => {
          const sorted = rows
            .map(([id, version]) => held(id, version))
            .sort((a, b) => sign * byId(a.row, b.row));
          return streamOf(sorted, size);
        });

        const found: string[] = [];
        for await (const { row, version } of newestOf(pages, (a, b) => sign * byId(a, b)))
          found.push(`${row.id}|${version}`);

        const ids = [...new Set(streams.flat().map(([id]) => id))].sort((a, b) => sign * (a - b));
        const highest = (id: number) =>
          Math.max(...streams.flat().flatMap(([other, version]) => (other === id ? [version] : [])));
        expect(found).toEqual(ids.map((id) => `${id}|${highest(id)}`));
      },
    ),
    { numRuns: 300 },
  );
});
