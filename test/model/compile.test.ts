import { describe, expect, it } from '@jest/globals';
import {
  after,
  aurora,
  compile,
  day,
  days,
  dynamodb,
  type EntityDefinition,
  entity,
  float,
  functionsOf,
  hours,
  integer,
  kafka,
  model,
  month,
  redis,
  shared,
  text,
} from '../../lambda/model/index.ts';
import flights from '../../model/flights.ts';
import { fields, problemsOf, thing } from './thing.ts';

describe('compile', () => {
  it('accepts the sample and names everything in snake_case', () => {
    const catalog = compile(flights);

    expect(catalog.entities.map((each) => each.name)).toEqual([
      'airport',
      'aircraft',
      'carrier',
      'flight',
      'flight_event',
      'weather',
    ]);
    const flight = catalog.entities.find((each) => each.name === 'flight');
    expect(flight?.key).toEqual(['carrier', 'flight_number', 'scheduled_at']);
    expect(flight?.topic).toBe('flights.changes.flight');
    expect(catalog.table?.globalIndexes.map((index) => index.name)).toEqual(['byAircraft', 'byStatus']);
    expect(catalog.table?.localIndexes).toEqual([
      { name: 'byDelay', sortKeyAttribute: 'departure_delay_minutes', sortKeyType: 'N' },
    ]);
  });

  it('marks key columns immutable and lets a view take them as its location', () => {
    const catalog = compile(
      model('test', [thing({ views: { board: redis.hash({ by: ['tenant', 'kind'] }) } })]),
    );

    expect(
      catalog.entities[0]?.columns.filter((column) => column.immutable).map((column) => column.name),
    ).toEqual(['tenant', 'id', 'kind', 'happened_at']);
  });

  it('always holds the key in a view of chosen fields', () => {
    const catalog = compile(model('test', [thing({ views: { card: redis.hash({ fields: ['note'] }) } })]));

    expect(catalog.entities[0]?.views[0]?.columns).toEqual(['tenant', 'id', 'note']);
  });

  const wrong: readonly (readonly [string, readonly EntityDefinition[], RegExp])[] = [
    [
      'a key field that is not declared',
      [thing({ key: ['tenant', 'nope'] })],
      /thing\.key names the field 'nope'/,
    ],
    ['no key', [thing({ key: [] })], /has no key/],
    [
      'an optional key field',
      [thing({ key: ['tenant', 'id', 'note'] })],
      /thing\.note is part of the key and optional/,
    ],
    [
      'a key that the tenant does not lead',
      [thing({ key: ['id', 'tenant'] })],
      /does not start with the tenant field/,
    ],
    [
      'a tenant that is no text',
      [thing({ key: ['id'], tenant: 'id' })],
      /is the tenant field and of type integer/,
    ],
    ['two entities of one SQL name', [thing(), thing()], /two entities have the SQL name 'thing'/],
    [
      'two fields of one column',
      [thing({ fields: { ...fields, someThing: text(), some_thing: text() } })],
      /same column name 'some_thing'/,
    ],
    [
      'a reserved column',
      [thing({ fields: { ...fields, version: text() } })],
      /reserved column name 'version'/,
    ],
    [
      'a primary key of what may change',
      [thing({ source: dynamodb({ partitionKey: 'T#{tenant}', sortKey: '{id}#{note}' }) })],
      /puts 'note' in the primary key/,
    ],
    [
      'a primary key that leaves out part of the key',
      [thing({ source: dynamodb({ partitionKey: 'T#{tenant}', sortKey: 'X' }) })],
      /two rows could share an item|leaves the key field 'id' out/,
    ],
    [
      'a partition key that the tenant does not lead',
      [thing({ source: dynamodb({ partitionKey: 'ID#{id}', sortKey: 'T#{tenant}' }) })],
      /source\.partitionKey is not led by the tenant field/,
    ],
    [
      'an index that the tenant does not lead',
      [
        thing({
          source: dynamodb({
            partitionKey: 'T#{tenant}',
            sortKey: '{id}',
            indexes: { byNote: { partitionKey: 'N#{note}', sortKey: '{at}' } },
          }),
        }),
      ],
      /indexes\.byNote\.partitionKey is not led by the tenant field/,
    ],
    [
      'a broken template',
      [thing({ source: dynamodb({ partitionKey: 'T#{tenant', sortKey: '{id}' }) })],
      /'\{' is not closed/,
    ],
    [
      'a template whose fields run together',
      [thing({ source: dynamodb({ partitionKey: '{tenant}{id}', sortKey: 'X' }) })],
      /no text between them/,
    ],
    [
      'a template whose fields could run into one another',
      [thing({ source: dynamodb({ partitionKey: '{tenant}:{id}', sortKey: 'X' }) })],
      /':' after a field does not start with '#'/,
    ],
    [
      'two entities whose items could be the same',
      [thing(), { ...thing(), name: 'other' }],
      /other\.source has keys laid out as TENANT#\{\} \/ ID#\{\}, as 'thing' has/,
    ],
    [
      'a column of another type than the sort key of its name',
      [
        thing({
          source: dynamodb({
            partitionKey: 'T#{tenant}',
            sortKey: '{id}',
            localIndexes: { byKind: { sortKey: 'kind' } },
          }),
        }),
        {
          ...thing({ fields: { ...fields, kind: integer() } }),
          name: 'other',
          source: dynamodb({ partitionKey: 'O#{tenant}', sortKey: '{id}' }),
        },
      ],
      /other\.kind is of type integer and the local index 'byKind'/,
    ],
    [
      'a view placed by what may change',
      [thing({ views: { board: redis.hash({ by: ['tenant', day('at')] }) } })],
      /views\.board\.by places rows by 'at', which may change/,
    ],
    [
      'a view that the tenant does not lead',
      [thing({ views: { board: redis.hash({ by: ['kind', 'tenant'] }) } })],
      /views\.board\.by is not led by the tenant field/,
    ],
    [
      'the day of a text',
      [thing({ views: { board: redis.hash({ by: ['tenant', day('kind')] }) } })],
      /takes the day of 'kind', which is of type text/,
    ],
    [
      'an expiry that counts from no time',
      [thing({ views: { board: redis.hash({ expire: after('note', hours(1)) }) } })],
      /counts from 'note', which is of type text/,
    ],
    [
      'a score that is no number',
      [thing({ views: { top: redis.sortedSet({ by: ['tenant'], score: 'note' }) } })],
      /a score is a double/,
    ],
    [
      'a position that is no number',
      [thing({ views: { near: redis.geo({ by: ['tenant'], latitude: 'note', longitude: 'kind' }) } })],
      /thing\.views\.near\.latitude is 'note' of type text; a position is in degrees/,
    ],
    [
      'a geo index that holds tenants together',
      [thing({ views: { near: redis.geo({ by: [], latitude: 'note', longitude: 'note' }) } })],
      /thing\.views\.near\.by is not led by the tenant field[\s\S]*near\.longitude is its latitude 'note', too/,
    ],
    [
      'a PostgreSQL partition outside the key',
      [thing({ views: { all: aurora.table({ partitionBy: month('at') }) } })],
      /could not keep the key unique/,
    ],
    [
      'a keep of a view without partitions',
      [thing({ views: { all: aurora.table({ keep: days(30) }) } })],
      /thing\.views\.all\.keep is of a view without partitions, and rows are dropped by whole months: add partitionBy/,
    ],
    [
      'a keep that the change log outlives',
      [
        thing({
          ...{ key: ['tenant', 'id', 'at'] },
          views: { all: aurora.table({ partitionBy: month('at'), keep: days(8) }) },
        }),
      ],
      /thing\.views\.all\.keep is 8 days: use 9 days or more/,
    ],
    [
      'a float in the key',
      [thing({ fields: { ...fields, f: float() }, key: ['tenant', 'f'] })],
      /of type float, which has no one text form/,
    ],
  ];
  for (const [what, entities, message] of wrong) {
    it(`refuses ${what}`, () => {
      expect(problemsOf(...entities).join('\n')).toMatch(message);
    });
  }

  it('tells all problems at once, each with its remedy', () => {
    const problems = problemsOf(
      thing({ key: ['id', 'tenant'], views: { board: redis.hash({ by: ['tenant', day('at')] }) } }),
      { ...thing(), name: 'other', source: dynamodb({ partitionKey: 'ID#{id}', sortKey: 'T#{tenant}' }) },
    );

    expect(problems).toHaveLength(3);
    for (const problem of problems) expect(problem).toMatch(/: .+\.$/);
  });

  it('lets shared entities have any key and view location of key fields', () => {
    expect(
      problemsOf(
        entity('place', {
          key: ['code'],
          tenant: shared,
          fields: { code: text() },
          source: aurora(),
          views: { card: redis.hash() },
        }),
      ),
    ).toEqual([]);
  });
});

