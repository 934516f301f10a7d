import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import {
  applyWholeLogAgain,
  compare,
  compareWhenSettled,
  expectEqualAndNotEmpty,
} from '../end-to-end/comparison.ts';
import { startTestDeployment, type TestDeployment } from '../end-to-end/local-deployment.ts';
import { expectUnharmed } from './expect-strike.ts';
import { planKills } from './kills.ts';
import { createLedger } from './ledger.ts';
import { type StrikeReport, strike } from './strike.ts';

jest.setTimeout(15 * 60_000);

const seed = Number(process.env.POLYSTORE_CHAOS_SEED ?? 1);
const kills = planKills(seed, 20);
const now = Date.parse('2013-01-03T00:00:00Z');
const ledger = createLedger();
const reports: StrikeReport[] = [];
/** A line on the way: a run takes minutes, and jest tells at its end. */
const renderReport = (report: StrikeReport): string =>
  `${reports.length} of ${kills.length}: ${report.kill.part}, ${report.acknowledged} writes acknowledged, ${report.doubtful} in doubt, ` +
  `${report.wrong.length + report.contradictions.length} wrong, ${Object.keys(report.differences).length} views differ, equal after ${report.settledMs} ms`;

let running: TestDeployment;
let bearer: string;

beforeAll(async () => {
  running = await startTestDeployment(now, { durable: true });
  bearer = await running.deployment.credentials.issue({ kind: 'operator' }, 24 * 3600);
  await running.loads.run({ asOf: '2013-01-01', days: 1 });
  expectEqualAndNotEmpty(await compareWhenSettled(running.deployment, now));
});
afterAll(async () => {
  const folder = join(import.meta.dirname, '..', '..', '.polystore', 'chaos');
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `seed-${seed}-${Date.now()}.json`);
  writeFileSync(file, JSON.stringify({ seed, rows: ledger.counts(), reports }, null, 2));
  process.stderr.write(`the report of seed ${seed} is ${file}\n`);
  await running?.end();
});

// In their order: POLYSTORE_CHAOS_SEED chooses another.
describe(`20 kills of seed ${seed}, one after the other, under load`, () => {
  it.each(
    kills.map(
      (kill, index) =>
        [
          `${index + 1}: ${kill.part} ${kill.afterMs} ms into the load${kill.kind === 'engine' ? `, down for ${kill.downMs} ms` : ''}`,
          kill,
          index,
        ] as const,
    ),
  )('%s', async (_, kill, index) => {
    const report = await strike(kill, { running, bearer, ledger, seed: seed * 1000 + index, nowMs: now });
    reports.push(report);
    process.stderr.write(`${renderReport(report)}\n`);

    expectUnharmed(report);
  });

  it('the whole log applied again changes no view', async () => {
    const before = await compareWhenSettled(running.deployment, now);
    expectEqualAndNotEmpty(before);

    await applyWholeLogAgain(running.deployment);

    const after = await compare(running.deployment, now);
    expectEqualAndNotEmpty(after);
    expect(after.views).toEqual(before.views);
    expect((await running.deployment.status()).serving).toBe(true);
    expect(reports).toHaveLength(kills.length);
  });
});
