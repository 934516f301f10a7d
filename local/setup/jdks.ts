import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';

/** A Java on this machine. */
export interface Jdk {
  /** Absolute path of its folder, symbolic links resolved. */
  readonly home: string;
  /** Absolute path of its `java`. */
  readonly java: string;
  /** Such as 17. */
  readonly major: number;
  /** What it calls itself, such as `17.0.15+6`. */
  readonly version: string;
  /** Whether it is a JDK with all its modules, and not a runtime that someone has trimmed. */
  readonly whole: boolean;
}

/** Modules that trimmed runtimes lack: without the second, OpenSearch cannot build its analyzers. */
const modulesOfWhole = ['jdk.compiler', 'jdk.localedata'] as const;

export interface FindJdksOptions {
  readonly environment: NodeJS.ProcessEnv;
  /** Folders that hold one Java a folder. @default where Debian, Fedora and their like install them */
  readonly roots?: readonly string[];
}

/** Every Java that JAVA_HOME (or JAVA_HOME_17_X64 and the like), the PATH and the usual folders lead to, in that order. */
export function findJdks({ environment, roots = ['/usr/lib/jvm'] }: FindJdksOptions): readonly Jdk[] {
  const named = Object.entries(environment)
    .filter(([name, value]) => /^JAVA_HOME(_|$)/.test(name) && value !== undefined && value !== '')
    // JAVA_HOME itself first.
    .toSorted(([a], [b]) => a.length - b.length)
    .map(([, value]) => value ?? '');
  const onPath = (environment.PATH ?? '')
    .split(delimiter)
    .map((folder) => join(folder, 'java'))
    .filter((java) => existsSync(java))
    .map(homeOf);
  const installed = roots.flatMap((root) => {
    if (!existsSync(root)) return [];
    return readdirSync(root)
      .toSorted()
      .map((name) => join(root, name));
  });

  const jdks = new Map<string, Jdk>();
  for (const home of [...named, ...onPath, ...installed]) {
    const jdk = readJdk(home);
    if (jdk !== undefined && !jdks.has(jdk.home)) jdks.set(jdk.home, jdk);
  }
  return [...jdks.values()];
}

/** The folder of a `java` on the PATH; what is a script there (jenv, asdf) is asked. */
function homeOf(java: string): string {
  const linked = dirname(dirname(realpathSync(java)));
  if (existsSync(join(linked, 'release'))) return linked;
  // It writes its settings to standard error.
  const { stderr } = spawnSync(java, ['-XshowSettings:properties', '-version'], { encoding: 'utf8' });
  return /^\s*java\.home = (.+)$/m.exec(stderr ?? '')?.[1]?.trim() ?? linked;
}

/** What the `release` file of a Java's folder says; every Java since 9 has one. */
function readJdk(folder: string): Jdk | undefined {
  const java = join(folder, 'bin', 'java');
  let release: string;
  try {
    release = readFileSync(join(folder, 'release'), 'utf8');
  } catch {
    return undefined;
  }
  const version = /^JAVA_VERSION="([^"]+)"/m.exec(release)?.[1];
  if (version === undefined || !existsSync(java)) return undefined;
  const modules = (/^MODULES="([^"]*)"/m.exec(release)?.[1] ?? '').split(' ');
  const home = realpathSync(folder);
  return {
    home,
    java: join(home, 'bin', 'java'),
    major: Number(version.split('.')[0]),
    version: /^JAVA_RUNTIME_VERSION="([^"]+)"/m.exec(release)?.[1] ?? version,
    whole: modulesOfWhole.every((module) => modules.includes(module)),
  };
}

/** For people: what was looked at and found. */
export function renderJdks(jdks: readonly Jdk[]): string {
  if (jdks.length === 0) return 'no Java was found in JAVA_HOME, on the PATH or in /usr/lib/jvm';
  const each = jdks.map(
    ({ version, home, whole }) => `${version}${whole ? '' : ', a trimmed runtime,'} in ${home}`,
  );
  return `found: ${each.join('; ')}`;
}
