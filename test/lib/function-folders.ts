import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Catalog, functionsOf, routerService } from '../../lambda/model/index.ts';

/**
 * One folder for each function, as bin/build.ts would make them, with next to nothing in it.
 * @returns `folder`.
 */
export function writeFunctionFolders(catalog: Catalog, folder: string): string {
  for (const { name } of functionsOf(catalog, { front: 'rest' })) {
    mkdirSync(join(folder, name, 'dist'), { recursive: true });
    writeFileSync(join(folder, name, 'dist', 'index.js'), `export const handler = async () => '${name}';\n`);
  }
  const router = join(folder, routerService.name);
  mkdirSync(router, { recursive: true });
  writeFileSync(join(router, 'Dockerfile'), 'FROM scratch\n');
  return folder;
}
