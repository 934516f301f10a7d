import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { isFree } from '../../../local/engines/index.ts';
import { locateDownloads } from '../../../local/setup/index.ts';

export interface ValkeyCluster {
  readonly ports: readonly number[];
  /** Asks one of the nodes. */
  ask(node: number, command: string, ...args: readonly string[]): Promise<unknown>;
  stop(): Promise<void>;
}

const slots = 16_384;

/** Three masters of a real cluster, each with a third of the slots. */
export async function startValkeyCluster(): Promise<ValkeyCluster> {
  const folder = mkdtempSync(join(tmpdir(), 'polystore-valkey-cluster-'));
  const { valkeyServer } = locateDownloads(process.cwd());
  const ports: number[] = [];
  // Nodes talk to one another at 10,000 above.
  for (let port = 20_000 + Math.floor(Math.random() * 5_000); ports.length < 3; port += 1)
    if ((await isFree(port)) && (await isFree(port + 10_000))) ports.push(port);
  const processes = ports.map((port) => start(valkeyServer, folder, port));
  const nodes = ports.map((port) => new Redis({ host: '127.0.0.1', port, retryStrategy: () => 100 }));
  for (const node of nodes) node.on('error', () => {});
  const size = Math.ceil(slots / nodes.length);
  for (const [index, node] of nodes.entries()) {
    const last = Math.min((index + 1) * size, slots) - 1;
    await node.call('CLUSTER', 'ADDSLOTSRANGE', String(index * size), String(last));
    for (const port of ports.slice(0, index)) await node.call('CLUSTER', 'MEET', '127.0.0.1', String(port));
  }
  for (const node of nodes)
    while (!/cluster_state:ok[\s\S]*cluster_known_nodes:3/.test(String(await node.call('CLUSTER', 'INFO'))))
      await sleep(50);
  return {
    ports,
    ask: async (node, command, ...args) => nodes[node]?.call(command, ...args),
    stop: async () => {
      for (const node of nodes) node.disconnect();
      await Promise.all(
        processes.map(async (process) => {
          const ended = once(process, 'exit');
          process.kill('SIGKILL');
          await ended;
        }),
      );
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const start = (server: string, folder: string, port: number): ChildProcess =>
  spawn(
    server,
    ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--save', '', '--cluster-enabled', 'yes']
      .concat(['--cluster-config-file', join(folder, `nodes-${port}.conf`)])
      .concat(['--maxmemory-policy', 'noeviction']),
    { stdio: 'ignore' },
  );
