import { type EngineName, type EngineState, engineTitles, type RunningEngines } from '../engines/index.ts';
import type { LocalFunction } from '../functions/index.ts';
import type { Triggers } from './trigger-set.ts';

export interface PartStatus {
  readonly part: string;
  readonly kind: 'engine' | 'function' | 'trigger' | 'api';
  readonly serving: boolean;
  /** Whether it does not serve only because the start has not got to it yet. */
  readonly starting?: true;
  readonly detail: string;
}

export interface DeploymentStatus {
  /** Whether every part serves: nothing is down, stuck or failing. Being behind is not failing. */
  readonly serving: boolean;
  /** Whether all that does not serve is still being started. */
  readonly starting: boolean;
  readonly parts: readonly PartStatus[];
}

export interface StatusOptions {
  readonly engines: Pick<RunningEngines, 'states' | 'processes'>;
  readonly functions: ReadonlyMap<string, LocalFunction>;
  readonly triggers: Pick<Triggers, 'changeLog' | 'streams' | 'waiting'>;
  /** The API's address; asked for its own health, which asks the stores. */
  readonly api: string;
}

const healthTimeoutMs = 5_000;

/** Asks every part how it is, at the same time. */
export async function readStatus(options: StatusOptions): Promise<DeploymentStatus> {
  const parts = [
    ...engineStatus(options.engines),
    ...[...options.functions.values()].map(functionStatus),
    ...waitingStatus(options.triggers),
    ...streamStatus(options.triggers),
    ...(await Promise.all(changeLogStatus(options.triggers))).flat(),
    await apiStatus(options),
  ];
  const failing = parts.filter((each) => !each.serving);
  return {
    serving: failing.length === 0,
    starting: failing.length > 0 && failing.every((each) => each.starting),
    parts,
  };
}

const onTheWay: readonly EngineState[] = ['waiting', 'preparing', 'starting'];

function engineStatus(engines: StatusOptions['engines']): readonly PartStatus[] {
  const processes = engines.processes();
  return [...engines.states()].map(([name, state]): PartStatus => {
    const part = { part: engineTitles[name], kind: 'engine' } as const;
    const process = processes.find((each) => each.name === name);
    if (onTheWay.includes(state)) return { ...part, serving: false, starting: true, detail: state };
    if (process === undefined || !process.running)
      return { ...part, serving: false, detail: `ended; its log is ${process?.logFile}` };
    const { port, pid, rssBytes } = process;
    const memory = rssBytes === undefined ? '' : `, ${Math.round(rssBytes / 1e6)} MB`;
    return { ...part, serving: true, detail: `port ${port}, pid ${pid}${memory}` };
  });
}

function waitingStatus({ waiting }: StatusOptions['triggers']): readonly PartStatus[] {
  const titles = (engines: readonly EngineName[]): string =>
    engines.map((engine) => engineTitles[engine]).join(', ');
  return [...waiting].map(([name, engines]) => ({
    part: `${name} ← its trigger`,
    kind: 'trigger',
    serving: false,
    starting: true,
    detail: `waits until all of these serve: ${titles(engines)}`,
  }));
}

function functionStatus(each: LocalFunction): PartStatus {
  const { name, state, pid, restarts, lastError } = each.status();
  const error = lastError === undefined ? '' : `; last error: ${lastError.errorMessage}`;
  return {
    part: name,
    kind: 'function',
    serving: state === 'ready',
    // Before its first process has loaded.
    ...(state === 'starting' && restarts === 0 && { starting: true }),
    detail: `${state}${pid === undefined ? '' : `, pid ${pid}`}, ${restarts} restarts${error}`,
  };
}

function changeLogStatus({ changeLog }: StatusOptions['triggers']): Promise<PartStatus[]>[] {
  return [...changeLog].map(async ([name, trigger]) => {
    try {
      return (await trigger.lag()).map(({ topic, lag, waiting, partitions, gaps, givenUp }): PartStatus => {
        const failing = partitions.find((partition) => partition.failures > 0);
        return describeTrigger(`${name} ← ${topic}`, {
          gaps,
          givenUp,
          failures: failing?.failures ?? 0,
          lastError: failing?.lastError,
          behind: `${lag} changes behind${waiting === 0 ? '' : `, ${waiting} of them waiting for their batch`}`,
        });
      });
    } catch (error) {
      return [unreadable(`${name} ← change log`, error)];
    }
  });
}

function streamStatus({ streams }: StatusOptions['triggers']): readonly PartStatus[] {
  return [...streams].map(([name, trigger]) => {
    const { gaps, givenUp, failures, lastError, backlog, shards } = trigger.status();
    const behind = `${backlog} changes behind, ${shards.length} shards`;
    return describeTrigger(`${name} ← DynamoDB stream`, { gaps, givenUp, failures, lastError, behind });
  });
}

interface TriggerState {
  readonly gaps: readonly string[];
  readonly givenUp: number;
  readonly failures: number;
  readonly lastError: string | undefined;
  readonly behind: string;
}

/** A trigger that lost changes or whose batch keeps failing does not serve; one that is behind does. */
function describeTrigger(part: string, state: TriggerState): PartStatus {
  const { gaps, givenUp, failures, lastError, behind } = state;
  const troubles = [
    gaps.length > 0 && `changes were lost before they were read: ${gaps.join('; ')}`,
    givenUp > 0 && `${givenUp} changes were given up`,
    failures > 0 && `${behind}; failed ${failures} times: ${lastError}`,
  ].filter((each) => each !== false);
  const trouble = troubles.length === 0 ? undefined : troubles.join('; ');
  return { part, kind: 'trigger', serving: trouble === undefined, detail: trouble ?? behind };
}

async function apiStatus({ api, engines }: StatusOptions): Promise<PartStatus> {
  // Its health is that of every store behind it.
  const isStarting = [...engines.states().values()].some((state) => onTheWay.includes(state));
  try {
    const response = await fetch(`${api}/health`, { signal: AbortSignal.timeout(healthTimeoutMs) });
    const text = await response.text();
    return {
      part: 'API',
      kind: 'api',
      serving: response.ok,
      ...(!response.ok && isStarting && { starting: true }),
      detail: response.ok ? api : `${api}/health answers ${response.status}: ${text}`,
    };
  } catch (error) {
    return unreadable('API', error);
  }
}

function unreadable(part: string, error: unknown): PartStatus {
  const why = error instanceof Error ? error.message : String(error);
  return {
    part,
    kind: part === 'API' ? 'api' : 'trigger',
    serving: false,
    detail: `does not answer: ${why}`,
  };
}
