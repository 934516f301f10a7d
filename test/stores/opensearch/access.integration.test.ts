import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  type Catalog,
  type SearchAccess,
  type SearchGrant,
  searchAccesses,
} from '../../../lambda/model/index.ts';
import {
  createOpensearchStore,
  ensureAccess,
  ensureSearch,
  type OpensearchConnection,
} from '../../../lambda/stores/opensearch/index.ts';
import type { Fragment, Placement } from '../../../lambda/stores/store.ts';
import { contractCatalog, itemOf, itemRow, placementOf, upsert } from '../contract-model.ts';
import { widerCatalog } from '../wider-catalog.ts';
import { keepTrue } from './keep-true.ts';
import { type RecordingProxy, startRecordingProxy } from './recording-proxy.ts';
import { type SecuredOpensearch, startSecuredOpensearch } from './secured/secured-opensearch.ts';

const arnOf = (access: SearchAccess): string => `arn:aws:iam::123456789012:role/${access}`;
const grants: readonly SearchGrant[] = searchAccesses.map((access) => ({ access, roleArn: arnOf(access) }));

let engine: SecuredOpensearch;
let stop = async (): Promise<void> => undefined;
const proxies: RecordingProxy[] = [];
const connections = new Map<SearchAccess | 'manager', OpensearchConnection>();
const as = (who: SearchAccess | 'manager'): OpensearchConnection => {
  const found = connections.get(who);
  if (found === undefined) throw new TypeError(`nobody is ${who}`);
  return found;
};

beforeAll(async () => {
  engine = await startSecuredOpensearch();
  stop = engine.stop;
  const add = async (who: SearchAccess | 'manager', headers: Readonly<Record<string, string>>) => {
    const proxy = await startRecordingProxy(engine.url, headers);
    proxies.push(proxy);
    connections.set(who, { endpoint: proxy.url, auth: 'none', region: 'eu-west-1' });
  };
  await add('manager', engine.manager);
  for (const access of searchAccesses) await add(access, await engine.addUser(access, arnOf(access)));
  await ensureAccess({ model, connection: as('manager'), grants });
  await ensureSearch(catalog, as('makes'));
});
afterAll(async () => {
  await Promise.all(proxies.map((proxy) => proxy.close()));
  await stop();
});

// One for all tests, since a change of roles takes seconds; each has a row of its own.
const model = 'access';
const catalog: Catalog = contractCatalog(model);
const found: Placement = placementOf(catalog, 'item.found');
const logged: Placement = placementOf(catalog, 'item.logged');

const open = (access: SearchAccess, clock: () => number = Date.now) =>
  createOpensearchStore({ ...as(access), model, clock });
const ask = async (access: SearchAccess, method: string, path: string): Promise<number> =>
  (await fetch(`${as(access).endpoint}${path}`, { method })).status;
const all = (placement: Placement, limit: number): Fragment => ({
  ...{ kind: 'filter', placement, where: [], match: [], order: [], highlight: [], limit },
});
/** Versions of a row by its label, whether or not searches see it yet. */
const held = async (
  store: ReturnType<typeof open>,
  label: string,
): Promise<readonly (bigint | undefined)[]> =>
  (await store.read({ kind: 'keys', placement: found, keys: [itemRow({ label })] })).map(
    ({ version }) => version,
  );
const noon = Date.parse('2013-01-01T12:00:00Z');

describe('in OpenSearch with its security', () => {
  test('roles are made once, and brought back when somebody changed them', async () => {
    const again = await ensureAccess({ model, connection: as('manager'), grants });
    const name = `polystore_${model}_reads`;
    await fetch(`${engine.url}/_plugins/_security/api/roles/${name}`, {
      method: 'PUT',
      headers: { ...engine.manager, 'content-type': 'application/json' },
      body: JSON.stringify({ cluster_permissions: ['*'] }),
    });

    const mended = await ensureAccess({ model, connection: as('manager'), grants });

    expect(again).toEqual([]);
    expect(mended).toEqual([`put the role ${name}`]);
  });

  test('a function that is gone is let in no longer', async () => {
    const others = grants.filter(({ access }) => access !== 'reads');

    const done = await ensureAccess({ model, connection: as('manager'), grants: others });

    expect(done).toEqual([`mapped 0 role(s) of IAM to polystore_${model}_reads`]);
    await expect(open('reads').read(all(found, 1))).rejects.toMatchObject({ code: 'store_rejected' });
    await ensureAccess({ model, connection: as('manager'), grants });
  });

  test('nobody but the manager may say who has which rights', async () => {
    for (const access of searchAccesses)
      await expect(ensureAccess({ model, connection: as(access), grants })).rejects.toMatchObject({
        code: 'store_rejected',
      });
  });

  test('the schema function may make and change indices, and read no row', async () => {
    const done = await ensureSearch(widerCatalog(catalog), as('makes'));

    expect(done.join()).toMatch(/added extra_flag.*put the template/);
    await expect(open('makes').read(all(found, 1))).rejects.toMatchObject({ code: 'store_rejected' });
    expect(await ask('makes', 'DELETE', `/${model}.item.found-1`)).toBe(403);
  });

  test('the apply function may write, look after days and read, and make no index beside', async () => {
    const change = upsert(itemOf(catalog), itemRow({ label: 'applied' }), 1);
    let now = noon;
    const store = open('writes', () => now);

    const applied = [await store.apply(found, [change]), await store.apply(logged, [change])];
    now += 1e9;
    await store.apply(logged, [change]);
    await store.saveProgress([{ placement: found, topic: 't', partition: 0, from: 0n, to: 1n }]);

    expect(applied.map((each) => each.applied)).toEqual([1, 1]);
    expect(await held(store, 'applied')).toEqual([1n]);
    expect(await ask('writes', 'PUT', `/${model}.other`)).toBe(403);
    expect(await ask('writes', 'PUT', '/others.item.found-1')).toBe(403);
    expect(await ask('writes', 'DELETE', `/_index_template/${model}.item.logged`)).toBe(403);
  });

  test('the query function may read in every way, and write nothing', async () => {
    const change = upsert(itemOf(catalog), itemRow({ label: 'read' }), 1);
    await open('writes', () => noon).apply(found, [change]);
    const store = open('reads', () => noon);

    for (const limit of [1, 10_000]) await store.read(all(found, limit));
    await store.versions(found, [itemRow()]);
    await store.readProgress([found]);
    await store.health();

    expect(await held(store, 'read')).toEqual([1n]);
    // Until it is allowed it is tried again, as whatever is down.
    await expect(store.apply(found, [change])).rejects.toMatchObject({ code: 'store_unavailable' });
    expect(await ask('reads', 'GET', '/others.item.found/_search')).toBe(403);
  });

  test('whoever keeps views true may look through them, repair them and build them anew', async () => {
    const store = open('tends', () => noon);
    await keepTrue(store, catalog, [found, logged], 'tended');

    expect(await held(store, 'tended')).toEqual([5n]);
    expect(await ask('tends', 'DELETE', '/others.item.found-1')).toBe(403);
  });
});
