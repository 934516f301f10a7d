import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import Table from 'cli-table3';
import type { Command } from 'commander';
import { PolystoreError } from '../../lambda/errors.ts';
import { type RunStatus, readRunStatus } from '../../local/deployment/control.ts';
import type { LoadRequest, LoadStatus } from '../../local/deployment/loads.ts';
import { findRun, requireRun } from '../../local/deployment/run-file.ts';
import { endLeftovers, findLeftovers } from '../../local/engines/index.ts';
import type { LoadReport, LoadSummary } from '../../local/loader/index.ts';
import { readViews, renderViews } from './view-status.ts';

/** `polystore status` and `polystore stop`: what the run in this folder does, and its end. */

interface JsonOption {
  readonly json?: boolean;
}

/** Longer than any function's time limit, which a stop waits for. */
const stopWithinMs = 90_000;

export function addRunCommands(program: Command, stateDir: string): void {
  program
    .command('status')
    .description('say what runs and how far it is; fails unless everything serves')
    .option('--json', 'print JSON for programs')
    .action(async ({ json }: JsonOption) => {
      const run = await findRun(stateDir);
      if (run === undefined) {
        const leftovers = findLeftovers(join(stateDir, 'engines')).map(({ engine, pid }) => ({
          engine,
          pid,
        }));
        console.log(
          json
            ? JSON.stringify({ serving: false, parts: [], leftovers, load: { state: 'idle' } })
            : leftovers.length === 0
              ? 'Nothing is running here. Start it with "npm start".'
              : `Nothing serves here, and a run that was killed left ${leftovers.length} engines behind. "npx polystore stop" ends them, and so does the next start.`,
        );
        process.exitCode = 1;
        return;
      }
      if (run.state === 'starting') {
        console.log(
          json
            ? JSON.stringify({ serving: false, starting: true, parts: [], load: { state: 'idle' } })
            : `Process ${run.process.pid} is still starting; its terminal shows how far it is.`,
        );
        process.exitCode = 1;
        return;
      }
      const status = await readRunStatus(run);
      // A store that is away would be waited for.
      const views = status.serving
        ? await readViews(stateDir)
        : { viewsProblem: 'how far they are is told when everything serves' };
      console.log(
        json ? JSON.stringify({ ...status, ...views }) : `${renderStatus(status)}\n${renderViews(views)}`,
      );
      if (!status.serving) process.exitCode = 1;
    });

  program
    .command('stop')
    .description('stop the run of this folder and all it started')
    .option('--json', 'print JSON for programs')
    .action(async ({ json }: JsonOption) => {
      // One that is still starting can be stopped too; of one that was killed the engines may be left.
      const found = await findRun(stateDir);
      const ended = found === undefined ? await endLeftovers(join(stateDir, 'engines')) : [];
      if (ended.length > 0) {
        const text = `A run that was killed had left ${ended.length} engines behind; they are stopped.`;
        console.log(json ? JSON.stringify({ stopped: true, leftovers: ended.length }) : text);
        return;
      }
      const run = found ?? (await requireRun(stateDir));
      process.kill(run.process.pid, 'SIGTERM');
      const deadline = performance.now() + stopWithinMs;
      while ((await findRun(stateDir)) !== undefined) {
        if (performance.now() > deadline) {
          throw new PolystoreError(
            'engine_failed',
            `Process ${run.process.pid} has not stopped within ${stopWithinMs / 1000} s. Its logs are in ${stateDir}/logs.`,
          );
        }
        await pause(100);
      }
      console.log(json ? JSON.stringify({ stopped: true }) : 'Stopped.');
    });
}

function renderStatus(status: RunStatus): string {
  const table = new Table({ head: ['', 'part', 'kind', ''], style: { head: [], border: [] } });
  for (const each of status.parts)
    table.push([each.serving ? '✓' : each.starting ? '…' : '✗', each.part, each.kind, each.detail]);
  return [
    table.toString(),
    `load: ${renderLoad(status.load)}`,
    status.serving ? 'everything serves' : status.starting ? 'still starting' : 'NOT everything serves',
  ].join('\n');
}

/** One line on a load: how far, how fast, until when. */
export function renderLoad(load: LoadStatus): string {
  switch (load.state) {
    case 'idle':
      return 'nothing is being loaded';
    case 'waiting':
      return `${renderRequest(load.request)}: waits for the load before it`;
    case 'failed':
      return `failed: ${load.message}`;
    case 'finished':
      return `${renderRequest(load.request)}: ${load.summary.outcome === 'finished' ? 'done' : 'stopped; it goes on from here when asked for again'}${renderMostBehind(load.summary)}`;
    case 'loading': {
      const { report } = load;
      if (report === undefined) return 'starting';
      const until =
        report.etaIso === undefined ? '' : `, until ${report.etaIso.slice(0, 16).replace('T', ' ')} UTC`;
      return `${report.phase}, day ${report.day} of ${report.daysTotal}, ${report.flightsDone} of ${report.flightsTotal} flights, ${Math.round(report.commandsPerSecond)} requests/s${until}${renderReplay(report)}`;
    }
  }
}

const renderRequest = ({ days, asOf, speed }: LoadRequest): string =>
  `${days === 'all' ? 'the year' : `${days} day(s)`} as of ${asOf}${speed === undefined ? '' : ` at ${speed} times real time`}`;

/** A request takes some milliseconds and steps that are due meanwhile wait for it; that is no lag to tell of. */
const toldFromMs = 1000;

const renderBehind = (ms: number): string =>
  ms < toldFromMs ? 'on time' : `${(ms / 1000).toFixed(1)} s behind`;

const renderReplay = ({ replay }: LoadReport): string =>
  replay === undefined ? '' : `, ${replay.speed} times real time, ${renderBehind(replay.behindMs)}`;

const renderMostBehind = ({ mostBehindMs }: LoadSummary): string =>
  mostBehindMs === undefined || mostBehindMs < toldFromMs ? '' : `, at most ${renderBehind(mostBehindMs)}`;
