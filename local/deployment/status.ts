import type { RunningEngines } from '../engines/index.ts';
import type { LocalFunction } from '../functions/index.ts';
import type { Triggers } from './trigger-set.ts';

export interface PartStatus {
  readonly part: string;
  readonly kind: 'engine' | 'function' | 'trigger' | 'api';
  readonly serving: boolean;
  readonly detail: string;
}

export interface DeploymentStatus {
  /** Whether every part serves: nothing is down, stuck or failing. Being behind is not failing. */
  readonly serving: boolean;
  readonly parts: readonly PartStatus[];
}

export interface StatusOptions {
  readonly engines: RunningEngines;
  readonly functions: ReadonlyMap<string, LocalFunction>;
  readonly triggers: Triggers;
  /** The API's address; asked for its own health, which asks the stores. */
  readonly api: string;
}

const healthTimeoutMs = 5_000;

/** Asks every part how it is, at the same time. */
export async function readStatus(options: StatusOptions): Promise<DeploymentStatus> {
  const parts = [
    ...options.engines.processes().map((engine): PartStatus => {
      const memory = engine.rssBytes === undefined ? '' : `, ${Math.round(engine.rssBytes / 1e6)} MB`;
      return {
        part: engine.title,
        kind: 'engine',
        serving: engine.running,
        detail: engine.running
          ? `port ${engine.port}, pid ${engine.pid}${memory}`
          : `ended; its log is ${engine.logFile}`,
      };
    }),
    ...[...options.functions.values()].map(functionStatus),
    ...streamStatus(options.triggers),
    ...(await Promise.all(changeLogStatus(options.triggers))).flat(),
    await apiStatus(options.api),
  ];
  return { serving: parts.every((each) => each.serving), parts };
}

function functionStatus(each: LocalFunction): PartStatus {
  const { name, state, pid, restarts, lastError } = each.status();
  const error = lastError === undefined ? '' : `; last error: ${lastError.errorMessage}`;
  return {
    part: name,
    kind: 'function',
    serving: state === 'ready',
    detail: `${state}${pid === undefined ? '' : `, pid ${pid}`}, ${restarts} restarts${error}`,
  };
}

function changeLogStatus({ changeLog }: Triggers): Promise<PartStatus[]>[] {
  return [...changeLog].map(async ([name, trigger]) => {
    try {
      return (await trigger.lag()).map(({ topic, lag, waiting, partitions, gaps }): PartStatus => {
        const failing = partitions.find((partition) => partition.failures > 0);
        return describeTrigger(`${name} ← ${topic}`, {
          gaps,
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

function streamStatus({ streams }: Triggers): readonly PartStatus[] {
  return [...streams].map(([name, trigger]) => {
    const { gaps, failures, lastError, backlog, shards } = trigger.status();
    const behind = `${backlog} changes behind, ${shards.length} shards`;
    return describeTrigger(`${name} ← DynamoDB stream`, { gaps, failures, lastError, behind });
  });
}

interface TriggerState {
  readonly gaps: readonly string[];
  readonly failures: number;
  readonly lastError: string | undefined;
  readonly behind: string;
}

/** A trigger that lost changes or whose batch keeps failing does not serve; one that is behind does. */
function describeTrigger(part: string, { gaps, failures, lastError, behind }: TriggerState): PartStatus {
  const trouble =
    gaps.length > 0
      ? `changes were lost before they were read: ${gaps.join('; ')}`
      : failures > 0
        ? `${behind}; failed ${failures} times: ${lastError}`
        : undefined;
  return { part, kind: 'trigger', serving: trouble === undefined, detail: trouble ?? behind };
}

async function apiStatus(api: string): Promise<PartStatus> {
  try {
    const response = await fetch(`${api}/health`, { signal: AbortSignal.timeout(healthTimeoutMs) });
    const text = await response.text();
    return {
      part: 'API',
      kind: 'api',
      serving: response.ok,
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
