import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { plantIn } from '../plant-bug.ts';
import { type PlantedBug, plantedBugs } from './planted-bugs.ts';
import { renderFailures, runSimulation } from './run-simulation.ts';

const root = join(import.meta.dirname, '../..');
/** Within so many runs each bug must be seen; most are in the first twenty. */
const seeds = 400;
const seedsWithout = 100;
// Inside the project, where the copy finds its packages. One copy for all, since compiled code is kept by its path.
let folder = '';
let lambda = '';
let compileCache = '';

beforeAll(() => {
  mkdirSync(join(root, '.polystore'), { recursive: true });
  folder = mkdtempSync(join(root, '.polystore', 'planted-'));
  lambda = join(folder, 'lambda');
  compileCache = join(folder, 'compiled');
  cpSync(join(root, 'lambda'), lambda, { recursive: true });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What the first seed says that fails: the one that the bug names if it does, else of all in their order. */
async function problemsWith({ seed, says }: PlantedBug): Promise<string> {
  const problemsIn = async (range: { readonly from: number; readonly to: number }): Promise<string> => {
    const { failures } = await runSimulation({ ...range, lambda, first: true, compileCache });
    return failures.flatMap(({ problems }) => problems).join('\n');
  };
  const named = await problemsIn({ from: seed, to: seed });
  return says.test(named) ? named : problemsIn({ from: 1, to: seeds });
}

describe('the simulation', () => {
  test.each(plantedBugs)(
    'catches that $name',
    async (bug) => {
      const { path, text, planted } = plantIn(lambda, bug);
      writeFileSync(path, planted);

      const problems = await problemsWith(bug).finally(() => writeFileSync(path, text));

      expect(problems).toMatch(bug.says);
    },
    10 * 60_000,
  );

  test(
    'finds nothing in a copy without a bug',
    async () => {
      const result = await runSimulation({ from: 1, to: seedsWithout, lambda, compileCache });

      expect(renderFailures(result)).toEqual([]);
    },
    10 * 60_000,
  );
});
