import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { PolystoreError } from '../../lambda/errors.ts';
import { prepareOnce } from '../../local/setup/index.ts';
import { findJdks } from '../../local/setup/jdks.ts';
import { runTool } from '../../local/setup/run-tool.ts';

export const trinoVersion = '476';
/** The connectors that are asked; without the types of the last one the server does not start. */
const plugins: readonly string[] = ['postgresql', 'cassandra', 'opensearch', 'geospatial'];
const leastJava = 24;

/** Where Trino is, and the Java that runs it. Absolute paths. */
export interface TrinoFiles {
  readonly home: string;
  readonly java: string;
}

/**
 * Brings Trino from Maven Central, once: 821 MB, of which 180 are kept.
 *
 * @param downloads absolute path of the folder that holds what was fetched.
 * @throws PolystoreError `tool_missing` without a Java of 24 or newer, `setup_failed`.
 */
export async function setUpTrino(downloads: string, signal: AbortSignal): Promise<TrinoFiles> {
  const [java] = findJdks({ environment: process.env }).filter(({ major }) => major >= leastJava);
  if (java === undefined)
    throw new PolystoreError(
      'tool_missing',
      `Trino ${trinoVersion} runs on Java ${leastJava} or newer, and none was found in JAVA_HOME, on the PATH or in /usr/lib/jvm.`,
    );
  const home = join(downloads, `trino-${trinoVersion}`);
  await prepareOnce({
    directory: home,
    version: `${trinoVersion} ${plugins.join(' ')}`,
    onMismatch: 'rebuild',
    build: (target) => fetchTrino(target, signal),
  });
  return { home, java: java.java };
}

async function fetchTrino(target: string, signal: AbortSignal): Promise<void> {
  const step = `Trino ${trinoVersion}`;
  const remedy = 'Run the same command again; Maven Central must be in reach.';
  const scratch = join(target, 'fetched');
  const archive = `trino-server-${trinoVersion}.tar.gz`;
  console.log(`fetching ${step}, 821 MB …`);
  await runTool({
    ...{ step, remedy, signal, command: 'mvn' },
    args: [
      ...['-B', '-q', '-C', 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy'],
      ...[`-Dartifact=io.trino:trino-server:${trinoVersion}:tar.gz`, `-DoutputDirectory=${scratch}`],
      // A repository of its own, so that the archive does not stay in the user's.
      `-Dmaven.repo.local=${join(scratch, 'repository')}`,
    ],
  });
  // Whole, since jars of one plugin are hard links to another's.
  const args = ['-xzf', join(scratch, archive), '-C', target, '--strip-components=1'];
  await runTool({ step, remedy, signal, command: 'tar', args });
  const unused = (await readdir(join(target, 'plugin'))).filter((name) => !plugins.includes(name));
  for (const path of [scratch, ...unused.map((name) => join(target, 'plugin', name))])
    await rm(path, { recursive: true });
}
