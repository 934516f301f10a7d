import { join } from 'node:path';
import { PolystoreError } from '../../lambda/errors.ts';
import { compile } from '../../lambda/model/index.ts';
import { type Control, startControl } from '../../local/deployment/control.ts';
import { type Deployment, startDeployment } from '../../local/deployment/deployment.ts';
import { forgetRuns } from '../../local/deployment/forget.ts';
import { killPart, restartEngine } from '../../local/deployment/kill.ts';
import { createLoads, type Load, type LoadRequest, type Loads } from '../../local/deployment/loads.ts';
import { claimRun, type RunClaim } from '../../local/deployment/run-file.ts';
import { chooseApiPort, chooseGeneration } from '../../local/deployment/settings.ts';
import { choosePorts, type EngineName } from '../../local/engines/index.ts';
import { setUp } from '../../local/setup/index.ts';
import model from '../../model/flights.ts';
import { buildFunctions } from '../build.ts';
import { createStartScreen, type Serving } from './start-screen.ts';

export interface StartOptions {
  readonly asOf?: string;
  readonly all?: boolean;
  readonly speed?: number;
  readonly days: number;
  readonly load: boolean;
  readonly fresh?: boolean;
  readonly operator?: boolean;
  readonly durable?: boolean;
  readonly json?: boolean;
}

/** How long the printed development credential is good for. */
const credentialSeconds = 30 * 24 * 3600;
/** The carrier whose credential is printed. */
const sampleTenant = 'UA';

/** Runs until it is interrupted: sets up, starts everything, loads, serves. */
export async function start(root: string, stateDir: string, options: StartOptions): Promise<void> {
  const screen = createStartScreen(options.json === true);
  const interrupted = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => interrupted.abort(new PolystoreError('not_running', `Stopped by ${signal}.`)));
  }
  const { signal } = interrupted;
  const running: { claim?: RunClaim; deployment?: Deployment; loads?: Loads; control?: Control } = {};
  try {
    // First, so that a mistake in the model costs no more than a moment.
    const catalog = compile(model);
    screen.warnings(catalog);
    const ports = { ...choosePorts(process.env), api: chooseApiPort(process.env) };
    running.claim = await claimRun(stateDir);
    if (options.fresh) await forgetRuns(stateDir);
    const downloads = await setUp({ root, silent: options.json === true, signal });
    const outDir = join(root, 'dist', 'functions');
    await buildFunctions({ root, outDir });
    signal.throwIfAborted();
    screen.step('functions bundled');

    const deployment = await startDeployment({
      catalog,
      downloads,
      functionFolder: (name) => join(outDir, name),
      stateDir,
      ports,
      durable: options.durable === true,
      generation: chooseGeneration(process.env),
      onProgress: screen.progress,
      signal,
    });
    running.deployment = deployment;

    const loads = createLoads({
      api: deployment.api,
      credentials: deployment.credentials,
      dataDir: downloads.flightsData,
      stateDir,
      onProgress: screen.load,
    });
    running.loads = loads;
    signal.addEventListener('abort', () => void loads.stop(), { once: true });
    const chooseAsOf = async (wanted: string | undefined): Promise<string> =>
      wanted ?? (await loads.latestAsOf()) ?? new Date().toISOString().slice(0, 10);
    // The archive waits up to five minutes for a batch: whoever has loaded wants to see what was loaded.
    const showLoaded = (): void => {
      deployment.triggers.flush().catch((error: unknown) => {
        if (!signal.aborted) screen.failure(error);
      });
    };
    const inBackground = (request: LoadRequest): Load => {
      const load = loads.begin(request);
      load.done.then(showLoaded, (error: unknown) => screen.failure(error));
      return load;
    };
    running.control = await startControl({
      status: async () => ({ ...(await deployment.status()), api: deployment.api, load: loads.status() }),
      kill: (part) => killPart(deployment, part),
      restart: (engine) => restartEngine(deployment, engine),
      load: async ({ asOf, days, speed }) => inBackground({ asOf: await chooseAsOf(asOf), days, speed }),
    });
    const asOf = await chooseAsOf(options.asOf);
    await running.claim.announce({
      api: deployment.api,
      control: running.control.access,
      lambda: deployment.lambdaEndpoint,
    });

    signal.throwIfAborted();
    // The sources are there, so the load need not wait for views that are still to come.
    const firstDay = options.load ? loads.run({ asOf, days: 1 }) : Promise.resolve();
    const complete = deployment.complete.then(() => {
      // Until then an engine that ends fails the start.
      deployment.engines.onExit(({ error }) => screen.failure(error));
      screen.step('everything serves');
    });
    // The first of the two to fail ends the run; with --json both must be there before it says so.
    await Promise.race([firstDay, Promise.all([firstDay, complete])]);
    signal.throwIfAborted();
    showLoaded();
    const serving = await describeServing(deployment, asOf, options);
    if (!options.json) screen.serving(serving, startingEngines(deployment));
    await Promise.all([firstDay, complete]);
    signal.throwIfAborted();
    if (options.json) screen.serving(serving, []);
    if (options.load && (options.all || options.days > 1))
      inBackground({ asOf, days: options.all ? 'all' : options.days, speed: options.speed });
    await untilAborted(signal);
  } catch (error) {
    // An interruption is how a run ends, not a failure.
    if (!signal.aborted) {
      screen.failure(error);
      process.exitCode = 1;
    }
  } finally {
    screen.stopping();
    await running.loads?.stop();
    await running.control?.close();
    await running.deployment?.stop();
    await running.claim?.release();
    screen.stopped();
  }
}

async function describeServing(
  deployment: Deployment,
  asOf: string,
  options: StartOptions,
): Promise<Serving> {
  const subject = options.operator
    ? ({ kind: 'operator' } as const)
    : ({ kind: 'tenant', tenant: sampleTenant } as const);
  return {
    api: deployment.api,
    engines: deployment.engines.endpoints,
    subject,
    credential: await deployment.credentials.issue(subject, credentialSeconds),
    asOf,
  };
}

/** The engines that do not serve yet. */
const startingEngines = ({ engines }: Deployment): readonly EngineName[] =>
  [...engines.states()].filter(([, state]) => state !== 'ready').map(([engine]) => engine);

function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
