import type { EngineSet } from '../local/engines/index.ts';

/**
 * Where the engines are that this test run started (test/run.ts sets the variable). All suites share
 * them, so each keeps to its own database, table, topics and keys, by names of its own.
 *
 * @throws Error when jest was started by itself.
 */
export function sharedEngines(): EngineSet {
  const text = process.env.POLYSTORE_TEST_ENGINES;
  if (text === undefined || text === '')
    throw new Error(
      'POLYSTORE_TEST_ENGINES is not set: integration tests need real engines. Run them by `npm test` or `npm run test:integration`, which start the engines.',
    );
  // test/run.ts writes it from the very type.
  return JSON.parse(text) as EngineSet;
}
