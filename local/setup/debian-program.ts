import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { downloadsFolder } from './downloads.ts';
import { prepareOnce } from './prepare-once.ts';
import { runTool, type ToolRun } from './run-tool.ts';

/** A program of Debian's that was unpacked, not installed. */
export interface DebianProgram {
  /** Holds `usr/` as the packages have it. */
  readonly folder: string;
  /** For its environment: where the libraries are that it needs. */
  readonly libraryPath: string;
}

/**
 * Takes a package of Debian or Ubuntu with the libraries that it needs, without rights and without installing anything.
 *
 * @throws PolystoreError `setup_failed` where the packages are not in reach.
 */
export async function setUpDebianProgram(root: string, name: string): Promise<DebianProgram> {
  const directory = join(downloadsFolder(root), name);
  await prepareOnce({
    directory,
    version: '2',
    onMismatch: 'rebuild',
    build: (target) => unpack(name, target),
  });
  const libraries = [join(directory, 'usr', 'lib'), join(directory, 'lib')];
  return {
    folder: directory,
    libraryPath: libraries.map((folder) => join(folder, 'x86_64-linux-gnu')).join(':'),
  };
}

async function unpack(name: string, target: string): Promise<void> {
  const tool = { step: name, remedy: 'Debian’s packages must be in reach.' };
  // Lists of our own: the machine's may be missing or old, and need rights to be renewed.
  const apt = (command: string, args: readonly string[], onLine?: ToolRun['onLine']) =>
    runTool({
      ...tool,
      command,
      args: [
        ...['-o', `Dir::State::lists=${join(target, 'lists')}`],
        ...['-o', `Dir::Cache=${join(target, 'cache')}`, '-o', 'APT::Sandbox::User='],
        ...args,
      ],
      cwd: target,
      onLine,
    });
  await mkdir(join(target, 'lists', 'partial'), { recursive: true });
  await apt('apt-get', ['update']);
  const needed: string[] = [];
  await apt(
    'apt-cache',
    [
      ...['depends', '--recurse', '--no-recommends', '--no-suggests', '--no-conflicts', '--no-breaks'],
      ...['--no-replaces', '--no-enhances', name],
    ],
    (line) => needed.push(line),
  );
  // What is no library serves to install it. The C library is the machine's.
  const packages = needed.filter((line) => line === name || /^lib(?!c6|.*perl)/.test(line));
  await apt('apt-get', ['download', ...packages]);
  for (const file of await readdir(target)) {
    if (!file.endsWith('.deb')) continue;
    await runTool({ ...tool, command: 'dpkg-deb', args: ['-x', join(target, file), target] });
    await rm(join(target, file));
  }
  for (const folder of ['lists', 'cache']) await rm(join(target, folder), { recursive: true, force: true });
}
