import { expect } from '@jest/globals';
import fc from 'fast-check';
import { keyText, type Row } from '../../lambda/change/change.ts';
import { createVersion } from '../../lambda/change/version.ts';
import type { Catalog } from '../../lambda/model/index.ts';
import { createAnalyser } from '../../lambda/query/analyse.ts';
import { cutPage, type Place } from '../../lambda/query/page.ts';
import { planReadPage } from '../../lambda/query/plan-read.ts';
import type { Timer } from '../../lambda/query/timer.ts';
import { keyOf } from '../../lambda/stores/source-write.ts';
import type { Caller, Store } from '../../lambda/stores/store.ts';
import { compareInOrder } from '../../lambda/stores/value-order.ts';
import type { FilledStores } from './filled-stores.ts';
import { planContext } from './harness.ts';
import { readBy } from './read-by.ts';
import { sightingOf, sightingPlacement, sightingRow } from './view-model.ts';

/** What is read in pages, and which rows of those that stay must come; `null` is left to the statement. */
const questions: readonly { readonly where: string; readonly meets: (row: Row) => boolean }[] = [
  { where: "sighting_id = 's1'", meets: (row) => row.sighting_id === 's1' },
  { where: "kind = 'bird'", meets: (row) => row.kind === 'bird' },
  {
    where: "place = 'EWR' and at >= '2013-01-01' and at < '2013-01-02'",
    meets: (row) => row.place === 'EWR',
  },
  { where: "at >= '2013-01-01' and at < '2013-01-01T02:00:00Z'", meets: () => true },
  { where: 'wings >= 1', meets: (row) => Number(row.wings ?? 0) >= 1 },
  { where: 'not tame is null or kind is not null', meets: () => true },
];

const orders = fc
  .uniqueArray(
    fc.record({
      column: fc.constantFrom(
        ...[
          'at',
          'wings',
          'height',
          'weight',
          'ratio',
          'seen_on',
          'note',
          'kind',
          'place',
          'tame',
          'sighting_id',
        ],
      ),
      direction: fc.constantFrom('', ' asc', ' desc'),
      nulls: fc.constantFrom('', ' nulls first', ' nulls last'),
    }),
    { maxLength: 3, selector: ({ column }) => column },
  )
  .map((terms) => terms.map(({ column, direction, nulls }) => `${column}${direction}${nulls}`));

/** Values of which many are equal, and many absent. */
const values = (tenant: string, id: string): fc.Arbitrary<Row> => {
  const some = (...of: readonly (string | number | boolean)[]) => fc.constantFrom(null, ...of);
  return fc.record({
    tenant: fc.constant(tenant),
    sighting_id: fc.constantFrom(`${id}1`, `${id}1`, `${id}2`, `${id}3`),
    at: fc
      .constantFrom('00:00:00Z', '00:00:00.000001Z', '00:59:59.999999Z', '01:00:00Z', '01:30:00Z')
      .map((at) => `2013-01-01T${at}`),
    place: fc.constantFrom('EWR', 'ÉWR', 'JFK'),
    kind: fc.constantFrom('bird', 'plane', 'cloud'),
    wings: some(-1, 0, 1, 2_147_483_647),
    height: some('-9223372036854775808', '9007199254740992', '9007199254740993'),
    weight: some('-0.001', '0.000', '999999.999'),
    ratio: some(-1e300, 0.1, 0.30000000000000004),
    tame: some(true, false),
    seen_on: some('0001-01-01', '2013-01-01'),
    note: some('', 'a', 'Z', '\u{1F600}', '\uFFFD'),
  });
};

export interface PagedStores {
  readonly catalog: Catalog;
  readonly stores: FilledStores;
  /** Whether Aurora's table is there too. */
  readonly aurora: boolean;
  readonly timer: Timer;
}

/**
 * Reads pages from every placement that answers them while other rows come, change and go, and holds that each row
 * that stays comes once, in the order that was asked for. Answers how often which placement gave more than a page.
 */
