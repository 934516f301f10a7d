import { beforeEach, describe, expect, test } from '@jest/globals';
import { createVersion } from '../../lambda/change/version.ts';
import { PolystoreError } from '../../lambda/errors.ts';
import { createAnalyser } from '../../lambda/query/analyse.ts';
import { aa, failure, ua } from './harness.ts';
import { createViewHarness } from './view-harness.ts';
import { seedSightings, sightingRow, viewCatalog } from './view-model.ts';

const catalog = viewCatalog('words');
let harness = createViewHarness(catalog);
beforeEach(async () => {
  harness = createViewHarness(catalog);
  await seedSightings(catalog, harness.stores, [
    sightingRow(catalog, { sighting_id: 'a', note: 'one grey goose', wings: 2 }),
    sightingRow(catalog, { sighting_id: 'b', note: 'a grey goose, another goose', wings: 4, kind: 'cloud' }),
    sightingRow(catalog, { sighting_id: 'c', note: 'grey', wings: 1 }),
    sightingRow(catalog, { sighting_id: 'd', note: 'a swan' }),
    sightingRow(catalog, { sighting_id: 'e', tenant: 'AA', note: 'the grey goose of another carrier' }),
  ]);
});

test('words are matched with their rank and passages, best first', async () => {
  const answer = await harness.query(
    "select sighting_id as id, match_rank() as rank, match_highlight(note) from sighting where match(note, $1) and kind in ('bird', 'cloud') order by rank desc, sighting_id",
    { params: ['grey goose'] },
  );

  expect(answer.rows).toEqual([
    { id: 'a', rank: 2, match_highlight: 'one <em>grey</em> <em>goose</em>' },
    { id: 'b', rank: 2, match_highlight: 'a <em>grey</em> <em>goose</em>, another <em>goose</em>' },
    { id: 'c', rank: 1, match_highlight: '<em>grey</em>' },
  ]);
  expect(answer.columns).toEqual([
    { name: 'id', type: 'text' },
    { name: 'rank', type: 'float' },
    { name: 'match_highlight', type: 'text' },
  ]);
  expect(answer.route).toMatchObject({
    class: 'full text',
    placement: 'sighting.found',
    engine: 'opensearch',
    why: expect.stringContaining('words matched in note'),
  });
});

test.each([
  ['order by match_rank() desc limit 1', ['a', 'b']],
  ['order by match_rank() limit 1', ['c']],
  ['order by wings desc limit 2 offset 1', ['a']],
  ['order by 2 desc nulls last, wings desc limit 1', ['b']],
] as const)('%s cuts the right rows off', async (tail, first) => {
  const { rows } = await harness.query(
    `select sighting_id, match_rank() from sighting where match(note, 'grey goose') ${tail}`,
  );

  expect(first).toContain(rows[0]?.sighting_id);
});

test('groups are counted over what matches', async () => {
  const { rows, route } = await harness.query(
    "select kind, count(*), sum(wings) from sighting where match(note, 'goose grey') group by kind order by kind",
  );

  expect(rows).toEqual([
    { kind: 'bird', count: 2, sum: 3 },
    { kind: 'cloud', count: 1, sum: 4 },
  ]);
  expect(route).toMatchObject({ class: 'full text', placement: 'sighting.found' });
});

test('two matches must both hold, in two columns or in one', async () => {
  const { rows } = await harness.query(
    "select sighting_id from sighting where match(note, 'goose') and match(note, 'another') and match(place, 'ewr')",
  );

  expect(rows).toEqual([{ sighting_id: 'b' }]);
});

test('another tenant’s rows are never matched, whatever the statement says', async () => {
  const statements = [
    "select tenant from sighting where match(note, 'grey goose')",
    "select tenant from sighting where match(note, 'grey goose') and (tenant = 'AA' or tenant = 'UA')",
    "select tenant from sighting where match(note, 'carrier') or tenant = 'AA'",
    "select tenant, count(*) from sighting where match(note, 'grey goose') group by tenant",
    "select max(note) as tenant from sighting where match(note, 'another carrier')",
  ];

  for (const sql of statements) {
    const answer = await harness.query(sql).catch((error: unknown) => {
      // The `or` is refused; nothing else is.
      expect(error).toMatchObject({ code: 'not_supported' });
      return { rows: [] };
    });
    expect(JSON.stringify(answer.rows)).not.toMatch(/AA|carrier/);
  }
  expect(await harness.query(statements[0] ?? '', {}, aa)).toMatchObject({ rows: [{ tenant: 'AA' }] });
  const { request: sent } = await harness.explain(statements[0] ?? '');
  expect(sent).toMatchObject([{ where: [{ '=': ['tenant', 'UA'] }], match: [{ column: 'note' }] }]);
});

