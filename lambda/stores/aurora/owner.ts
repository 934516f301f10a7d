import pg from 'pg';
import { type AuroraCredentials, type AuroraNode, clientConfig } from './connection.ts';

export type AuroraConnection = AuroraNode & AuroraCredentials;

/** Works on a connection of its own, as the user that owns the schema. */
export async function withOwner<T>(
  connection: AuroraConnection,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = new pg.Client(clientConfig(connection, connection));
  // A broken connection also fails the query that runs on it.
  client.on('error', () => {});
  try {
    await client.connect();
    return await work(client);
  } finally {
    await client.end();
  }
}
