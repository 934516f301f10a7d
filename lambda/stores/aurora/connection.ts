import pg from 'pg';
import { PolystoreError } from '../../errors.ts';
import { isLoopback } from '../loopback.ts';

export interface AuroraNode {
  readonly host: string;
  readonly port: number;
}

export interface AuroraCredentials {
  readonly database: string;
  readonly user: string;
  /** Asked for at each new connection, so that a rotated secret is picked up. Absent: none is sent. */
  readonly password?: (() => Promise<string>) | undefined;
  /** `disable` is for this machine only. On AWS Node needs the RDS authorities (NODE_EXTRA_CA_CERTS). */
  readonly tls: 'verify' | 'disable';
}

/** @throws `invalid_configuration` for a remote node without TLS. */
export function clientConfig({ host, port }: AuroraNode, credentials: AuroraCredentials): pg.ClientConfig {
  const { database, user, password, tls } = credentials;
  if (tls === 'disable' && !isLoopback(host))
    throw new PolystoreError(
      'invalid_configuration',
      `TLS to Aurora is set to 'disable' and the host is ${host}; that is allowed for 127.0.0.1, localhost and ::1 only. Set it to 'verify'`,
    );
  return {
    host,
    port,
    database,
    user,
    ssl: tls === 'verify' ? { rejectUnauthorized: true } : false,
    connectionTimeoutMillis: 5_000,
    keepAlive: true,
    ...(password === undefined ? {} : { password }),
  };
}

/** Opens connections when they are needed and lets a process end while they are idle. */
export function createPool(node: AuroraNode, credentials: AuroraCredentials, size: number): pg.Pool {
  const pool = new pg.Pool({ ...clientConfig(node, credentials), max: size, allowExitOnIdle: true });
  // An idle connection that breaks is dropped by the pool itself; whoever asks next gets a new one.
  pool.on('error', () => {});
  return pool;
}
