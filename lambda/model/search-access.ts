import type { FunctionSpec } from './functions.ts';

/**
 * What a function does in the search domain: `makes` indices and templates, `tends` views (fills, mends and builds
 * them anew), `writes` changes or `reads`.
 */
export type SearchAccess = (typeof searchAccesses)[number];
export const searchAccesses = ['makes', 'tends', 'writes', 'reads'] as const;

export function searchAccessOf({ trigger }: Pick<FunctionSpec, 'trigger'>): SearchAccess {
  switch (trigger.kind) {
    case 'deployment':
      return 'makes';
    case 'schedules':
      return 'tends';
    case 'change-log':
      return 'writes';
    case 'authorizer':
    case 'http':
    case 'dynamodb-stream':
    case 'invoke':
      return 'reads';
  }
}

/** A role of IAM, and what it may do. */
export interface SearchGrant {
  readonly access: SearchAccess;
  readonly roleArn: string;
}

/** As a variable of the environment: `writes=arn:…,reads=arn:…`. */
export const renderSearchGrants = (grants: readonly SearchGrant[]): string =>
  grants.map(({ access, roleArn }) => `${access}=${roleArn}`).join();

/** What {@link parseSearchGrants} reads. */
export const searchGrantsPattern = new RegExp(
  `^(?:${searchAccesses.join('|')})=arn:[^,]+(?:,(?:${searchAccesses.join('|')})=arn:[^,]+)*$`,
);

/** The inverse of {@link renderSearchGrants}. @param text of `searchGrantsPattern` */
export const parseSearchGrants = (text: string): readonly SearchGrant[] =>
  text.split(',').map((pair) => {
    const at = pair.indexOf('=');
    // The pattern lets no other word through.
    return { access: pair.slice(0, at) as SearchAccess, roleArn: pair.slice(at + 1) };
  });
