import { setTimeout } from 'node:timers/promises';
import { routerService } from '../model/index.ts';
import { openQuery } from './open-query.ts';
import { serve } from './serve.ts';
import { readServer } from './settings.ts';

/** The router as a service, the process of a container: what the query function answers, on a port. */
const { createApp, log, close } = openQuery(process.env, { poolSize: routerService.poolSize });
const served = await serve({
  app: createApp(true),
  ...readServer(process.env),
  graceMs: routerService.graceSeconds * 1000,
  wait: (ms) => setTimeout(ms),
});
log.info('serving', { port: served.port });

const end = async (signal: string): Promise<void> => {
  log.info('ending', { signal });
  await served.drain();
  await close();
  log.info('ended');
  process.exit(0);
};
process.on('SIGTERM', (signal) => void end(signal));
process.on('SIGINT', (signal) => void end(signal));
