import type { Workload } from '../../lambda/model/index.ts';

/** Name of the file of ours that PostgreSQL's own configuration includes. */
export const settingsFile = 'polystore.conf';

/**
 * What the replica of a workload calls itself at the writer, and the physical slot by which the writer
 * keeps what it has not read yet.
 */
export const replicaName = (workload: Workload): string => `polystore_${workload}`;

export interface PostgresSettings {
  readonly port: number;
  readonly durable: boolean;
  /** Given for a replica only. */
  readonly follows?: { readonly writerPort: number; readonly as: Workload };
}

/** The text of our configuration file, written anew at every start. */
export function renderPostgresSettings({ port, durable, follows }: PostgresSettings): string {
  const sync = durable ? 'on' : 'off';
  const settings: Readonly<Record<string, string | number>> = {
    listen_addresses: '127.0.0.1',
    port,
    unix_socket_directories: '',
    max_connections: 100,
    shared_buffers: '64MB',
    wal_level: 'logical',
    max_wal_senders: 16,
    max_replication_slots: 16,
    // None of ours are, but whoever reads the truth of a source must wait for those of others.
    max_prepared_transactions: 4,
    fsync: sync,
    full_page_writes: sync,
    shared_preload_libraries: 'pg_stat_statements',
    timezone: 'UTC',
    log_timezone: 'UTC',
    // Compiling a statement costs more than it saves on tables of this size.
    jit: 'off',
    hot_standby: 'on',
    ...(follows !== undefined && replicaSettings(follows)),
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name} = '${value}'`);
  return `# Written at every start; put changes of your own into postgresql.auto.conf.\n${lines.join('\n')}\n`;
}

function replicaSettings({
  writerPort,
  as,
}: NonNullable<PostgresSettings['follows']>): Readonly<Record<string, string>> {
  return {
    // `dbname` is what the copying of failover slots connects to.
    primary_conninfo: `host=127.0.0.1 port=${writerPort} user=postgres dbname=postgres application_name=${replicaName(as)}`,
    primary_slot_name: replicaName(as),
    hot_standby_feedback: 'on',
    sync_replication_slots: 'on',
    wal_receiver_status_interval: '1s',
    // The default of 5 s is how long a promotion and a reconnection would take.
    wal_retrieve_retry_interval: '100ms',
  };
}
