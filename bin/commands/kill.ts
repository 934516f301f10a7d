import type { Command } from 'commander';
import { requestKill, requestRestart } from '../../local/deployment/control.ts';
import type { Killed } from '../../local/deployment/kill.ts';
import { requireRun } from '../../local/deployment/run-file.ts';

interface JsonOption {
  readonly json?: boolean;
}

/** `polystore kill` and `polystore restart`: what a crash does to the run in this folder, and its repair. */
export function addKillCommands(program: Command, stateDir: string): void {
  program
    .command('kill')
    .description('kill an engine or a function as a crash would (SIGKILL); "status" tells their names')
    .argument('<part>', 'such as kafka, postgres-writer, apply-redis, capture')
    .option('--json', 'print JSON for programs')
    .action(async (part: string, { json }: JsonOption) => {
      const killed = await requestKill(await requireRun(stateDir), part);
      console.log(json ? JSON.stringify(killed) : renderKilled(killed));
    });

  program
    .command('restart')
    .description('stop an engine if it runs, start it and wait until it serves')
    .argument('<engine>', 'such as kafka, postgres-writer, opensearch')
    .option('--json', 'print JSON for programs')
    .action(async (engine: string, { json }: JsonOption) => {
      await requestRestart(await requireRun(stateDir), engine);
      console.log(json ? JSON.stringify({ restarted: engine }) : `${engine} serves.`);
    });
}

function renderKilled({ part, kind, pid, inFlight }: Killed): string {
  return kind === 'engine'
    ? `${part} (process ${pid}) was killed. "npx polystore restart ${part}" starts it again.`
    : `${part} (process ${pid}) was killed with ${inFlight} invocations; it is started again by itself, and what it was at comes again.`;
}
