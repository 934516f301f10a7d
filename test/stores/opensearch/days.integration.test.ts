import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Row } from '../../../lambda/change/change.ts';
import {
  type Catalog,
  compile,
  days,
  entity,
  entityOf,
  kafka,
  model,
  opensearch,
  parseRow,
  text,
  timestamp,
} from '../../../lambda/model/index.ts';
import { createOpensearchStore, ensureSearch } from '../../../lambda/stores/opensearch/index.ts';
import type { AggregateStore, Placement } from '../../../lambda/stores/store.ts';
import { placementOf, remove, upsert } from '../contract-model.ts';
import { ask, connection } from './library.ts';

/** Kept for three days. */
const event = entity('event', {
  key: ['tenant', 'id'],
  tenant: 'tenant',
  fields: { tenant: text(), id: text(), at: timestamp().immutable(), note: text().optional() },
  source: kafka(),
  views: {
    log: opensearch.log({ at: 'at', keep: days(3), text: ['note'] }),
    // Its days look like those of the other, but for the name.
    logKept: opensearch.log({ at: 'at', keep: days(300) }),
  },
});
const hourMs = 3_600_000;
const at = (day: number, time = '12:00:00.000000'): string =>
  `2013-01-${String(day).padStart(2, '0')}T${time}Z`;

let now = 0;
let catalog: Catalog;
let log: Placement;
let kept: Placement;
let store: AggregateStore;
beforeEach(async () => {
  now = Date.parse(at(10));
  catalog = compile(model(`days-${randomUUID().slice(0, 13)}`, [event]));
  log = placementOf(catalog, 'event.log');
  kept = placementOf(catalog, 'event.logKept');
  await ensureSearch(catalog, connection());
  store = open();
});
afterEach(() => store.close());

const open = (): AggregateStore =>
  createOpensearchStore({ ...connection(), model: catalog.name, clock: () => now, refresh: true });

const change = (values: Partial<Row>, version = 1) => {
  const events = entityOf(catalog, 'event');
  return upsert(events, parseRow(events, { tenant: 't', ...values }), version);
};
const eventsOn = (...each: number[]) => each.map((day) => change({ id: `on ${day}`, at: at(day) }));

async function indices(): Promise<readonly string[]> {
  const found = await ask('GET', `/_alias/${catalog.name}.*`);
  return Object.keys(found)
    .map((name) => name.slice(catalog.name.length + 1))
    .filter((name) => !name.startsWith('state'))
    .toSorted();
}

async function visible(): Promise<readonly unknown[]> {
  const rows = await store.read({
    kind: 'filter',
    placement: log,
    where: [],
    match: [],
    order: [],
    highlight: [],
    limit: 100,
  });
  return rows.map(({ row }) => row.id).toSorted();
}

describe('a log', () => {
  test('has an index for each day, and answers from all of them', async () => {
    await store.apply(log, eventsOn(8, 9, 10));

    expect(await indices()).toEqual(['event.log-2013.01.08', 'event.log-2013.01.09', 'event.log-2013.01.10']);
    expect(await visible()).toEqual(['on 10', 'on 8', 'on 9']);
  });

  test('is empty, and no error, while it has no day', async () => {
    const slice = {
      kind: 'slice',
      placement: log,
      index: undefined,
      equal: { tenant: 't', at: at(9) },
      from: undefined,
      to: undefined,
      order: 'ascending',
      limit: undefined,
    } as const;

    expect(await visible()).toEqual([]);
    expect(await store.read(slice)).toEqual([]);
    expect(
      await store.read({ kind: 'keys', placement: log, keys: [{ tenant: 't', id: '1', at: at(9) }] }),
    ).toEqual([]);
    expect(await store.versions(log, [{ tenant: 't', id: '1', at: at(9) }])).toEqual([undefined]);
    const groups = [{ as: 'id', column: log.entity.columns[1] ?? never(), unit: 'value' as const }];
    const aggregates = [
      { as: 'n', function: 'count', column: undefined },
      { as: 'first', function: 'min', column: log.entity.columns[2] },
    ] as const;
    const selection = { placement: log, where: [], match: [], aggregates };
    expect(await store.aggregate({ ...selection, groups: [], maxGroups: 1 })).toEqual([
      { n: '0', first: null },
    ]);
    expect(await store.aggregate({ ...selection, groups, maxGroups: 10_000 })).toEqual([]);
  });

  test('hides rows one by one as they expire, and drops a day when all of its rows have, and nothing else', async () => {
    await store.apply(log, [...eventsOn(7, 8, 9), change({ id: 'late', at: at(7, '23:59:59.999999') })]);
    await store.apply(kept, eventsOn(7, 8));
    // Somebody's own, which only looks like a day.
    await ask('PUT', `/${catalog.name}.event.log-2013.01.07-copy`);

    now = Date.parse(at(10)) + 1;
    expect(await visible()).toEqual(['late', 'on 8', 'on 9']);
    // The last row of the 7th can be seen until the 11th begins; the day goes an hour later.
    now = Date.parse(at(11, '00:00:00.000000')) + hourMs - 1;
    await store.apply(log, eventsOn(11));
    expect(await visible()).toEqual(['on 11', 'on 8', 'on 9']);
    expect(await indices()).toContain('event.log-2013.01.07');

    now += hourMs;
    await store.apply(log, eventsOn(11));

    expect(await indices()).toEqual([
      'event.log-2013.01.07-copy',
      'event.log-2013.01.08',
      'event.log-2013.01.09',
      'event.log-2013.01.11',
      'event.log_kept-2013.01.07',
      'event.log_kept-2013.01.08',
    ]);
  });

  test('keeps a dropped day away, whatever comes for it, and counts it as stale', async () => {
    const events = entityOf(catalog, 'event');
    await store.apply(log, eventsOn(5, 10));
    now = Date.parse(at(10)) + 2 * hourMs;
    const other = open();
    await other.apply(log, eventsOn(10));
    await other.close();
    expect(await indices()).toEqual(['event.log-2013.01.10']);

    const late = change({ id: 'on 5', at: at(5), note: 'again' }, 2);
    const result = await store.apply(log, [late, remove(events, late.kind === 'upsert' ? late.row : {}, 3)]);

    expect(result).toEqual({ applied: 0, stale: 2, rejected: [] });
    expect(await indices()).toEqual(['event.log-2013.01.10']);
  });

  test('writes no row of a day that was over from the start', async () => {
    expect(await store.apply(log, eventsOn(1, 10))).toEqual({ applied: 1, stale: 1, rejected: [] });

    expect(await indices()).toEqual(['event.log-2013.01.10']);
  });

  test('rejects a delete that does not say the day', async () => {
    const events = entityOf(catalog, 'event');
    const whole = remove(events, { tenant: 't', id: '1', at: at(9) }, 2);
    const { before: _, ...bare } = { before: undefined, ...whole };

    const { rejected } = await store.apply(log, [bare as typeof whole]);

    expect(rejected).toEqual([{ change: bare, reason: expect.stringContaining('places rows by at') }]);
  });

  test('refuses a look-up without the day, by name', async () => {
    await expect(
      store.read({ kind: 'keys', placement: log, keys: [{ tenant: 't', id: '1' }] }),
    ).rejects.toMatchObject({ code: 'not_supported', message: expect.stringContaining('the day of at') });
  });
});

const never = (): never => {
  throw new TypeError('the event has no such column');
};
