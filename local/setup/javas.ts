import { PolystoreError } from '../../lambda/errors.ts';
import { type Jdk, renderJdks } from './jdks.ts';

/** The Java for an engine that cannot run on any: its path, or why there is none on this machine. */
export type JavaChoice =
  | { readonly kind: 'found'; readonly java: string; readonly major: number; readonly version: string }
  | {
      readonly kind: 'missing';
      /** Says what is needed and what was found instead. */
      readonly problem: string;
      /** Debian's package that would do. */
      readonly debianPackage: string;
    };

const found = ({ java, major, version }: Jdk): JavaChoice => ({ kind: 'found', java, major, version });

/** Cassandra 5 is made for 17; 21 works with a security manager allowed; 24 and newer have none. */
const cassandraMajors = [17, 21] as const;

/** The Java for Cassandra 5.0. */
export function chooseCassandraJava(jdks: readonly Jdk[]): JavaChoice {
  const jdk = cassandraMajors.flatMap((major) => jdks.filter((each) => each.major === major))[0];
  if (jdk !== undefined) return found(jdk);
  return {
    kind: 'missing',
    problem: `it needs Java 17 or 21 and starts on no other; ${renderJdks(jdks)}`,
    debianPackage: 'openjdk-17-jdk-headless',
  };
}

/** OpenSearch's releases that run here: the newest of which all modules are published, by major version. */
export const opensearchVersions = { 2: '2.19.6', 3: '3.8.0' } as const;
export type OpensearchMajor = keyof typeof opensearchVersions;

export interface OpensearchChoice {
  readonly major: OpensearchMajor;
  readonly java: JavaChoice;
}

/**
 * OpenSearch 3 where there is a whole JDK of 21 or newer, else 2 on one of 17 to 21;
 * `POLYSTORE_OPENSEARCH_VERSION=2` or `3` chooses. A trimmed runtime lacks the locales of its analyzers.
 *
 * @throws PolystoreError `invalid_configuration` for another value.
 */
export function chooseOpensearch(jdks: readonly Jdk[], environment: NodeJS.ProcessEnv): OpensearchChoice {
  const asked = readMajor(environment.POLYSTORE_OPENSEARCH_VERSION);
  const three = jdks.filter(({ major, whole }) => whole && major >= 21);
  const two = jdks.filter(({ major, whole }) => whole && major >= 17 && major <= 21);
  const major = asked ?? (three.length > 0 ? 3 : 2);
  // The oldest that will do is the one that it was tried with most.
  const [jdk] = (major === 3 ? three : two).toSorted((a, b) => a.major - b.major);
  if (jdk !== undefined) return { major, java: found(jdk) };
  const needs =
    asked === undefined
      ? 'it needs a whole JDK of version 17 or newer'
      : `version ${asked} (POLYSTORE_OPENSEARCH_VERSION=${asked}) needs a whole JDK of version ${asked === 3 ? '21 or newer' : '17 to 21'}`;
  return {
    major,
    java: {
      kind: 'missing',
      problem: `${needs}, not a trimmed runtime, whose missing locales its analyzers ask for; ${renderJdks(jdks)}`,
      debianPackage: major === 3 ? 'openjdk-21-jdk-headless' : 'openjdk-17-jdk-headless',
    },
  };
}

function readMajor(text: string | undefined): OpensearchMajor | undefined {
  if (text === undefined || text === '') return undefined;
  if (text === '2') return 2;
  if (text === '3') return 3;
  throw new PolystoreError(
    'invalid_configuration',
    `POLYSTORE_OPENSEARCH_VERSION is "${text}"; it takes 2 or 3. Without it, 3 runs where a JDK of 21 or newer is found, else 2.`,
  );
}

/** The path of a Java that was found. @throws PolystoreError `tool_missing`. */
export function requireJava(choice: JavaChoice, engine: string): string {
  if (choice.kind === 'found') return choice.java;
  throw new PolystoreError(
    'tool_missing',
    `${engine} cannot run: ${choice.problem}. On Debian or Ubuntu: apt-get install ${choice.debianPackage}`,
  );
}
