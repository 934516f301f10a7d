import type { Command } from 'commander';
import { parseDay, parseDays, parseSpeed } from './options.ts';
import type { StartOptions } from './run-start.ts';

/** `polystore start`: what it takes. */
export function addStartCommand(program: Command, root: string, stateDir: string): void {
  program
    .command('start')
    .description('set up, start every engine and function, load flights, serve the API until Ctrl-C')
    .option(
      '--as-of <day>',
      'the day that 2013-01-01 becomes (default: today, or what was loaded here before)',
      parseDay,
    )
    .option('--days <count>', 'how many days of flights to load, at most 365', parseDays, 7)
    .option('--all', 'load the whole year')
    .option(
      '--speed <times>',
      'replay the days after the first at so many times real time (default: as fast as it goes)',
      parseSpeed,
    )
    .option('--no-load', 'load nothing')
    .option('--fresh', 'forget the data of earlier runs first')
    .option('--operator', 'print a credential for all tenants instead of one tenant')
    .option('--durable', 'sync each write to disk before it is acknowledged')
    .option('--json', 'print one JSON object when everything serves, for programs')
    .action(async (options: StartOptions) => {
      // Loaded here and not above: what a start needs costs the other commands a second.
      const { start } = await import('./run-start.ts');
      await start(root, stateDir, options);
    });
}
