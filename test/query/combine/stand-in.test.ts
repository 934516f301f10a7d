import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { Row } from '../../../lambda/change/change.ts';
import { PolystoreError } from '../../../lambda/errors.ts';
import {
  compile,
  day,
  descending,
  dynamodb,
  entity,
  entityOf,
  hour,
  kafka,
  keyspaces,
  model,
  text,
  timestamp,
} from '../../../lambda/model/index.ts';
import type { Combiner } from '../../../lambda/query/combine/combiner.ts';
import { createDuckdbCombiner } from '../../../lambda/query/combine/duckdb.ts';
import type { Store } from '../../../lambda/stores/store.ts';
import { failure } from '../harness.ts';
import { createViewHarness } from '../view-harness.ts';
import { changesOf } from '../view-model.ts';

/** Readings of sensors in partitions of each sensor's days, and in others of the hours of all. */
const catalog = compile(
  model('works', [
    entity('job', {
      key: ['tenant', 'job'],
      tenant: 'tenant',
      fields: { tenant: text(), job: text(), sensor: text(), kind: text() },
      source: dynamodb({ partitionKey: 'T#{tenant}', sortKey: 'J#{job}' }),
      views: {},
    }),
    entity('reading', {
      key: ['tenant', 'id'],
      tenant: 'tenant',
      fields: {
        ...{ tenant: text(), id: text(), sensor: text().immutable(), kind: text() },
        at: timestamp().immutable(),
      },
      source: kafka(),
      views: {
        ofSensor: keyspaces.table({ by: ['tenant', 'sensor', day('at')], orderBy: descending('at') }),
        ofHour: keyspaces.table({ by: ['tenant', hour('at')], orderBy: descending('at') }),
      },
    }),
  ]),
);

const days = ['01', '02', '03', '04', '05', '06'];
const jobs = Array.from(
  { length: 20 },
  (_, index): Row => ({ tenant: 'UA', job: `j${index}`, sensor: `s${index}`, kind: `k${index % 3}` }),
);
const readings = days.flatMap((date) =>
  jobs.map(
    ({ sensor, kind }, index): Row => ({
      ...{ tenant: 'UA', id: `${date} ${index}`, sensor: sensor ?? null, kind: kind ?? null },
      at: `2012-12-${date}T${String(index).padStart(2, '0')}:30:00.000000Z`,
    }),
  ),
);

let combiner: Combiner;
beforeAll(async () => {
  combiner = await createDuckdbCombiner({ memoryMb: 128, threads: 1 });
});
afterAll(async () => combiner.close());

let harness: ReturnType<typeof createViewHarness>;
beforeEach(async () => {
  harness = createViewHarness(catalog, combiner);
  const { dynamodb: source, keyspaces: views } = harness.stores;
  const [job, reading] = [entityOf(catalog, 'job'), entityOf(catalog, 'reading')];
  const put = (
    store: Store,
    target: typeof job.source | (typeof job.views)[number],
    rows: readonly Row[],
  ) => {
    const of = target === job.source ? job : reading;
    return store.apply({ entity: of, target }, changesOf(of, rows));
  };
  await put(source, job.source, jobs);
  for (const view of reading.views) await put(views, view, readings);
});

const named = jobs.map(({ job }) => `'${job}'`).join(', ');
const sql = `select count(*) as readings from job j join reading r on r.sensor = j.sensor and r.kind = j.kind where j.job in (${named}) and r.at >= '2012-12-01' and r.at < '2012-12-07'`;

test('rows that are looked up by several columns of another table are all there once', async () => {
  const { chosen } = await harness.explain(sql);
  const answer = await harness.query(sql);

  // 20 × 6 partitions of sensors are fewer than 6 × 24 of hours.
  expect(chosen.why).toMatch(/reading from reading\.ofSensor by the sensor, kind of job/);
  expect(answer.rows).toEqual([{ readings: 120 }]);
});

test('where some of them cannot be read, no rows that lie together otherwise stand in for them', async () => {
  const { read } = harness.stores.keyspaces;
  harness.stores.keyspaces.read = async (fragment) => {
    if (fragment.kind === 'slice' && fragment.equal.sensor === 's1')
      throw new PolystoreError('store_unavailable', 'a partition is down');
    return read(fragment);
  };

  expect((await failure(harness.query(sql))).code).toBe('store_unavailable');
});
