import { expect, test } from '@jest/globals';
import { compile } from '../../../lambda/model/index.ts';
import model from '../../../model/flights.ts';
import { createViewHarness } from '../view-harness.ts';

const { explain } = createViewHarness(compile(model));

/** Where a statement's rows of each entity are read first. */
async function readsOf(sql: string): Promise<readonly unknown[]> {
  const { request } = await explain(sql);
  // What is combined says its reads (explain.ts).
  const { reads } = request as { readonly reads: readonly { entity: string; engine: string }[] };
  return reads.map(({ entity, engine }) => [entity, engine]);
}

const byHour = "w.origin = f.origin and w.at = date_trunc('hour', f.scheduled_at)";
const readings = "w.origin in ('EWR', 'JFK') and w.at >= '2013-01-01' and w.at < '2013-02-01'";

test('rows that are combined are read from a replica of Aurora before a search index', async () => {
  const reads = await readsOf(
    `select f.flight_number, w.visib from flight f join weather w on ${byHour} where f.scheduled_at >= '2013-01-01' and f.scheduled_at < '2013-02-01' and ${readings}`,
  );

  expect(reads).toEqual([
    ['flight', 'aurora'],
    ['weather', 'keyspaces'],
  ]);
});

test('words that are combined are matched by the search index all the same', async () => {
  const reads = await readsOf(
    `select f.flight_number, w.visib from flight f join weather w on ${byHour} where match(f.destination, 'iah') and f.scheduled_at >= '2013-01-01' and f.scheduled_at < '2013-02-01' and ${readings}`,
  );

  expect(reads).toEqual([
    ['flight', 'opensearch'],
    ['weather', 'keyspaces'],
  ]);
});
