import { globSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { PolystoreError } from '../lambda/errors.ts';
import { endLeftovers } from '../local/engines/index.ts';

/** Ends the engines of every state folder at most three folders below this one, and first what runs them. */
export async function endAllLeftovers(folder: string): Promise<void> {
  const records = globSync('{,*/,*/*/,*/*/*/}processes.json', { cwd: folder });
  await Promise.all(records.map((record) => endWithOwner(dirname(join(folder, record)))));
}

async function endWithOwner(stateDir: string): Promise<void> {
  for (;;) {
    try {
      await endLeftovers(stateDir);
      return;
    } catch (error) {
      if (!(error instanceof PolystoreError && error.code === 'already_running')) throw error;
      // A run of Polystore, which stops its engines when it is asked to.
      ask(Number(error.details.pid));
      await pause(200);
    }
  }
}

function ask(pid: number): void {
  try {
    process.kill(pid, 'SIGTERM');
  } catch {
    // It has ended meanwhile.
  }
}
