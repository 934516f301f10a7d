import { randomBytes } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { prepareOnce, smallJvm } from '../setup/index.ts';
import type { Engine, EngineContext } from './engine.ts';
import { renderProperties, writeLogging } from './java.ts';
import { logFileOf } from './logs.ts';
import { exchange } from './probes.ts';
import { runToEnd } from './run-to-end.ts';

/** What a formatted folder is bound to; the ports are not part of it, so they may change between runs. */
const formatVersion = 'kafka 4';

/** Kafka, the local MSK: broker and controller in one process. */
export function createKafka({ downloads, stateDir, ports }: EngineContext): Engine {
  const directory = join(stateDir, 'kafka');
  const data = join(directory, 'data');
  const settings = join(directory, 'server.properties');
  const logFile = logFileOf(stateDir, 'kafka');
  const classPath = ['-cp', join(downloads.kafkaJars, '*')] as const;
  const logging = `-Dlog4j2.configurationFile=${join(directory, 'log4j2.properties')}`;

  const format = async (target: string): Promise<void> => {
    const formatSettings = join(directory, 'format.properties');
    await writeFile(
      formatSettings,
      renderKafkaSettings({ data: target, port: ports.kafka, controllerPort: ports.kafkaController }),
    );
    const clusterId = randomBytes(16).fill(0x4d, 0, 1).toString('base64url');
    await runToEnd({
      engine: 'kafka',
      what: 'formatting its storage',
      logFile,
      command: downloads.java,
      args: [
        '-Xmx64m',
        ...smallJvm,
        logging,
        ...classPath,
        'kafka.tools.StorageTool',
        'format',
        '-t',
        clusterId,
        '-c',
        formatSettings,
      ],
      cwd: directory,
    });
    await rm(formatSettings);
  };
  return {
    name: 'kafka',
    async prepare() {
      await mkdir(directory, { recursive: true });
      await writeLogging(directory, { 'kafka.server.KafkaRaftServer': 'info' });
      await prepareOnce({ directory: data, version: formatVersion, onMismatch: 'refuse', build: format });
      await writeFile(
        settings,
        renderKafkaSettings({ data, port: ports.kafka, controllerPort: ports.kafkaController }),
      );
    },
    plan: () => ({
      engine: 'kafka',
      command: downloads.java,
      args: [
        ...['-Xms64m', '-Xmx256m', ...smallJvm],
        ...['-XX:MaxMetaspaceSize=96m', '-XX:ReservedCodeCacheSize=48m', '-XX:MaxDirectMemorySize=64m'],
        ...[logging, ...classPath, 'kafka.Kafka', settings],
      ],
      cwd: directory,
      port: ports.kafka,
      logFile,
      stopSignal: 'SIGTERM',
      stopTimeoutMs: 20_000,
      readyTimeoutMs: 120_000,
      probe: () => probeKafka(ports.kafka),
    }),
  };
}

export interface KafkaSettings {
  /** Absolute path of the log folder. */
  readonly data: string;
  readonly port: number;
  readonly controllerPort: number;
}

/** The text of `server.properties`. */
export function renderKafkaSettings({ data, port, controllerPort }: KafkaSettings): string {
  const listeners = `BROKER://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`;
  return renderProperties({
    'process.roles': 'broker,controller',
    'node.id': 1,
    // A quorum written down here, not in the storage, lets the port change between runs.
    'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
    listeners,
    'advertised.listeners': `BROKER://127.0.0.1:${port}`,
    'inter.broker.listener.name': 'BROKER',
    'controller.listener.names': 'CONTROLLER',
    'listener.security.protocol.map': 'BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'log.dirs': data,
    'auto.create.topics.enable': false,
    ...onlyOneBroker,
    ...smallBroker,
    // A broker that was killed is let back in after its old session ends: 9 s by default.
    'broker.heartbeat.interval.ms': 500,
    'broker.session.timeout.ms': 3000,
    'group.initial.rebalance.delay.ms': 0,
  });
}

const onlyOneBroker = {
  'default.replication.factor': 1,
  'min.insync.replicas': 1,
  'offsets.topic.replication.factor': 1,
  'offsets.topic.num.partitions': 1,
  'transaction.state.log.replication.factor': 1,
  'transaction.state.log.min.isr': 1,
  'transaction.state.log.num.partitions': 1,
  'share.coordinator.state.topic.replication.factor': 1,
  'share.coordinator.state.topic.min.isr': 1,
  'share.coordinator.state.topic.num.partitions': 1,
} as const;

const smallBroker = {
  'num.network.threads': 2,
  'num.io.threads': 2,
  'background.threads': 2,
  'group.coordinator.threads': 1,
  'log.cleaner.threads': 1,
  'log.cleaner.dedupe.buffer.size': 4_194_304,
  'log.segment.bytes': 16_777_216,
  'log.index.size.max.bytes': 1_048_576,
} as const;

/** ApiVersions, version 0: proves the protocol and not only that the port is open. */
async function probeKafka(port: number): Promise<void> {
  const client = Buffer.from('probe');
  const request = Buffer.alloc(4 + 10);
  request.writeInt32BE(10 + client.length, 0);
  request.writeInt16BE(18, 4);
  request.writeInt16BE(0, 6);
  request.writeInt32BE(7, 8);
  request.writeInt16BE(client.length, 12);
  const answer = await exchange(
    port,
    Buffer.concat([request, client]),
    (bytes) => bytes.length >= 4 && bytes.length >= 4 + bytes.readInt32BE(0),
  );
  const errorCode = answer.readInt16BE(8);
  if (errorCode !== 0) throw new Error(`it answers error ${errorCode}`);
}
