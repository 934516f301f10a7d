import { randomUUID } from 'node:crypto';
import { createQueryApp } from '../query/index.ts';
import { openCallers } from './open-callers.ts';
import { type EngineOptions, openEngine } from './open-engine.ts';
import { openLog } from './open-log.ts';
import type { Environment } from './settings.ts';

/** The router over the stores that the environment names: `POST /query`, `POST /explain`, `GET /health`. */
export function openQuery(env: Environment, options: EngineOptions) {
  const { engine, close } = openEngine(env, options);
  const log = openLog('query');
  const authenticate = openCallers(env);
  return {
    createApp: (streams: boolean) =>
      createQueryApp({ engine, authenticate, log, newRequestId: randomUUID, streams }),
    log,
    close,
  };
}
