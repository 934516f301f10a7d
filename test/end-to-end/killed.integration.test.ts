import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { expectUnharmed } from '../chaos/expect-strike.ts';
import { planKill } from '../chaos/kills.ts';
import { createLedger } from '../chaos/ledger.ts';
import { strike } from '../chaos/strike.ts';
import { mulberry32 } from '../random.ts';
import { compareWhenSettled, expectEqualAndNotEmpty } from './comparison.ts';
import { startTestDeployment, type TestDeployment } from './local-deployment.ts';

jest.setTimeout(20 * 60_000);

// Four of the twenty kills of `npm run test:chaos`: where writes are acknowledged, and where they are carried.
const parts = ['kafka', 'postgres-writer', 'capture', 'apply-keyspaces'] as const;
const seed = 5;
const now = Date.parse('2013-01-03T00:00:00Z');
let running: TestDeployment;
beforeAll(async () => {
  running = await startTestDeployment(now, { durable: true });
});
afterAll(() => running?.end());

it('loses nothing that was acknowledged, and ends with views equal to their sources, when parts are killed under load', async () => {
  await running.loads.run({ asOf: '2013-01-01', days: 1 });
  const bearer = await running.deployment.credentials.issue({ kind: 'operator' }, 24 * 3600);
  const ledger = createLedger();
  const random = mulberry32(seed);

  for (const [index, part] of parts.entries())
    expectUnharmed(
      await strike(planKill(part, random), { running, bearer, ledger, seed: seed + index, nowMs: now }),
    );

  expectEqualAndNotEmpty(await compareWhenSettled(running.deployment, now));
  expect((await running.deployment.status()).serving).toBe(true);
});
