import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { dirname, join } from 'node:path';

/** A command that failed: its message has the last lines that it printed. */
export class CdkFailure extends Error {
  /** All that it printed. */
  readonly output: string;
  constructor(message: string, output: string) {
    super(message);
    this.output = output;
  }
}

/** The CDK's command line as it comes from npm, against the emulator. */
export interface Cdk {
  /** Runs one command to its end. @throws CdkFailure when it fails. */
  run(args: readonly string[], options?: { readonly cwd?: string }): Promise<string>;
}

const shownLines = 40;

export function createCdk(options: {
  readonly root: string;
  /** What the emulator says of itself. */
  readonly environment: Readonly<Record<string, string>>;
  /** Takes all that the commands print; appended to. */
  readonly logFile: string;
  readonly signal: AbortSignal;
}): Cdk {
  const { root, environment, logFile, signal } = options;
  const cli = join(root, 'node_modules', 'aws-cdk', 'bin', 'cdk');
  return {
    run: (args, { cwd = root } = {}) =>
      new Promise((resolve, reject) => {
        const log = createWriteStream(logFile, { flags: 'a' });
        log.write(`$ cdk ${args.join(' ')}\n`);
        let output = '';
        const child = spawn(process.execPath, [cli, ...args, '--no-notices'], {
          cwd,
          // Nothing else of who runs it: no credentials, no profile.
          env: {
            PATH: process.env.PATH,
            HOME: process.env.HOME,
            TMPDIR: process.env.TMPDIR,
            // Its cache.
            CDK_HOME: dirname(logFile),
            // A gate of its own, `check:templates`: it makes a synth 4 to 8 times slower.
            CDK_VALIDATION: 'false',
            CDK_DISABLE_CLI_TELEMETRY: 'true',
            CDK_DISABLE_VERSION_CHECK: 'true',
            NO_COLOR: '1',
            ...environment,
          },
          stdio: ['ignore', 'pipe', 'pipe'],
          signal,
        });
        const take = (chunk: string): void => {
          output += chunk;
          log.write(chunk);
        };
        child.stdout.setEncoding('utf8').on('data', take);
        child.stderr.setEncoding('utf8').on('data', take);
        // Of an abort, why it was aborted.
        child.once('error', (error) => reject(signal.aborted ? signal.reason : error));
        child.once('close', (code) => {
          log.end();
          if (code === 0) resolve(output);
          else
            reject(
              new CdkFailure(
                `cdk ${args[0]} ended with ${code}:\n${output.trim().split('\n').slice(-shownLines).join('\n')}`,
                output,
              ),
            );
        });
      }),
  };
}
