import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { smallJvm } from '../setup/index.ts';
import type { Engine, EngineContext } from './engine.ts';
import { renderProperties, writeLogging } from './java.ts';
import { logFileOf } from './logs.ts';
import { requireOk } from './probes.ts';

/** Kafka Connect in distributed mode, the local MSK Connect, with Debezium as its plugin. */
export function createConnect({ downloads, stateDir, ports }: EngineContext): Engine {
  const directory = join(stateDir, 'connect');
  const settings = join(directory, 'connect-distributed.properties');
  const port = ports.connect;
  return {
    name: 'connect',
    async prepare() {
      await mkdir(directory, { recursive: true });
      await writeLogging(directory, { 'io.debezium': 'info' });
      await writeFile(
        settings,
        renderConnectSettings({ plugins: downloads.connectPlugins, port, kafkaPort: ports.kafka }),
      );
    },
    plan: () => ({
      engine: 'connect',
      command: downloads.java,
      args: [
        ...['-Xms64m', '-Xmx256m', ...smallJvm, '-XX:MaxMetaspaceSize=160m', '-XX:ReservedCodeCacheSize=64m'],
        `-Dlog4j2.configurationFile=${join(directory, 'log4j2.properties')}`,
        ...[
          '-cp',
          join(downloads.kafkaJars, '*'),
          'org.apache.kafka.connect.cli.ConnectDistributed',
          settings,
        ],
      ],
      cwd: directory,
      port,
      logFile: logFileOf(stateDir, 'connect'),
      stopSignal: 'SIGTERM',
      stopTimeoutMs: 15_000,
      readyTimeoutMs: 120_000,
      probe: () => requireOk(`http://127.0.0.1:${port}/health`),
    }),
  };
}

export interface ConnectSettings {
  /** Absolute path; one folder a plugin inside. */
  readonly plugins: string;
  readonly port: number;
  readonly kafkaPort: number;
}

/** The text of `connect-distributed.properties`. */
export function renderConnectSettings({ plugins, port, kafkaPort }: ConnectSettings): string {
  const json = 'org.apache.kafka.connect.json.JsonConverter';
  return renderProperties({
    'bootstrap.servers': `127.0.0.1:${kafkaPort}`,
    'group.id': 'polystore-connect',
    'key.converter': json,
    'key.converter.schemas.enable': false,
    'value.converter': json,
    'value.converter.schemas.enable': false,
    'config.storage.topic': 'connect-configs',
    'config.storage.replication.factor': 1,
    'offset.storage.topic': 'connect-offsets',
    'offset.storage.replication.factor': 1,
    'offset.storage.partitions': 1,
    'status.storage.topic': 'connect-status',
    'status.storage.replication.factor': 1,
    'status.storage.partitions': 1,
    'offset.flush.interval.ms': 1000,
    // A worker that was killed comes back at once, and not after five minutes.
    'scheduled.rebalance.max.delay.ms': 0,
    'session.timeout.ms': 6000,
    'heartbeat.interval.ms': 1500,
    'connector.client.config.override.policy': 'All',
    'topic.creation.enable': true,
    // The REST interface can run any connector: it must not be reachable from elsewhere.
    listeners: `http://127.0.0.1:${port}`,
    'rest.advertised.host.name': '127.0.0.1',
    'plugin.path': plugins,
    // Scanning the class path takes seconds; Debezium registers itself as a service.
    'plugin.discovery': 'service_load',
  });
}
