import { Redis } from 'ioredis';
import { rowId } from '../../lambda/stores/placement.ts';
import { createRedisStore } from '../../lambda/stores/redis/index.ts';
import { groupPattern, keyGroup } from '../../lambda/stores/redis/schema.ts';
import type { Clock, Placement } from '../../lambda/stores/store.ts';
import { sharedEngines } from '../engines.ts';
import {
  type DriftedStore,
  indexesOf,
  likeness,
  olderText,
  otherCount,
  rowOf,
  strangers,
  strangeText,
  versionText,
} from './drifted-rows.ts';

/** By commands of a client that knows nothing of scripts. */
export async function openRedis(clock: Clock): Promise<DriftedStore> {
  const store = createRedisStore({ ...sharedEngines().valkey, tls: false, clock });
  const client = new Redis({ ...sharedEngines().valkey, lazyConnect: true });
  await client.connect();

  const groupOf = (view: Placement, index: number): string => {
    const group = keyGroup(view, rowOf(index));
    if (group === undefined) throw new Error('a row of the contract says where it lies');
    return group.rows;
  };
  const idOf = (view: Placement, index: number): string => rowId(view, rowOf(index));
  const held = async (view: Placement, index: number): Promise<string> =>
    (await client.hget(groupOf(view, index), idOf(view, index))) ?? '';
  const put = (view: Placement, index: number, value: string) =>
    client.hset(groupOf(view, index), idOf(view, index), value);
  const withOther = (text: string, index: number): string =>
    text.replace(`"count":${index}`, `"count":${otherCount(index)}`);
  return {
    store,
    views: ['hash', 'brief'],
    async drift(view) {
      for (const index of indexesOf('lost')) await client.hdel(groupOf(view, index), idOf(view, index));
      for (const index of indexesOf('older'))
        await put(
          view,
          index,
          withOther((await held(view, index)).replace(versionText(index), olderText(index)), index),
        );
      for (const index of indexesOf('other content'))
        await put(view, index, withOther(await held(view, index), index));
      for (const kind of strangers)
        for (const index of indexesOf(kind)) {
          const like = likeness(index);
          const copy = (await held(view, like))
            .replace(versionText(like), strangeText(index))
            .replace(`"number":"${like}"`, `"number":"${index}"`);
          await put(view, index, copy);
        }
    },
    async read(view) {
      const found: (readonly [number, { version: string; count: number; all: string }])[] = [];
      // The stream's own type is not known to Node's; it gives the names that one SCAN found.
      for await (const keys of client.scanStream({ match: groupPattern(view), count: 1000 }))
        for (const key of new Set(keys as readonly string[]))
          for (const all of Object.values(await client.hgetall(key))) {
            // As value.ts writes it.
            const { v, r } = JSON.parse(all) as { v: string; r?: { number: string; count: number } };
            if (r !== undefined) found.push([Number(r.number), { version: v, count: r.count, all }]);
          }
      return new Map(found);
    },
    async close() {
      client.disconnect();
      await store.close();
    },
  };
}