export async function holdPages(
  { catalog, stores, aurora, timer }: PagedStores,
  numRuns: number,
): Promise<ReadonlyMap<string, number>> {
  const entity = sightingOf(catalog);
  const analyse = createAnalyser(catalog);
  const reached = new Map<string, number>();
  let position = 0n;
  let run = 0;
  const write = async (rows: readonly Row[], gone: readonly Row[] = []): Promise<void> => {
    position += 1n;
    const version = createVersion(0, position);
    const changes = [
      ...rows.map((row) => ({
        kind: 'upsert' as const,
        entity: entity.name,
        key: keyOf(entity, row),
        row,
        version,
      })),
      ...gone.map((row) => ({
        kind: 'delete' as const,
        entity: entity.name,
        key: keyOf(entity, row),
        version,
        before: row,
      })),
    ];
    const put = async (store: Store | undefined, ...views: readonly (string | undefined)[]) => {
      for (const view of views) {
        const applied = await store?.apply(sightingPlacement(catalog, view), changes);
        expect(applied?.rejected).toEqual([]);
      }
    };
    await Promise.all([
      ...(aurora ? [put(stores.aurora, 'table')] : []),
      put(stores.dynamodb, undefined),
      put(stores.redis, 'board'),
      put(stores.keyspaces, 'byTime', 'byPlace'),
      put(stores.opensearch, 'found'),
    ]);
  };
  const parse = (row: Row): Row => sightingRow(catalog, row);
  const distinct = (rows: readonly Row[]): readonly Row[] => [
    ...new Map(rows.map((row) => [keyText(keyOf(entity, row)), row])).values(),
  ];

  await fc.assert(
    fc.asyncProperty(
      fc.array(values('T', 's'), { minLength: 10, maxLength: 25 }),
      fc.array(values('T', 'c'), { minLength: 3, maxLength: 25 }),
      orders,
      fc.integer({ min: 1, max: 3 }),
      fc.option(fc.integer({ min: 0, max: 12 }), { nil: undefined }),
      async (seeded, changing, terms, size, limit) => {
        run += 1;
        // Each run has a tenant of its own, so that rows of runs do not meet.
        const tenant = `${catalog.name}-${run}`;
        const caller: Caller = { kind: 'tenant', tenant, subject: 'test' };
        const stay = distinct(seeded.map((row) => parse({ ...row, tenant })));
        const others = distinct(changing.map((row) => parse({ ...row, tenant })));
        await write(stay);
        for (const { where, meets } of questions) {
          const order = terms.length === 0 ? '' : ` order by ${terms.join(', ')}`;
          const sql = `select sighting_id, at from sighting where ${where}${order}${limit === undefined ? '' : ` limit ${limit}`}`;
          const statement = await analyse(sql);
          const context = planContext({ tenant });
          const plan = (place: Place | undefined) =>
            planReadPage(statement, catalog, context, { size, place });

          for (const { placement, qualifies, engine } of plan(undefined).plan.considered) {
            // Another replica is the same database here, and the archive is written by days.
            if (!qualifies || (engine === 'aurora' && (!aurora || placement !== 'aurora.writer'))) continue;
            if (engine === 'archive' || placement === 'sighting.logged') continue;
            const given: Row[] = [];
            let place: Place | undefined;
            let pages = 0;
            do {
              const planned = plan(place);
              // Aurora must be able to get it, also where it is not asked here.
              expect(await planned.statement.render()).toMatch(/^SELECT /);
              const taken = planned.plan.qualified.find((one) => one.placement === placement);
              if (taken === undefined) {
                // Nothing can come behind, which a plan may see before anything is asked.
                expect(planned.plan.qualified.map(({ kind }) => kind)).toEqual(['empty']);
                break;
              }
              const { params } = planned;
              const answer = await readBy([taken], { caller, stores, timer, params, maxRows: size + 1 });
              const { rows, next } = cutPage(planned.page, answer.rows);
              expect(rows.length).toBeLessThanOrEqual(size);
              given.push(...rows);
              place = next;
              pages += 1;
              // Between pages others come, change and go; where there is a limit they would take places.
              if (limit === undefined) {
                const half = others.filter((_, index) => (index + pages) % 2 === 0);
                const gone = others.filter((row) => !half.includes(row));
                await write(
                  half.map((row) => ({ ...row, wings: pages % 3, note: `${pages}` })),
                  gone,
                );
              }
            } while (place !== undefined);

            const found = given.filter(({ sighting_id: id }) => String(id).startsWith('s'));
            const keys = found.map((row) => `${row.sighting_id} ${row.at}`);
            const asked = stay.filter(meets).map((row) => `${row.sighting_id} ${row.at}`);
            expect(new Set(keys).size).toBe(keys.length);
            if (limit === undefined) expect(keys.toSorted()).toEqual(asked.toSorted());
            else expect(keys.length).toBe(Math.min(limit, asked.length));
            expectInOrder(found, plan(undefined).page.order);
            if (pages > 1) reached.set(placement, (reached.get(placement) ?? 0) + 1);
            await write([], others);
          }
        }
      },
    ),
    { numRuns },
  );
  return reached;
}

/** Each row strictly behind the one before: the order is total. */
function expectInOrder(rows: readonly Row[], order: ReturnType<typeof planReadPage>['page']['order']): void {
  for (const [index, row] of rows.entries()) {
    const before = rows[index - 1];
    if (before === undefined) continue;
    const differences = order.map((term) =>
      compareInOrder(term.column.type, term)(before[term.column.name] ?? null, row[term.column.name] ?? null),
    );
    expect(differences.find((difference) => difference !== 0)).toBeLessThan(0);
  }
}
