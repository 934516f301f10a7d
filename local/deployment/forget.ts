import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { endLeftovers } from '../engines/index.ts';

/** What runs keep in their state folder; whatever else lies there is not ours to delete. */
const kept = ['archive', 'destinations', 'engines', 'logs', 'positions', 'keys.json', 'load.json'] as const;

/**
 * Forgets the data, logs and keys of earlier runs. Engines that a killed run left behind are ended
 * first: without their record nobody would find them again, and they hold the ports.
 * @throws PolystoreError `already_running`, or `engine_failed` for a leftover that does not end.
 */
export async function forgetRuns(stateDir: string): Promise<void> {
  await endLeftovers(join(stateDir, 'engines'));
  for (const name of kept) await rm(join(stateDir, name), { recursive: true, force: true });
}
