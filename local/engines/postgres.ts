import { appendFile, chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { postgresMajor, type Workload, workloads } from '../../lambda/model/index.ts';
import { prepareOnce } from '../setup/index.ts';
import type { Engine, EngineContext } from './engine.ts';
import { logFileOf } from './logs.ts';
import { withPostgres } from './postgres-client.ts';
import { copyFromWriter } from './postgres-copy.ts';
import { releaseData } from './postgres-lock.ts';
import { renderPostgresSettings, replicaName, settingsFile } from './postgres-settings.ts';
import { giveFileTo, giveTo, type RunAs, renderSpawn } from './run-as.ts';
import { runToEnd } from './run-to-end.ts';
import type { ProcessPlan } from './supervisor.ts';
import type { EngineName } from './types.ts';

export const databaseName = 'polystore';

/** The writer, the local Aurora's: makes the database and the slots that the replicas follow by. */
export function createPostgresWriter(context: EngineContext): Engine {
  const { downloads, stateDir, ports, durable, runAs } = context;
  const data = join(stateDir, 'postgres-writer');
  const port = ports.postgresWriter;
  const initialise = async (target: string): Promise<void> => {
    await chmod(target, 0o700);
    await giveTo(runAs, target);
    await runToEnd({
      engine: 'postgres-writer',
      what: 'making its data folder',
      logFile: logFileOf(stateDir, 'postgres-writer'),
      ...renderSpawn(runAs, join(downloads.postgres, 'bin', 'initdb'), initArgs(target)),
      environment: postgresEnvironment(),
      cwd: target,
    });
    await appendFile(join(target, 'postgresql.conf'), `\ninclude '${settingsFile}'\n`);
  };
  return {
    name: 'postgres-writer',
    async prepare() {
      await prepareOnce({
        directory: data,
        version: `postgresql ${postgresMajor}`,
        onMismatch: 'refuse',
        build: initialise,
      });
      await readyData(data, runAs, renderPostgresSettings({ port, durable }));
    },
    plan: () =>
      planPostgres(context, { engine: 'postgres-writer', data, port, probe: () => probeWriter(port) }),
    async afterReady() {
      await withPostgres(port, 'postgres', async (client) => {
        const { rowCount } = await client.query('select from pg_database where datname = $1', [databaseName]);
        if (rowCount === 0) await client.query(`create database ${databaseName}`);
        await client.query(
          `select pg_create_physical_replication_slot(name, true) from unnest($1::text[]) as name
           where not exists (select from pg_replication_slots where slot_name = name)`,
          [workloads.map(replicaName)],
        );
        // Of the one replica that there was before: nobody reads it any more, and it would keep all WAL.
        await client.query(
          "select pg_drop_replication_slot(slot_name) from pg_replication_slots where slot_name = 'polystore_replica'",
        );
      });
    },
  };
}

/** The replica of a workload: a copy of the writer as it was when first started, streaming ever since. */
export function createPostgresReplica(context: EngineContext, workload: Workload): Engine {
  const { stateDir, ports, durable, runAs } = context;
  const name = `postgres-${workload}` as const;
  const data = join(stateDir, name);
  const writerData = join(stateDir, 'postgres-writer');
  const port = {
    dashboard: ports.postgresDashboard,
    analytics: ports.postgresAnalytics,
    reporting: ports.postgresReporting,
  }[workload];
  return {
    name,
    async prepare() {
      const version = `postgresql ${postgresMajor} of ${await systemIdentifier(ports.postgresWriter)}`;
      const seed = async (target: string): Promise<void> => {
        await chmod(target, 0o700);
        await copyFromWriter({ writerPort: ports.postgresWriter, writerData, target });
        await giveTo(runAs, target);
      };
      // A replica holds nothing of its own: one of another writer is made anew.
      await prepareOnce({ directory: data, version, onMismatch: 'rebuild', build: seed });
      await readyData(
        data,
        runAs,
        renderPostgresSettings({
          port,
          durable,
          follows: { writerPort: ports.postgresWriter, as: workload },
        }),
      );
    },
    plan: () => planPostgres(context, { engine: name, data, port, probe: () => probeReplica(port) }),
  };
}

function planPostgres(
  { downloads, stateDir, runAs }: EngineContext,
  plan: Pick<ProcessPlan, 'port' | 'probe'> & { readonly engine: EngineName; readonly data: string },
): ProcessPlan {
  return {
    ...renderSpawn(runAs, join(downloads.postgres, 'bin', 'postgres'), ['-D', plan.data]),
    environment: postgresEnvironment(),
    engine: plan.engine,
    cwd: plan.data,
    port: plan.port,
    logFile: logFileOf(stateDir, plan.engine),
    // The fast shutdown: SIGTERM would wait until every client has gone.
    stopSignal: 'SIGINT',
    stopTimeoutMs: 15_000,
    readyTimeoutMs: 90_000,
    probe: plan.probe,
  };
}

function initArgs(data: string): readonly string[] {
  // The built-in C.UTF-8 sorts by code point on every machine, whatever locales it has.
  const locale = ['-E', 'UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];
  return ['-D', data, '-U', 'postgres', '--auth=trust', ...locale, '--no-sync', '--no-instructions'];
}

/** Without the caller's PG* variables, which both programs read. */
function postgresEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !name.startsWith('PG'));
  return { ...Object.fromEntries(kept), LC_ALL: 'C' };
}

/** Writes the settings, makes sure that no earlier server still holds the folder, and gives it to its user. */
async function readyData(data: string, runAs: RunAs, settings: string): Promise<void> {
  const file = join(data, settingsFile);
  await releaseData(data);
  await giveTo(runAs, data);
  await writeFile(file, settings, { mode: 0o600 });
  await giveFileTo(runAs, file);
}

function probeWriter(port: number): Promise<void> {
  return withPostgres(port, 'postgres', async (client) => {
    await client.query('select 1');
  });
}

function probeReplica(port: number): Promise<void> {
  return withPostgres(port, 'postgres', async (client) => {
    const { rows } = await client.query<{ status: string }>(
      'select status from pg_stat_wal_receiver where pg_is_in_recovery()',
    );
    if (rows[0]?.status !== 'streaming')
      throw new Error(`it does not stream from the writer yet (${rows[0]?.status ?? 'no receiver'})`);
  });
}

function systemIdentifier(writerPort: number): Promise<string> {
  return withPostgres(writerPort, 'postgres', async (client) => {
    const { rows } = await client.query<{ id: string }>(
      'select system_identifier::text as id from pg_control_system()',
    );
    return rows[0]?.id ?? '';
  });
}
