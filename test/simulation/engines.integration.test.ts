import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { createAuroraStore } from '../../lambda/stores/aurora/index.ts';
import { createRedisStore } from '../../lambda/stores/redis/index.ts';
import { sharedEngines } from '../engines.ts';
import { createDatabase } from '../stores/aurora-database.ts';
import { loadDeployedCode } from './deployed-code.ts';
import { settingsOf } from './settings.ts';
import { simulate } from './world.ts';

const seeds = 10;

/** Keys in Redis are named after views, which are the same in every run. */
async function forgetKeys(): Promise<void> {
  const { host, port } = sharedEngines().valkey;
  const redis = new Redis({ host, port });
  for await (const keys of redis.scanStream({ match: '*' })) {
    // `scanStream` gives lists of keys.
    const own = (keys as readonly string[]).filter((key) =>
      /(shipment|item|event)\.(board|ranking)/.test(key),
    );
    if (own.length > 0) await redis.del(...own);
  }
  await redis.quit();
}

describe('the simulation, with its views in PostgreSQL and Valkey', () => {
  test(
    `finds every view equal to its source, in ${seeds} runs`,
    async () => {
      const code = await loadDeployedCode(join(import.meta.dirname, '../../lambda'));
      const failures: string[] = [];

      for (let seed = 1; seed <= seeds; seed += 1) {
        const closing: (() => Promise<void>)[] = [];
        const { problems } = await simulate(code, settingsOf(seed), {
          modelName: `simulated-${process.pid}-${seed}`,
          open: async (catalog, clock) => {
            await forgetKeys();
            const database = await createDatabase(catalog, clock);
            const { host = '', port = 0, ...credentials } = database.connection;
            const aurora = createAuroraStore({ ...credentials, writer: { host, port }, clock, poolSize: 8 });
            const redis = createRedisStore({ ...sharedEngines().valkey, tls: false, clock, buildDelayMs: 0 });
            closing.push(
              () => redis.close(),
              () => aurora.close(),
              () => database.drop(),
            );
            return { aurora, redis };
          },
        });
        for (const close of closing) await close();
        failures.push(...problems.map((problem) => `seed ${seed}: ${problem}`));
      }

      expect(failures).toEqual([]);
    },
    20 * 60_000,
  );
});
