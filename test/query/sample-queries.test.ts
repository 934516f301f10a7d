import { expect, test } from '@jest/globals';
import { sampleQueries } from '../../bin/commands/sample-queries.ts';
import { compile } from '../../lambda/model/index.ts';
import model from '../../model/flights.ts';
import { createViewHarness } from './view-harness.ts';

const { explain } = createViewHarness(compile(model));
/** The store that the words of a sample name. */
const engines = {
  DynamoDB: 'dynamodb',
  Redis: 'redis',
  Keyspaces: 'keyspaces',
  OpenSearch: 'opensearch',
  Aurora: 'aurora',
  DuckDB: 'duckdb',
};

test.each(sampleQueries('2013-01-01'))('$what', async ({ what, sql }) => {
  const { chosen } = await explain(sql);

  const named = Object.entries(engines).find(([name]) => what.includes(name));
  expect([named?.[1], chosen.why]).toEqual([chosen.engine, expect.any(String)]);
});

test('each store that answers has a sample', () => {
  const said = sampleQueries('2013-01-01').map(({ what }) => what);

  for (const name of Object.keys(engines)) expect(said.some((what) => what.includes(name))).toBe(true);
});
