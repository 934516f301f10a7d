import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Change, keyText, type Row } from '../../lambda/change/change.ts';
import { keyOf } from '../../lambda/change/encode.ts';
import { createVersion } from '../../lambda/change/version.ts';
import { createArchiveStore, openObjects } from '../../lambda/stores/archive/index.ts';
import { createLogTruth } from '../../lambda/stores/kafka/truth.ts';
import { rowId } from '../../lambda/stores/placement.ts';
import type { Placement } from '../../lambda/stores/store.ts';
import type { SourceStore } from '../../lambda/stores/view-store.ts';
import { beginVerify, stepVerify } from '../../lambda/sync/verify.ts';
import type { VerifyState } from '../../lambda/sync/verify-state.ts';
import { happeningModel } from '../stores/kafka/happening-model.ts';
import { scriptedTopic } from '../stores/kafka/scripted-topic.ts';
import { createFakeTools } from './job-fakes.ts';
import { plant, plantedIn } from './planted-drift.ts';

const { catalog, happening, history } = happeningModel('verify-archive', 1);
const clock = () => Date.parse('2013-02-01T00:00:00Z');

const rowOf = (id: number): Row => ({
  ...{ tenant: 'acme', id: `e${id}`, note: `note ${id}` },
  at: `2013-01-0${1 + (id % 3)}T00:00:00.000000Z`,
});
const changeOf = (id: number): Extract<Change, { readonly kind: 'upsert' }> => ({
  kind: 'upsert',
  entity: happening.name,
  key: keyOf(happening, rowOf(id)),
  version: createVersion(0, BigInt(id)),
  row: rowOf(id),
});

const folder = mkdtempSync(join(tmpdir(), 'polystore-verify-archive-'));
const store = createArchiveStore({
  objects: openObjects({ location: pathToFileURL(folder).href, region: 'eu-west-1' }),
  clock,
  onTrouble: (message) => {
    throw new Error(message);
  },
});
const log = scriptedTopic(happening, { partitions: 1, batch: 7 });
/** As the Kafka store looks keys up, from the log alone. */
const lookUp = async (placement: Placement, keys: readonly Row[]) => {
  const wanted = new Set(keys.map((key) => keyText(keyOf(happening, key))));
  const begin = (await log.topic.offsets('earliest')).get(0) ?? 0n;
  const end = (await log.topic.offsets('latest')).get(0) ?? 0n;
  const held = ids.map(changeOf).filter(({ key, version }) => version >= begin && wanted.has(keyText(key)));
  return {
    latest: new Map(held.map((change) => [rowId(placement, change.key), change])),
    unreadable: [],
    partitions: [{ partition: 0, next: end, end, read: [{ from: begin, to: end }], generation: 0 }],
    bytes: 0,
  };
};
const truth: SourceStore = createLogTruth({
  topicOf: () => log.topic,
  lookUp,
  history: store,
  maxKeys: 1000,
  clock,
});
const tools = createFakeTools({
  catalog,
  stores: { sources: { kafka: truth }, views: { archive: store } },
  clock,
});

async function verify(repair: boolean) {
  let state: VerifyState = beginVerify(history, { repair });
  while (state.phase !== 'done')
    state = JSON.parse(JSON.stringify(await stepVerify(tools, history, state))) as VerifyState;
  return state.counts;
}

/** The log has forgotten the first forty of a hundred and fifty events. */
const ids = Array.from({ length: 150 }, (_, id) => id);
const lost = [60, 61];

beforeAll(async () => {
  for (const id of ids) log.post(rowOf(id));
  await store.apply(history, ids.filter((id) => !lost.includes(id)).map(changeOf));
  await store.saveProgress([
    { placement: history, topic: happening.topic, partition: 0, from: 0n, to: 150n },
  ]);
  log.forget(0, 40n);
});
afterAll(async () => {
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('the archive compared with the log, for what the log still holds', () => {
  test('what was planted there is found, each of its kind, repaired, and then nothing is found', async () => {
    const other = (row: Row): Row => ({ ...row, note: 'not so' });
    const never = { ...changeOf(999), version: createVersion(0, 120n) };
    await plant(store, history, [
      ...[70, 71, 72].map((id) => plantedIn('hidden', changeOf(id), { other })),
      ...[80, 81].map((id) => plantedIn('older', changeOf(id), { other })),
      ...[90, 91, 92, 93].map((id) => plantedIn('same version, other content', changeOf(id), { other })),
      plantedIn('not in the source', never, { other }),
    ]);
    const expected = { missing: 5, stale: 2, different: 4, extra: 1, unsettled: 0 };

    const found = await verify(false);
    const repaired = await verify(true);
    const after = await verify(false);

    expect(found).toMatchObject({ ...expected, compared: 150, repaired: 0 });
    expect(repaired).toMatchObject({ ...expected, repaired: 12 });
    expect(after).toMatchObject({ missing: 0, stale: 0, different: 0, extra: 0, compared: 150 });
    const inLog = ids.slice(40);
    const rows = await store.read({ kind: 'keys', placement: history, keys: inLog.map(rowOf) });
    expect(rows.map(({ row }) => row.note).sort()).toEqual(inLog.map((id) => `note ${id}`).sort());
  });

  test('below that the archive is what is believed', async () => {
    await plant(store, history, [
      plantedIn('same version, other content', changeOf(10), { other: (row) => ({ ...row, note: 'old' }) }),
    ]);

    expect(await verify(false)).toMatchObject({ stale: 0, different: 0, extra: 0 });
  });
});
