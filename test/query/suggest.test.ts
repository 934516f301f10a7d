import { describe, expect, test } from '@jest/globals';
import * as language from '../../lambda/model/index.ts';
import {
  compile,
  type EntityDefinition,
  entity,
  model,
  shared,
  type View,
} from '../../lambda/model/index.ts';
import { createAnalyser } from '../../lambda/query/analyse.ts';
import { workOf } from '../../lambda/query/bounded-work.ts';
import { readDomains } from '../../lambda/query/domain.ts';
import { planRead, withTenant } from '../../lambda/query/plan-read.ts';
import { readSelect } from '../../lambda/query/read-select.ts';
import { type Suggestion, suggestFor } from '../../lambda/query/suggest.ts';
import { failure, planContext } from './harness.ts';
import { createViewHarness } from './view-harness.ts';

const { aurora, dynamodb, integer, kafka, oneOf, text, timestamp, archive, day } = language;
const fields = {
  tenant: text({ maxLength: 10 }),
  id: text({ maxLength: 10 }),
  at: timestamp().immutable(),
  kind: oneOf('a', 'b').immutable(),
  place: text({ maxLength: 10 }),
  weight: integer(),
  note: text({ maxLength: 100 }),
};
const options = { key: ['tenant', 'id'], tenant: 'tenant', fields } as const;
const parcel = entity('parcel', {
  ...options,
  source: dynamodb({ partitionKey: 'TENANT#{tenant}#PARCEL#{id}', sortKey: 'PARCEL#{id}' }),
});
const scan = entity('scan', { ...options, source: kafka() });
const kept = entity('kept', {
  ...options,
  source: kafka(),
  views: { history: archive.parquet({ partitionBy: day('at') }) },
});
const depot = entity('depot', {
  key: ['id'],
  tenant: shared,
  fields: { id: text({ maxLength: 10 }), place: text({ maxLength: 10 }), weight: integer() },
  source: aurora(),
});
const entities: readonly EntityDefinition[] = [parcel, scan, kept, depot];
const catalogOf = (of: readonly EntityDefinition[]) => compile(model('post', of));
const catalog = catalogOf(entities);
const context = planContext();

async function suggestions(sql: string): Promise<readonly Suggestion[]> {
  const { statement, reads } = await createAnalyser(catalog)(sql);
  const select = withTenant(readSelect(statement, reads, []), 'UA');
  return suggestFor(select, readDomains(select.where));
}

/** The model with what a suggestion says, read as TypeScript would. */
function declare({ entity: name, in: member, declaration }: Suggestion): readonly EntityDefinition[] {
  const words = Object.entries(language);
  const read = (text: string): unknown =>
    new Function(...words.map(([word]) => word), `return (${text})`)(...words.map(([, value]) => value));
  return entities.map((each) => {
    if (each.name !== name) return each;
    if (member === 'views')
      return { ...each, views: { ...each.views, ...(read(`{${declaration}}`) as Record<string, View>) } };
    if (each.source.store === 'aurora')
      return { ...each, source: aurora({ indexes: [read(declaration) as string[]] }) };
    if (each.source.store !== 'dynamodb') throw new TypeError(`${name} has no index`);
    return { ...each, source: { ...each.source, indexes: read(`{${declaration}}`) as never } };
  });
}

describe('what is suggested serves the statement by bounded work', () => {
  test.each<[string, readonly string[]]>([
    [
      "select * from parcel where place = 'x' order by at desc limit 5",
      ["byPlace: { partitionKey: 'TENANT#{tenant}#PLACE#{place}', sortKey: '{at}' }"],
    ],
    [
      "select * from parcel where place = 'x'",
      ["byPlace: { partitionKey: 'TENANT#{tenant}#PLACE#{place}', sortKey: '{id}' }"],
    ],
    [
      "select * from parcel where kind = 'a' and weight > 5 order by weight desc",
      ["byKind: redis.sortedSet({ by: ['tenant', 'kind'], score: 'weight' })"],
    ],
    ['select * from parcel where weight > 5 and weight < 9', ['search: opensearch.index()']],
    ["select * from parcel where place <> 'x'", ['search: opensearch.index()']],
    ["select place, count(*) from parcel where kind = 'a' group by place", ['search: opensearch.index()']],
    [
      "select * from scan where at >= '2013-01-01' and at < '2013-01-02' order by at desc",
      ["byAt: keyspaces.table({ by: ['tenant', day('at')], orderBy: descending('at') })"],
    ],
    [
      "select * from scan where kind = 'a' order by at limit 5",
      ["byKind: keyspaces.table({ by: ['tenant', 'kind'], orderBy: ascending('at') })"],
    ],
    ["select * from scan where match(note, 'fragile')", ["search: opensearch.index({ text: ['note'] })"]],
    ["select * from depot where place = 'x' order by weight limit 3", ["['place', 'weight']"]],
  ])('%s', async (sql, expected) => {
    const found = await suggestions(sql);

    expect(found.map(({ declaration }) => declaration)).toEqual(expected);
    for (const suggestion of found) {
      const grown = catalogOf(declare(suggestion));
      const { qualified } = planRead(await createAnalyser(grown)(sql), grown, context);
      expect(workOf(qualified[0], context).kind).not.toBe('scan');
    }
  });

  test('nothing is suggested for what says nothing', async () => {
    expect(await suggestions('select * from scan')).toEqual([]);
  });
});

describe('a scan', () => {
  const { query, explain } = createViewHarness(catalog);

  test('is refused with what it would read and what would serve it', async () => {
    const { code, message } = await failure(query("select * from kept where kind = 'a' order by at limit 5"));

    expect(code).toBe('scan_refused');
    expect(message).toContain('kept.history (archive), every day that there is of files');
    expect(message).toContain('"limits": {"scan": "allowed"}');
    expect(message).toContain(
      "kept.views: byKind: keyspaces.table({ by: ['tenant', 'kind'], orderBy: ascending('at') })",
    );
  });

  test('is made when the request allows it, and says so', async () => {
    const sql = 'select kind, count(*) from kept group by kind';

    expect((await explain(sql, { scan: 'allowed' })).chosen).toMatchObject({
      placement: 'kept.history',
      why: expect.stringContaining('every day that there is'),
    });
    expect((await query(sql, { scan: 'allowed' })).rowCount).toBe(0);
  });

  test('of a table of DynamoDB is refused and made likewise', async () => {
    const sql = "select id, at from parcel where place = 'x' order by at desc limit 5";

    const { code, message } = await failure(query(sql));
    expect(code).toBe('scan_refused');
    expect(message).toContain('parcel.source (dynamodb), every item of the table is read');
    expect(message).toContain('byPlace: { partitionKey:');
    expect((await explain(sql, { scan: 'allowed' })).chosen).toMatchObject({
      ...{ placement: 'parcel.source', engine: 'dynamodb' },
      why: expect.stringContaining('every item of the table is read'),
    });
    expect((await query(sql, { scan: 'allowed' })).rowCount).toBe(0);
  });

  test('that nobody could make is not said to be refused', async () => {
    const { code, message } = await failure(query("select * from scan where kind = 'a' order by at limit 5"));

    expect(code).toBe('not_supported');
    expect(message).toContain('The model would serve it with scan.views: byKind');
  });

  test('of a join over what Aurora does not hold asks for a table there', async () => {
    const { message } = await failure(query('select s.id from scan s join depot d on d.weight > s.weight'));

    expect(message).toContain('scan.views: analytics: aurora.table()');
  });
});
