import pg from 'pg';
import type { PostgresEndpoint } from '../../local/engines/index.ts';

/**
 * Makes what RDS makes with a cluster: the master role and the database that it owns. Like Aurora's, the
 * role is no superuser. (Its own `rds_superuser` has more rights on the server than these, none that the
 * schema needs.)
 */
export async function createMasterRole(writer: PostgresEndpoint, name: string): Promise<void> {
  const { host, port, database, user } = writer;
  const client = new pg.Client({ host, port, user, database });
  await client.connect();
  try {
    await client.query(`create role ${name} login createdb createrole replication`);
    await client.query(`alter database ${database} owner to ${name}`);
  } finally {
    await client.end();
  }
}
