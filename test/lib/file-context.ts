import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const root = dirname(dirname(import.meta.dirname));

/** The context that the command line would read from cdk.json. */
export const fileContext = (): Record<string, unknown> => {
  const parsed: unknown = JSON.parse(readFileSync(join(root, 'cdk.json'), 'utf8'));
  // cdk.json is ours; a missing context fails the tests that depend on it.
  return (parsed as { readonly context: Record<string, unknown> }).context;
};
