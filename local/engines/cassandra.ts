import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { prepareOnce, requireJava, smallJvm } from '../setup/index.ts';
import { loggingSettings, rackSettings, renderCassandraSettings } from './cassandra-settings.ts';
import type { Engine, EngineContext } from './engine.ts';
import { logFileOf } from './logs.ts';
import { exchange } from './probes.ts';

/** What a data folder is bound to; the ports are not part of it, so they may change between runs. */
const dataVersion = 'cassandra 5';

/** Cassandra, the local Keyspaces: one node that is a data centre by itself. */
export function createCassandra({ downloads, stateDir, ports }: EngineContext): Engine {
  const directory = join(stateDir, 'cassandra');
  const data = join(directory, 'data');
  const settings = {
    'cassandra.config': join(directory, 'cassandra.yaml'),
    'cassandra-rackdc.properties': join(directory, 'cassandra-rackdc.properties'),
    'logback.configurationFile': join(directory, 'logback.xml'),
  } as const;
  const port = ports.cassandra;
  return {
    name: 'cassandra',
    async prepare() {
      await mkdir(directory, { recursive: true });
      // Cassandra fills it.
      const build = async (): Promise<void> => undefined;
      await prepareOnce({ directory: data, version: dataVersion, onMismatch: 'refuse', build });
      await writeFile(
        settings['cassandra.config'],
        renderCassandraSettings({ data, port, storagePort: ports.cassandraStorage }),
      );
      await writeFile(settings['cassandra-rackdc.properties'], rackSettings);
      await writeFile(settings['logback.configurationFile'], loggingSettings);
    },
    plan: () => ({
      engine: 'cassandra',
      command: requireJava(downloads.cassandra.java, 'Cassandra'),
      args: [
        ...['-Xms64m', '-Xmx256m', ...smallJvm, ...opened],
        ...Object.entries(settings).map(([name, file]) => `-D${name}=${pathToFileURL(file).href}`),
        ...[`-Dcassandra.storagedir=${data}`, ...alone],
        ...['-cp', join(downloads.cassandra.jars, '*'), 'org.apache.cassandra.service.CassandraDaemon'],
      ],
      cwd: directory,
      port,
      logFile: logFileOf(stateDir, 'cassandra'),
      // It writes its tables out, so that the next start has no commit log to read; 2.5 s.
      stopSignal: 'SIGTERM',
      stopTimeoutMs: 20_000,
      readyTimeoutMs: 180_000,
      probe: () => probeCassandra(port),
    }),
  };
}

/** What Cassandra reaches into; its own start script opens the same. */
const opened = [
  '-Djdk.attach.allowAttachSelf=true',
  // Java 21 refuses the security manager that it sets, unless told so here; 17 takes no notice.
  '-Djava.security.manager=allow',
  ...[
    'java.base/java.lang.ref',
    'java.base/java.lang.reflect',
    'java.base/jdk.internal.misc',
    'java.base/jdk.internal.ref',
    'java.base/sun.nio.ch',
    'java.management.rmi/com.sun.jmx.remote.internal.rmi',
    'java.rmi/sun.rmi.registry',
    'java.rmi/sun.rmi.server',
    'java.sql/java.sql',
    'jdk.unsupported/sun.misc',
  ].map((name) => `--add-exports=${name}=ALL-UNNAMED`),
  ...[
    'java.base/java.io',
    'java.base/java.lang',
    'java.base/java.lang.module',
    'java.base/java.lang.reflect',
    'java.base/java.nio',
    'java.base/java.util',
    'java.base/java.util.concurrent',
    'java.base/java.util.concurrent.atomic',
    'java.base/jdk.internal.loader',
    'java.base/jdk.internal.math',
    'java.base/jdk.internal.module',
    'java.base/jdk.internal.ref',
    'java.base/jdk.internal.reflect',
    'java.base/jdk.internal.util.jar',
    'java.base/sun.nio.ch',
    'java.rmi/sun.rmi.transport.tcp',
    'jdk.management/com.sun.management.internal',
  ].map((name) => `--add-opens=${name}=ALL-UNNAMED`),
];

/** A node that waits for no others, at its start and at its end. */
const alone = [
  '-Dcassandra-foreground=yes',
  '-Dcassandra.skip_wait_for_gossip_to_settle=0',
  '-Dcassandra.ring_delay_ms=0',
  '-Dcassandra.superuser_setup_delay_ms=0',
  '-Dcassandra.shutdown_announce_in_ms=0',
  '-Djava.net.preferIPv4Stack=true',
] as const;

/** OPTIONS of the native protocol, version 4, which answers SUPPORTED; Cassandra listens for it last of all. */
async function probeCassandra(port: number): Promise<void> {
  const [options, supported] = [0x05, 0x06];
  const answer = await exchange(
    port,
    Buffer.from([4, 0, 0, 0, options, 0, 0, 0, 0]),
    (bytes) => bytes.length >= 9 && bytes.length >= 9 + bytes.readUInt32BE(5),
  );
  if (answer[4] !== supported) throw new Error(`it answers opcode ${answer[4]}`);
}
