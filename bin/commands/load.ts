import { setTimeout as pause } from 'node:timers/promises';
import type { Command } from 'commander';
import { PolystoreError } from '../../lambda/errors.ts';
import { requestLoad } from '../../local/deployment/control.ts';
import { requireRun } from '../../local/deployment/run-file.ts';
import { parseDay, parseDays, parseSpeed } from './options.ts';
import { renderLoad } from './stop-status.ts';

interface LoadOptions {
  readonly asOf?: string;
  readonly days?: number;
  readonly all?: boolean;
  readonly speed?: number;
  readonly json?: boolean;
}

const lookEveryMs = 500;

/** `polystore load`: asks the run in this folder to load, and waits until it has. */
export function addLoadCommand(program: Command, stateDir: string): void {
  program
    .command('load')
    .description('load flights through the front door of the running API; what is there is left alone')
    .option(
      '--as-of <day>',
      'the day that 2013-01-01 becomes (default: what was loaded here before, or today)',
      parseDay,
    )
    .option('--days <count>', 'how many days, at most 365 (default: 7)', parseDays)
    .option('--all', 'the whole year')
    .option('--speed <times>', 'replay at so many times real time (default: as fast as it goes)', parseSpeed)
    .option('--json', 'print JSON for programs')
    .action(async (options: LoadOptions) => {
      const run = await requireRun(stateDir);
      const readLoad = await requestLoad(run, {
        asOf: options.asOf,
        days: options.all ? 'all' : (options.days ?? 7),
        speed: options.speed,
      });
      const onTerminal = process.stderr.isTTY && !options.json;
      let load = await readLoad();
      while (load.state === 'waiting' || load.state === 'loading') {
        if (onTerminal) process.stderr.write(`\r\x1b[K${renderLoad(load)}`);
        await pause(lookEveryMs);
        load = await readLoad();
      }
      if (onTerminal) process.stderr.write('\r\x1b[K');
      if (load.state === 'failed') throw new PolystoreError('setup_failed', load.message);
      console.log(options.json ? JSON.stringify(load) : renderLoad(load));
      if (load.state === 'finished' && load.summary.outcome === 'stopped') process.exitCode = 1;
    });
}
