import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { downloadsFolder } from '../../local/setup/downloads.ts';
import { prepareOnce } from '../../local/setup/index.ts';
import { runTool } from '../../local/setup/run-tool.ts';
import { pipTool, requireTools } from '../../local/setup/tools.ts';

const requirements = join(import.meta.dirname, 'emulator', 'requirements.txt');

/**
 * Brings the emulator's Python packages, once. With `pip install --target`, which needs pip alone and
 * leaves the machine's own packages be: a fresh Debian has no `venv`.
 *
 * @returns the folder to put on PYTHONPATH.
 * @throws PolystoreError `tool_missing` without Python 3.10 and pip, or `setup_failed`.
 */
export async function setUpEmulator(options: {
  readonly root: string;
  readonly signal: AbortSignal;
}): Promise<string> {
  const { root, signal } = options;
  const directory = join(downloadsFolder(root), 'emulator');
  await requireTools([
    { ...pipTool, neededFor: 'the emulator of the deploy test' },
    {
      ...pipTool,
      name: 'Python 3.10 or newer',
      args: ['--version'],
      neededFor: 'the emulator of the deploy test',
      complain: complainAboutPython,
    },
  ]);
  const [python = ''] = await runTool({
    step: 'the emulator',
    command: 'python3',
    args: ['--version'],
    remedy: '',
  });
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
        step: 'the emulator',
        command: 'python3',
        args: [
          ...[
            '-m',
            'pip',
            'install',
            '--disable-pip-version-check',
            '--no-input',
            '--no-warn-script-location',
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
function complainAboutPython(output: string): string | undefined {
  const [, major, minor] = /^Python (\d+)\.(\d+)/.exec(output) ?? [];
  if (major === undefined) return 'its version could not be read';
  return Number(major) === 3 && Number(minor) >= 10
    ? undefined
    : `it is version ${major}.${minor}, at least 3.10 is needed`;
}
