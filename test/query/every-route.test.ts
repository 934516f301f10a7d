import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createAnalyser } from '../../lambda/query/analyse.ts';
import { answerSelect } from '../../lambda/query/answer.ts';
import { planRead, withTenant } from '../../lambda/query/plan-read.ts';
import { readSelect } from '../../lambda/query/read-select.ts';
import { compareValues } from '../../lambda/stores/value-order.ts';
import { catalog, createHarness, fakeAurora, nowMs, planContext, ua } from './harness.ts';
import { readBy } from './read-by.ts';
import { flights, selects } from './statements.ts';

const analyse = createAnalyser(catalog);
test('every placement that qualifies gives an answer that the rows of the source would give', async () => {
  const reached = new Map<string, number>();
  await fc.assert(
    fc.asyncProperty(
      flights('UA', 'AA'),
      fc.array(selects('UA', 'AA'), { minLength: 5, maxLength: 10 }),
      async (all, statements) => {
        const { dynamodb, redis, seed } = createHarness();
        for (const row of all) await seed(row);
        const timer = { clock: () => nowMs, sleep: () => new Promise<void>(() => {}) };
        for (const sql of statements) {
          const statement = await analyse(sql);
          const context = planContext();
          const simple = withTenant(readSelect(statement.statement, statement.reads, []), 'UA');
          if (simple.kind !== 'rows') throw new TypeError('it selects rows');
          const whole = answerSelect(
            { ...simple, limit: undefined, offset: 0 },
            all.map((row) => ({ row, version: undefined })),
            1000,
          ).rows;
          const expected = whole.slice(
            simple.offset,
            simple.limit === undefined ? undefined : simple.offset + simple.limit,
          );

          for (const candidate of planRead(statement, catalog, context).considered) {
            if (!candidate.qualifies || candidate.engine === 'aurora') continue;
            const stores = { aurora: fakeAurora(), dynamodb, redis };
            const answer = await readBy([candidate], { caller: ua, stores, timer, withinMs: 1000 });
            reached.set(candidate.placement, (reached.get(candidate.placement) ?? 0) + 1);

            // Rows that tie may be told in any order, and any of them may fall to a limit.
            expect(answer.rows.length).toBe(expected.length);
            for (const [index, row] of answer.rows.entries()) {
              expect(whole).toContainEqual(row);
              for (const term of simple.order) {
                if (term.kind !== 'column') continue;
                const { column } = term;
                const [is, should] = [row[column.name] ?? null, expected[index]?.[column.name] ?? null];
                expect(
                  is === null || should === null
                    ? is === should
                    : compareValues(column.type, is, should) === 0,
                ).toBe(true);
              }
            }
            expect(new Set(answer.rows.map((row) => JSON.stringify(row))).size).toBe(answer.rows.length);
          }
        }
      },
    ),
    { numRuns: 150 },
  );

  // A property that reached no store would hold too.
  expect(Math.min(...reached.values())).toBeGreaterThan(20);
  expect(reached.size).toBe(7);
});
