import { describe, expect, it } from '@jest/globals';
import {
  after,
  aurora,
  boolean,
  descending,
  dynamodb,
  type EntityDefinition,
  type Fields,
  hour,
  hours,
  keyspaces,
  opensearch,
  redis,
  text,
} from '../../lambda/model/index.ts';
import { compiled, fields, problemsOf, thing } from './thing.ts';

/** A source of a thing whose key ends in one text, and nothing else of any size. */
const byCode = (maxLength: number, source?: EntityDefinition['source']): EntityDefinition =>
  thing({
    key: ['tenant', 'code'],
    fields: { ...fields, tenant: text({ maxLength: 10 }), code: text({ maxLength }) },
    source: source ?? dynamodb({ partitionKey: 'TENANT#{tenant}', sortKey: 'C#{code}' }),
  });

describe('indexes of a table', () => {
  const index = (name: string) => [name, { partitionKey: `${name}#{tenant}`, sortKey: '{at}' }] as const;
  const withIndexes = (count: number): EntityDefinition =>
    thing({
      source: dynamodb({
        partitionKey: 'TENANT#{tenant}',
        sortKey: 'ID#{id}',
        indexes: Object.fromEntries(Array.from({ length: count }, (_, at) => index(`by${at}X`))),
      }),
    });
  const withLocal = (count: number): EntityDefinition => {
    const names = Array.from({ length: count }, (_, at) => `field${at}`);
    return thing({
      fields: { ...fields, ...Object.fromEntries(names.map((name) => [name, text({ maxLength: 9 })])) },
      source: dynamodb({
        partitionKey: 'TENANT#{tenant}',
        sortKey: 'ID#{id}',
        localIndexes: Object.fromEntries(names.map((name) => [`by${name}`, { sortKey: name }])),
      }),
    });
  };

  it('are at most 20 and 5', () => {
    expect(problemsOf(withIndexes(20))).toEqual([]);
    expect(problemsOf(withLocal(5))).toEqual([]);
    expect(problemsOf(withIndexes(21))).toEqual([
      expect.stringMatching(/the DynamoDB table has 21 indexes of all entities together; DynamoDB takes 20/),
    ]);
    expect(problemsOf(withLocal(6))).toEqual([
      expect.stringMatching(
        /the DynamoDB table has 6 localIndexes of all entities together; DynamoDB takes 5/,
      ),
    ]);
  });

  it('count once when entities share them', () => {
    const other = {
      ...withIndexes(20),
      name: 'other',
      source: dynamodb({
        partitionKey: 'OTHER#{tenant}',
        sortKey: 'ID#{id}',
        indexes: Object.fromEntries([index('by0X')]),
      }),
    };

    expect(problemsOf(withIndexes(20), other)).toEqual([]);
  });
});

describe('a DynamoDB key', () => {
  it('has a partition key of at most 2,048 bytes', () => {
    const source = dynamodb({ partitionKey: 'T#{tenant}#C#{code}', sortKey: 'CODE#' });

    // 5 bytes of text and 40 of the tenant leave 500 characters of four bytes each.
    expect(problemsOf(byCode(500, source))).toEqual([]);
    expect(problemsOf(byCode(501, source))).toEqual([
      'thing.source.partitionKey may come to 2,049 bytes for the partition key; DynamoDB takes 2,048: use fewer fields, or declare shorter texts with text({ maxLength }).',
    ]);
  });

  it('has a sort key of at most 1,024 bytes', () => {
    expect(problemsOf(byCode(255))).toEqual([]);
    expect(problemsOf(byCode(256))).toEqual([
      expect.stringMatching(
        /^thing\.source\.sortKey may come to 1,026 bytes for the sort key; DynamoDB takes 1,024/,
      ),
    ]);
  });

  it('of an index is held to the same, and counts what spreads it', () => {
    const of = (code: number, note: number, spread: number): readonly string[] =>
      problemsOf(
        thing({
          fields: {
            ...fields,
            tenant: text({ maxLength: 10 }),
            code: text({ maxLength: code }),
            note: text({ maxLength: note }),
          },
          source: dynamodb({
            partitionKey: 'T#{tenant}',
            sortKey: 'ID#{id}',
            indexes: { byCode: { partitionKey: 'T#{tenant}#C#{code}', sortKey: '{note}', spread } },
          }),
        }),
      );

    // 2,045 bytes of the key, and `#99` or `#100`.
    expect(of(500, 256, 100)).toEqual([]);
    expect(of(500, 257, 101)).toEqual([
      expect.stringMatching(/^thing\.source\.indexes\.byCode\.partitionKey may come to 2,049 bytes/),
      expect.stringMatching(/^thing\.source\.indexes\.byCode\.sortKey may come to 1,028 bytes/),
    ]);
  });

  it('of a local index is a field of at most 1,024 bytes, or a number', () => {
    const of = (maxLength: number): readonly string[] =>
      problemsOf(
        thing({
          fields: { ...fields, code: text({ maxLength }) },
          source: dynamodb({
            partitionKey: 'T#{tenant}',
            sortKey: 'ID#{id}',
            localIndexes: { byCode: { sortKey: 'code' }, byAmount: { sortKey: 'amount' } },
          }),
        }),
      );

    expect(of(256)).toEqual([]);
    expect(of(257)).toEqual([
      expect.stringMatching(/^thing\.source\.localIndexes\.byCode\.sortKey may come to 1,028 bytes/),
    ]);
  });
});

