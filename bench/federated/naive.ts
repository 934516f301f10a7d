import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { EngineSet } from '../../local/engines/index.ts';
import type { NaiveFiles } from './naive-set-up.ts';

/** What the process is told at its start. */
export interface NaiveSettings {
  readonly files: NaiveFiles;
  readonly engines: EngineSet;
  readonly keyspace: string;
  readonly tenant: string;
}

/** What it answers a statement. */
export type NaiveAnswer = { readonly rows: readonly (readonly unknown[])[] } | { readonly error: string };

/** DuckDB over the stores as it comes. */
export interface Naive {
  query(sql: string): Promise<readonly (readonly unknown[])[]>;
  stop(): Promise<void>;
}

/**
 * Starts the process that has it: two versions of DuckDB do not go into one. PostgreSQL is attached; tables of the other
 * stores are read whole for each statement that names them, with their drivers, and words are left to OpenSearch.
 */
export async function startNaive(settings: NaiveSettings): Promise<Naive> {
  const child = fork(join(import.meta.dirname, 'naive-process.ts'), [JSON.stringify(settings)]);
  await answerOf(child);
  return {
    query: async (sql) => {
      child.send(sql);
      const answer = await answerOf(child);
      if ('error' in answer) throw new Error(answer.error);
      return answer.rows;
    },
    stop: async () => {
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    },
  };
}

async function answerOf(child: ChildProcess): Promise<NaiveAnswer> {
  const ended = new AbortController();
  const exit = once(child, 'exit', { signal: ended.signal }).then(() => {
    throw new Error('The process of the naive DuckDB ended.');
  });
  exit.catch(() => {});
  try {
    // naive-process.ts sends nothing else.
    const [answer] = (await Promise.race([once(child, 'message'), exit])) as [NaiveAnswer];
    return answer;
  } finally {
    ended.abort();
  }
}