describe('functionsOf', () => {
  it('gives each store that holds views one apply function, fed by the topics of those views only', () => {
    const functions = functionsOf(compile(flights));

    expect(functions.map((each) => each.name)).toEqual([
      'schema',
      'query',
      'ingest',
      'capture',
      'apply-aurora',
      'apply-redis',
      'apply-keyspaces',
      'apply-opensearch',
      'apply-archive',
      'read-archive',
      'combine',
      'project',
    ]);
    const redisFunction = functions.find((each) => each.name === 'apply-redis');
    expect(redisFunction?.trigger).toMatchObject({
      topics: ['aircraft', 'flight', 'flight_event', 'weather'].map((name) => `flights.changes.${name}`),
    });
    expect(redisFunction?.backends).not.toContain('aurora-writer');
  });

  it('has no ingest and no capture for a model without events and items', () => {
    const only = entity('thing', {
      key: ['tenant'],
      tenant: 'tenant',
      fields: { tenant: text() },
      source: aurora(),
    });

    expect(functionsOf(compile(model('test', [only]))).map((each) => each.name)).toEqual(['schema', 'query']);
  });

  it('takes the partitions of a topic from the event source', () => {
    const events = entity('event', {
      key: ['tenant'],
      tenant: 'tenant',
      fields: { tenant: text() },
      source: kafka({ partitions: 48 }),
    });

    expect(compile(model('test', [events])).entities[0]?.topicPartitions).toBe(48);
  });
});
