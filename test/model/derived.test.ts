import { describe, expect, it } from '@jest/globals';
import {
  after,
  archive,
  ascending,
  type CatalogView,
  count,
  date,
  day,
  days,
  descending,
  float,
  hour,
  hours,
  json,
  kafka,
  keyspaces,
  measure,
  month,
  opensearch,
  type View,
} from '../../lambda/model/index.ts';
import { compiled, compiledThing, fields, problemsOf, thing } from './thing.ts';

const orderBy = descending('happenedAt');
const byHour = keyspaces.table({ by: ['tenant', hour('happenedAt')], orderBy });

const problemsOfView = (view: View, spoiled: Parameters<typeof thing>[0] = {}): string =>
  problemsOf(thing({ ...spoiled, views: { it: view } })).join('\n');
const viewOf = (view: View, spoiled: Parameters<typeof thing>[0] = {}): CatalogView | undefined =>
  compiledThing({ ...spoiled, views: { it: view } }).views[0];

describe('sub-buckets', () => {
  const subBuckets = (changesPerSecond: number | undefined, busiestShare?: number): number => {
    const view = viewOf(
      keyspaces.table({ by: ['tenant'], orderBy, ...(busiestShare !== undefined && { busiestShare }) }),
      changesPerSecond === undefined ? {} : { rate: { changesPerSecond } },
    );
    if (view?.kind !== 'keyspaces.table') throw new TypeError('it is a wide table');
    return view.subBuckets;
  };

  it.each([
    [undefined, undefined, 1],
    [1, undefined, 1],
    [1000, undefined, 1],
    [1001, undefined, 2],
    [3500, undefined, 4],
    [3500, 0.1, 1],
    [64_000, undefined, 64],
    [640_000, 0.1, 64],
    [2500, 0.5, 2],
  ])('at %p changes a second, of which a partition takes %p, are %p', (rate, share, expected) => {
    expect(subBuckets(rate, share)).toBe(expected);
  });

  it('are as few as keep each partition at 1,000 writes a second', () => {
    for (let rate = 1; rate < 60_000; rate += 977) {
      const buckets = subBuckets(rate);

      expect(rate / buckets).toBeLessThanOrEqual(1000);
      if (buckets > 1) expect(rate / (buckets - 1)).toBeGreaterThan(1000);
    }
  });

  it('are at most 64, for a reader asks each', () => {
    expect(
      problemsOfView(keyspaces.table({ by: ['tenant'], orderBy }), { rate: { changesPerSecond: 64_001 } }),
    ).toMatch(
      /^thing\.views\.it\.by would write 64001 rows a second to one partition, of which 64 sub-buckets take 64000: place rows by one more field/,
    );
  });

  it.each([0, -1, 1.01, Number.NaN])('of a share of %p are refused', (busiestShare) => {
    expect(problemsOfView(keyspaces.table({ by: ['tenant'], orderBy, busiestShare }))).toMatch(
      /thing\.views\.it\.busiestShare is .*: use a part of 1, above 0/,
    );
  });

  it.each([0, -5, Number.POSITIVE_INFINITY, Number.NaN])(
    'of a rate of %p are refused',
    (changesPerSecond) => {
      expect(problemsOf(thing({ rate: { changesPerSecond } })).join()).toMatch(
        /thing\.rate is .* changes a second: use a number above 0/,
      );
    },
  );
});

