import { type ErrorCode, type ErrorOptions, PolystoreError } from '../../lambda/errors.ts';
import { lastLines } from './last-lines.ts';
import { type EngineName, engineTitles } from './types.ts';

export interface EngineErrorOptions extends ErrorOptions {
  readonly engine: EngineName;
  /** Absolute path of the log of the engine's last run. */
  readonly logFile?: string;
}

const shownLines = 12;

/** An engine that did not start, died or cannot be reached; the message carries the end of its log. */
export class EngineError extends PolystoreError {
  override readonly name: string = 'EngineError';
  readonly engine: EngineName;
  readonly logFile: string | undefined;

  /** `problem` continues the sentence that begins with the engine's name. */
  constructor(code: ErrorCode, problem: string, { engine, logFile, cause, details }: EngineErrorOptions) {
    const lines = logFile === undefined ? [] : lastLines(logFile, shownLines);
    super(code, renderEngineProblem({ engine, problem, ...(logFile !== undefined && { logFile }), lines }), {
      cause,
      details: { engine, ...(logFile !== undefined && { logFile, lastLines: lines }), ...details },
    });
    this.engine = engine;
    this.logFile = logFile;
  }
}

/** The text that a person sees: the problem, the log file, and its last lines, indented. */
function renderEngineProblem(report: {
  readonly engine: EngineName;
  readonly problem: string;
  readonly logFile?: string;
  readonly lines: readonly string[];
}): string {
  const head = `${engineTitles[report.engine]} ${report.problem}`;
  if (report.logFile === undefined) return head;
  const log =
    report.lines.length === 0 ? '  (the log is empty)' : report.lines.map((line) => `  ${line}`).join('\n');
  return `${head}\nLog file: ${report.logFile}\nIts last lines:\n${log}`;
}
