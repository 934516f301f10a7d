import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Downloads } from './downloads.ts';
import { folderStep, type Step } from './folder-step.ts';
import { opensearchVersions, requireJava } from './javas.ts';
import { compileJar, fetchJars, fingerprint } from './maven.ts';
import { runTool } from './run-tool.ts';
import { smallJvm } from './small-jvm.ts';
import { mavenTool } from './tools.ts';

const launcher = 'LoopbackOpensearch';

/** OpenSearch's jars with our launcher, and an archive of the classes that it loads at its start. */
export async function opensearchSteps(downloads: Downloads): Promise<readonly Step[]> {
  const { major, jars, classes, java } = downloads.opensearch;
  const title = `OpenSearch ${opensearchVersions[major]}`;
  const pom = `opensearch-${major}.xml`;
  const version = await fingerprint([join('poms', pom), `${launcher}.java`]);
  const ofJava = java.kind === 'found' ? `${java.java} ${java.version}` : 'no Java';
  return [
    folderStep({
      part: 'opensearch',
      title,
      directory: jars,
      version,
      tools: [mavenTool],
      build: async (target, watch) => {
        await fetchJars({ step: title, pom, target, holds: 'opensearch-core-', ...watch });
        await compileJar({ step: title, java: requireJava(java, title), name: launcher, target });
      },
    }),
    folderStep({
      part: 'opensearch',
      title: `${title}: its classes made quick to load`,
      directory: classes,
      // An archive is of one Java and one class path; with another it is left unused.
      version: `${version} ${ofJava} ${jars}`,
      tools: [],
      build: (target, watch) =>
        archiveClasses({ step: title, java: requireJava(java, title), jars, target, ...watch }),
    }),
  ];
}

const archiveName = 'classes.jsa';

/** The arguments of its JVM and its main class; the archive is bound to those before the class path, and to it. */
function renderArgs(options: {
  readonly jars: string;
  readonly home: string;
  readonly archive: string;
}): readonly string[] {
  return [
    ...['-Xms128m', '-Xmx384m', ...smallJvm, '--enable-native-access=ALL-UNNAMED'],
    ...['-Dlog4j2.disable.jmx=true', options.archive],
    `-Dlog4j2.configurationFile=${join(options.home, 'config', 'log4j2.properties')}`,
    ...['-cp', join(options.jars, '*'), launcher, options.home],
  ];
}

/**
 * What to run `java` with.
 * @param home the folder that holds `config/opensearch.yml` and `config/log4j2.properties`
 */
export const renderOpensearchArgs = (
  { jars, classes }: Pick<Downloads['opensearch'], 'jars' | 'classes'>,
  home: string,
): readonly string[] =>
  renderArgs({ jars, home, archive: `-XX:SharedArchiveFile=${join(classes, archiveName)}` });

/** Starts it once, which also shows that it starts on this machine, and keeps what it loaded: half the time of a start. */
async function archiveClasses(options: {
  readonly step: string;
  readonly java: string;
  readonly jars: string;
  readonly target: string;
  readonly signal?: AbortSignal | undefined;
}): Promise<void> {
  const { step, java, jars, target, signal } = options;
  const home = join(target, 'home');
  await mkdir(join(home, 'config'), { recursive: true });
  const settings = [
    'discovery.type: single-node',
    'network.host: 127.0.0.1',
    // Any that are free.
    'http.port: 0',
    'transport.port: 0',
    'http.type: netty4',
    'transport.type: netty4',
  ];
  await writeFile(join(home, 'config', 'opensearch.yml'), `${settings.join('\n')}\n`);
  await writeFile(join(home, 'config', 'log4j2.properties'), 'rootLogger.level=error\n');
  await runTool({
    step,
    command: java,
    args: [
      ...renderArgs({ jars, home, archive: `-XX:ArchiveClassesAtExit=${join(target, archiveName)}` }),
      '--once',
    ],
    remedy: 'OpenSearch does not start on this machine; its output is above.',
    signal,
  });
  await rm(home, { recursive: true });
}
