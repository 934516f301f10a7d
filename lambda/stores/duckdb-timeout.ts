import type { DuckDBConnection } from '@duckdb/node-api';

const againMs = 50;

/** Interrupts what a connection runs after so many milliseconds: again and again, for an interruption is lost on a statement that has only just begun. */
export async function interruptAfter<T>(
  connection: DuckDBConnection,
  timeoutMs: number,
  work: () => Promise<T>,
): Promise<T> {
  let again: NodeJS.Timeout | undefined;
  const timer = setTimeout(() => {
    again = setInterval(() => connection.interrupt(), againMs);
  }, timeoutMs);
  try {
    return await work();
  } finally {
    clearTimeout(timer);
    clearInterval(again);
  }
}