describe('a row', () => {
  const texts = (count: number, maxLength: number): Fields =>
    Object.fromEntries(Array.from({ length: count }, (_, at) => [`text${at}`, text({ maxLength })]));

  it('in DynamoDB is an item of at most 400 KB', () => {
    const of = (maxLength: number) => problemsOf(thing({ fields: { ...fields, ...texts(4, maxLength) } }));

    expect(of(25_000)).toEqual([]);
    expect(of(25_600)).toEqual([
      expect.stringMatching(/^thing\.source may come to 409,\d{3} bytes for an item; DynamoDB takes 409,600/),
    ]);
  });

  it('in Aurora fits the log twice, for Debezium writes it before and after', () => {
    const of = (maxLength: number) =>
      problemsOf(thing({ fields: { ...fields, ...texts(1, maxLength) }, source: aurora() }));

    // 4,000,000 bytes, less 2,048 of the envelope, for two texts of six bytes a character.
    expect(of(330_000)).toEqual([]);
    expect(of(334_000)).toEqual([
      expect.stringMatching(
        /^thing\.fields may come to 4,\d{3},\d{3} bytes for a record with the row before and after; The change log takes 4,000,000/,
      ),
    ]);
  });

  it('in an index of PostgreSQL takes at most a third of a page', () => {
    const of = (maxLength: number) =>
      problemsOf(
        thing({
          fields: { ...fields, name: text({ maxLength }) },
          source: aurora({ indexes: [['name']] }),
        }),
      );

    expect(of(671)).toEqual([]);
    expect(of(672)).toEqual([
      expect.stringMatching(
        /^thing\.source may come to 2,708 bytes for the index over name; PostgreSQL takes 2,704/,
      ),
    ]);
  });

  it('in Keyspaces has a partition key of 2,048 bytes and clustering columns of 850', () => {
    const of = (tenant: number, code: number) =>
      problemsOf({
        ...byCode(code),
        fields: { ...fields, tenant: text({ maxLength: tenant }), code: text({ maxLength: code }) },
        views: {
          wide: keyspaces.table({ by: ['tenant', hour('happenedAt')], orderBy: descending('happenedAt') }),
        },
      });

    // 13 bytes of the hour and 4 of the sub-bucket; 27 of the time and 19 of the version.
    expect(of(300, 201)).toEqual([]);
    expect(of(508, 201)).toEqual([
      expect.stringMatching(
        /^thing\.views\.wide may come to 2,049 bytes for the partition key; Keyspaces takes 2,048/,
      ),
    ]);
    expect(of(300, 202)).toEqual([
      expect.stringMatching(
        /^thing\.views\.wide may come to 854 bytes for the clustering columns; Keyspaces takes 850/,
      ),
    ]);
  });

  it('in Keyspaces takes at most 1 MB with its keys, and 166 columns', () => {
    const wide = keyspaces.table({ by: ['tenant', hour('happenedAt')], orderBy: descending('happenedAt') });
    const many = Object.fromEntries(Array.from({ length: 165 }, (_, at) => [`flag${at}`, boolean()]));
    const bounded = { ...fields, tenant: text({ maxLength: 10 }), note: text({ maxLength: 10 }) };

    expect(
      problemsOf(thing({ fields: { ...bounded, ...texts(3, 87_000) }, source: aurora(), views: { wide } })),
    ).toEqual([]);
    expect(
      problemsOf(thing({ fields: { ...bounded, ...texts(3, 87_500) }, source: aurora(), views: { wide } })),
    ).toEqual([
      expect.stringMatching(
        /^thing\.views\.wide may come to 1,050,\d{3} bytes for a row; Keyspaces takes 1,048,576/,
      ),
    ]);
    expect(problemsOf(thing({ fields: { ...fields, ...many }, views: { wide } }))).toEqual([
      expect.stringMatching(
        /^thing\.views\.wide has 17\d columns outside of its key; Keyspaces writes 166 at once/,
      ),
    ]);
  });

  it('in OpenSearch has texts of at most 32,766 bytes; a long id is hashed', () => {
    const of = (maxLength: number) =>
      problemsOf(
        thing({
          fields: { ...fields, tenant: text({ maxLength: 200 }), body: text({ maxLength }) },
          views: { found: opensearch.index({ fields: ['body'] }) },
        }),
      );

    expect(of(8_191)).toEqual([]);
    expect(of(8_192)).toEqual([
      expect.stringMatching(
        /^thing\.views\.found may come to 32,768 bytes for the term of 'body'; OpenSearch takes 32,766/,
      ),
    ]);
  });

  it('in Redis is bounded by nothing', () => {
    expect(
      problemsOf(
        thing({
          fields: { ...fields, body: text({ maxLength: 90_000 }) },
          views: { card: redis.hash({ expire: after('at', hours(1)) }) },
        }),
      ),
    ).toEqual([]);
  });

  it('of texts without a bound is not proved to fit, and no problem either', () => {
    expect(compiled(thing()).entities).toHaveLength(1);
  });
});

describe('the bound of a text', () => {
  it.each([0, -1, 1.5, Number.NaN, 10_000_001])('of %p is refused', (maxLength) => {
    expect(problemsOf(thing({ fields: { ...fields, body: text({ maxLength }) } })).join()).toMatch(
      /thing\.body has a maxLength of .*: use a whole number from 1 to 10000000, or leave it out/,
    );
  });
});

describe('all sizes that do not hold', () => {
  it('are told at once', () => {
    const problems = problemsOf(
      thing({
        fields: { ...fields, tenant: text({ maxLength: 600 }), kind: text({ maxLength: 9_000 }).immutable() },
        views: {
          found: opensearch.index(),
          wide: keyspaces.table({ by: ['tenant', 'kind'], orderBy: descending('happenedAt') }),
        },
      }),
    );

    expect(problems.map((problem) => problem.split(' ')[0])).toEqual([
      'thing.source.partitionKey',
      'thing.views.found',
      'thing.views.wide',
    ]);
  });
});
