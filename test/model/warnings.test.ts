import { describe, expect, it } from '@jest/globals';
import {
  after,
  archive,
  boolean,
  compile,
  day,
  days,
  descending,
  dynamodb,
  type EntityDefinition,
  type Fields,
  hour,
  kafka,
  keyspaces,
  opensearch,
  redis,
  renderWarnings,
  text,
  warningsOf,
} from '../../lambda/model/index.ts';
import flights from '../../model/flights.ts';
import { compiled, fields, thing } from './thing.ts';

const bounded: Fields = {
  ...fields,
  tenant: text({ maxLength: 10 }),
  kind: text({ maxLength: 10 }).immutable(),
  note: text({ maxLength: 10 }).optional(),
  done: boolean().immutable(),
};
/** A thing of which nothing is to be warned of but what the test adds. */
const warnings = (spoiled: Partial<EntityDefinition> = {}): readonly string[] =>
  warningsOf(compiled(thing({ fields: bounded, ...spoiled })));

describe('the sample', () => {
  it('is warned of in nothing', () => {
    expect(warningsOf(compile(flights))).toEqual([]);
    expect(renderWarnings(compile(flights))).toBeUndefined();
  });
});

describe('an index key of few values', () => {
  const byPartition = (partitionKey: string, spread?: number) =>
    warnings({
      source: dynamodb({
        partitionKey: 'TENANT#{tenant}',
        sortKey: 'ID#{id}',
        indexes: { byState: { partitionKey, sortKey: '{at}', ...(spread !== undefined && { spread }) } },
      }),
    });

  it.each([
    ['the tenant alone', 'T#{tenant}', 1],
    ['one of two', 'T#{tenant}#S#{state}', 2],
    ['a truth', 'T#{tenant}#D#{done}', 2],
    ['both', 'T#{tenant}#S#{state}#D#{done}', 4],
  ])('is warned of: %s', (_, partitionKey, partitions) => {
    expect(byPartition(partitionKey)).toEqual([
      `thing.source.indexes.byState puts each tenant's rows into ${partitions} partition(s) by few values, and DynamoDB writes 1,000 rows a second to one: lead the key with a field of many values, or declare a spread.`,
    ]);
  });

  it('is not warned of once it is spread, or where a field of many values is in it', () => {
    expect(byPartition('T#{tenant}#S#{state}', 8)).toEqual([]);
    expect(byPartition('T#{tenant}#S#{state}#K#{kind}')).toEqual([]);
  });
});

describe('a text without a bound', () => {
  it('in keys is warned of once, with its tightest place and what becomes of a longer one', () => {
    const source = dynamodb({ partitionKey: 'TENANT#{tenant}', sortKey: 'ID#{id}#NOTE#{kind}' });
    const open = { ...bounded, kind: text() };

    expect(warnings({ key: ['tenant', 'id', 'kind'], fields: open, source })).toEqual([
      'thing.kind is of any length and in a place of bounded size: DynamoDB leaves it 1,004 bytes of the sort key (source.sortKey), and a write with a longer one is refused: declare text({ maxLength }).',
    ]);
    expect(
      warnings({
        key: ['tenant', 'id', 'kind'],
        fields: open,
        source,
        views: {
          wide: keyspaces.table({ by: ['tenant', hour('happenedAt')], orderBy: descending('happenedAt') }),
        },
      }),
    ).toEqual([
      expect.stringMatching(
        /^thing\.kind is of any length and in 2 places of bounded size: Keyspaces leaves it 800 bytes of the clustering columns \(views\.wide\), and a row with a longer one becomes a dead letter/,
      ),
    ]);
  });

  it('that is found by its value in OpenSearch is warned of', () => {
    expect(warnings({ fields: { ...bounded, note: text() }, views: { found: opensearch.index() } })).toEqual([
      expect.stringMatching(
        /^thing\.note is of any length .* OpenSearch leaves it 32,766 bytes of the term of 'note'/,
      ),
    ]);
  });

  it('outside of keys is nothing to warn of', () => {
    expect(warnings({ fields: { ...bounded, note: text() } })).toEqual([]);
  });
});

describe('a place that takes in rows for ever', () => {
  const message = (names: string): string =>
    `thing.views.wide places rows by ${names}, so one place takes in rows for ever: add hour(…), day(…) or month(…) of a field to 'by', or let rows expire.`;

  it('is warned of in a wide table, a hash and a sorted set without a limit', () => {
    const by = ['tenant', 'kind'];

    expect(warnings({ views: { wide: keyspaces.table({ by, orderBy: descending('happenedAt') }) } })).toEqual(
      [message('tenant, kind')],
    );
    expect(warnings({ views: { wide: redis.hash({ by }) } })).toEqual([message('tenant, kind')]);
    expect(warnings({ views: { wide: redis.sortedSet({ by, score: 'amount' }) } })).toEqual([
      message('tenant, kind'),
    ]);
  });

  it('is not warned of with a time in its location, one row a place, a limit or an expiry', () => {
    const orderBy = descending('happenedAt');
    expect(
      warnings({
        views: {
          timed: keyspaces.table({ by: ['tenant', 'kind', day('happenedAt')], orderBy }),
          atTime: keyspaces.table({ by: ['tenant', 'happenedAt'], orderBy: descending('id') }),
          single: keyspaces.table({ by: ['tenant', 'id'], orderBy }),
          expiring: keyspaces.table({ by: ['tenant'], orderBy, expire: after('at', days(1)) }),
          card: redis.hash(),
          top: redis.sortedSet({ by: ['tenant'], score: 'amount', limit: 5 }),
        },
      }),
    ).toEqual([]);
  });
});

describe('events that no archive keeps', () => {
  const events = (views: EntityDefinition['views']) => warnings({ source: kafka(), views });
  const newest = redis.sortedSet({ by: ['tenant'], score: 'at', limit: 5 });

  it('are warned of, with the views that let them go', () => {
    expect(events({ newest })).toEqual([
      'thing has its events in the change log alone, which forgets them after 7 days, and in no archive: what newest lets go of is lost, and no view can be built anew from older ones: declare archive.parquet({ partitionBy: day(…) }).',
    ]);
  });

  it('are warned of where every view keeps them: none could be built anew', () => {
    expect(events({})).toEqual([expect.stringMatching(/in no archive: no view can be built anew/)]);
  });

  it('are not warned of where an archive has them, nor where a database does', () => {
    expect(events({ newest, history: archive.parquet({ partitionBy: day('happenedAt') }) })).toEqual([]);
    expect(warnings({ views: { newest } })).toEqual([]);
  });
});

describe('warnings', () => {
  it('are shown together, a line each', () => {
    const catalog = compiled(
      thing({
        fields: bounded,
        views: { one: redis.hash({ by: ['tenant'] }), two: redis.hash({ by: ['tenant', 'kind'] }) },
      }),
    );

    const lines = renderWarnings(catalog)?.split('\n');

    expect(lines?.[0]).toBe("The model 'test' works, and has 2 warning(s):");
    expect(lines?.slice(1)).toEqual(warningsOf(catalog).map((each) => `  - ${each}`));
  });
});
