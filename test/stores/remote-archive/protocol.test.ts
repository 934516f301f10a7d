import { expect, test } from '@jest/globals';
import { PolystoreError } from '../../../lambda/errors.ts';
import { functionError } from '../../../lambda/stores/invoke/errors.ts';
import { createMemoryStore } from '../../../lambda/stores/memory/index.ts';
import { createArchiveServer, createRemoteArchive } from '../../../lambda/stores/remote-archive/index.ts';
import type { AggregateStore } from '../../../lambda/stores/store.ts';
import { contractCatalog, itemRow, placementOf, upsert } from '../contract-model.ts';

const catalog = contractCatalog('remote-archive');
const history = placementOf(catalog, 'item.history');
const keys = { kind: 'keys', placement: history, keys: [itemRow()] } as const;

const memory = createMemoryStore({ clock: Date.now });
const over = (store: Partial<AggregateStore>) => {
  const serve = createArchiveServer({ catalog, store: { ...memory, ...store } });
  return createRemoteArchive({ invoke: async (payload) => JSON.stringify(await serve(JSON.parse(payload))) });
};

test('a refusal arrives with its code, its message and its details', async () => {
  const refused = new PolystoreError('scan_refused', 'Too much.', { details: { files: 5000 } });
  const remote = over({ read: () => Promise.reject(refused) });

  await expect(remote.read(keys)).rejects.toMatchObject({
    code: 'scan_refused',
    message: 'Too much.',
    details: { files: 5000 },
    retryable: false,
  });
});

test('what is no refusal fails the invocation, and is not told as one', async () => {
  const serve = createArchiveServer({
    catalog,
    store: { ...memory, read: () => Promise.reject(new TypeError('a defect')) },
  });

  await expect(serve({ read: { kind: 'keys', placement: 'item.history', keys: [] } })).rejects.toThrow(
    'a defect',
  );
});

test('an answer above what Lambda passes on is refused by its size', async () => {
  const row = itemRow({ note: 'x'.repeat(7_000_000) });

  await expect(
    over({ read: async () => [{ row, version: upsertVersion(row) }] }).read(keys),
  ).rejects.toMatchObject({
    code: 'result_too_large',
    message: expect.stringMatching(/has 7\d{6} bytes; 6291556 are allowed/),
  });
});

const upsertVersion = (row: ReturnType<typeof itemRow>) =>
  upsert(history.entity, row, 2n ** 55n + 1n).version;

test('versions keep all their digits', async () => {
  const version = upsertVersion(itemRow());
  const remote = over({
    versions: async () => [version, undefined],
    read: async () => [{ row: itemRow(), version }],
  });

  expect(await remote.versions(history, [itemRow(), itemRow()])).toEqual([version, undefined]);
  expect((await remote.read(keys))[0]?.version).toBe(version);
});

test.each([
  [{}, /not of the documented form/],
  [{ read: { kind: 'keys', placement: 'item.history', keys: [], more: 1 } }, /not of the documented form/],
  [
    { read: { kind: 'keys', placement: 'item.source', keys: [] } },
    /item\.source, which the archive does not hold; it holds item\.history/,
  ],
  [
    {
      aggregate: {
        placement: 'item.history',
        where: [{ kind: 'isNull', column: 'strange' }],
        match: [],
        groups: [],
        aggregates: [],
        maxGroups: 1,
      },
    },
    /strange, which is no column of item/,
  ],
])('a request that is none is refused: %j', async (event, message) => {
  const serve = createArchiveServer({ catalog, store: memory });

  expect(await serve(event)).toMatchObject({
    error: { code: 'invalid_request', message: expect.stringMatching(message) },
  });
});

test('an answer that is none is told', async () => {
  const remote = createRemoteArchive({ invoke: async () => '{"rows": 1}' });

  await expect(remote.read(keys)).rejects.toMatchObject({ code: 'store_rejected' });
});

test('a column that the other side does not know yet is null, and one that is gone here is left out', async () => {
  const answer = { columns: ['tenant', 'gone'], rows: [['acme', 1]], versions: ['0000000000000000001'] };
  const remote = createRemoteArchive({ invoke: async () => JSON.stringify(answer) });

  const [found] = await remote.read(keys);

  expect(found?.row).toMatchObject({ tenant: 'acme', note: null });
  expect(found?.row).not.toHaveProperty('gone');
});

test.each([
  [
    '{"errorType":"Sandbox.Timedout","errorMessage":"RequestId: 1 Error: Task timed out after 29.00 seconds"}',
    'deadline_exceeded',
  ],
  [
    '{"errorType":"Function.ResponseSizeTooLarge","errorMessage":"Response payload size exceeded"}',
    'result_too_large',
  ],
  ['{"errorType":"Runtime.ExitError","errorMessage":"signal: killed"}', 'store_unavailable'],
])('what Lambda says of a failed invocation becomes ours: %s', (payload, code) => {
  expect(functionError('read-archive', payload)).toMatchObject({ code });
});
