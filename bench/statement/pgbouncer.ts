import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { chooseRunAs, giveTo, renderSpawn } from '../../local/engines/run-as.ts';
import { setUpDebianProgram } from '../../local/setup/debian-program.ts';

interface Target {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
}

/** Debian's PgBouncer before a PostgreSQL, pooling by transaction. */
export async function startPgbouncer(
  root: string,
  { folder: state, listenPort, target }: { folder: string; listenPort: number; target: Target },
): Promise<Target & { stop(): Promise<void> }> {
  const { folder, libraryPath } = await setUpDebianProgram(root, 'pgbouncer');
  mkdirSync(state, { recursive: true });
  const file = join(state, 'pgbouncer.ini');
  const { host, port, database, user } = target;
  writeFileSync(
    file,
    [
      '[databases]',
      `${database} = host=${host} port=${port} dbname=${database} user=${user}`,
      '[pgbouncer]',
      'listen_addr = 127.0.0.1',
      `listen_port = ${listenPort}`,
      'unix_socket_dir =',
      'auth_type = any',
      'pool_mode = transaction',
      '',
    ].join('\n'),
  );
  const command = join(folder, 'usr', 'sbin', 'pgbouncer');
  const runAs = await chooseRunAs([command, state]);
  await giveTo(runAs, state);
  const { args, ...how } = renderSpawn(runAs, command, ['--quiet', file]);
  const child = spawn(how.command, [...args], {
    ...how,
    env: { ...process.env, LD_LIBRARY_PATH: libraryPath },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const ended = once(child, 'exit');
  const bouncer = { ...target, host: '127.0.0.1', port: listenPort };
  const stop = async (): Promise<void> => {
    child.kill('SIGINT');
    await ended;
  };
  try {
    await answers(bouncer, () => child.exitCode !== null);
  } catch (error) {
    await stop();
    throw error;
  }
  return { ...bouncer, stop };
}

async function answers(target: Target, hasEnded: () => boolean): Promise<void> {
  for (let attempt = 0; ; attempt += 1) {
    const client = new pg.Client({ ...target });
    try {
      await client.connect();
      await client.end();
      return;
    } catch (error) {
      if (hasEnded() || attempt === 50) throw error;
      await sleep(100);
    }
  }
}
