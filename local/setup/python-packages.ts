import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { downloadsFolder } from './downloads.ts';
import { prepareOnce } from './prepare-once.ts';
import { runTool } from './run-tool.ts';
import { pipTool, requireTools } from './tools.ts';

export interface PythonPackagesOptions {
  /** Absolute path of the project. */
  readonly root: string;
  /** The folder below the downloads, and what errors call it. */
  readonly name: string;
  /** Absolute path of a file as pip reads it, every version pinned. */
  readonly requirements: string;
  /** What cannot be done without them. */
  readonly neededFor: string;
  /** The oldest Python that they run on: `10` is 3.10. */
  readonly leastPythonMinor: number;
  readonly signal?: AbortSignal;
}

/**
 * Brings some Python packages, once. With `pip install --target`, which needs pip alone and leaves the
 * machine's own packages be: a fresh Debian has no `venv`.
 *
 * @returns the folder to put on PYTHONPATH.
 * @throws PolystoreError `tool_missing` without such a Python and pip, or `setup_failed`.
 */
export async function setUpPythonPackages(options: PythonPackagesOptions): Promise<string> {
  const { root, name, requirements, neededFor, leastPythonMinor, signal } = options;
  const directory = join(downloadsFolder(root), name);
  await requireTools([
    { ...pipTool, neededFor },
    {
      ...pipTool,
      name: `Python 3.${leastPythonMinor} or newer`,
      args: ['--version'],
      neededFor,
      complain: (output) => complainAboutPython(output, leastPythonMinor),
    },
  ]);
  const [python = ''] = await runTool({ step: name, command: 'python3', args: ['--version'], remedy: '' });
  const wanted = createHash('sha256')
    .update(await readFile(requirements))
    .digest('hex');
  await prepareOnce({
    directory,
    // Binary packages belong to one version of Python.
    version: `${python} ${wanted}`,
    onMismatch: 'rebuild',
    build: async (target) => {
      await runTool({
        step: name,
        command: 'python3',
        args: [
          ...[
            '-m',
            'pip',
            'install',
            '--disable-pip-version-check',
            '--no-input',
            '--no-warn-script-location',
            // What is imported is compiled then; most of it never is.
            '--no-compile',
          ],
          ...['--only-binary', ':all:', '--target', target, '-r', requirements],
        ],
        remedy: 'Look at what pip says above; a package index must be in reach.',
        signal,
      });
    },
  });
  return directory;
}

/** Returns what is wrong with a Python, given what `python3 --version` prints. */
function complainAboutPython(output: string, leastMinor: number): string | undefined {
  const [, major, minor] = /^Python (\d+)\.(\d+)/.exec(output) ?? [];
  if (major === undefined) return 'its version could not be read';
  return Number(major) === 3 && Number(minor) >= leastMinor
    ? undefined
    : `it is version ${major}.${minor}, at least 3.${leastMinor} is needed`;
}
