import * as z from 'zod/mini';
import { PolystoreError } from '../../errors.ts';
import { placementName } from '../placement.ts';
import type { Placement } from '../store.ts';

/** Where a look through the groups of a build has got: what a page hands to the next. */
export interface Cursor {
  /** Which master of the cluster, by its place in the order of their names. */
  readonly node: number;
  /** SCAN's of that master; undefined: it has told all its groups. */
  readonly scan: string | undefined;
  /** Groups that were met and not looked through yet, with HSCAN's cursor in each. */
  readonly groups: readonly (readonly [rows: string, cursor: string])[];
  /** Which slots were where when it began. */
  readonly slots: string;
}

const form = z.object({
  node: z.int().check(z.minimum(0)),
  scan: z.optional(z.string()),
  groups: z.array(z.tuple([z.string(), z.string()])),
  slots: z.string(),
});

export const renderCursor = (cursor: Cursor): string => JSON.stringify(cursor);

/** @throws `invalid_request` for what is no `next` of a page. */
export function parseCursor(placement: Placement, text: string): Cursor {
  try {
    const { scan, ...parsed } = form.parse(JSON.parse(text));
    return { ...parsed, scan };
  } catch (error) {
    throw new PolystoreError(
      'invalid_request',
      `${placementName(placement)} was asked for the page after '${text.slice(0, 80)}'; give the \`next\` of the page before, or begin anew`,
      { cause: error },
    );
  }
}
