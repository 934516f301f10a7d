import { mkdtempSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Plugin } from 'esbuild';
import { buildFunctions } from '../../bin/build.ts';
import { compile } from '../../lambda/model/index.ts';
import { type Deployment, startDeployment } from '../../local/deployment/deployment.ts';
import { createLoads, type Loads } from '../../local/deployment/loads.ts';
import { freePorts } from '../../local/engines/index.ts';
import { startFunction } from '../../local/functions/index.ts';
import { setUp } from '../../local/setup/index.ts';
import model from '../../model/flights.ts';
import { takeTurns } from './take-turns.ts';

const root = dirname(dirname(import.meta.dirname));

/** The sample as `npm start` runs it, on ports and in a folder of its own. */
export interface TestDeployment {
  readonly deployment: Deployment;
  readonly loads: Loads;
  /** Sends one request as an operator; throws on any answer but 2xx. */
  post(path: '/query' | '/events', body: unknown): Promise<Record<string, unknown>>;
  end(): Promise<void>;
}

export interface TestDeploymentOptions {
  /** Whether the engines sync each write before they acknowledge it. @default false */
  readonly durable?: boolean;
  /** Of a second set of functions, which takes every other invocation. @default there is none */
  readonly otherVersion?: readonly Plugin[];
}

export async function startTestDeployment(
  fixedClockMs: number,
  { durable = false, otherVersion }: TestDeploymentOptions = {},
): Promise<TestDeployment> {
  const downloads = await setUp({ root, silent: true });
  // In the run's folder (test/run.ts), which goes with it however it ends.
  const stateDir = mkdtempSync(
    join(process.env.POLYSTORE_TEST_FOLDER ?? join(root, '.polystore'), 'end-to-end-'),
  );
  const outDir = join(stateDir, 'functions');
  await buildFunctions({ root, outDir });
  const otherDir = join(stateDir, 'other-functions');
  if (otherVersion !== undefined) await buildFunctions({ root, outDir: otherDir, plugins: otherVersion });
  const ports = await freePorts();
  const deployment = await startDeployment({
    catalog: compile(model),
    downloads,
    functionFolder: (name) => join(outDir, name),
    stateDir,
    // Any free port: the gateway says which.
    ports: { ...ports, api: 0 },
    durable,
    fixedClockMs,
    ...(otherVersion !== undefined && {
      startFunction: (options) =>
        takeTurns(
          startFunction(options),
          startFunction({
            ...options,
            folder: join(otherDir, options.settings.name),
            logFile: `${options.logFile}.other`,
          }),
        ),
    }),
  });
  try {
    await deployment.complete;
  } catch (error) {
    await deployment.stop();
    throw error;
  }
  const loads = createLoads({
    api: deployment.api,
    credentials: deployment.credentials,
    dataDir: downloads.flightsData,
    stateDir,
    onProgress: () => {},
  });
  const bearer = await deployment.credentials.issue({ kind: 'operator' }, 24 * 3600);
  return {
    deployment,
    loads,
    async post(path, body) {
      const response = await fetch(`${deployment.api}${path}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      const text = await response.text();
      if (!response.ok) throw new Error(`${path} answered ${response.status}: ${text}`);
      // Every answer of the API is a JSON object.
      return JSON.parse(text) as Record<string, unknown>;
    },
    async end() {
      await loads.stop();
      await deployment.stop();
      rmSync(stateDir, { recursive: true, force: true });
    },
  };
}

/** Runs a task for each item, so many at a time. */
export async function forEachOf<T>(
  items: readonly T[],
  atOnce: number,
  task: (item: T) => Promise<unknown>,
): Promise<void> {
  const queue = items.values();
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (const item of queue) await task(item);
    }),
  );
}
