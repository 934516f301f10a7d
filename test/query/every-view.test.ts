import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createAnalyser } from '../../lambda/query/analyse.ts';
import { answerSelect } from '../../lambda/query/answer.ts';
import { planRead, withTenant } from '../../lambda/query/plan-read.ts';
import { readSelect } from '../../lambda/query/read-select.ts';
import { nowMs, planContext, ua } from './harness.ts';
import { createMemoryStores } from './memory-stores.ts';
import { readBy } from './read-by.ts';
import { expectSameAnswer } from './same-answer.ts';
import { seedSightings, viewCatalog } from './view-model.ts';
import {
  sightingAggregates,
  sightingDistincts,
  sightingSelects,
  sightings,
  sightingTops,
} from './view-statements.ts';

const catalog = viewCatalog('views');
const analyse = createAnalyser(catalog);

test('every view that qualifies gives the answer that all rows would give', async () => {
  const reached = new Map<string, number>();
  await fc.assert(
    fc.asyncProperty(
      sightings(catalog, 'UA', 'AA'),
      fc.array(
        fc.oneof(
          sightingSelects('UA', 'AA'),
          sightingAggregates('UA', 'AA'),
          sightingTops('UA', 'AA'),
          sightingDistincts('UA', 'AA'),
        ),
        {
          minLength: 5,
          maxLength: 10,
        },
      ),
      async (rows, statements) => {
        const stores = createMemoryStores();
        await seedSightings(catalog, stores, rows);
        const timer = { clock: () => nowMs, sleep: () => new Promise<void>(() => {}) };
        for (const { sql, order } of statements) {
          const statement = await analyse(sql);
          const select = withTenant(readSelect(statement.statement, statement.reads, []), 'UA');
          const found = rows.map((row) => ({ row, version: undefined }));
          const whole = answerSelect({ ...select, limit: undefined, offset: 0 }, found, 1000);
          const expected = answerSelect(select, found, 1000);

          for (const candidate of planRead(statement, catalog, planContext()).considered) {
            if (!candidate.qualifies || candidate.engine === 'aurora') continue;
            const answer = await readBy([candidate], { caller: ua, stores, timer, withinMs: 1000 });
            const name = `${candidate.placement} ${candidate.route.kind}`;
            reached.set(name, (reached.get(name) ?? 0) + 1);

            expectSameAnswer(answer, { expected, whole, order });
          }
        }
      },
    ),
    { numRuns: 300 },
  );

  expect([...reached.keys()].sort()).toEqual([
    'none empty',
    'sighting.board native',
    'sighting.byPlace native',
    'sighting.byTime native',
    'sighting.found aggregate',
    'sighting.found native',
    'sighting.found top',
    'sighting.history aggregate',
    'sighting.history native',
    'sighting.hourly aggregate',
    'sighting.logged aggregate',
    'sighting.logged native',
    'sighting.logged top',
    'sighting.source native',
    'sighting.source.byKind native',
    'sighting.source.byWings native',
  ]);
  // A property that reached no store would hold too.
  expect(Math.min(...reached.values())).toBeGreaterThan(10);
});
