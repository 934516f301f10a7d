import { setTimeout as pause } from 'node:timers/promises';
import type { Deployment } from '../../local/deployment/deployment.ts';
import { killPart, restartEngine } from '../../local/deployment/kill.ts';
import { compareWhenSettled } from '../end-to-end/comparison.ts';
import type { TestDeployment } from '../end-to-end/local-deployment.ts';
import type { Sources } from '../end-to-end/read-sources.ts';
import { countOf } from '../end-to-end/rows.ts';
import type { Kill } from './kills.ts';
import type { Ledger, State } from './ledger.ts';
import { runWriters, type WritersReport } from './writers.ts';

/** What one kill came to. */
export interface StrikeReport extends WritersReport {
  readonly kill: Kill;
  /** Invocations that died with a function. */
  readonly inFlight: number;
  /** Acknowledged writes of this load, and those in doubt. */
  readonly acknowledged: number;
  readonly doubtful: number;
  /** Acknowledged after the kill. */
  readonly acknowledgedAfter: number;
  /** From the kill until every view was equal to its source again. */
  readonly settledMs: number;
  /** Rows of the sources that contradict the answers. */
  readonly wrong: readonly string[];
  /** By view, where it is not its source's. */
  readonly differences: Readonly<Record<string, number>>;
}

export interface StrikeOptions {
  readonly running: TestDeployment;
  readonly bearer: string;
  readonly ledger: Ledger;
  readonly seed: number;
  readonly nowMs: number;
}

/** Acknowledgements after a kill show that it is served again; without them no load goes on for longer. */
const acknowledgedAgain = 40;
const servesAgainWithinMs = 5 * 60_000;
/** A function is hit while it works; if none comes in this time, it is hit as it is. */
const worksWithinMs = 10_000;

/**
 * Kills a part while callers write, starts an engine again, lets the callers go on until they are served
 * again, and compares: the sources with what was acknowledged, the views with the sources.
 */
export async function strike(kill: Kill, options: StrikeOptions): Promise<StrikeReport> {
  const { running, ledger } = options;
  const { deployment } = running;
  const before = ledger.counts();
  const stopping = new AbortController();
  const writing = runWriters({
    url: deployment.api,
    bearer: options.bearer,
    ledger,
    seed: options.seed,
    name: String(options.seed),
    signal: stopping.signal,
  });
  let inFlight = 0;
  let atKill = before.acknowledged;
  const begun = await (async () => {
    try {
      await pause(kill.afterMs);
      if (kill.kind === 'function') await untilAtWork(deployment, kill.part);
      const killed = await killPart(deployment, kill.part);
      const at = performance.now();
      inFlight = killed.inFlight;
      atKill = ledger.counts().acknowledged;
      if (kill.kind === 'engine') {
        await pause(kill.downMs);
        await restartEngine(deployment, kill.part);
      }
      while (ledger.counts().acknowledged < atKill + acknowledgedAgain) {
        if (performance.now() - at > servesAgainWithinMs)
          throw new Error(`${kill.part} was killed, and writes were not acknowledged again in 5 minutes`);
        await pause(50);
      }
      return at;
    } finally {
      stopping.abort();
      await writing;
    }
  })();
  const written = await writing;
  const { sources, differences } = await compareWhenSettled(deployment, options.nowMs);
  const after = ledger.counts();
  return {
    kill,
    inFlight,
    ...written,
    acknowledged: after.acknowledged - before.acknowledged,
    doubtful: after.doubtful - before.doubtful,
    acknowledgedAfter: after.acknowledged - atKill,
    settledMs: Math.round(performance.now() - begun),
    wrong: ledger.findWrong(statesOf(sources)),
    differences: Object.fromEntries(
      Object.entries(differences)
        .map(([view, difference]) => [view, countOf(difference)] as const)
        .filter(([, count]) => count > 0),
    ),
  };
}

async function untilAtWork(deployment: Deployment, name: string): Promise<void> {
  const target = deployment.functions.get(name);
  const begun = performance.now();
  // The archive's batch would else wait for five minutes.
  const hurry = deployment.triggers.flush().catch(() => undefined);
  while ((target?.status().inFlight ?? 0) === 0 && performance.now() - begun < worksWithinMs) await pause(1);
  void hurry;
}

/** Rows of our callers, all of whose keys begin with Q, as the ledger knows them. */
function statesOf({ flights, aircraft, events }: Sources): ReadonlyMap<string, State> {
  const states = (
    entity: string,
    rows: Sources['flights'],
    stateOf: (row: Readonly<Record<string, unknown>>) => number,
  ): readonly (readonly [string, State])[] =>
    [...rows]
      .filter(([id]) => id.startsWith('Q'))
      .map(([id, row]) => [`${entity} ${id}`, stateOf(row)] as const);
  return new Map([
    ...states('flight', flights, (row) => Number(row.departure_delay_minutes)),
    ...states('aircraft', aircraft, (row) => Number(row.seats)),
    ...states('flight_event', events, () => 1),
  ]);
}
