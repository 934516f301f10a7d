import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Row } from '../../../lambda/change/change.ts';
import type { Caller, SqlRequest, SqlStore } from '../../../lambda/stores/store.ts';
import { createDatabase, type TestDatabase } from '../aurora-database.ts';
import { contractCatalog, itemOf, itemRow, placementOf, upsert } from '../contract-model.ts';

const catalog = contractCatalog('tenancy');
const acme: Caller = { kind: 'tenant', tenant: 'acme', subject: 'test' };
const rival: Caller = { kind: 'tenant', tenant: 'rival', subject: 'test' };
const operator: Caller = { kind: 'operator', subject: 'test' };

describe('tenancy in Aurora', () => {
  let database: TestDatabase;
  let store: SqlStore;
  beforeAll(async () => {
    database = await createDatabase(catalog, Date.now);
    store = database.open({ clock: Date.now });
    const rows = [itemRow({ tenant: 'acme' }), itemRow({ tenant: 'rival' })];
    const changes = rows.map((row) => upsert(itemOf(catalog), row, 1));
    await store.apply(placementOf(catalog, 'item.table'), changes);
    for (const row of rows) await run(insertAccount(row), operator, 'write');
  });
  afterAll(async () => {
    await store.close();
    await database.drop();
  });

  const run = (text: string, caller: Caller, access: SqlRequest['access'] = 'read') =>
    store.run({
      text,
      params: [],
      caller,
      access,
      node: 'dashboard',
      timeoutMs: 10_000,
      maxRows: 100,
      notBefore: undefined,
      notBeforeVersions: [],
    });
  const insertAccount = ({ tenant }: Row): string =>
    `insert into account (tenant, label, number, at, place, state) values ('${tenant}', 'one', 1, '2013-01-01', 'here', 'new')`;
  const tenants = async (entity: string, caller: Caller): Promise<readonly unknown[]> =>
    (await run(`select tenant from ${entity} order by tenant`, caller)).rows.flat();

  test.each(['account', 'item'])('a tenant reads its own rows of %s, an operator all', async (entity) => {
    expect(await tenants(entity, acme)).toEqual(['acme']);
    expect(await tenants(entity, rival)).toEqual(['rival']);
    expect(await tenants(entity, operator)).toEqual(['acme', 'rival']);
  });

  test.each([
    "select tenant from account where tenant = 'rival'",
    "select tenant from source.account where tenant = 'rival'",
    "select tenant from view.item__table where tenant = 'rival'",
    "select tenant from account, (select set_config('polystore.tenant', 'rival', true)) as forged where tenant = 'rival'",
  ])('%s finds nothing as another tenant', async (text) => {
    expect((await run(text, acme)).rows).toEqual([]);
  });

  test.each([
    ["select set_config('polystore.tenant', 'rival', true), (select count(*) from account)"],
    ["select set_config('polystore.seal', '', true), (select count(*) from account)"],
    ["select polystore.enter('rival', 1000)"],
    ['select polystore.enter_operator(1000)'],
    ["select polystore.seal_of('rival')"],
    ['select secret from polystore.seal_secret'],
    ['select * from view.item__table_2013_01'],
    ['create table source.mine ()'],
  ])('%s is forbidden', async (text) => {
    await expect(run(text, acme, 'write')).rejects.toMatchObject({ code: 'forbidden' });
  });

  test('a tenant cannot insert, change or delete a row of another, nor give a row away', async () => {
    await expect(run(insertAccount({ tenant: 'third' }), acme, 'write')).rejects.toMatchObject({
      code: 'forbidden',
    });
    expect((await run("update account set note = 'x' where tenant = 'rival'", acme, 'write')).rowCount).toBe(
      0,
    );
    expect((await run("delete from account where tenant = 'rival'", acme, 'write')).rowCount).toBe(0);
    await expect(
      run("update account set tenant = 'rival', label = 'two'", acme, 'write'),
    ).rejects.toMatchObject({
      code: 'forbidden',
    });

    expect(await tenants('account', operator)).toEqual(['acme', 'rival']);
  });

  test('reference data is read by all and written by an operator only', async () => {
    const insert = "insert into place values ('here', 'Here', 1)";

    await expect(run(insert, acme, 'write')).rejects.toMatchObject({ code: 'forbidden' });
    expect((await run(insert, operator, 'write')).rowCount).toBe(1);

    expect((await run('select * from place', acme)).rows).toEqual([['here', 'Here', 1]]);
    await expect(run('update place set rank = 2', acme, 'write')).rejects.toMatchObject({
      code: 'forbidden',
    });
  });

  test('views that sync keeps cannot be written by anybody’s statement', async () => {
    for (const caller of [acme, operator])
      await expect(run('delete from item', caller, 'write')).rejects.toMatchObject({ code: 'forbidden' });
  });

  test('row-level security is on and forced on every table of a tenant', async () => {
    const tables = await database.query(`
      select relname, relrowsecurity, relforcerowsecurity from pg_class c join pg_namespace n on n.oid = relnamespace
      where nspname in ('source', 'view') and relkind in ('r', 'p') and not relispartition and relname <> 'place'`);

    expect(tables.map(({ relname }) => relname).sort()).toEqual([
      'account',
      'item__flat',
      'item__kept',
      'item__table',
    ]);
    for (const table of tables)
      expect(table).toMatchObject({ relrowsecurity: true, relforcerowsecurity: true });
  });

  test('no role that a caller acts as passes by row-level security or logs in', async () => {
    const roles = await database.query(
      "select rolname, rolbypassrls, rolsuper, rolcanlogin from pg_roles where rolname like 'polystore%'",
    );

    expect(roles).toHaveLength(4);
    for (const role of roles)
      expect(role).toMatchObject({ rolbypassrls: false, rolsuper: false, rolcanlogin: false });
  });

  test('what a transaction entered is gone after it, on the very same connection', async () => {
    const one = database.open({ clock: Date.now });
    const settings = async (): Promise<unknown> => {
      const statement = "select current_setting('polystore.tenant', true), current_user";
      return (
        await one.run({
          text: statement,
          params: [],
          caller: operator,
          access: 'read',
          node: 'dashboard',
          timeoutMs: 1000,
          maxRows: 1,
          notBefore: undefined,
          notBeforeVersions: [],
        })
      ).rows[0];
    };
    try {
      await one.run({
        text: 'select 1',
        params: [],
        caller: acme,
        access: 'read',
        node: 'dashboard',
        timeoutMs: 1000,
        maxRows: 1,
        notBefore: undefined,
        notBeforeVersions: [],
      });

      expect(await settings()).toEqual(['', 'polystore_operator']);
    } finally {
      await one.close();
    }
  });

  test('many tenants at once on few connections each see their own', async () => {
    const callers = Array.from({ length: 40 }, (_, index) => (index % 2 === 0 ? acme : rival));

    const seen = await Promise.all(callers.map((caller) => tenants('account', caller)));

    expect(seen).toEqual(callers.map((caller) => [caller.kind === 'tenant' ? caller.tenant : '']));
  });
});
