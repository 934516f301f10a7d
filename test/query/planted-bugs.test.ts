import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { plantIn } from '../plant-bug.ts';
import { plantedBugs } from './tenancy/planted-bugs.ts';

const lambda = join(import.meta.dirname, '../../lambda');

// The bugs are planted on real engines, minutes into a run; that the code has moved is said in seconds.
test.each(plantedBugs.filter((bug) => 'file' in bug))('there is one place to plant that $name', (bug) => {
  const { text, planted } = plantIn(lambda, bug);

  expect(planted).not.toBe(text);
});
