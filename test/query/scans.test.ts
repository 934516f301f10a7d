import { expect, test } from '@jest/globals';
import type { Row } from '../../lambda/change/change.ts';
import { createVersion } from '../../lambda/change/version.ts';
import { compile, dynamodb, entity, entityOf, integer, model, text } from '../../lambda/model/index.ts';
import { readPages } from '../../lambda/query/read-pages.ts';
import { startDeadline } from '../../lambda/query/timer.ts';
import type { VersionedRow } from '../../lambda/stores/store.ts';
import { failure } from './harness.ts';
import { createViewHarness } from './view-harness.ts';

const parcel = entity('parcel', {
  key: ['tenant', 'id'],
  tenant: 'tenant',
  fields: { tenant: text({ maxLength: 10 }), id: text({ maxLength: 10 }), weight: integer() },
  source: dynamodb({ partitionKey: 'TENANT#{tenant}#PARCEL#{id}', sortKey: 'PARCEL#{id}' }),
});
const catalog = compile(model('scans', [parcel]));
/** More than are held of an answer that is not read page by page. */
const count = 10_500;
const rows: readonly Row[] = Array.from({ length: count }, (_, index) => ({
  ...{ tenant: 'UA', id: `p${index}`, weight: index % 7 },
}));

async function fill() {
  const harness = createViewHarness(catalog);
  const of = entityOf(catalog, 'parcel');
  await harness.stores.dynamodb.apply(
    { entity: of, target: of.source },
    rows.map((row) => ({
      ...{ kind: 'upsert', entity: 'parcel', key: { tenant: 'UA', id: row.id ?? '' }, row },
      version: createVersion(0, 1n),
    })),
  );
  return harness;
}

test('rows beyond what is held are read page by page', async () => {
  const { query } = await fill();

  const { rows: found } = await query('select id from parcel', { scan: 'allowed', maxRows: 100_000 });

  expect(new Set(found.map(({ id }) => id)).size).toBe(count);
});

test('groups of more rows than are held are refused, and are not told to allow what is allowed', async () => {
  const { query } = await fill();
  const sql = 'select weight, count(*) from parcel group by weight';

  const { code, message } = await failure(query(sql, { scan: 'allowed' }));

  expect(code).toBe('scan_refused');
  expect(message).toContain('more than 10000 rows of parcel');
  expect(message).not.toContain('or allow that');
});

test('a scan that is read to be held ends with the deadline, and reads no further', async () => {
  let now = 0;
  let read = 0;
  let isClosed = false;
  async function* endless(): AsyncGenerator<readonly VersionedRow[], void, undefined> {
    try {
      for (;;) {
        read += 1;
        now += 10;
        yield [];
      }
    } finally {
      isClosed = true;
    }
  }

  const { code } = await failure(
    readPages(
      endless(),
      startDeadline(() => now, 25),
    ),
  );

  expect([code, read, isClosed]).toEqual(['deadline_exceeded', 3, true]);
});