const refused: readonly (readonly [string, string, string])[] = [
  ["select note from sighting where match(note, 'x') or wings = 1", 'not_supported', 'under or'],
  ["select note from sighting where not match(note, 'x')", 'not_supported', 'under or'],
  ["select note from sighting where match(note, 'x') = true", 'not_supported', 'comparison'],
  ["select match(note, 'x') from sighting", 'not_supported', 'expression'],
  ['select match_rank() from sighting', 'not_supported', 'match_rank() and match_highlight(column) are of'],
  ['select match_highlight(note) from sighting', 'not_supported', 'are of a match'],
  ["select note from sighting where match(note, 'x') and match_rank() > 1", 'not_supported', 'expressions'],
  ["select match_rank() + 1 from sighting where match(note, 'x')", 'not_supported', 'expression'],
  ["select match_rank(note) from sighting where match(note, 'x')", 'not_supported', 'takes nothing'],
  ["select match_highlight() from sighting where match(note, 'x')", 'not_supported', 'takes a column'],
  [
    "select note from sighting where match(note, 'x') order by match_highlight(note)",
    'not_supported',
    'ordered by',
  ],
  ["select match_rank() over () from sighting where match(note, 'x')", 'not_supported', 'a window'],
  ['select note from sighting where match(note)', 'not_supported', 'a column and words'],
  ["select note from sighting where match(lower(note), 'x')", 'not_supported', 'a column and words'],
  ['select note from sighting where match(note, place)', 'not_supported', 'a text or a parameter'],
  ["select note from sighting where match(note, 'x' || 'y')", 'not_supported', 'a text or a parameter'],
  ['select note from sighting where match(note, null)', 'invalid_value', 'takes words as a text'],
  ['select note from sighting where match(note, 5)', 'invalid_value', 'takes words as a text'],
  ["select note from sighting where match(note, '  ')", 'invalid_value', 'at least one'],
  [`select note from sighting where match(note, '${'x'.repeat(1001)}')`, 'payload_too_large', '1000'],
  [
    "select note from sighting where match(kind, 'bird')",
    'not_supported',
    'it matches no words in kind; it does in note, place',
  ],
  [
    "select note from sighting where match(note, 'x') and extra is null",
    'not_supported',
    'does not look into extra',
  ],
  ["delete from sighting where match(note, 'x')", 'not_supported', 'match() in a write'],
  [
    "update sighting set note = 'x' where match(note, 'x') returning match_rank()",
    'not_supported',
    'match() in a write',
  ],
  [
    "insert into sighting (tenant) select 'UA' from sighting where match(note, 'x')",
    'not_supported',
    'match() in a write',
  ],
  ["select note from sighting where pg_catalog.match(note, 'x')", 'not_supported', 'pg_catalog.match'],
  ["select note from sighting where public.match(note, 'x')", 'not_supported', 'public.match'],
  ["select note from sighting where note @@ 'x'", 'not_supported', 'match(column'],
  ['select s.match from sighting s', 'unknown_column', 's.match'],
];

test.each(refused)('%s is refused, and PostgreSQL is not asked', async (sql, code, named) => {
  const error = await failure(harness.query(sql));

  expect([error.code, error.message]).toEqual([code, expect.stringContaining(named)]);
  expect(harness.stores.aurora.asked).toEqual([]);
});

test('a statement that matches words is never written as SQL', async () => {
  const statement = await createAnalyser(catalog)("select note from sighting where match(note, 'x')");

  expect((await failure(statement.render())).code).toBe('not_supported');
});

describe('the index', () => {
  const sql = "select sighting_id from sighting where match(note, 'swan')";
  const row = sightingRow(catalog, { sighting_id: 'd', note: 'a swan' });
  const tokenAt = (position: bigint) =>
    harness.tokens.issue(
      {
        aurora: undefined,
        rows: [{ entity: 'sighting', row, version: createVersion(0, position), log: undefined }],
      },
      ua,
    );

  test('is waited for until it shows what the token asks for', async () => {
    const { versions } = harness.stores.opensearch;
    let asked = 0;
    harness.stores.opensearch.versions = async (placement, keys) => {
      asked += 1;
      if (asked === 3) return [createVersion(0, 7n)];
      return versions(placement, keys);
    };

    const answer = await harness.query(sql, { tokens: [await tokenAt(7n)] });

    expect([answer.rows, asked]).toEqual([[{ sighting_id: 'd' }], 3]);
  });

  test('that does not get there is no answer', async () => {
    const error = await failure(harness.query(sql, { tokens: [await tokenAt(7n)] }));

    expect(error.code).toBe('token_not_met');
  });

  test('does not answer freshness 0', async () => {
    const error = await failure(harness.query(sql, { freshness: 'strong' }));

    expect([error.code, error.message]).toEqual([
      'not_supported',
      expect.stringContaining('follows its source'),
    ]);
  });

  test('that is down leaves the log, which matches words too', async () => {
    const { pages } = harness.stores.opensearch;
    harness.stores.opensearch.pages = async function* (fragment) {
      if (fragment.placement.target.kind === 'opensearch.index')
        throw new PolystoreError('store_unavailable', 'down');
      yield* pages(fragment);
    };

    const answer = await harness.query(`${sql} and at >= '2013-01-01'`);

    expect(answer).toMatchObject({
      rows: [{ sighting_id: 'd' }],
      route: { placement: 'sighting.logged', failed: [{ placement: 'sighting.found' }] },
    });
  });

  test('that cannot tell a sum exactly leaves it to Aurora', async () => {
    harness.stores.opensearch.aggregate = async () => {
      throw new PolystoreError('not_supported', 'may be more than that holds exactly');
    };

    const { route } = await harness.query('select sum(height) from sighting');

    expect(route).toMatchObject({
      placement: 'aurora.analytics',
      failed: [{ placement: 'sighting.found', code: 'not_supported' }],
    });
  });
});
