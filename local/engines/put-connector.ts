import { setTimeout as delay } from 'node:timers/promises';
import * as z from 'zod';
import { EngineError } from './engine-error.ts';

const statusShape = z.object({
  connector: z.object({ state: z.string(), trace: z.string().optional() }),
  tasks: z.array(z.object({ id: z.number(), state: z.string(), trace: z.string().optional() })),
});
type ConnectorStatus = z.infer<typeof statusShape>;

export interface PutConnectorOptions {
  /** How long it may take until the connector and its tasks run. @default 60000 */
  readonly timeoutMs?: number;
  /** Connect's log, to show its end in an error. */
  readonly logFile?: string;
  readonly signal?: AbortSignal;
}

const pollEveryMs = 100;

/**
 * Puts a connector's configuration (its inner object: `connector.class` and so on) and waits until
 * the connector and all its tasks are RUNNING. What is FAILED from an earlier run is started again once.
 * @throws `engine_failed`: a configuration refused, or a connector or task FAILED, with Connect's own words.
 */
export async function putConnector(
  connect: { readonly url: string },
  name: string,
  config: Readonly<Record<string, string>>,
  options: PutConnectorOptions = {},
): Promise<void> {
  const { timeoutMs = 60_000, signal } = options;
  const address = `${connect.url}/connectors/${encodeURIComponent(name)}`;
  const deadline = performance.now() + timeoutMs;
  const fail = (problem: string): EngineError =>
    new EngineError('engine_failed', problem, {
      engine: 'connect',
      details: { connector: name },
      ...(options.logFile !== undefined && { logFile: options.logFile }),
    });

  await put(address, config, { deadline, fail, name, ...(signal && { signal }) });
  let restarted = false;
  let seen: ConnectorStatus | undefined;
  while (performance.now() < deadline) {
    signal?.throwIfAborted();
    seen = await readStatus(address);
    const failed = seen && [seen.connector, ...seen.tasks].find(({ state }) => state === 'FAILED');
    if (seen && isRunning(seen)) return;
    if (failed && restarted)
      throw fail(`could not run the connector "${name}":\n${failed.trace ?? '(no trace)'}`);
    if (failed) {
      // The state may be the one that an earlier run left on the status topic.
      restarted = true;
      await fetch(`${address}/restart?includeTasks=true&onlyFailed=true`, { method: 'POST' });
      await delay(1_000);
    }
    await delay(pollEveryMs);
  }
  throw fail(
    `did not bring the connector "${name}" to RUNNING within ${timeoutMs / 1000} s; last seen: ${JSON.stringify(seen)}.`,
  );
}

/** Deletes the connectors whose names are picked, which ends their tasks. */
export async function deleteConnectors(
  connect: { readonly url: string },
  isMeant: (name: string) => boolean,
): Promise<void> {
  const names = z.array(z.string()).parse(await (await fetch(`${connect.url}/connectors`)).json());
  for (const name of names.filter(isMeant)) {
    const address = `${connect.url}/connectors/${encodeURIComponent(name)}`;
    // 409 while the group rebalances.
    while ((await fetch(address, { method: 'DELETE' })).status === 409) await delay(pollEveryMs);
  }
}

interface Put {
  readonly deadline: number;
  readonly name: string;
  readonly fail: (problem: string) => EngineError;
  readonly signal?: AbortSignal;
}

async function put(
  address: string,
  config: Readonly<Record<string, string>>,
  { deadline, fail, name, signal }: Put,
): Promise<void> {
  for (;;) {
    signal?.throwIfAborted();
    const response = await fetch(`${address}/config`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(config),
      ...(signal && { signal }),
    });
    const text = await response.text();
    if (response.ok) return;
    // 409 while the group rebalances, 404 and 5xx while the worker is still starting.
    const passes = response.status === 409 || response.status === 404 || response.status >= 500;
    if (!passes || performance.now() > deadline)
      throw fail(`refused the connector "${name}" (HTTP ${response.status}): ${text}`);
    await delay(pollEveryMs);
  }
}

async function readStatus(address: string): Promise<ConnectorStatus | undefined> {
  const response = await fetch(`${address}/status`);
  const body: unknown = await response.json();
  return response.ok ? statusShape.parse(body) : undefined;
}

function isRunning({ connector, tasks }: ConnectorStatus): boolean {
  return connector.state === 'RUNNING' && tasks.length > 0 && tasks.every(({ state }) => state === 'RUNNING');
}
