import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { zipSync } from 'fflate';
import { PolystoreError } from '../../lambda/errors.ts';
import { type Downloads, debeziumFolder } from './downloads.ts';

/** The archive that MSK Connect gets, on every machine: the same jars in the same bytes. SHA-256 in hex. */
export const connectPluginSha256 = 'b9a541e7880a84ab7dfdf9bdc1616734a5d9df18e0c20075c24c672d1a5dd7a3';

/** What `sha256sum` prints for the jars of Debezium 3.7.0 as Maven Central has them. */
const sumsFile = join(dirname(fileURLToPath(import.meta.url)), 'poms', 'debezium.sha256');

export interface ConnectPlugin {
  /** Absolute path of the ZIP archive. */
  readonly file: string;
  /** Of the archive, in hex. */
  readonly sha256: string;
}

export interface ConnectPluginOptions {
  readonly downloads: Pick<Downloads, 'connectPlugins'>;
  /** Absolute path of the archive to write; its folder is made if missing. */
  readonly outFile: string;
}

/**
 * Packs the Debezium that set-up fetched, the very jars that run on this machine, as the ZIP archive
 * of an MSK Connect custom plugin. Nothing of this machine is in it, so its hash is pinned above.
 *
 * @throws PolystoreError `setup_failed` that names each jar that is missing, additional or different.
 */
export async function buildConnectPlugin({
  downloads,
  outFile,
}: ConnectPluginOptions): Promise<ConnectPlugin> {
  const folder = debeziumFolder(downloads.connectPlugins);
  const jars = await readJars(folder);
  requirePinned(jars, parseSums(await readFile(sumsFile, 'utf8')), folder);

  const archive = renderPluginArchive(jars);
  const sha256 = sha256Of(archive);
  if (sha256 !== connectPluginSha256) {
    throw new PolystoreError(
      'setup_failed',
      `The Connect plugin's archive came out as ${sha256} and should be ${connectPluginSha256}, of jars that are as pinned: ` +
        `what packs them has changed (fflate in package.json, or the packing in ${basename(import.meta.url)}). ` +
        'If that was on purpose, pin the new hash as connectPluginSha256 there; deployed connectors then get a new plugin.',
      { details: { sha256, pinned: connectPluginSha256 } },
    );
  }
  await replaceFile(outFile, archive);
  return { file: outFile, sha256 };
}

/** A jar's bytes by its name. */
export type Jars = ReadonlyMap<string, Uint8Array>;

/**
 * The archive's bytes: the jars in one folder, in the order of their names, stored as they are (a jar
 * is compressed already, and what a compressor writes depends on its version), all at one time.
 */
export function renderPluginArchive(jars: Jars): Uint8Array {
  // ZIP keeps local time without a zone, so this is the same bytes in every zone; it cannot be earlier.
  const mtime = new Date(1980, 0, 1);
  const names = [...jars.keys()].toSorted();
  const entries = names.map((name) => [`debezium-connector-postgres/${name}`, jars.get(name)] as const);
  // Every name is a key of the map, so no value is missing.
  const files = Object.fromEntries(entries) as Record<string, Uint8Array>;
  return zipSync(files, { level: 0, mtime });
}

async function readJars(folder: string): Promise<Jars> {
  const names = await readdir(folder).catch((cause: unknown) => {
    throw new PolystoreError(
      'setup_failed',
      `The Connect plugin needs Debezium's jars, and ${folder} cannot be read. The set-up fetches them: run it first.`,
      { cause, details: { folder } },
    );
  });
  const jars = names.filter((name) => name.endsWith('.jar'));
  return new Map(
    await Promise.all(jars.map(async (name) => [name, await readFile(join(folder, name))] as const)),
  );
}

/** SHA-256 in hex by file name, of lines as `sha256sum` writes them. */
function parseSums(text: string): ReadonlyMap<string, string> {
  return new Map(
    text
      .trim()
      .split('\n')
      .map((line) => [line.slice(66), line.slice(0, 64)]),
  );
}

function requirePinned(jars: Jars, sums: ReadonlyMap<string, string>, folder: string): void {
  const problems = [
    ...[...sums.keys()].filter((name) => !jars.has(name)).map((name) => `${name} is missing`),
    ...[...jars].flatMap(([name, bytes]) => {
      const pinned = sums.get(name);
      const found = sha256Of(bytes);
      if (pinned === undefined) return [`${name} is not one of the plugin's jars`];
      return found === pinned ? [] : [`${name} has SHA-256 ${found} and should have ${pinned}`];
    }),
  ].toSorted();
  if (problems.length === 0) return;
  throw new PolystoreError(
    'setup_failed',
    `The jars of Debezium in ${folder} are not those that the Connect plugin is pinned to:\n` +
      `${problems.map((problem) => `  ${problem}`).join('\n')}\n` +
      `A damaged download is mended by deleting ${dirname(folder)} and Maven's copy of the jar, and running the same command again. ` +
      `After a change of local/setup/poms/debezium.xml, write the new sums to ${basename(sumsFile)} beside it (sha256sum *.jar in the folder).`,
    { details: { folder, problems } },
  );
}

const sha256Of = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** Replaced as a whole: who reads at the same time sees the old archive or the new one. */
async function replaceFile(file: string, bytes: Uint8Array): Promise<void> {
  const held = await readFile(file).catch(() => undefined);
  if (held?.equals(bytes)) return;
  await mkdir(dirname(file), { recursive: true });
  const next = `${file}.${process.pid}.new`;
  await writeFile(next, bytes);
  await rename(next, file);
}
