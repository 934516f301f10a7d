import { cp, readdir, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { downloadsFolder } from '../../../local/setup/downloads.ts';
import { pipDownload, runPythonModule } from '../../../local/setup/pip.ts';
import { prepareOnce } from '../../../local/setup/prepare-once.ts';
import { splitStatements } from './split-statements.ts';

const root = dirname(dirname(dirname(import.meta.dirname)));

/** Of a release for PostgreSQL 17, whose source carries libpg_query, which carries PostgreSQL's regression tests. */
const version = '7.22';

/** Every different statement of PostgreSQL's own regression tests; fetched once, kept below `.polystore`. */
export async function regressionStatements(): Promise<readonly string[]> {
  const directory = join(downloadsFolder(root), 'regression-statements');
  await prepareOnce({
    directory,
    version,
    onMismatch: 'rebuild',
    build: async (target) => {
      const step = 'PostgreSQL’s regression statements';
      const folder = join(target, 'unpacked');
      const requirement = `pglast==${version}`;
      const archive = await pipDownload({ step, requirement, distribution: 'source', folder });
      await runPythonModule({ step, module: 'tarfile', args: ['-e', archive, folder] });
      const scripts = join(folder, `pglast-${version}`, 'libpg_query/test/sql/postgres_regress');
      await cp(scripts, target, { recursive: true });
      await rm(folder, { recursive: true });
    },
  });
  const names = (await readdir(directory)).filter((name) => name.endsWith('.sql')).sort();
  const scripts = await Promise.all(names.map((name) => readFile(join(directory, name), 'utf8')));
  return [...new Set(scripts.flatMap(splitStatements))];
}
