import { PolystoreError } from '../../lambda/errors.ts';
import { type EngineName, engineNames, type RunningEngines } from '../engines/index.ts';
import type { LocalFunction } from '../functions/index.ts';

/** What a run is made of, as far as it can be killed and started again. */
export interface Killable {
  readonly engines: Pick<RunningEngines, 'kill' | 'restart' | 'processes'>;
  readonly functions: ReadonlyMap<string, Pick<LocalFunction, 'kill' | 'status'>>;
}

/** A process that was killed. */
export interface Killed {
  readonly part: string;
  readonly kind: 'engine' | 'function';
  readonly pid: number;
  /** Invocations that ran and failed with it; their batches come again. */
  readonly inFlight: number;
}

const isEngine = (part: string): part is EngineName => engineNames.some((name) => name === part);

/**
 * Kills an engine or a function as a power cut would, by SIGKILL. A function is started again by its host; an
 * engine stays down until `restartEngine`.
 * @throws PolystoreError `invalid_request` for a name that is neither, `not_running` when it does not run.
 */
export async function killPart({ engines, functions }: Killable, part: string): Promise<Killed> {
  if (isEngine(part)) {
    const process = engines.processes().find(({ name }) => name === part);
    if (process === undefined || !process.running)
      throw new PolystoreError(
        'not_running',
        `${part} does not run, so it cannot be killed. "npx polystore restart ${part}" starts it.`,
      );
    await engines.kill(part, 'SIGKILL');
    return { part, kind: 'engine', pid: process.pid, inFlight: 0 };
  }
  const target = functions.get(part);
  if (target === undefined)
    throw new PolystoreError(
      'invalid_request',
      `"${part}" is no part of this run. Its functions are ${[...functions.keys()].join(', ')}; its engines are ${engineNames.join(', ')}.`,
    );
  const { pid, state, inFlight } = target.status();
  if (pid === undefined || state !== 'ready')
    throw new PolystoreError('not_running', `The function ${part} is ${state}; try again when it is ready.`);
  target.kill('SIGKILL');
  return { part, kind: 'function', pid, inFlight };
}

/**
 * Stops an engine if it runs, starts it and waits until it serves.
 * @throws PolystoreError `invalid_request` for what is no engine, `engine_failed` when it does not come to serve.
 */
export async function restartEngine({ engines }: Pick<Killable, 'engines'>, engine: string): Promise<void> {
  if (!isEngine(engine))
    throw new PolystoreError(
      'invalid_request',
      `"${engine}" is no engine; the engines are ${engineNames.join(', ')}. A function is started again by itself.`,
    );
  await engines.restart(engine);
}
