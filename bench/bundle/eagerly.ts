import { readFile } from 'node:fs/promises';
import type { Plugin } from 'esbuild';

/** Imports at once what our sources import when it is needed: the same code, all of it loaded as a function starts. */
export const eagerly: Plugin = {
  name: 'eagerly',
  setup: ({ onLoad }) => {
    onLoad({ filter: /\/lambda\/.*\.ts$/ }, async ({ path }) => {
      const imports: string[] = [];
      const source = (await readFile(path, 'utf8')).replaceAll(
        /\bimport\(('[^']+')\)/g,
        (_, from: string) => {
          const name = `eager${imports.length}`;
          imports.push(`import * as ${name} from ${from};`);
          return `Promise.resolve(${name})`;
        },
      );
      return { contents: `${imports.join('\n')}\n${source}`, loader: 'ts' };
    });
  },
};
