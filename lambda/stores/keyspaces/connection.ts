import { defaultProvider } from '@aws-sdk/credential-provider-node';
import { Client, type DseClientOptions, policies, types } from 'cassandra-driver';
import { PolystoreError } from '../../errors.ts';
import { keyspacesError } from './errors.ts';
import { type Consistency, checkRequest } from './limits.ts';
import type { CqlRow } from './read.ts';
import { SigV4AuthProvider } from './sigv4.ts';
import type { Bound } from './write.ts';

export interface ConnectionOptions {
  readonly host: string;
  readonly port: number;
  /** `iam`: TLS and signatures of AWS. `none`: plain text, for an engine on loopback. */
  readonly auth: 'iam' | 'none';
  /** Needed by `iam`, which signs for a region; Keyspaces calls its datacentre by the same name. */
  readonly region?: string | undefined;
}

/** A page of rows, and where the next one starts; undefined after the last. */
export interface Page {
  readonly rows: readonly CqlRow[];
  readonly next: string | undefined;
}

/** The driver behind the guard of limits.ts: no request goes past it. Throws what the driver throws. */
export interface Session {
  read(statement: Bound, page: { readonly size: number; readonly from?: string | undefined }): Promise<Page>;
  /** One statement, or an unlogged batch of several, all of one partition. */
  write(statements: readonly Bound[]): Promise<void>;
  /** Whether a conditional write was applied. */
  compareAndSet(statement: Bound): Promise<boolean>;
  /** A statement that defines something. */
  define(cql: string): Promise<void>;
  close(): Promise<void>;
}

const consistency: Consistency = 'LOCAL_QUORUM';
const options = {
  prepare: true,
  consistency: types.consistencies.localQuorum,
  serialConsistency: types.consistencies.localSerial,
} as const;
const request = { partitions: 1, logged: false, consistency, serialConsistency: 'LOCAL_SERIAL' } as const;

/**
 * Connects. @throws PolystoreError `store_unavailable`, or `invalid_configuration` for `iam` without a region.
 */
export async function openSession(connection: ConnectionOptions): Promise<Session> {
  const client = new Client(clientOptions(connection));
  try {
    await client.connect();
  } catch (error) {
    await client.shutdown().catch(() => {});
    throw keyspacesError(error);
  }
  return {
    async read({ cql, params }, { size, from }) {
      checkRequest({ ...request, statements: [cql] });
      const result = await client.execute(cql, [...params], {
        ...options,
        isIdempotent: true,
        fetchSize: size,
        ...(from !== undefined && { pageState: from }),
      });
      return { rows: result.rows, next: result.pageState ?? undefined };
    },
    async write(statements) {
      checkRequest({ ...request, statements: statements.map(({ cql }) => cql) });
      const [first] = statements;
      if (first === undefined) return;
      if (statements.length === 1)
        await client.execute(first.cql, [...first.params], { ...options, isIdempotent: true });
      else
        await client.batch(
          statements.map(({ cql, params }) => ({ query: cql, params: [...params] })),
          { ...options, logged: false, isIdempotent: true },
        );
    },
    async compareAndSet({ cql, params }) {
      checkRequest({ ...request, statements: [cql] });
      const result = await client.execute(cql, [...params], options);
      return result.wasApplied();
    },
    async define(cql) {
      checkRequest({ ...request, statements: [cql] });
      await client.execute(cql, [], { ...options, prepare: false });
    },
    close: () => client.shutdown(),
  };
}

function clientOptions({ host, port, auth: access, region }: ConnectionOptions): DseClientOptions {
  const base: DseClientOptions = {
    contactPoints: [host],
    protocolOptions: { port },
    // Statements carry what they need; reading all schemas first only takes time.
    isMetadataSyncEnabled: false,
    monitorReporting: { enabled: false },
    encoding: { useBigIntAsLong: true },
    socketOptions: { connectTimeout: 5_000, readTimeout: 10_000 },
    pooling: { coreConnectionsPerHost: { [types.distance.local]: 2 } },
    policies: { reconnection: new policies.reconnection.ExponentialReconnectionPolicy(100, 5_000, false) },
  };
  // One node on loopback, whatever it calls its datacentre.
  if (access === 'none')
    return {
      ...base,
      policies: { ...base.policies, loadBalancing: new policies.loadBalancing.RoundRobinPolicy() },
    };
  if (region === undefined || region === '')
    throw new PolystoreError(
      'invalid_configuration',
      'IAM access to Keyspaces needs a region: set AWS_REGION.',
    );
  return {
    ...base,
    localDataCenter: region,
    // The nodes behind the endpoint have its certificate, whatever their addresses are.
    sslOptions: { rejectUnauthorized: true, servername: host },
    authProvider: new SigV4AuthProvider({ region, credentials: defaultProvider(), clock: Date.now }),
  };
}
