import pg from 'pg';

/** What running statements left behind. Empty texts are no finding. */
export interface Effects {
  /** Statements that ran to their end. */
  readonly ran: number;
  /** Statements that PostgreSQL refused as writes, or after which a transaction had an id, a lock or another setting. */
  readonly writing: readonly string[];
}

/** PostgreSQL gives a transaction its id when it first writes, also when it locks a row. */
const marks = `select pg_current_xact_id_if_assigned()::text as xid,
  (select count(*)::int from pg_locks where pid = pg_backend_pid() and locktype = 'advisory') as locks,
  (select count(*)::int from pg_listening_channels()) as channels,
  (select md5(string_agg(name || '=' || setting, ',' order by name)) from pg_settings
   where name not in ('transaction_read_only')) as settings`;

/** Between two looks at what a transaction has done; where something is found, each statement gets a look. */
const together = 100;

/**
 * Runs statements in transactions that are rolled back and says which of them did more than read. A statement that fails is none
 * of these, unless PostgreSQL refuses it for writing.
 */
export async function effectsOf(
  client: pg.Client,
  statements: readonly string[],
  enter: string,
): Promise<Effects> {
  let ran = 0;
  const writing: string[] = [];
  const run = async (some: readonly string[]): Promise<boolean> => {
    await client.query('begin');
    await client.query(enter);
    const [before] = (await client.query(marks)).rows;
    for (const statement of some) {
      await client.query('savepoint before');
      try {
        await client.query({ text: statement, rowMode: 'array' });
        ran += 1;
      } catch (error) {
        if (!(error instanceof pg.DatabaseError)) throw error;
        if (error.code === '25006') writing.push(statement);
        await client.query('rollback to savepoint before');
      }
    }
    const [after] = (await client.query(marks)).rows;
    await client.query('rollback');
    // A lock of the session outlives its transaction.
    await client.query('select pg_advisory_unlock_all()');
    return JSON.stringify(before) === JSON.stringify(after);
  };
  for (let start = 0; start < statements.length; start += together) {
    const some = statements.slice(start, start + together);
    if (await run(some)) continue;
    for (const statement of some) if (!(await run([statement]))) writing.push(statement);
  }
  return { ran, writing };
}
