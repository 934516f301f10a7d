import { copyFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { prepareOnce } from '../../local/setup/index.ts';
import { pipDownload, runPythonModule } from '../../local/setup/pip.ts';
import { runTool } from '../../local/setup/run-tool.ts';

/** The newest DuckDB that a package registry has the extension for: both must be of one version. */
const versions = { node: '1.5.5-r.5', extension: '1.5.5' } as const;

/** Absolute paths. */
export interface NaiveFiles {
  /** The module of DuckDB's API for Node. */
  readonly duckdb: string;
  /** The extension that attaches PostgreSQL. */
  readonly extension: string;
}

/**
 * Brings a DuckDB and its extension for PostgreSQL, once: 150 MB, from npm and PyPI.
 *
 * @param downloads absolute path of the folder that holds what was fetched.
 * @throws PolystoreError `setup_failed`.
 */
export async function setUpNaive(downloads: string, signal: AbortSignal): Promise<NaiveFiles> {
  const directory = join(downloads, `duckdb-${versions.extension}`);
  const extension = 'postgres_scanner.duckdb_extension';
  await prepareOnce({
    directory,
    version: `${versions.node} ${versions.extension}`,
    onMismatch: 'rebuild',
    build: async (target) => {
      const step = `DuckDB ${versions.extension} with its extension for PostgreSQL`;
      const remedy = 'Run the same command again; npm and PyPI must be in reach.';
      await runTool({
        ...{ step, remedy, signal, command: 'npm' },
        args: [
          ...['install', '--prefix', target, '--no-save', '--no-audit', '--no-fund'],
          `@duckdb/node-api@${versions.node}`,
        ],
      });
      const scratch = join(target, 'unpacked');
      const requirement = `duckdb-extension-postgres-scanner==${versions.extension}`;
      const wheel = await pipDownload({ step, requirement, distribution: 'wheel', folder: scratch, signal });
      await runPythonModule({ step, module: 'zipfile', args: ['-e', wheel, scratch] });
      const folder = join('duckdb_extension_postgres_scanner', 'extensions', `v${versions.extension}`);
      await copyFile(join(scratch, folder, extension), join(target, extension));
      await rm(scratch, { recursive: true });
    },
  });
  return {
    duckdb: join(directory, 'node_modules', '@duckdb', 'node-api', 'lib', 'index.js'),
    extension: join(directory, extension),
  };
}
