import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import { createVersion } from '../../lambda/change/version.ts';
import { operator } from './harness.ts';
import { type Front, foreignIn, holds, openFront } from './tenancy/assault.ts';
import { type Attack, attacksOf } from './tenancy/attacks.ts';
import { loadDeployedCode } from './tenancy/deployed-code.ts';
import { mutationsOf } from './tenancy/mutations.ts';
import { rowsEach, type Tenant } from './tenancy/tenants.ts';
import { createWorld, type World } from './tenancy/world.ts';

jest.setTimeout(600_000);

const lambda = join(import.meta.dirname, '../../lambda');

let world: World;
let front: Front;
beforeAll(async () => {
  const code = await loadDeployedCode(lambda);
  world = await createWorld(code);
  front = await openFront(world, code);
});
afterAll(async () => {
  await front?.close();
  await world?.close();
});

const tenant = (index: number): Tenant => {
  const found = world.tenants[index];
  if (found === undefined) throw new TypeError(`There is no tenant ${index}.`);
  return found;
};

/** What of another tenant's a caller got to see by an attack. */
async function foreign(
  by: Tenant,
  { sql, ...attack }: Omit<Attack, 'category'>,
  tokens: readonly string[] = [],
): Promise<readonly string[]> {
  const seen = await front.ask(by.caller, { sql, ...attack }, tokens);
  return seen.flatMap((one) =>
    foreignIn(one, by, world.tenants).map((what) => `${one.from} showed ${what} by ${sql}`),
  );
}

describe('as another tenant', () => {
  test('what is told apart can be seen: everybody sees what is its own, an operator all', async () => {
    const reached = new Map<string, number>();
    const statements = [
      "select * from sighting where sighting_id = 's1' and at >= '2013-01-01' and at < '2013-01-02' and place = 'EWR'",
      "select max(note), max(wings), count(*) from sighting where at >= '2013-01-01' and at < '2013-01-02'",
      "select count(*), max(wings) from sighting where kind = 'plane' and at >= '2013-01-01' and at < '2013-01-02'",
      "select note, match_highlight(note) from sighting where match(note, 'words')",
      `select sum(wings), count(*) from sighting where at >= '2013-01-01' and at < '2013-01-02'`,
      'select v.note, a.note from visit v join account a on a.tenant = v.tenant',
      'select * from account',
      'select * from report',
    ];
    for (const own of world.tenants)
      for (const sql of statements)
        for (const { from, text } of await front.ask(own.caller, { sql }))
          if (own.canaries.some((canary) => holds(text.toLowerCase(), canary)))
            reached.set(from, (reached.get(from) ?? 0) + 1);
    const all = await front.ask(operator, { sql: 'select * from account' });

    for (const { canaries } of world.tenants) expect(holds(all[0]?.text ?? '', canaries[0] ?? '')).toBe(true);
    for (const placement of ['POST /query', 'aurora.writer', ...sightingPlacements])
      expect(`${placement} ${reached.get(placement)}`).toMatch(/ \d+$/);
  });
});
const sightingPlacements = [
  'sighting.source',
  'sighting.board',
  'sighting.byTime',
  'sighting.byPlace',
  'sighting.found',
  'sighting.logged',
  'sighting.history',
  'sighting.hourly',
  'combined',
];

