import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** The whole standard output of a program that ends well. */
export async function runProgram({
  command,
  args,
  environment,
}: {
  readonly command: string;
  readonly args: readonly string[];
  readonly environment: NodeJS.ProcessEnv;
}): Promise<string> {
  const { stdout } = await promisify(execFile)(command, args, {
    env: environment,
    maxBuffer: 256 * 1024 * 1024,
  });
  return stdout;
}
