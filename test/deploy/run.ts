// `npm run test:deploy`: deploys the sample to an emulator of AWS's control plane with the CDK's own command
// line, with this machine's engines behind the stores, writes and reads through the deployed API, and destroys
// it. Ends with a line `N passed, N failed`. What it proves and what it cannot: docs/deploy.md.
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { PolystoreError } from '../../lambda/errors.ts';
import { type Catalog, compile, storeOf } from '../../lambda/model/index.ts';
import type { EngineName } from '../../local/engines/index.ts';
import model from '../../model/flights.ts';
import { createCases, NotGoingOn } from './cases.ts';
import { runDeployment } from './deployment-cases.ts';
import { startWorld, type World } from './world.ts';

const root = dirname(dirname(import.meta.dirname));

// Without this an interrupted run would leave what it started running and its folders behind.
const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => interrupted.abort(new PolystoreError('not_running', `Stopped by ${signal}.`)));
}
const { signal } = interrupted;

const begun = performance.now();
const seconds = (): string => ((performance.now() - begun) / 1000).toFixed(1);
const tell = (line: string): void => console.log(line);
const cases = createCases(tell);
let world: World | undefined;
let broken = 0;
try {
  world = await startWorld({ root, masterUser: 'polystore', engines: enginesOf(compile(model)), signal });
  tell(`The emulator and the issuer serve after ${seconds()} s`);
  await runDeployment({ root, world, cases, signal });
} catch (error) {
  // A case that failed was told and counted.
  if (!(error instanceof NotGoingOn)) {
    broken = 1;
    console.error(error instanceof PolystoreError ? `${error.code}: ${error.message}` : error);
  }
} finally {
  const { passed, failed } = cases.counts();
  if (world !== undefined && failed + broken > 0) keepLogs(world);
  await world?.stop();
  tell(`deploy: ${seconds()} s`);
  tell(`${passed} passed, ${failed + broken} failed`);
  process.exitCode = failed + broken === 0 && passed > 0 ? 0 : 1;
}

/** The engines that stand behind the stores of a model: DynamoDB and S3 are the emulator's own. */
function enginesOf(catalog: Catalog): readonly EngineName[] {
  const stores = new Set(catalog.entities.flatMap(({ views }) => views.map(storeOf)));
  return [
    ...(['postgres-dashboard', 'connect', 'valkey'] as const),
    ...(stores.has('keyspaces') ? (['cassandra'] as const) : []),
    ...(stores.has('opensearch') ? (['opensearch'] as const) : []),
  ];
}

/** What a failed run leaves for whoever looks into it: what went wrong by the emulator's log, and its end. */
function keepLogs({ emulator }: World): void {
  const lines = readFileSync(emulator.logFile, 'utf8').trim().split('\n');
  const wrong = lines.filter((line) => /\b(ERROR|WARN|WARNING)\b/.test(line));
  console.error(`From the emulator's log:\n${[...wrong.slice(-20), '…', ...lines.slice(-20)].join('\n')}`);
}
