import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { freePorts } from '../../../../local/engines/index.ts';
import { locateDownloads, prepareOnce, requireJava } from '../../../../local/setup/index.ts';

const here = import.meta.dirname;
const root = join(here, '..', '..', '..', '..');
const run = promisify(execFile);

export interface SecuredOpensearch {
  readonly url: string;
  /** What the plugin's own example calls the user that may do everything, whom AWS calls the master. */
  readonly manager: { readonly authorization: string };
  /** A user who comes with a role of IAM, as the service says it of a caller who signs: as a backend role. */
  addUser(name: string, roleArn: string): Promise<{ readonly authorization: string }>;
  stop(): Promise<void>;
}

const basic = (name: string, password: string) => ({
  authorization: `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`,
});

/**
 * OpenSearch 2 with the security plugin that the service has in front, without TLS for callers: roles, their mapping
 * and what they let through are the real ones. Who a caller is comes from a password here, and from IAM on AWS.
 */
export async function startSecuredOpensearch(): Promise<SecuredOpensearch> {
  const java = requireJava(
    locateDownloads(root, { ...process.env, POLYSTORE_OPENSEARCH_VERSION: '2' }).opensearch.java,
    'OpenSearch',
  );
  const parts = join(root, '.polystore', 'downloads', 'opensearch-secured');
  const sources = [join(here, 'pom.xml'), join(here, 'SecuredOpensearch.java')];
  const hash = createHash('sha256');
  for (const source of sources) hash.update(await readFile(source));
  await prepareOnce({
    directory: parts,
    version: hash.digest('hex'),
    onMismatch: 'rebuild',
    build: (target) => bringParts(java, target),
  });
  const home = await mkdtemp(join(tmpdir(), 'polystore-secured-'));
  const { opensearch: port, opensearchTransport: transportPort } = await freePorts();
  await writeConfig({ java, home, parts, port, transportPort });
  const jvm = ['-Xms128m', '-Xmx512m', '-XX:TieredStopAtLevel=1', '-Dlog4j2.disable.jmx=true'];
  const child = spawn(
    java,
    [
      ...[...jvm, `-Dlog4j2.configurationFile=${join(home, 'config', 'log4j2.properties')}`],
      ...['-cp', [parts, join(parts, 'jars', '*'), join(parts, 'plugin', '*')].join(delimiter)],
      ...['SecuredOpensearch', home],
    ],
    { stdio: 'ignore' },
  );
  const url = `http://127.0.0.1:${port}`;
  const manager = basic('admin', 'admin');
  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    await rm(home, { recursive: true, force: true });
  };
  try {
    await waitFor(child, url, manager);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    url,
    manager,
    stop,
    async addUser(name, roleArn) {
      // The plugin refuses one that is like the name.
      const password = randomUUID();
      const answer = await fetch(`${url}/_plugins/_security/api/internalusers/${name}`, {
        method: 'PUT',
        headers: { ...manager, 'content-type': 'application/json' },
        body: JSON.stringify({ password, backend_roles: [roleArn] }),
      });
      if (!answer.ok) throw new Error(`no user ${name}: ${answer.status} ${await answer.text()}`);
      return basic(name, password);
    },
  };
}

async function bringParts(java: string, target: string): Promise<void> {
  const jars = join(target, 'jars');
  await run('mvn', [
    ...['-B', '-C', '-ntp', '-q', '-f', join(here, 'pom.xml'), 'dependency:copy-dependencies'],
    ...['-DincludeScope=runtime', `-DoutputDirectory=${jars}`],
  ]);
  const names = await readdir(jars);
  const archive = names.find((name) => name.endsWith('.zip'));
  if (archive === undefined) throw new Error('Maven brought no security plugin');
  await mkdir(join(target, 'plugin'));
  const tool = (name: string, args: readonly string[], cwd: string) =>
    run(java, ['-m', name, ...args], { cwd });
  await tool(
    'jdk.jartool/sun.tools.jar.Main',
    ['--extract', '--file', join(jars, archive)],
    join(target, 'plugin'),
  );
  const classPath = names.filter((name) => name.endsWith('.jar')).join(delimiter);
  const source = join(here, 'SecuredOpensearch.java');
  await tool(
    'jdk.compiler/com.sun.tools.javac.Main',
    ['-proc:none', '-cp', classPath, '-d', target, source],
    jars,
  );
}

async function writeConfig(options: {
  readonly java: string;
  readonly home: string;
  readonly parts: string;
  readonly port: number;
  readonly transportPort: number;
}): Promise<void> {
  const config = join(options.home, 'config');
  await mkdir(config);
  await cp(join(options.parts, 'plugin', 'config'), join(config, 'opensearch-security'), { recursive: true });
  // Nodes must speak TLS with each other, even where there is one.
  const keytool = join(dirname(options.java), 'keytool');
  const store = (name: string) => [
    ...['-keystore', join(config, name), '-storetype', 'PKCS12', '-storepass', 'changeit'],
  ];
  const certificate = join(config, 'node.pem');
  await run(keytool, [
    ...['-genkeypair', '-alias', 'node', '-keyalg', 'RSA', '-dname', 'CN=node', '-validity', '30'],
    ...store('key.p12'),
  ]);
  await run(keytool, ['-exportcert', '-alias', 'node', '-rfc', '-file', certificate, ...store('key.p12')]);
  await run(keytool, [
    ...['-importcert', '-noprompt', '-alias', 'node', '-file', certificate],
    ...store('trust.p12'),
  ]);
  const tls = 'plugins.security.ssl.transport';
  const settings = {
    'discovery.type': 'single-node',
    'network.host': '127.0.0.1',
    'http.port': options.port,
    'transport.port': options.transportPort,
    'path.data': join(options.home, 'data'),
    'cluster.routing.allocation.disk.threshold_enabled': false,
    [`${tls}.keystore_type`]: 'PKCS12',
    [`${tls}.keystore_filepath`]: 'key.p12',
    [`${tls}.keystore_password`]: 'changeit',
    [`${tls}.truststore_type`]: 'PKCS12',
    [`${tls}.truststore_filepath`]: 'trust.p12',
    [`${tls}.truststore_password`]: 'changeit',
    [`${tls}.enforce_hostname_verification`]: false,
    'plugins.security.ssl.http.enabled': false,
    'plugins.security.allow_default_init_securityindex': true,
    'plugins.security.restapi.roles_enabled': ['all_access'],
    'plugins.security.nodes_dn': ['CN=node'],
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name}: ${JSON.stringify(value)}`);
  await writeFile(join(config, 'opensearch.yml'), `${lines.join('\n')}\n`);
  await writeFile(join(config, 'log4j2.properties'), 'rootLogger.level=off\n');
}

/** Until the plugin has made its index, it lets nobody in. */
async function waitFor(
  child: ChildProcess,
  url: string,
  headers: Readonly<Record<string, string>>,
): Promise<void> {
  for (let tries = 0; tries < 600; tries += 1) {
    if (child.exitCode !== null) throw new Error(`OpenSearch ended with code ${child.exitCode}`);
    const answer = await fetch(`${url}/_cluster/health`, { headers }).catch(() => undefined);
    if (answer?.ok === true) return;
    await sleep(200);
  }
  throw new Error('OpenSearch with the security plugin did not start');
}
