import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { type Workload, workloads } from '../../model/index.ts';
import { withClient } from './transaction.ts';

/** How late the replica of each workload may be, in milliseconds (DESIGN §6). */
const targetsMs: Readonly<Record<Workload, number>> = { dashboard: 50, analytics: 100, reporting: 300 };

/** A replica that is later than this is out (DESIGN §6), and how much later does not matter. */
const patienceMs = 2_000;
const pollMs = 5;
const giveUpMs = 5_000;

export interface ReplicaLag {
  readonly workload: Workload;
  /** How long the replica needed to get to where the writer was when it was asked; 2000 stands for more. */
  readonly lagMs: number;
  readonly targetMs: number;
}

/**
 * How late each replica is. On Aurora as `aurora_replica_status()` says it. On PostgreSQL it is measured: the
 * writer's position, and how long after that the replica has replayed it. A time of a commit would make a replica
 * late that has nothing to replay, and the difference of two clocks would count. A replica that does not answer is
 * left out: it serves no reads that could be late.
 */
export async function measureLag(
  writer: pg.Pool,
  replicas: Readonly<Record<Workload, pg.Pool>>,
): Promise<readonly ReplicaLag[]> {
  const start = await withClient(writer, { giveUpMs }, async (client) => {
    const { rows } = await client.query<{ aurora: boolean; position: string }>(
      `select to_regproc('aurora_replica_status') is not null as aurora, pg_current_wal_lsn()::text as position`,
    );
    return rows[0];
  });
  if (start === undefined) return [];
  const measured = new Map<pg.Pool, Promise<number | undefined>>();
  for (const pool of Object.values(replicas))
    if (!measured.has(pool))
      measured.set(
        pool,
        (pool === writer ? Promise.resolve(0) : lagOf(pool, start)).catch(() => undefined),
      );
  const answers = await Promise.all(
    workloads.map(async (workload) => ({ workload, lagMs: await measured.get(replicas[workload]) })),
  );
  return answers.flatMap(({ workload, lagMs }) =>
    lagMs === undefined ? [] : [{ workload, lagMs, targetMs: targetsMs[workload] }],
  );
}

async function lagOf(
  pool: pg.Pool,
  { aurora, position }: { readonly aurora: boolean; readonly position: string },
): Promise<number> {
  const begun = performance.now();
  return withClient(pool, { giveUpMs }, async (client) => {
    if (aurora) {
      const { rows } = await client.query<{ lag: number | null }>(
        `select replica_lag_in_msec::double precision as lag from aurora_replica_status()
         where server_id = aurora_db_instance_identifier()`,
      );
      return rows[0]?.lag ?? 0;
    }
    for (let tried = begun; ; ) {
      const { rows } = await client.query<{ reached: boolean }>(
        // A node that is no standby holds all of its own positions.
        'select not pg_is_in_recovery() or coalesce(pg_last_wal_replay_lsn() >= $1::pg_lsn, false) as reached',
        [position],
      );
      if (rows[0]?.reached === true) return tried === begun ? 0 : tried - begun;
      tried = performance.now();
      if (tried - begun >= patienceMs) return patienceMs;
      await sleep(pollMs);
    }
  });
}
