// `npm test`: sets up what is missing, starts the real engines once, runs every test project, and
// ends with a line `N passed, N failed`. Arguments are passed on to jest (`npm test -- --testPathPatterns test/query`);
// `--project unit|cdk|integration` runs one project (`chaos` too, which no run has by itself); `--engines postgres,valkey` starts these engines only (and what
// they wait for), `--engines none` starts none.
import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { PolystoreError } from '../lambda/errors.ts';
import {
  type EngineName,
  engineNames,
  freePorts,
  type RunningEngines,
  startEngines,
} from '../local/engines/index.ts';
import { setUp } from '../local/setup/index.ts';
import { endAllLeftovers } from './end-leftovers.ts';

const root = dirname(import.meta.dirname);

// Without this an interrupted run would leave its engines running and its folders behind.
const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => interrupted.abort(new PolystoreError('not_running', `Stopped by ${signal}.`)));
}
const { signal } = interrupted;

interface Counts {
  readonly passed: number;
  readonly failed: number;
}

interface Suite {
  readonly name: string;
  /** Milliseconds since 1970. */
  readonly startTime: number;
  readonly endTime: number;
}

/** Where the time of a run went: its ten longest suites. */
function renderSlowest(suites: readonly Suite[]): string {
  const seconds = ({ startTime, endTime }: Suite): number => Math.round((endTime - startTime) / 1000);
  return suites
    .toSorted((a, b) => seconds(b) - seconds(a))
    .slice(0, 10)
    .map((suite) => `  ${String(seconds(suite)).padStart(5)} s  ${relative(root, suite.name)}`)
    .join('\n');
}

/** Runs one jest project; a suite that cannot even load counts as one failure. */
async function runJest(
  project: string,
  jestArguments: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<Counts> {
  const folder = mkdtempSync(join(root, '.polystore', 'jest-'));
  const outputFile = join(folder, 'result.json');
  try {
    const status = await new Promise<number>((resolve, reject) => {
      const jest = spawn(
        process.execPath,
        [
          '--experimental-vm-modules',
          '--no-warnings',
          join(root, 'node_modules/jest/bin/jest.js'),
          // Before --selectProjects, which takes every word behind it for a project.
          ...jestArguments,
          // A pattern may be about the tests of another project.
          '--passWithNoTests',
          '--json',
          `--outputFile=${outputFile}`,
          // Engines are shared, so their suites take turns; the others use every core, where jest would leave one idle.
          project === 'integration' || project === 'chaos' ? '--runInBand' : '--maxWorkers=100%',
          // A seed's kills come in their order.
          ...(project === 'chaos' ? ['--randomize=false'] : []),
          `--selectProjects=${project}`,
        ],
        // jest repeats its JSON on standard output; people read what it says on standard error.
        { cwd: root, env, stdio: ['ignore', 'ignore', 'inherit'] },
      );
      const stop = (): unknown => jest.kill();
      signal.addEventListener('abort', stop);
      jest.on('error', reject);
      jest.on('exit', (code) => {
        signal.removeEventListener('abort', stop);
        resolve(code ?? 1);
      });
    });
    signal.throwIfAborted();
    if (status === 0 && !existsSync(outputFile)) return { passed: 0, failed: 0 };
    // The shape is jest's documented `--json` output.
    const result = JSON.parse(readFileSync(outputFile, 'utf8')) as {
      readonly numPassedTests: number;
      readonly numFailedTests: number;
      readonly numRuntimeErrorTestSuites: number;
      readonly testResults: readonly Suite[];
    };
    console.log(renderSlowest(result.testResults));
    const failed = result.numFailedTests + result.numRuntimeErrorTestSuites;
    // jest can fail for reasons that are no test's: never report that as a pass.
    return { passed: result.numPassedTests, failed: status !== 0 && failed === 0 ? 1 : failed };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Takes an option with its value out of the arguments; undefined when it is not there. */
function takeOption(words: string[], name: string): string | undefined {
  const at = words.indexOf(name);
  return at === -1 ? undefined : (words.splice(at, 2)[1] ?? '');
}

/** @throws PolystoreError `invalid_request` that says which engines there are. */
function parseEngines(text: string | undefined): readonly EngineName[] {
  if (text === undefined) return engineNames;
  const words = text === 'none' ? [] : text.split(',');
  // `postgres` is the writer and all its replicas.
  const isMeant = (word: string, name: EngineName): boolean => name === word || name.startsWith(`${word}-`);
  const strangers = words.filter((word) => !engineNames.some((name) => isMeant(word, name)));
  if (strangers.length === 0) return engineNames.filter((name) => words.some((word) => isMeant(word, name)));
  throw new PolystoreError(
    'invalid_request',
    `--engines got "${strangers.join(',')}"; it takes none, or some of ${engineNames.join(',')}.`,
  );
}

const jestArguments = process.argv.slice(2);
const chosen = takeOption(jestArguments, '--project');
const chosenEngines = takeOption(jestArguments, '--engines');
const all = ['unit', 'cdk', 'integration'];
const projects = chosen === undefined ? all : [...all, 'chaos'].filter((project) => project === chosen);

let engines: RunningEngines | undefined;
let passed = 0;
let failed = 0;
const stateDir = join(root, '.polystore', 'test', `${process.pid}`);
// What tests leave in the temporary folder goes with it; outside the project, where no package is in reach.
const temporary = mkdtempSync(join(tmpdir(), 'polystore-test-'));
// PostgreSQL, which runs as nobody where this runs as root, has to get through.
chmodSync(temporary, 0o755);
try {
  mkdirSync(stateDir, { recursive: true });
  if (projects.length === 0) {
    throw new PolystoreError(
      'invalid_request',
      `--project got ${chosen || 'nothing'}; it takes one of ${all.join(', ')}.`,
    );
  }
  const asked = parseEngines(chosenEngines);
  for (const project of projects) {
    signal.throwIfAborted();
    const startedAt = Date.now();
    let env: NodeJS.ProcessEnv = {
      ...process.env,
      CDK_VALIDATION: 'false',
      POLYSTORE_TEST_FOLDER: stateDir,
      TMPDIR: temporary,
    };
    if (project === 'integration') {
      const downloads = await setUp({ root, signal });
      engines = await startEngines({
        downloads,
        stateDir: join(stateDir, 'engines'),
        ports: await freePorts(),
        engines: asked,
        durable: false,
        signal,
      });
      env = { ...env, POLYSTORE_TEST_ENGINES: JSON.stringify(engines.endpoints) };
    }
    const counts = await runJest(project, jestArguments, env);
    passed += counts.passed;
    failed += counts.failed;
    console.log(
      `${project}: ${counts.passed} passed, ${counts.failed} failed in ${Math.round((Date.now() - startedAt) / 1000)} s`,
    );
  }
} catch (error) {
  failed += 1;
  console.error(error instanceof PolystoreError ? `${error.code}: ${error.message}` : error);
} finally {
  await engines?.stop();
  // Of suites that were interrupted.
  await endAllLeftovers(stateDir);
  await endAllLeftovers(temporary);
  rmSync(stateDir, { recursive: true, force: true });
  rmSync(temporary, { recursive: true, force: true });
}
if (passed + failed === 0) console.error('No test matches.');
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
