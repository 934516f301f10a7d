import { dirname, join } from 'node:path';
import { setUpDebianProgram } from '../../../local/setup/debian-program.ts';
import type { TestDatabase } from '../../stores/aurora-database.ts';
import { runProgram } from './run-program.ts';
import { splitStatements } from './split-statements.ts';

const root = dirname(dirname(dirname(import.meta.dirname)));

/**
 * Statements that sqlsmith makes up for the tables of a database, the same for the same seed. It is a package of Debian, taken
 * with the libraries that it needs, without installing anything.
 */
export async function sqlsmithStatements(
  { connection: { host, port, database, user } }: TestDatabase,
  { seed, count }: { readonly seed: number; readonly count: number },
): Promise<readonly string[]> {
  const { folder, libraryPath } = await setUpDebianProgram(root, 'sqlsmith');
  const script = await runProgram({
    command: join(folder, 'usr', 'bin', 'sqlsmith'),
    args: [
      `--target=host=${host} port=${port} dbname=${database} user=${user}`,
      '--dry-run',
      '--exclude-catalog',
      `--seed=${seed}`,
      `--max-queries=${count}`,
    ],
    environment: { ...process.env, LD_LIBRARY_PATH: libraryPath },
  });
  return splitStatements(script);
}
