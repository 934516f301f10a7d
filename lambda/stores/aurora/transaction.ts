import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { PolystoreError } from '../../errors.ts';
import type { Caller } from '../store.ts';
import { auroraError } from './errors.ts';
import { type RawRow, rawText } from './result.ts';
import type { Statement } from './write.ts';

/** Who a transaction acts as; `owner` is the login itself, for making partitions. */
type Actor = Caller | { readonly kind: 'sync' } | { readonly kind: 'owner' };

export interface TransactionOptions {
  readonly actor: Actor;
  readonly access: 'read' | 'write';
  /** Each statement is cancelled after so many milliseconds. */
  readonly timeoutMs: number;
  /** How long the server may take to connect and to begin. Default: `giveUpMs`. */
  readonly beginMs?: number | undefined;
  /** The connection is given up after so many milliseconds in all, should the server not answer at all. */
  readonly giveUpMs: number;
}

/**
 * Runs `work` in a transaction and what `after` asks once it is committed, on one connection. Settings
 * and role are local to the transaction.
 *
 * @throws what `auroraError` makes of the failure; nothing is committed then.
 */
export async function inTransaction<T>(
  pool: pg.Pool,
  { actor, access, timeoutMs, ...patience }: TransactionOptions,
  work: (client: pg.PoolClient) => Promise<T>,
): Promise<T> {
  return withClient(pool, patience, async (client, begun) => {
    // Whoever waits for something in a transaction wants to see what has come meanwhile.
    await client.query(`begin isolation level read committed${access === 'read' ? ' read only' : ''}`);
    try {
      const entry = entryOf(actor, timeoutMs);
      if (entry !== undefined) await client.query(entry);
      begun();
      const result = await work(client);
      await client.query('commit');
      return result;
    } catch (error) {
      // The first error says what happened; a connection that cannot roll back is dropped below.
      await client.query('rollback');
      throw error;
    }
  });
}

function entryOf(actor: Actor, timeoutMs: number): pg.QueryConfig | undefined {
  const timeout = Math.max(1, Math.trunc(timeoutMs));
  switch (actor.kind) {
    case 'tenant':
      return { text: 'select polystore.enter($1, $2)', values: [actor.tenant, timeout] };
    case 'operator':
      return { text: 'select polystore.enter_operator($1)', values: [timeout] };
    case 'sync':
      return { text: 'select polystore.enter_sync($1)', values: [timeout] };
    case 'owner':
      return undefined;
  }
}

/**
 * A connection for the length of `work`, which says when the server has begun; one that failed in any way
 * that is no answer is not used again.
 */
export async function withClient<T>(
  pool: pg.Pool,
  { giveUpMs, beginMs = giveUpMs }: Pick<TransactionOptions, 'beginMs' | 'giveUpMs'>,
  work: (client: pg.PoolClient, begun: () => void) => Promise<T>,
): Promise<T> {
  const begin = startPatience(beginMs, 'did not begin');
  const whole = startPatience(giveUpMs, 'did not answer');
  let client: pg.PoolClient | undefined;
  // While it is out of the pool, a connection's own errors come here and through its queries.
  const ignore = (): void => {};
  const release = (broken: boolean): void => {
    client?.removeListener('error', ignore);
    client?.release(broken);
  };
  try {
    const connecting = pool.connect();
    client = await Promise.race([connecting, begin.ended, whole.ended]).catch((error: unknown) => {
      // It may connect all the same, for whoever asks next.
      connecting.then(
        (late) => late.release(),
        () => {},
      );
      throw error;
    });
    client.on('error', ignore);
    const result = await Promise.race([work(client, begin.stop), begin.ended, whole.ended]);
    release(false);
    return result;
  } catch (error) {
    const ours = auroraError(error);
    release(
      ours.code === 'store_unavailable' ||
        !(error instanceof pg.DatabaseError || error instanceof PolystoreError),
    );
    throw ours;
  } finally {
    begin.stop();
    whole.stop();
  }
}

interface Patience {
  /** Rejects when the time is over; never settles when it was stopped before. */
  readonly ended: Promise<never>;
  readonly stop: () => void;
}

function startPatience(ms: number, what: string): Patience {
  const timer = new AbortController();
  const ended = new Promise<never>((_, reject) => {
    sleep(ms, undefined, { signal: timer.signal, ref: false }).then(
      () =>
        reject(
          new PolystoreError(
            'store_unavailable',
            `PostgreSQL ${what} within ${ms} ms; of a write the outcome is unknown`,
          ),
        ),
      () => {},
    );
  });
  // Its end counts only while somebody waits for it.
  ended.catch(() => {});
  return { ended, stop: () => timer.abort() };
}

/** Runs one statement; every value comes back as PostgreSQL's text. */
export async function fetchRows(
  client: pg.ClientBase,
  { text, params }: Statement,
): Promise<readonly RawRow[]> {
  const { rows } = await client.query<(string | null)[]>({
    text,
    values: [...params],
    rowMode: 'array',
    types: rawText,
  });
  return rows;
}
