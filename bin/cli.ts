import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Command } from 'commander';
import { PolystoreError } from '../lambda/errors.ts';
import { chooseStateDir } from '../local/deployment/settings.ts';
import { addAskCommands } from './commands/ask.ts';
import { addDeadLetterCommands } from './commands/dead-letters.ts';
import { addDeployCommands } from './commands/deploy.ts';
import { addKillCommands } from './commands/kill.ts';
import { addLoadCommand } from './commands/load.ts';
import { addMaintainCommands } from './commands/maintain.ts';
import { addModelCommands } from './commands/model.ts';
import { addStartCommand } from './commands/start.ts';
import { addRunCommands } from './commands/stop-status.ts';

// The command line. Reached through bin/launch.js, which installs the packages first.

const root = dirname(import.meta.dirname);
const stateDir = chooseStateDir(root, process.env);
// npm writes the file; a version is all that is read of it.
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  readonly version: string;
};

const program = new Command('polystore')
  .description('One typed model, six stores kept in step, one SQL endpoint.')
  .version(version)
  .showHelpAfterError('(run with --help for what is allowed)');
addStartCommand(program, root, stateDir);
addRunCommands(program, stateDir);
addAskCommands(program, stateDir);
addLoadCommand(program, stateDir);
addMaintainCommands(program, stateDir);
addDeadLetterCommands(program, stateDir);
addKillCommands(program, stateDir);
addModelCommands(program, root);
addDeployCommands(program, root);

try {
  await program.parseAsync();
} catch (error) {
  const { code, message, details } = describe(error);
  if (process.argv.includes('--json')) console.log(JSON.stringify({ error: { code, message, details } }));
  else console.error(`${code}: ${message}`);
  process.exitCode = 1;
}

/** What a person is told; an error that is not ours is a defect, and its trace says nothing to them. */
function describe(error: unknown): Pick<PolystoreError, 'code' | 'message' | 'details'> {
  if (error instanceof PolystoreError) return error;
  return { code: 'internal', message: error instanceof Error ? error.message : String(error), details: {} };
}