describe('no attack shows a foreign value', () => {
  /** Statements against one victim, and against others only those that name it. */
  const attacksAgainst = (own: Tenant, [first, ...others]: readonly Tenant[]): readonly Attack[] =>
    first === undefined
      ? []
      : [
          ...attacksOf(own, first),
          ...others.flatMap((other) =>
            attacksOf(own, other).filter(
              ({ sql, params = [] }) => sql.includes(other.name) || params.includes(other.name),
            ),
          ),
        ];
  const others = (own: Tenant): readonly Tenant[] => world.tenants.filter((other) => other !== own);

  test.each([
    ['of a plain name', 0, 14],
    ['whose name holds a separator of keys', 2, 3],
    ['whose name is in capitals', 9, 1],
  ])('by a tenant %s, on any path', async (_, index, victims) => {
    const own = tenant(index);
    const attacks = attacksAgainst(own, others(own).slice(0, victims));

    const found: string[] = [];
    for (const attack of attacks) found.push(...(await foreign(own, attack)));

    expect(attacks.length).toBeGreaterThan(200);
    expect(found).toEqual([]);
    for (const other of world.tenants) expect(await changed(other)).toEqual([]);
  });

  test('wrapped, spelled otherwise and mixed', async () => {
    const own = tenant(0);
    const attacks = attacksAgainst(own, others(own).slice(0, 3)).filter(
      ({ category }) => category !== 'writes',
    );
    await fc.assert(
      fc.asyncProperty(mutationsOf(attacks), async (attack) => {
        expect(await foreign(own, attack)).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });
});

describe('a token', () => {
  const sql = "select * from sighting where sighting_id = 's1'";
  const issue = (owner: Tenant): Promise<string> =>
    front.tokens.issue(
      {
        aurora: 1n,
        rows: owner.rows.sighting.map(({ tenant: name, sighting_id, at, place }) => ({
          entity: 'sighting',
          row: {
            tenant: String(name),
            sighting_id: String(sighting_id),
            at: String(at),
            place: String(place),
          },
          version: createVersion(0, 1n),
          log: undefined,
        })),
      },
      owner.caller,
    );
  const refused = async (token: string): Promise<void> => {
    const own = tenant(0);
    const seen = await front.request(own.caller, '/query', 'POST', { sql, token });
    expect(seen.text).toContain('invalid_token');
    expect(foreignIn(seen, own, world.tenants)).toEqual([]);
  };

  test('of another tenant is refused, alone and among our own', async () => {
    const own = tenant(0);
    const ours = await issue(own);
    for (const other of world.tenants) {
      if (other === own) continue;
      const theirs = await issue(other);
      await refused(theirs);
      const seen = await front.request(own.caller, '/query', 'POST', { sql, token: [ours, theirs] });
      expect(seen.text).toContain('invalid_token');
      expect(foreignIn(seen, own, world.tenants)).toEqual([]);
    }
  });

  test('that was bitten, forged or put together is refused', async () => {
    const [own, other] = [tenant(0), tenant(1)];
    const [ours, theirs] = [(await issue(own)).split('.'), (await issue(other)).split('.')];
    const encoded = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    const claim = JSON.parse(Buffer.from(theirs[1] ?? '', 'base64url').toString());
    const mine = encoded({ ...claim, for: `tenant:${own.name}` });
    await refused([theirs[0], mine, theirs[2]].join('.'));
    await refused([ours[0], mine, ours[2]].join('.'));
    await refused([ours[0], theirs[1], ours[2]].join('.'));
    await refused([encoded({ alg: 'none' }), mine, ''].join('.'));
    await refused([encoded({ alg: 'none', typ: 'polystore-token' }), mine, theirs[2]].join('.'));
    const whole = ours.join('.');
    await fc.assert(
      fc.asyncProperty(
        fc.nat(whole.length - 2),
        fc.constantFrom('A', 'z', '_', '.', '9'),
        async (at, sign) => {
          // The last sign of a part carries bits that are no part of it.
          fc.pre(whole[at] !== sign && whole[at + 1] !== '.');
          await refused(`${whole.slice(0, at)}${sign}${whole.slice(at + 1)}`);
        },
      ),
      { numRuns: 40 },
    );
  });

  test('of rows that are not its holder’s shows none of them', async () => {
    const [own, other] = [tenant(0), tenant(1)];
    const forged = await front.tokens.issue(
      {
        aurora: undefined,
        rows: other.rows.sighting.map((row) => ({
          entity: 'sighting',
          row: { tenant: other.name, sighting_id: String(row.sighting_id), at: String(row.at), place: 'EWR' },
          version: createVersion(0, 1n),
          log: undefined,
        })),
      },
      own.caller,
    );
    for (const statement of [sql, 'select * from sighting', "select * from sighting where kind = 'bird'"])
      for (const seen of await front.ask(own.caller, { sql: statement }, [forged]))
        expect(foreignIn(seen, own, world.tenants)).toEqual([]);
  });
});

test('an insert says the same of a foreign key whether it is there or not', async () => {
  const own = tenant(0);
  for (const { name } of world.tenants.slice(1)) {
    const answers = await Promise.all(
      ['a1', 'never'].map((label) =>
        front.request(own.caller, '/query', 'POST', {
          sql: "insert into account (tenant, label, amount, balance, note, extra) values ($1, $2, 1, 1, 'x', '{}')",
          params: [name, label],
        }),
      ),
    );
    const [there, absent] = answers.map(({ text }) => JSON.parse(JSON.parse(text)[2]).error);
    expect(there.code).toBe('forbidden');
    expect(there).toEqual(absent);
  }
});

describe('events', () => {
  const event = (name: string, id: string, note = 'x') => ({
    tenant: name,
    report_id: id,
    at: '2013-01-01T00:00:00Z',
    note,
  });

  test('of another tenant are refused, however they are sent, and nothing of the batch is kept', async () => {
    const own = tenant(0);
    for (const { name } of world.tenants.slice(1))
      for (const events of [
        [event(name, 'r1')],
        [event(own.name, 'mine'), event(name, 'r1')],
        [event(own.name, 'r1'), event(name, 'r1', 'y')],
      ]) {
        const seen = await front.request(own.caller, '/events', 'POST', { entity: 'report', events });
        expect(seen.text).toMatch(/^\[403/);
        expect(foreignIn(seen, own, world.tenants)).toEqual([]);
      }
    expect(front.logged()).toEqual([]);
  });
});

test('there is no other way in: nothing but the documented paths answers', async () => {
  const own = tenant(0);
  const paths = [
    '/',
    '/dead-letters',
    '/letters',
    '/project',
    '/status',
    '/query/',
    '/explain/x',
    '/health/x',
  ];
  for (const path of paths)
    for (const method of ['GET', 'POST', 'DELETE']) {
      const seen = await front.request(own.caller, path, method, {
        sql: 'select * from account',
        command: 'letters',
      });
      expect(`${path} ${seen.text.slice(0, 4)}`).toBe(`${path} [404`);
      expect(foreignIn(seen, own, world.tenants)).toEqual([]);
    }
});

/** What of a tenant's rows is not as it was seeded. */
async function changed(owner: Tenant): Promise<readonly string[]> {
  const problems: string[] = [];
  for (const sql of [
    'select * from account order by label',
    'select * from report order by report_id',
    "select * from sighting where sighting_id in ('s1', 's2', 's3') order by sighting_id",
  ]) {
    const [{ rows } = { rows: [] }] = await front.ask(owner.caller, { sql });
    const intact = rows.filter(({ note }) => String(note).includes(owner.canaries[0] ?? '')).length;
    if (rows.length !== rowsEach || intact !== rowsEach)
      problems.push(`${owner.name}: ${sql} has ${JSON.stringify(rows)}`);
  }
  return problems;
}
