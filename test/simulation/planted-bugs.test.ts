import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { plantedBugs } from './planted-bugs.ts';
import { renderFailures, runSimulation } from './run-simulation.ts';

const root = join(import.meta.dirname, '../..');
/** Within so many runs each bug must be seen; most are in the first twenty. */
const seeds = 400;
const seedsWithout = 100;
// Inside the project, where the copies find their packages.
let folder = '';

beforeAll(() => {
  mkdirSync(join(root, '.polystore'), { recursive: true });
  folder = mkdtempSync(join(root, '.polystore', 'planted-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the simulation', () => {
  test.each(plantedBugs)(
    'catches that $name',
    async ({ file, find, replace, says }) => {
      const lambda = join(mkdtempSync(join(folder, 'bug-')), 'lambda');
      cpSync(join(root, 'lambda'), lambda, { recursive: true });
      const text = readFileSync(join(lambda, file), 'utf8');
      expect(`${text.split(find).length - 1} times ${find} in ${file}`).toBe(`1 times ${find} in ${file}`);
      writeFileSync(
        join(lambda, file),
        text.replace(find, () => replace),
      );

      const { failures } = await runSimulation({ from: 1, to: seeds, lambda, first: true });

      expect(failures.flatMap(({ problems }) => problems).join('\n')).toMatch(says);
    },
    10 * 60_000,
  );

  test(
    'finds nothing in a copy without a bug',
    async () => {
      const lambda = join(mkdtempSync(join(folder, 'none-')), 'lambda');
      cpSync(join(root, 'lambda'), lambda, { recursive: true });

      const result = await runSimulation({ from: 1, to: seedsWithout, lambda });

      expect(renderFailures(result)).toEqual([]);
    },
    10 * 60_000,
  );
});
