import pg from 'pg';
import { PolystoreError } from '../../errors.ts';
import type { Isolation } from '../isolation.ts';
import type { Caller } from '../store.ts';
import { type BatchStatement, type Fetched, fetchedOf, type Milestone, sendBatch } from './batch.ts';
import { auroraError } from './errors.ts';
import { type RawRow, rawText } from './result.ts';
import type { Statement } from './write.ts';

/** Who a transaction acts as; `owner` is the login itself, for making partitions. */
type Actor = Caller | { readonly kind: 'sync' } | { readonly kind: 'owner' };

export interface TransactionOptions {
  readonly actor: Actor;
  readonly access: 'read' | 'write';
  /** Default: read committed. Whoever waits for something in a transaction wants to see what has come meanwhile. */
  readonly isolation?: Isolation | undefined;
  /** Each statement is cancelled after so many milliseconds. */
  readonly timeoutMs: number;
  /** How long the server may take to connect and to begin. Default: `giveUpMs`. */
  readonly beginMs?: number | undefined;
  /** The connection is given up after so many milliseconds in all, should the server not answer at all. */
  readonly giveUpMs: number;
  /** Aborts when nobody wants the answer any more: the connection is closed, whatever runs on it. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Runs `work` in a transaction and what `after` asks once it is committed, on one connection. Settings
 * and role are local to the transaction.
 *
 * @throws what `auroraError` makes of the failure; nothing is committed then.
 */
export async function inTransaction<T>(
  pool: pg.Pool,
  { actor, access, isolation, timeoutMs, ...patience }: TransactionOptions,
  work: (client: pg.PoolClient) => Promise<T>,
): Promise<T> {
  const opening = openingOf({ actor, access, isolation, timeoutMs });
  return withClient(pool, patience, async (client, begun) => {
    await sendOrRollBack(client, opening);
    try {
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

/**
 * Runs one statement in a transaction of its own that is sent at once: the server is not waited for between its
 * beginning and the statement, nor, where it reads, its end.
 *
 * @param judge throws where what was fetched must not be: what was written is undone then.
 * @throws as `inTransaction`.
 */
export async function inOwnTransaction(
  pool: pg.Pool,
  { actor, access, isolation, timeoutMs, ...patience }: TransactionOptions,
  statement: BatchStatement,
  judge: (fetched: Fetched) => void,
): Promise<Fetched> {
  const opening = openingOf({ actor, access, isolation, timeoutMs });
  const reads = access === 'read';
  const batch = reads ? [...opening, statement, commit] : [...opening, statement];
  return withClient(pool, patience, async (client, begun) => {
    const milestone = { after: opening.length, reached: begun };
    const fetched = fetchedOf(await sendOrRollBack(client, batch, milestone), opening.length);
    if (reads) {
      judge(fetched);
      return fetched;
    }
    try {
      judge(fetched);
      await client.query(commit.text);
      return fetched;
    } catch (error) {
      await client.query('rollback');
      throw error;
    }
  });
}

const commit = { text: 'commit', params: [] };

/** What begins a transaction as its actor: none of it is done unless what is before it is. */
function openingOf({
  actor,
  access,
  isolation = 'read committed',
  timeoutMs,
}: Pick<TransactionOptions, 'actor' | 'access' | 'isolation' | 'timeoutMs'>): readonly BatchStatement[] {
  const begin = {
    text: `begin isolation level ${isolation}${access === 'read' ? ' read only' : ''}`,
    params: [],
  };
  const entry = entryOf(actor, timeoutMs);
  return entry === undefined ? [begin] : [begin, entry];
}

async function sendOrRollBack(
  client: pg.PoolClient,
  batch: readonly BatchStatement[],
  milestone?: Milestone,
): Promise<readonly Fetched[]> {
  try {
    return await sendBatch(client, batch, milestone);
  } catch (error) {
    // What is no answer of PostgreSQL's is a connection that is dropped below.
    if (error instanceof pg.DatabaseError) await client.query('rollback');
    throw error;
  }
}

function entryOf(actor: Actor, timeoutMs: number): BatchStatement | undefined {
  const timeout = Math.max(1, Math.trunc(timeoutMs));
  switch (actor.kind) {
    case 'tenant':
      return { text: 'select polystore.enter($1, $2)', params: [actor.tenant, timeout] };
    case 'operator':
      return { text: 'select polystore.enter_operator($1)', params: [timeout] };
    case 'sync':
      return { text: 'select polystore.enter_sync($1)', params: [timeout] };
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
  { giveUpMs, beginMs = giveUpMs, signal }: Pick<TransactionOptions, 'beginMs' | 'giveUpMs' | 'signal'>,
  work: (client: pg.PoolClient, begun: () => void) => Promise<T>,
): Promise<T> {
  const begin = startPatience(beginMs, 'did not begin');
  const whole = startPatience(giveUpMs, 'did not answer');
  const unwanted = Promise.withResolvers<never>();
  unwanted.promise.catch(() => {});
  const leave = (): void => unwanted.reject(new Error('nobody waits for the answer any more'));
  signal?.addEventListener('abort', leave);
  if (signal?.aborted === true) leave();
  let client: pg.PoolClient | undefined;
  // While it is out of the pool, a connection's own errors come here and through its queries.
  const ignore = (): void => {};
  const release = (broken: boolean): void => {
    client?.removeListener('error', ignore);
    client?.release(broken);
  };
  try {
    const connecting = pool.connect();
    client = await Promise.race([connecting, begin.ended, whole.ended, unwanted.promise]).catch(
      (error: unknown) => {
        // It may connect all the same, for whoever asks next.
        connecting.then(
          (late) => late.release(),
          () => {},
        );
        throw error;
      },
    );
    client.on('error', ignore);
    const result = await Promise.race([work(client, begin.stop), begin.ended, whole.ended, unwanted.promise]);
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
    signal?.removeEventListener('abort', leave);
  }
}

interface Patience {
  /** Rejects when the time is over; never settles when it was stopped before. */
  readonly ended: Promise<never>;
  readonly stop: () => void;
}

function startPatience(ms: number, what: string): Patience {
  const { promise: ended, reject } = Promise.withResolvers<never>();
  // Its end counts only while somebody waits for it.
  ended.catch(() => {});
  const timer = setTimeout(
    () =>
      reject(
        new PolystoreError(
          'store_unavailable',
          `PostgreSQL ${what} within ${ms} ms; of a write the outcome is unknown`,
        ),
      ),
    ms,
  ).unref();
  return { ended, stop: () => clearTimeout(timer) };
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
