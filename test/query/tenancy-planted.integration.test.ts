import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { plantIn } from '../plant-bug.ts';
import { foreignIn, openFront } from './tenancy/assault.ts';
import { attacksOf } from './tenancy/attacks.ts';
import { type DeployedCode, loadDeployedCode } from './tenancy/deployed-code.ts';
import { type PlantedBug, plantedBugs } from './tenancy/planted-bugs.ts';
import { createWorld, type World } from './tenancy/world.ts';

jest.setTimeout(600_000);

const root = join(import.meta.dirname, '../..');
// Inside the project, where the copies find their packages.
let folder = '';
let world: World;
beforeAll(async () => {
  mkdirSync(join(root, '.polystore'), { recursive: true });
  folder = mkdtempSync(join(root, '.polystore', 'planted-'));
  world = await createWorld(await loadDeployedCode(join(root, 'lambda')));
});
afterAll(async () => {
  await world?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** The project's own code with one mistake in it, or as it is. */
async function spoil(bug: PlantedBug | undefined): Promise<DeployedCode> {
  if (bug === undefined || !('file' in bug)) return loadDeployedCode(join(root, 'lambda'));
  const lambda = join(mkdtempSync(join(folder, 'bug-')), 'lambda');
  cpSync(join(root, 'lambda'), lambda, { recursive: true });
  const { path, planted } = plantIn(lambda, bug);
  writeFileSync(path, planted);
  return loadDeployedCode(lambda);
}

/** Where the attacks of one tenant on another show what is foreign, until all that is expected has been seen. */
async function shownBy(code: DeployedCode, expected: readonly string[]): Promise<ReadonlySet<string>> {
  const [own, other] = world.tenants;
  if (own === undefined || other === undefined) throw new TypeError('There are no two tenants.');
  const front = await openFront(world, code);
  const shown = new Set<string>();
  try {
    for (const attack of attacksOf(own, other)) {
      // The rows stay as they are for the next bug.
      if (attack.category === 'writes' || attack.category === 'limits') continue;
      for (const seen of await front.ask(own.caller, attack))
        if (foreignIn(seen, own, world.tenants).length > 0) shown.add(seen.from);
      if (expected.length > 0 && expected.every((from) => shown.has(from))) break;
    }
  } finally {
    await front.close();
  }
  return shown;
}

describe('the attacks', () => {
  test.each(plantedBugs)('find that $name', async (bug) => {
    const code = await spoil(bug);
    if ('statement' in bug) await world.database.query(bug.statement);
    try {
      const shown = await shownBy(code, bug.shows);

      expect([...shown]).toEqual(expect.arrayContaining([...bug.shows]));
    } finally {
      if ('statement' in bug) await world.database.query(bug.undo);
    }
  });

  test('find nothing in this world without a bug', async () => {
    expect([...(await shownBy(await spoil(undefined), []))]).toEqual([]);
  });
});
