import { PolystoreError } from '../../lambda/errors.ts';
import { type Catalog, renderWarnings } from '../../lambda/model/index.ts';
import type { CredentialSubject } from '../../local/deployment/credentials.ts';
import { type DeploymentProgress, describeEndpoints } from '../../local/deployment/deployment.ts';
import { type EngineName, type EngineSet, engineTitles } from '../../local/engines/index.ts';
import type { LoadReport } from '../../local/loader/index.ts';
import { sampleQueries } from './sample-queries.ts';
import { renderLoad } from './stop-status.ts';

/** What a person sees of a run, on standard error; with `--json` one object for programs on standard output. */
export interface StartScreen {
  step(title: string): void;
  /** What the compiler warns of, if anything. */
  warnings(catalog: Catalog): void;
  progress(progress: DeploymentProgress): void;
  load(report: LoadReport): void;
  /** `starting`: what does not serve yet, and will say so itself when it does. */
  serving(run: Serving, starting: readonly EngineName[]): void;
  failure(error: unknown): void;
  stopping(): void;
  stopped(): void;
}

export interface Serving {
  readonly api: string;
  readonly engines: EngineSet;
  readonly subject: CredentialSubject;
  readonly credential: string;
  readonly asOf: string;
}

/** On a terminal the load has one line that moves; elsewhere a line at most this often. */
const loadLineEveryMs = 10_000;

export function createStartScreen(json: boolean): StartScreen {
  const out = process.stderr;
  // A terminal or pipe that has gone must not end the run halfway through its stop.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  const begun = performance.now();
  let moving = false;
  let loadShownMs = Number.NEGATIVE_INFINITY;
  const line = (text: string): void => {
    out.write(`${moving ? '\r\x1b[K' : ''}${text}\n`);
    moving = false;
  };
  const seconds = (ms: number): string => `${(ms / 1000).toFixed(1).padStart(6)} s`;
  const step = (title: string, elapsedMs = performance.now() - begun): void =>
    line(`${seconds(elapsedMs)}  ${title}`);

  return {
    step: (title) => step(title),
    warnings(catalog) {
      const text = renderWarnings(catalog);
      if (text !== undefined) line(text);
    },
    progress(progress) {
      const nowMs = performance.now() - begun;
      if (progress.kind === 'step') step(progress.title, nowMs);
      else if (progress.kind === 'notice') step(`${progress.trigger}: ${progress.message}`, nowMs);
      else if (progress.state !== 'stopping')
        step(
          `${engineTitles[progress.engine]} ${progress.state}${progress.detail === undefined ? '' : ` (${progress.detail})`}`,
          nowMs,
        );
    },
    load(report) {
      const text = `${seconds(performance.now() - begun)}  load: ${renderLoad({ state: 'loading', request: { asOf: '', days: 1 }, report })}`;
      if (out.isTTY) {
        out.write(`\r\x1b[K${text}`);
        moving = true;
      } else if (performance.now() - loadShownMs > loadLineEveryMs || report.phase === 'finished') {
        loadShownMs = performance.now();
        line(text);
      }
    },
    serving(run, starting) {
      step(starting.length === 0 ? 'serving' : 'serving; more engines are on their way');
      if (json) process.stdout.write(`${JSON.stringify({ ...run, queries: sampleQueries(run.asOf) })}\n`);
      else line(renderServing(run, starting));
    },
    failure(error) {
      if (json) process.stdout.write(`${JSON.stringify({ error: renderError(error) })}\n`);
      line(error instanceof PolystoreError ? `${error.code}: ${error.message}` : String(error));
    },
    stopping: () => line('Stopping …'),
    stopped: () => line('Stopped; nothing is left running.'),
  };
}

const renderError = (error: unknown): { readonly code: string; readonly message: string } =>
  error instanceof PolystoreError
    ? { code: error.code, message: error.message }
    : { code: 'internal', message: String(error) };

function renderServing(run: Serving, starting: readonly EngineName[]): string {
  const who = run.subject.kind === 'operator' ? 'an operator, all tenants' : `tenant ${run.subject.tenant}`;
  const flag = run.subject.kind === 'operator' ? ' --operator' : '';
  return [
    '',
    `Polystore serves the flights of New York City as of ${run.asOf}.`,
    '',
    `  ${'API'.padEnd(20)}${run.api}`,
    ...describeEndpoints(run.engines).map(([name, address]) => `  ${name.padEnd(20)}${address}`),
    ...(starting.length === 0
      ? []
      : [
          '',
          `Still starting: ${starting.map((engine) => engineTitles[engine]).join(', ')}. What only they can answer is refused until a line says that everything serves.`,
        ]),
    '',
    `A development credential (${who}, 30 days), signed by this machine's own key:`,
    '',
    run.credential,
    '',
    'Try, in another terminal:',
    '',
    ...sampleQueries(run.asOf).flatMap(({ what, sql }) => [
      `  # ${what}`,
      `  npx polystore query${flag} "${sql}"`,
      '',
    ]),
    'npx polystore explain "…" says why a statement goes where it goes; npx polystore status, how far everything is.',
    'Ctrl-C stops everything.',
    '',
  ].join('\n');
}
