import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { EngineSet } from '../../local/engines/index.ts';
import { renderProperties } from '../../local/engines/java.ts';
import type { TrinoFiles } from './trino-set-up.ts';

/** Values as Trino's JSON has them, in the order of the columns. */
export type TrinoRow = readonly unknown[];

/** A Trino of one node on this machine, with the three stores as catalogs `pg`, `cassandra` and `opensearch`. */
export interface Trino {
  /** @throws Error with Trino's message. */
  query(sql: string): Promise<readonly TrinoRow[]>;
  stop(): Promise<void>;
}

const startMs = 180_000;

/**
 * Starts Trino with 1 GB of heap, as its `jvm.config` says but for the sizes.
 *
 * @param folder absolute path for its settings, data and log.
 * @throws Error when it does not serve within three minutes.
 */
export async function startTrino(options: {
  readonly files: TrinoFiles;
  readonly folder: string;
  readonly port: number;
  readonly engines: EngineSet;
  readonly keyspace: string;
  readonly signal: AbortSignal;
}): Promise<Trino> {
  const { files, folder, port, engines, keyspace, signal } = options;
  const etc = join(folder, 'etc');
  await mkdir(join(etc, 'catalog'), { recursive: true });
  await writeFile(join(etc, 'config.properties'), renderProperties(settings(port)));
  for (const [name, properties] of Object.entries(catalogs(engines, keyspace)))
    await writeFile(join(etc, 'catalog', `${name}.properties`), renderProperties(properties));
  const logFile = join(folder, 'trino.log');
  const log = openSync(logFile, 'a');
  const child = spawn(
    files.java,
    [
      ...['-Xmx1g', '--add-modules=jdk.incubator.vector', '--enable-native-access=ALL-UNNAMED'],
      ...['--sun-misc-unsafe-memory-access=allow', '-Djdk.attach.allowAttachSelf=true'],
      ...[`-Dconfig=${join(etc, 'config.properties')}`, '-Dnode.environment=bench', '-Dnode.id=one'],
      ...[`-Dnode.data-dir=${join(folder, 'data')}`, `-Dplugin.dir=${join(files.home, 'plugin')}`],
      ...[`-Dcatalog.config-dir=${join(etc, 'catalog')}`, '-cp', join(files.home, 'lib', '*')],
      'io.trino.server.TrinoServer',
    ],
    { cwd: folder, stdio: ['ignore', log, log], detached: true },
  );
  const url = `http://127.0.0.1:${port}`;
  const exited = once(child, 'exit');
  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    await exited;
  };
  const killNow = (): void => void child.kill('SIGKILL');
  process.once('exit', killNow);
  void exited.then(() => process.off('exit', killNow));
  try {
    await untilServing(url, () => child.exitCode === null, signal);
  } catch (error) {
    await stop();
    const lines = (await readFile(logFile, 'utf8')).split('\n').filter((line) => /error/i.test(line));
    throw new Error(`Trino does not serve:\n${lines.slice(0, 15).join('\n')}`, { cause: error });
  }
  return { query: (sql) => runStatement(url, sql, signal), stop };
}

const settings = (port: number) => ({
  coordinator: true,
  'node-scheduler.include-coordinator': true,
  'http-server.http.port': port,
  'discovery.uri': `http://127.0.0.1:${port}`,
  'catalog.management': 'static',
});

function catalogs({ postgresWriter, cassandra, opensearch }: EngineSet, keyspace: string) {
  const search = new URL(opensearch.url);
  return {
    pg: {
      'connector.name': 'postgresql',
      'connection-url': `jdbc:postgresql://${postgresWriter.host}:${postgresWriter.port}/${postgresWriter.database}`,
      'connection-user': postgresWriter.user,
      // Else every statement asks for all statistics and tables anew; both stay as they are here.
      'metadata.cache-ttl': '1h',
      'metadata.statistics.cache-ttl': '1h',
    },
    cassandra: {
      'connector.name': 'cassandra',
      'cassandra.contact-points': cassandra.host,
      'cassandra.native-protocol-port': cassandra.port,
      'cassandra.load-policy.dc-aware.local-dc': cassandra.datacenter,
    },
    opensearch: {
      'connector.name': 'opensearch',
      'opensearch.host': search.hostname,
      'opensearch.port': search.port,
      'opensearch.default-schema-name': keyspace,
      // The node's own address may be another than the one that it is reached by.
      'opensearch.ignore-publish-address': true,
    },
  };
}

async function untilServing(url: string, isRunning: () => boolean, signal: AbortSignal): Promise<void> {
  const begun = performance.now();
  while (performance.now() - begun < startMs) {
    signal.throwIfAborted();
    if (!isRunning()) throw new Error('It ended at its start.');
    const info = await fetch(`${url}/v1/info`)
      .then((response) => response.json())
      .catch(() => undefined);
    if ((info as { readonly starting?: boolean } | undefined)?.starting === false) return;
    await delay(200);
  }
  throw new Error(`It did not serve within ${startMs / 1000} s.`);
}

/** What `POST /v1/statement` and the addresses that it leads to answer. */
interface StatementPage {
  readonly nextUri?: string;
  readonly data?: readonly TrinoRow[];
  readonly error?: { readonly message: string };
}

async function runStatement(url: string, sql: string, signal: AbortSignal): Promise<readonly TrinoRow[]> {
  const headers = { 'x-trino-user': 'bench', 'x-trino-time-zone': 'UTC' };
  const rows: TrinoRow[] = [];
  let response = await fetch(`${url}/v1/statement`, { method: 'POST', body: sql, headers, signal });
  for (;;) {
    if (!response.ok) throw new Error(`Trino answers ${response.status}: ${await response.text()}`);
    // The shape is that of Trino's documented client protocol.
    const page = (await response.json()) as StatementPage;
    if (page.error !== undefined) throw new Error(page.error.message);
    rows.push(...(page.data ?? []));
    if (page.nextUri === undefined) return rows;
    // The server holds the request back until there is more to say.
    response = await fetch(page.nextUri, { headers, signal });
  }
}
