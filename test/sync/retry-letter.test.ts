import { describe, expect, test } from '@jest/globals';
import { keyText } from '../../lambda/change/change.ts';
import { encodeEvent, keyOf } from '../../lambda/change/encode.ts';
import { createMemoryStore } from '../../lambda/stores/memory/index.ts';
import type { SourceStore, ViewStore } from '../../lambda/stores/view-store.ts';
import type { KeptLetter } from '../../lambda/sync/letter-item.ts';
import { retryLetter } from '../../lambda/sync/retry-letter.ts';
import { contractCatalog, itemRow, placementOf, upsert } from '../stores/contract-model.ts';
import { memoryStores } from './job-fakes.ts';

const catalog = contractCatalog('retry');
const hash = placementOf(catalog, 'item.hash');
const source = placementOf(catalog, 'item.source');
const recent = placementOf(catalog, 'event.recent');
const row = itemRow();

const letter = (changes: Partial<KeptLetter>): KeptLetter => ({
  store: 'redis',
  scope: 'item.hash',
  id: 'one',
  key: keyText(keyOf(hash.entity, row)),
  version: '0000000000000000010',
  reason: 'too large',
  retry: undefined,
  firstSeen: '',
  lastSeen: '',
  timesSeen: 1,
  attempts: 0,
  nextTry: undefined,
  topic: hash.entity.topic,
  partition: 0,
  offset: 3n,
  record: undefined,
  closed: undefined,
  ...changes,
});

const open = (wrap: (store: ViewStore & SourceStore) => ViewStore & SourceStore = (store) => store) => {
  const store = createMemoryStore({ clock: () => 0 });
  return {
    store,
    retry: (kept: KeptLetter) => retryLetter({ catalog, stores: memoryStores(wrap(store)) }, kept),
  };
};

const event = { tenant: 'acme', event_id: 'e1', at: '2013-01-01T10:00:00.000000Z', body: null };
const posted = (value?: string): Partial<KeptLetter> => {
  const record = encodeEvent(recent.entity, event, { generation: 0, nowMs: 0 });
  return {
    scope: 'event.recent',
    topic: record.topic,
    key: keyText(keyOf(recent.entity, event)),
    record: {
      topic: record.topic,
      partition: 0,
      offset: 3n,
      timestampMs: 0,
      key: Buffer.from(record.key),
      value: Buffer.from(value ?? record.value),
      headers: record.headers,
    },
  };
};

describe('retrying a dead letter', () => {
  test('gives the view what its source says of the key now', async () => {
    const { store, retry } = open();
    await store.apply(source, [upsert(hash.entity, { ...row, count: 5 }, 20)]);

    expect(await retry(letter({}))).toMatchObject({ kind: 'mended' });

    const held = await store.read({ kind: 'keys', placement: hash, keys: [row] });
    expect(held).toMatchObject([{ row: { count: 5 } }]);
  });

  test('applies an event’s own payload, in the view of the letter', async () => {
    const { store, retry } = open();

    expect(await retry(letter(posted()))).toEqual({ kind: 'mended', note: 'its own payload was applied' });

    expect(await store.read({ kind: 'keys', placement: recent, keys: [event] })).toHaveLength(1);
  });

  test('leaves it open while the view refuses it, with the reason of today', async () => {
    const { store, retry } = open((memory) => ({
      ...memory,
      apply: async (_placement, changes) => ({
        applied: 0,
        stale: 0,
        rejected: changes.map((change) => ({ change, reason: 'still too large' })),
      }),
    }));
    await store.apply(source, [upsert(hash.entity, row, 20)]);

    expect(await retry(letter({}))).toEqual({ kind: 'open', reason: 'still too large' });
  });

  test('asks for a backfill where only that helps', async () => {
    const { retry } = open();

    expect(await retry(letter({ retry: 'view' }))).toEqual({
      kind: 'backfill',
      entity: 'item',
      views: ['item.hash'],
    });
    expect(await retry(letter({ store: 'capture', scope: 'item', retry: 'view' }))).toMatchObject({
      views: hash.entity.views.map(({ name }) => `item.${name}`),
    });
  });

  test('decodes an unreadable record again', async () => {
    const { retry } = open();
    const unread = { ...posted('{'), scope: 'event', key: undefined, version: undefined };

    expect(await retry(letter(unread))).toMatchObject({ kind: 'open' });
    expect(await retry(letter({ ...unread, ...posted(), scope: 'event', key: undefined }))).toMatchObject({
      kind: 'mended',
    });
  });

  test('says so where nothing is left to go by, and where no view lacks it', async () => {
    const { retry } = open();

    expect(await retry(letter({ scope: 'event', key: undefined, topic: recent.entity.topic }))).toMatchObject(
      {
        kind: 'open',
        reason: expect.stringContaining('offset 3'),
      },
    );
    expect(await retry(letter({ scope: 'nothing.view' }))).toMatchObject({
      kind: 'open',
      reason: expect.stringContaining('Discard'),
    });
  });
});
