import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { damagedDownload, tryAgain } from './damaged-download.ts';
import { runTool, type Watch } from './run-tool.ts';

export interface PipOptions extends Watch {
  /** Which step this is for, as the user sees it. */
  readonly step: string;
  /** `name==version`. */
  readonly requirement: string;
  /** Which kind of file: a binary one of this platform, the source, or whichever pip prefers. */
  readonly distribution: 'wheel' | 'source' | 'any';
  /** Where to put the file; emptied first, and free to unpack in afterwards. */
  readonly folder: string;
}

/**
 * Fetches one file with pip.
 * @returns its absolute path.
 * @throws `setup_failed`.
 */
export async function pipDownload({
  step,
  requirement,
  distribution,
  folder,
  onLine,
  signal,
}: PipOptions): Promise<string> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const [project = ''] = requirement.split('==');
  const only = {
    wheel: ['--only-binary', ':all:'],
    // Of the package alone: what pip needs to look into it may be built already.
    source: ['--no-binary', project],
    any: [],
  }[distribution];
  const args = [
    '-m',
    'pip',
    'download',
    '--no-deps',
    '--disable-pip-version-check',
    ...only,
    '-d',
    folder,
    requirement,
  ];
  await runTool({ step, command: 'python3', args, remedy: tryAgain, onLine, signal });
  const [name] = await readdir(folder);
  if (name === undefined) throw damagedDownload(step, [requirement], tryAgain);
  return join(folder, name);
}

/** Runs one of Python's own modules, such as `zipfile`, as a tool. */
export async function runPythonModule(run: {
  readonly step: string;
  readonly module: string;
  readonly args: readonly string[];
}): Promise<void> {
  await runTool({
    step: run.step,
    command: 'python3',
    args: ['-m', run.module, ...run.args],
    remedy: tryAgain,
  });
}
