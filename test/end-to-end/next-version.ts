import { readFile } from 'node:fs/promises';
import type { Plugin } from 'esbuild';

/** A change of a source file: what is found once is replaced. */
interface Edit {
  readonly file: RegExp;
  readonly find: RegExp;
  readonly replace: (...groups: readonly string[]) => string;
}

/**
 * The functions as the next version of the encoding could have them: it says so in the header, and its
 * records carry what this version has never seen, in the envelope, beside the source and in the rows.
 */
const edits: readonly Edit[] = [
  {
    file: /lambda\/change\/envelope\.ts$/,
    find: /export const schemaVersion = (\d+);/,
    replace: (_, version) => `export const schemaVersion = ${Number(version) + 1};`,
  },
  {
    file: /lambda\/change\/encode\.ts$/,
    find: /value: JSON\.stringify\(candidate\)/,
    replace: () =>
      `value: JSON.stringify({
        ...candidate,
        before: candidate.before && { ...candidate.before, column_of_next: { a: [1] } },
        after: candidate.after && { ...candidate.after, column_of_next: 'x' },
        source: { ...candidate.source, snapshot: 'false', sequence: ['1', null] },
        transaction: { id: 'of the next version' },
      })`,
  },
];

/** @throws when a line that is to be changed is not there any more. */
export const nextVersion: Plugin = {
  name: 'next-version',
  setup(build) {
    build.onLoad({ filter: /lambda\/change\/(envelope|encode)\.ts$/ }, async ({ path }) => {
      let contents = await readFile(path, 'utf8');
      for (const { file, find, replace } of edits) {
        if (!file.test(path)) continue;
        if (contents.match(new RegExp(find, 'g'))?.length !== 1)
          throw new Error(`${path} does not hold ${find} once: the next version must be written anew`);
        contents = contents.replace(find, replace);
      }
      return { contents, loader: 'ts' };
    });
  },
};
