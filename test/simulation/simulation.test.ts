import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { loadDeployedCode } from './deployed-code.ts';
import { renderFailures, runSimulation } from './run-simulation.ts';
import { settingsOf } from './settings.ts';
import { simulate } from './world.ts';

const seeds = 1000;

describe('the simulation', () => {
  test(
    `finds every view equal to its source whatever fails, in ${seeds} runs`,
    async () => {
      const startedAt = performance.now();

      const halves = await Promise.all([
        runSimulation({ from: 1, to: seeds / 2 }),
        runSimulation({ from: seeds / 2 + 1, to: seeds }),
      ]);

      const steps = halves.reduce((sum, half) => sum + half.steps, 0);
      const seconds = Math.round((performance.now() - startedAt) / 1000);
      process.stderr.write(`${seeds} seeds, ${steps} steps, in ${seconds} s\n`);
      expect(halves.flatMap(renderFailures)).toEqual([]);
    },
    20 * 60_000,
  );

  test('is the same run again from the same seed', async () => {
    const code = await loadDeployedCode(join(import.meta.dirname, '../../lambda'));

    const [once, again] = [await simulate(code, settingsOf(11)), await simulate(code, settingsOf(11))];

    expect(again.trace).toEqual(once.trace);
    expect(once.trace.length).toBeGreaterThan(100);
  });
});
