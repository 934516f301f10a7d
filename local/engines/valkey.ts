import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Engine, EngineContext } from './engine.ts';
import { logFileOf } from './logs.ts';
import { exchange } from './probes.ts';

/** Valkey, the local ElastiCache: kept in an append-only file, and never evicting. */
export function createValkey({ downloads, stateDir, ports, durable }: EngineContext): Engine {
  const directory = join(stateDir, 'valkey');
  const port = ports.valkey;
  return {
    name: 'valkey',
    async prepare() {
      await mkdir(directory, { recursive: true });
    },
    plan: () => ({
      engine: 'valkey',
      command: downloads.valkeyServer,
      args: renderValkeyArgs({ directory, port, durable }),
      cwd: directory,
      port,
      logFile: logFileOf(stateDir, 'valkey'),
      stopSignal: 'SIGTERM',
      stopTimeoutMs: 10_000,
      readyTimeoutMs: 60_000,
      probe: () => probeValkey(port),
    }),
  };
}

/** The command line, which is all of Valkey's configuration. */
export function renderValkeyArgs({
  directory,
  port,
  durable,
}: {
  readonly directory: string;
  readonly port: number;
  readonly durable: boolean;
}): readonly string[] {
  const settings: Readonly<Record<string, string>> = {
    port: String(port),
    bind: '127.0.0.1',
    dir: directory,
    save: '',
    appendonly: 'yes',
    appendfsync: durable ? 'always' : 'everysec',
    'maxmemory-policy': 'noeviction',
    // A rewritten command line would hide the folder by which a later run knows its own processes.
    'set-proc-title': 'no',
  };
  return Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
}

async function probeValkey(port: number): Promise<void> {
  const answer = await exchange(port, Buffer.from('PING\r\n'), (bytes) => bytes.includes('\r\n'));
  const text = answer.toString('latin1').trim();
  // While it reads its file it answers `-LOADING`.
  if (text !== '+PONG') throw new Error(`it answers ${text}`);
}
