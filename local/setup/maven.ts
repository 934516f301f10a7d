import { createHash } from 'node:crypto';
import { readdir, readFile, rm } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { damagedJars } from './archive-check.ts';
import { damagedDownload, tryAgain } from './damaged-download.ts';
import { runTool, type Watch } from './run-tool.ts';

const wholeJdk =
  'This needs a JDK, not only a JRE. On Debian or Ubuntu: apt-get install openjdk-17-jdk-headless';

const here = dirname(fileURLToPath(import.meta.url));

export interface JarsOptions extends Watch {
  /** Which step this is for, as the user sees it. */
  readonly step: string;
  /** Name of a file in `poms/`. */
  readonly pom: string;
  /** Absolute path of the folder to put the jars in. */
  readonly target: string;
  /** How the name of the jar begins that must be among them. */
  readonly holds: string;
}

/** A text that changes when one of the files does; they are named relative to this folder. */
export async function fingerprint(files: readonly string[]): Promise<string> {
  const hash = createHash('sha256');
  for (const file of files) hash.update(await readFile(join(here, file)));
  return hash.digest('hex');
}

/**
 * Fetches what a pom names, with all that it needs to run.
 * @throws `setup_failed`, also for a jar that is damaged.
 */
export async function fetchJars({ step, pom, target, holds, onLine, signal }: JarsOptions): Promise<void> {
  await runTool({
    step,
    command: 'mvn',
    // -C: a jar whose checksum is wrong is an error and not a warning.
    args: [
      ...['-B', '-C', '-ntp', '-f', join(here, 'poms', pom), 'dependency:copy-dependencies'],
      ...['-DincludeScope=runtime', `-DoutputDirectory=${target}`],
    ],
    remedy: tryAgain,
    signal,
    onLine: (line) => onLine?.(line.replace(/^\[INFO\] /, '').replace(/ to \/.*$/, '')),
  });
  const damaged = await damagedJars(target);
  if (damaged.length > 0) {
    const remedy = `Delete them from Maven's local repository (find ~/.m2 -name '${damaged[0]}') and run the same command again.`;
    throw damagedDownload(step, damaged, remedy);
  }
  if (!(await readdir(target)).some((name) => name.startsWith(holds)))
    throw damagedDownload(step, [`${holds}*.jar`], tryAgain);
}

/**
 * Compiles a Java file of this folder against the jars in `target`, into a jar beside them.
 * @throws `setup_failed`, also when this Java is not a whole JDK.
 */
export async function compileJar(options: {
  readonly step: string;
  readonly java: string;
  /** Of the class, its file and its jar. */
  readonly name: string;
  readonly target: string;
}): Promise<void> {
  const { step, java, name, target } = options;
  await compileJava({ step, java, file: `${name}.java`, target });
  await runTool({
    step,
    command: java,
    args: [
      ...['-m', 'jdk.jartool/sun.tools.jar.Main', '--create', '--file', join(target, `${name}.jar`)],
      ...['-C', target, `${name}.class`],
    ],
    remedy: wholeJdk,
  });
  await rm(join(target, `${name}.class`));
}

/**
 * Compiles a Java file of this folder against the jars in `target`, into `target`.
 * @throws `setup_failed`, also when this Java is not a whole JDK.
 */
export async function compileJava(options: {
  readonly step: string;
  readonly java: string;
  readonly file: string;
  readonly target: string;
  /** @default - those of the compiler */
  readonly flags?: readonly string[];
}): Promise<void> {
  const { step, java, file, target, flags = [] } = options;
  const jars = (await readdir(target))
    .filter((name) => name.endsWith('.jar'))
    .map((name) => join(target, name));
  await runTool({
    step,
    command: java,
    // The compiler by its module: a `javac` on the PATH may belong to another Java.
    args: [
      ...['-m', 'jdk.compiler/com.sun.tools.javac.Main', '-proc:none', '--release', '17', ...flags],
      ...['-d', target, '-cp', jars.join(delimiter), join(here, file)],
    ],
    remedy: wholeJdk,
  });
}
