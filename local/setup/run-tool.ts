import { spawn } from 'node:child_process';
import { PolystoreError } from '../../lambda/errors.ts';

/** How who waits for a tool sees what it does, and ends it. */
export interface Watch {
  readonly onLine?: ((line: string) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface ToolRun extends Watch {
  /** Which step this is for, as the user sees it. */
  readonly step: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  readonly environment?: NodeJS.ProcessEnv;
  /** What to do when it fails, as a sentence. */
  readonly remedy: string;
}

const keptLines = 200;
const shownLines = 15;

/**
 * Runs a tool to its end.
 * @returns its last lines of output (standard output and error together).
 * @throws `setup_failed` with the step, the tool's last lines and what to do.
 */
export function runTool(run: ToolRun): Promise<readonly string[]> {
  return new Promise((resolve, reject) => {
    const lines: string[] = [];
    let rest = '';
    const take = (chunk: string): void => {
      const parts = (rest + chunk).split(/[\r\n]+/);
      rest = parts.pop() ?? '';
      for (const line of parts) addLine(line);
    };
    const addLine = (line: string): void => {
      if (line.trim() === '') return;
      lines.push(line);
      if (lines.length > keptLines) lines.shift();
      run.onLine?.(line);
    };

    const child = spawn(run.command, run.args, {
      cwd: run.cwd,
      env: run.environment ?? process.env,
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(run.signal && { signal: run.signal }),
    });
    child.stdout.setEncoding('utf8').on('data', take);
    child.stderr.setEncoding('utf8').on('data', take);
    child.once('error', (cause) =>
      reject(toolFailed(run, `could not be run: ${cause.message}`, lines, cause)),
    );
    child.once('close', (code, signal) => {
      addLine(rest);
      if (code === 0) resolve(lines);
      else
        reject(toolFailed(run, code === null ? `was ended by ${signal}` : `ended with code ${code}`, lines));
    });
  });
}

function toolFailed(run: ToolRun, how: string, lines: readonly string[], cause?: Error): PolystoreError {
  const shown = lines.slice(-shownLines);
  const output = shown.length === 0 ? '  (no output)' : shown.map((line) => `  ${line}`).join('\n');
  return new PolystoreError('setup_failed', `${run.step}: ${run.command} ${how}.\n${output}\n${run.remedy}`, {
    ...(cause && { cause }),
    details: { step: run.step, command: [run.command, ...run.args], lastLines: shown },
  });
}