describe('a wide table', () => {
  it('has the terms as its partition, the order and the rest of the key as its clustering, the version last', () => {
    const [table] = compiled(
      thing({
        views: {
          byDay: keyspaces.table({
            by: ['tenant', day('happenedAt')],
            orderBy,
            fields: ['happenedAt', 'amount'],
          }),
        },
      }),
    ).wideTables;

    expect(table?.name).toBe('thing__by_day');
    expect(table?.partitionKey).toEqual([
      { name: 'tenant', type: 'text' },
      { name: 'happened_at_day', type: 'text' },
      { name: 'sub_bucket', type: 'int' },
    ]);
    expect(table?.clustering).toEqual([
      { name: 'happened_at', type: 'text', descending: true },
      { name: 'id', type: 'int', descending: true },
      { name: 'version', type: 'text', descending: true },
    ]);
    expect(table?.columns).toEqual([
      { name: 'amount', type: 'int' },
      { name: 'deleted', type: 'boolean' },
      { name: 'expires_ms', type: 'bigint' },
    ]);
  });

  it('may be partitioned by what is optional: rows without it are not in the view', () => {
    expect(
      problemsOfView(keyspaces.table({ by: ['tenant', 'kind'], orderBy }), {
        fields: { ...fields, kind: fields.kind.optional() },
      }),
    ).toBe('');
  });

  it.each([
    [
      'by what may change',
      keyspaces.table({ by: ['tenant', 'note'], orderBy }),
      /places rows by 'note', which may change/,
    ],
    [
      'not led by the tenant',
      keyspaces.table({ by: ['kind'], orderBy }),
      /it\.by is not led by the tenant field/,
    ],
    [
      'by the hour of a text',
      keyspaces.table({ by: ['tenant', hour('kind')], orderBy }),
      /takes the hour of 'kind', which is of type text/,
    ],
    [
      'ordered by what may change',
      keyspaces.table({ by: ['tenant'], orderBy: ascending('at') }),
      /it\.orderBy orders rows by 'at', which may change/,
    ],
    [
      'ordered by a field that is not there',
      keyspaces.table({ by: ['tenant'], orderBy: ascending('nope') }),
      /names the field 'nope'/,
    ],
    [
      'that leaves out what rows are found by',
      keyspaces.table({ by: ['tenant', 'kind'], orderBy, fields: ['amount'] }),
      /leaves out 'happened_at', by which rows are found/,
    ],
  ])('%s is refused', (_, view, message) => {
    expect(problemsOfView(view)).toMatch(message);
  });

  it.each([
    ['optional', { happenedAt: fields.happenedAt.optional() }, /which is optional/],
    ['json', { happenedAt: json().immutable() }, /of type json: use text/],
    ['float', { happenedAt: float().immutable() }, /of type float: use text/],
  ])('is not ordered by a field that is %s', (_, change, message) => {
    expect(
      problemsOfView(keyspaces.table({ by: ['tenant'], orderBy }), { fields: { ...fields, ...change } }),
    ).toMatch(message);
  });
});

describe('a rollup', () => {
  const rollup = (change: Partial<Parameters<typeof keyspaces.rollup>[0]> = {}) =>
    keyspaces.rollup({
      from: 'byHour',
      bucket: hour('happenedAt'),
      metrics: { all: count(), used: count({ state: 'used' }), total: measure('amount') },
      ...change,
    });
  const problemsWith = (change: Partial<Parameters<typeof keyspaces.rollup>[0]>, from = byHour): string =>
    problemsOf(thing({ views: { byHour: from, hourly: rollup(change) } })).join('\n');

  it('counts and measures the rows of a wide table whose partitions are its buckets', () => {
    expect(problemsWith({})).toBe('');
    const catalog = compiled(thing({ views: { byHour, hourly: rollup() } }));
    expect(catalog.wideTables[1]?.partitionKey.map(({ name }) => name)).toEqual([
      'tenant',
      'metric',
      'month',
    ]);
  });

  it.each([
    [
      'from what is no wide table',
      { from: 'nope' },
      /hourly\.from is 'nope', which is no keyspaces\.table of the entity: use byHour/,
    ],
    ['by another unit than the hour', { bucket: day('happenedAt') }, /hourly\.bucket is a day: use hour/],
    ['of no metric', { metrics: {} }, /hourly\.metrics names no metric/],
    [
      'that measures a text',
      { metrics: { total: measure('kind') } },
      /metrics\.total measures 'kind' of type text: measure an integer/,
    ],
    [
      'that counts a value that never is',
      { metrics: { lost: count({ state: 'lost' }) } },
      /counts rows whose state is 'lost', which it never is: use one of new, used/,
    ],
    ['with a metric of a wrong name', { metrics: { 'a-b': count() } }, /metrics\.a-b is not camelCase/],
    ['by a field that is not there', { metrics: { total: measure('nope') } }, /names the field 'nope'/],
  ])('%s is refused', (_, change, message) => {
    expect(problemsWith(change)).toMatch(message);
  });

  it.each([
    [
      'days',
      keyspaces.table({ by: ['tenant', day('happenedAt')], orderBy }),
      /whose partitions are by tenant, happenedAt/,
    ],
    [
      'one more field',
      keyspaces.table({ by: ['tenant', 'kind', hour('happenedAt')], orderBy }),
      /place the rows of 'byHour' by the tenant 'tenant' and the bucket/,
    ],
  ])('over partitions by %s is refused', (_, from, message) => {
    expect(problemsWith({}, from)).toMatch(message);
  });

  it('of a field that its rows do not hold is refused', () => {
    const from = keyspaces.table({
      by: ['tenant', hour('happenedAt')],
      orderBy,
      fields: ['happenedAt', 'state'],
    });

    expect(problemsWith({}, from)).toMatch(
      /metrics\.total uses 'amount', which 'byHour' does not hold: add it to the fields of 'byHour'/,
    );
  });
});

