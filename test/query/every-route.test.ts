import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Row } from '../../lambda/change/change.ts';
import { createAnalyser } from '../../lambda/query/analyse.ts';
import { answerSelect } from '../../lambda/query/answer.ts';
import { executeRead } from '../../lambda/query/execute-read.ts';
import { planRead, withTenant } from '../../lambda/query/plan-read.ts';
import { readSimpleSelect } from '../../lambda/query/select-shape.ts';
import { startDeadline } from '../../lambda/query/timer.ts';
import { noParts } from '../../lambda/query/tokens.ts';
import { compareValues } from '../../lambda/query/value-order.ts';
import { catalog, createHarness, fakeAurora, flight, nowMs, ua } from './harness.ts';

const analyse = createAnalyser(catalog);
const instants = [
  '2013-01-01T00:00:00.000000Z',
  '2013-01-01T10:15:00.000000Z',
  '2013-01-01T23:59:59.999999Z',
  '2013-01-02T00:00:00.000000Z',
  '2013-01-03T05:00:00.000001Z',
];
const rows: fc.Arbitrary<readonly Row[]> = fc.uniqueArray(
  fc
    .record({
      carrier: fc.constantFrom('UA', 'UA', 'UA', 'AA'),
      flight_number: fc.constantFrom(1, 2, 10),
      scheduled_at: fc.constantFrom(...instants),
      tail_number: fc.constantFrom('N1', 'N#2', null),
      origin: fc.constantFrom('EWR', 'JFK'),
      destination: fc.constantFrom('IAH', '\u{1f6eb}', '\ufffd', ''),
      status: fc.constantFrom('scheduled', 'arrived'),
      departure_delay_minutes: fc.constantFrom(-5, 0, 7, 7, 60, null),
    })
    .map(flight),
  { maxLength: 25, selector: (row) => [row.carrier, row.flight_number, row.scheduled_at].join() },
);

const operator = fc.constantFrom('=', '<>', '<', '<=', '>', '>=');
const compared = (column: string, values: readonly string[]) =>
  fc.oneof(
    fc.tuple(operator, fc.constantFrom(...values)).map(([sign, value]) => `${column} ${sign} ${value}`),
    fc.constantFrom(...values).map((value) => `${column} = ${value}`),
    fc
      .array(fc.constantFrom(...values, 'null'), { minLength: 1, maxLength: 3 })
      .map((list) => `${column} in (${list.join(', ')})`),
    fc.constantFrom(`${column} is not null`, `${column} is null`, `not ${column} = ${values[0]}`),
  );
const times = instants.map((instant) => `'${instant}'`);
const condition = fc.oneof(
  compared('flight_number', ['1', '2', '10']),
  compared('scheduled_at', times),
  compared('tail_number', ["'N1'", "'N#2'"]),
  compared('origin', ["'EWR'", "'JFK'"]),
  compared('destination', ["'IAH'", "''", "'\ufffd'"]),
  compared('status', ["'arrived'", "'scheduled'"]),
  compared('departure_delay_minutes', ['0', '7', '60']),
  compared('carrier', ["'UA'", "'AA'"]),
  fc
    .tuple(compared('status', ["'arrived'"]), compared('departure_delay_minutes', ['7']))
    .map(([a, b]) => `(${a} or ${b})`),
);
/** Conditions that locate something, so that the stores are reached and not only refused. */
const located = fc.constantFrom(
  'flight_number = 1',
  'flight_number in (1, 10)',
  "tail_number = 'N1'",
  "tail_number = 'N#2'",
  "status = 'arrived'",
  "origin = 'EWR' and scheduled_at >= '2013-01-01' and scheduled_at < '2013-01-02'",
  "scheduled_at >= '2013-01-01' and scheduled_at <= '2013-01-02' and departure_delay_minutes is not null",
  "scheduled_at between '2013-01-01' and '2013-01-03 12:00' and departure_delay_minutes >= 0",
  `flight_number in (1, 2) and scheduled_at = ${times[1]}`,
  'flight_number = 2 and departure_delay_minutes is not null',
);
const term = fc
  .tuple(
    fc.constantFrom('scheduled_at', 'departure_delay_minutes', 'flight_number', 'destination', 'tail_number'),
    fc.constantFrom('', ' asc', ' desc'),
    fc.constantFrom('', '', ' nulls first', ' nulls last'),
  )
  .map((parts) => parts.join(''));
const select = fc
  .record({
    conditions: fc
      .tuple(located, fc.array(condition, { maxLength: 2 }))
      .map(([first, more]) => [first, ...more]),
    order: fc.array(term, { maxLength: 2 }),
    limit: fc.option(fc.integer({ min: 0, max: 5 })),
    offset: fc.option(fc.integer({ min: 0, max: 3 })),
  })
  .map(
    ({ conditions, order, limit, offset }) =>
      `select * from flight where ${conditions.join(' and ')}${order.length === 0 ? '' : ` order by ${order.join(', ')}`}${limit === null ? '' : ` limit ${limit}`}${offset === null ? '' : ` offset ${offset}`}`,
  );

test('every placement that qualifies gives an answer that the rows of the source would give', async () => {
  const reached = new Map<string, number>();
  await fc.assert(
    fc.asyncProperty(rows, fc.array(select, { minLength: 5, maxLength: 10 }), async (all, statements) => {
      const { dynamodb, redis, seed } = createHarness();
      for (const row of all) await seed(row);
      const timer = { clock: () => nowMs, sleep: () => new Promise<void>(() => {}) };
      for (const sql of statements) {
        const statement = await analyse(sql);
        const context = {
          tenant: 'UA',
          params: [],
          freshness: 'default',
          validUntilMs: nowMs,
          maxRows: 1000,
          tokenHasPosition: false,
        } as const;
        const simple = withTenant(readSimpleSelect(statement.statement, statement.reads, []), 'UA');
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
          const { answer } = await executeRead(
            [candidate],
            {
              params: [],
              caller: ua,
              token: noParts,
              maxRows: 1000,
              deadline: startDeadline(timer.clock, 1000),
            },
            { aurora: fakeAurora(), dynamodb, redis },
            timer,
          );
          reached.set(candidate.placement, (reached.get(candidate.placement) ?? 0) + 1);

          // Rows that tie may be told in any order, and any of them may fall to a limit.
          expect(answer.rows.length).toBe(expected.length);
          for (const [index, row] of answer.rows.entries()) {
            expect(whole).toContainEqual(row);
            for (const { column } of simple.order) {
              const [is, should] = [row[column.name] ?? null, expected[index]?.[column.name] ?? null];
              expect(
                is === null || should === null ? is === should : compareValues(column.type, is, should) === 0,
              ).toBe(true);
            }
          }
          expect(new Set(answer.rows.map((row) => JSON.stringify(row))).size).toBe(answer.rows.length);
        }
      }
    }),
    { numRuns: 150 },
  );

  // A property that reached no store would hold too.
  expect(Math.min(...reached.values())).toBeGreaterThan(20);
  expect(reached.size).toBe(7);
});
