import pg from 'pg';

/** Opens a connection as the superuser, hands it over and closes it, come what may. */
export async function withPostgres<T>(
  port: number,
  database: string,
  use: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = new pg.Client({
    host: '127.0.0.1',
    port,
    user: 'postgres',
    database,
    connectionTimeoutMillis: 5_000,
  });
  // A server that goes away while the connection is idle would otherwise end this process.
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}
