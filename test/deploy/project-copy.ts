import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** What `cdk synth` reads of the project. */
const sources = ['bin', 'lambda', 'lib', 'local', 'model', 'cdk.json', 'package.json', 'tsconfig.json'];

/** The project as somebody has it who is about to change it. */
export interface ProjectCopy {
  readonly folder: string;
  /** @throws Error unless a file has the text exactly once */
  edit(file: string, find: string, replace: string): void;
  /** Runs `npx polystore` with these words. @throws Error with what it printed when it fails */
  polystore(...words: readonly string[]): Promise<string>;
}

/** Copies the sources; packages and downloads are the project's own. */
export function copyProject(root: string, folder: string): ProjectCopy {
  mkdirSync(join(folder, '.polystore'), { recursive: true });
  for (const source of sources) cpSync(join(root, source), join(folder, source), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  symlinkSync(join(root, '.polystore', 'downloads'), join(folder, '.polystore', 'downloads'));
  return {
    folder,
    edit: (file, find, replace) => {
      const path = join(folder, file);
      const text = readFileSync(path, 'utf8');
      const times = text.split(find).length - 1;
      if (times !== 1) throw new Error(`${file} has ${JSON.stringify(find)} ${times} times`);
      writeFileSync(path, text.replace(find, replace));
    },
    polystore: async (...words) => {
      const { stdout } = await promisify(execFile)(
        process.execPath,
        ['--no-warnings', join(folder, 'bin', 'cli.ts'), ...words],
        { cwd: folder },
      );
      return stdout;
    },
  };
}
