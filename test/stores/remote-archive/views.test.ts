import { expect, test } from '@jest/globals';
import { createMemoryStore } from '../../../lambda/stores/memory/index.ts';
import { createArchiveServer, createRemoteArchive } from '../../../lambda/stores/remote-archive/index.ts';
import type { ScanPage } from '../../../lambda/stores/view-store.ts';
import { contractCatalog, itemRow, placementOf, upsert } from '../contract-model.ts';

const catalog = contractCatalog('remote-views');
const history = placementOf(catalog, 'item.history');
const { entity } = history;
const memory = createMemoryStore({ clock: () => 0 });
const serverOf = (access: 'read' | 'write', store: object = {}) => {
  const serve = createArchiveServer({ catalog, store: { ...memory, ...store }, access });
  return async (payload: string) => JSON.stringify(await serve(JSON.parse(payload)));
};

test('a function that only reads the archive refuses to write it, whoever asks', async () => {
  const mistaken = createRemoteArchive({ invoke: serverOf('read'), invokeWriter: serverOf('read') });
  const change = upsert(entity, itemRow(), 1);
  const refusal = { code: 'not_supported', message: expect.stringMatching(/asked to \w+.*writes it/) };

  await expect(mistaken.apply(history, [change])).rejects.toMatchObject(refusal);
  await expect(mistaken.repair(history, [{ change, held: undefined }])).rejects.toMatchObject(refusal);
  await expect(mistaken.sweep(history)).rejects.toMatchObject(refusal);
  await expect(
    mistaken.saveProgress([{ placement: history, topic: 't', partition: 0, from: 0n, to: 1n }]),
  ).rejects.toMatchObject(refusal);
});

test('without a function that writes, what would write says which view and why', async () => {
  const reader = createRemoteArchive({ invoke: serverOf('read') });

  await expect(reader.sweep(history)).rejects.toMatchObject({
    code: 'not_supported',
    message: expect.stringMatching(/^item\.history is written by the function/),
  });
});

test('a page that is above what Lambda passes on has fewer rows, and none is lost', async () => {
  const rows = Array.from({ length: 40 }, (_, number) =>
    itemRow({ number: String(100 + number), note: 'x'.repeat(500_000) }),
  );
  const held = rows.map((row) => {
    const { key, version } = upsert(entity, row, 1);
    return { key, place: '["2013-01-01"]', version, row };
  });
  const scan = async ({ after, limit }: { after: string | undefined; limit: number }): Promise<ScanPage> => {
    const start = Number(after ?? 0);
    const end = start + limit;
    return { rows: held.slice(start, end), next: end < held.length ? String(end) : undefined, bytes: 1 };
  };
  const remote = createRemoteArchive({ invoke: serverOf('read', { scan }) });

  const found: ScanPage['rows'][number][] = [];
  let after: string | undefined;
  do {
    const page = await remote.scan({ placement: history, after, limit: 1000 });
    found.push(...page.rows);
    after = page.next;
  } while (after !== undefined);

  expect(found.map(({ key }) => key.number)).toEqual(rows.map((row) => row.number));
});

test.each([
  { scan: { placement: 'item.history', limit: -1 } },
  { digest: { placement: 'item.history', buckets: 0, versions: true, limit: 1 } },
  { repair: { placement: 'item.history', repairs: [{ change: { key: {}, version: '1', row: {} } }] } },
  { sweep: { placement: 'item.history' } },
])('%j is not of the documented form', async (event) => {
  const serve = createArchiveServer({ catalog, store: memory, access: 'write' });

  expect(await serve(event)).toMatchObject({ error: { code: 'invalid_request' } });
});

test('a view that the archive does not hold is refused by its name', async () => {
  const serve = createArchiveServer({ catalog, store: memory, access: 'write' });

  expect(await serve({ sweep: 'item.hash' })).toMatchObject({
    error: { code: 'invalid_request', message: expect.stringMatching(/item\.hash.*item\.history/) },
  });
});
