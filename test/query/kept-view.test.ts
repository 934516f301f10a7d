import { describe, expect, test } from '@jest/globals';
import {
  aurora,
  compile,
  days,
  dynamodb,
  entity,
  integer,
  model,
  month,
  text,
  timestamp,
} from '../../lambda/model/index.ts';
import { createAnalyser } from '../../lambda/query/analyse.ts';
import { planRead } from '../../lambda/query/plan-read.ts';
import { planTime } from '../../lambda/query/plan-time.ts';
import { failure, planContext } from './harness.ts';

const catalog = compile(
  model('kept', [
    entity('port', {
      ...{ key: ['carrier', 'code'], tenant: 'carrier', source: aurora() },
      fields: { carrier: text(), code: text(), name: text() },
    }),
    entity('visit', {
      ...{ key: ['carrier', 'code', 'at'], tenant: 'carrier' },
      fields: { carrier: text(), code: text(), at: timestamp(), length: integer().optional() },
      source: dynamodb({ partitionKey: 'C#{carrier}#P#{code}', sortKey: 'AT#{at}' }),
      views: { all: aurora.table({ partitionBy: month('at'), keep: days(30) }) },
    }),
  ]),
);
const analyse = createAnalyser(catalog);
const now = Date.parse('2013-06-30T00:00:00Z');
const plan = async (sql: string) =>
  planRead(await analyse(sql), catalog, planContext({ time: planTime({ nowMs: now, validUntilMs: now }) }));
describe('a view in Aurora that keeps rows for 30 days', () => {
  test.each([
    "select count(*) from visit where at >= '2013-06-01'",
    "select code, length from visit where at between '2013-06-02' and '2013-06-03' and length > 5 order by length",
  ])('answers what asks for none that is older: %s', async (sql) => {
    expect((await plan(sql)).qualified[0].engine).toBe('aurora');
  });

  test.each([
    [
      'select count(*) from visit',
      /visit: its rows expire 720 hours after at, which no condition bounds from below/,
    ],
    ["select count(*) from visit where at < '2013-06-03'", /no condition bounds from below/],
    ["select count(*) from visit where at >= '2013-05-01'", /2013-05-01T00:00:00.000000Z is longer ago/],
    ["select count(*) from visit where at >= '2013-06-01' or length > 5", /no condition bounds from below/],
  ])('does not answer what may: %s', async (sql, why) => {
    const { code, message } = await failure(plan(sql));

    expect(code).toBe('scan_refused');
    expect(message).toMatch(why);
  });

  test('leaves a join to its source, which is read by the keys that are joined', async () => {
    const { qualified } = await plan('select count(*) from visit join port using (carrier, code)');

    expect(qualified.map(({ placement, why }) => [placement, why])).toEqual([
      [
        'combined',
        'port is read from aurora.analytics, visit from visit.source by the carrier, code of port; the rows are combined here',
      ],
    ]);
  });
});