describe('a search view', () => {
  it('takes texts with the standard analyzer, or one each', () => {
    expect(viewOf(opensearch.index({ text: ['note'] }))).toMatchObject({
      text: [{ column: 'note', analyzer: 'standard' }],
      shards: 1,
    });
    expect(
      viewOf(opensearch.index({ text: { note: 'english', state: 'whitespace' }, shards: 3 })),
    ).toMatchObject({
      text: [
        { column: 'note', analyzer: 'english' },
        { column: 'state', analyzer: 'whitespace' },
      ],
      shards: 3,
    });
  });

  it('of a log has an index a day, which goes when its rows are too old', () => {
    expect(viewOf(opensearch.log({ at: 'happenedAt', keep: days(30) }))).toMatchObject({
      by: [{ column: 'happened_at', unit: 'day' }],
      expire: { column: 'happened_at', afterMs: 30 * 86_400_000 },
    });
  });

  it.each([
    [
      'that searches a number as text',
      opensearch.index({ text: ['amount'] }),
      /it\.text searches 'amount' of type integer as text/,
    ],
    [
      'with an unheard-of analyzer',
      opensearch.index({ text: { note: 'klingon' as 'english' } }),
      /text\.note has the analyzer 'klingon': use standard, simple, whitespace, english/,
    ],
    [
      'that leaves out what it searches',
      opensearch.index({ text: ['note'], fields: ['kind'] }),
      /it\.fields leaves out 'note'/,
    ],
    ['of no shard', opensearch.index({ shards: 0 }), /it\.shards is 0: use a whole number from 1 to 1024/],
    [
      'of a log by what may change',
      opensearch.log({ at: 'at', keep: days(1) }),
      /it\.at places rows by 'at', which may change/,
    ],
    [
      'of a log that keeps nothing',
      opensearch.log({ at: 'happenedAt', keep: hours(0) }),
      /it\.expire is not after anything/,
    ],
    [
      'of a log by a text',
      opensearch.log({ at: 'kind', keep: days(1) }),
      /takes the day of 'kind', which is of type text/,
    ],
  ])('%s is refused', (_, view, message) => {
    expect(problemsOfView(view)).toMatch(message);
  });
});

describe('an archive', () => {
  it('has a folder a day, and all columns', () => {
    expect(viewOf(archive.parquet({ partitionBy: day('happenedAt') }))).toMatchObject({
      by: [{ column: 'happened_at', unit: 'day' }],
      columns: compiledThing().columns.map(({ name }) => name),
    });
  });

  it.each([
    [
      'by month',
      archive.parquet({ partitionBy: month('happenedAt') }),
      /it\.partitionBy partitions by month: use day/,
    ],
    [
      'by what may change',
      archive.parquet({ partitionBy: day('at') }),
      /it\.partitionBy places rows by 'at', which may change/,
    ],
  ])('%s is refused', (_, view, message) => {
    expect(problemsOfView(view)).toMatch(message);
  });

  it('by what is optional is refused: every row has its folder', () => {
    const spoiled = { fields: { ...fields, due: date().optional().immutable() }, source: kafka() };

    expect(problemsOfView(archive.parquet({ partitionBy: day('due') }), spoiled)).toMatch(
      /it\.partitionBy places rows by 'due', which is optional/,
    );
  });
});

describe('an expiry of a wide table', () => {
  it('counts from a timestamp', () => {
    expect(
      problemsOfView(keyspaces.table({ by: ['tenant'], orderBy, expire: after('kind', hours(1)) })),
    ).toMatch(/it\.expire counts from 'kind', which is of type text/);
  });
});
