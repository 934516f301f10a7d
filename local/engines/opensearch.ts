import { mkdir, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { prepareOnce, renderOpensearchArgs, requireJava } from '../setup/index.ts';
import type { Engine, EngineContext } from './engine.ts';
import { renderYaml, writeLogging } from './java.ts';
import { logFileOf } from './logs.ts';
import { requireOk } from './probes.ts';

/** OpenSearch, the local OpenSearch Service: one node, without the security that the service puts in front. */
export function createOpensearch({ downloads, stateDir, ports }: EngineContext): Engine {
  const { major, java } = downloads.opensearch;
  const home = join(stateDir, 'opensearch');
  const config = join(home, 'config');
  const data = join(home, 'data');
  const port = ports.opensearch;
  return {
    name: 'opensearch',
    async prepare() {
      await mkdir(config, { recursive: true });
      // OpenSearch fills it. 3 would read what 2 wrote, but not the other way round.
      const build = async (): Promise<void> => undefined;
      await prepareOnce({ directory: data, version: `opensearch ${major}`, onMismatch: 'refuse', build });
      await writeFile(
        join(config, 'opensearch.yml'),
        renderOpensearchSettings({ data, port, transportPort: ports.opensearchTransport }),
      );
      await writeLogging(config);
    },
    plan: () => ({
      engine: 'opensearch',
      command: requireJava(java, 'OpenSearch'),
      args: renderOpensearchArgs(downloads.opensearch, home),
      cwd: home,
      port,
      logFile: logFileOf(stateDir, 'opensearch'),
      stopSignal: 'SIGTERM',
      stopTimeoutMs: 20_000,
      readyTimeoutMs: 180_000,
      // Yellow: every index can be read and written, though one node has no room for a replica.
      probe: () => requireOk(`http://127.0.0.1:${port}/_cluster/health?wait_for_status=yellow&timeout=1s`),
    }),
  };
}

export interface OpensearchSettings {
  /** Absolute path of the data folder. */
  readonly data: string;
  /** Of HTTP. */
  readonly port: number;
  /** For other nodes, of which there are none. */
  readonly transportPort: number;
}

/** The text of `opensearch.yml`. */
export function renderOpensearchSettings({ data, port, transportPort }: OpensearchSettings): string {
  return renderYaml({
    'cluster.name': 'polystore',
    'node.name': 'local',
    'discovery.type': 'single-node',
    'network.host': '127.0.0.1',
    'http.port': port,
    'transport.port': transportPort,
    'http.type': 'netty4',
    'transport.type': 'netty4',
    'path.data': data,
    // Sizes its thread pools; it may not be more than there are.
    'node.processors': Math.min(2, availableParallelism()),
    // A disk that is fairly full would make every index read-only.
    'cluster.routing.allocation.disk.threshold_enabled': false,
  });
}
