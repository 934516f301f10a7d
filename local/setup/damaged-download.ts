import { PolystoreError } from '../../lambda/errors.ts';

/** What to do about most failed downloads. */
export const tryAgain =
  'Check the network and the package registry settings of this machine, then run the same command again: it starts at this step.';

/** The error for a download that ended well and brought something else than it should. */
export function damagedDownload(step: string, names: readonly string[], remedy: string): PolystoreError {
  const message = `${step}: damaged or missing after the download: ${names.join(', ')}. ${remedy}`;
  return new PolystoreError('setup_failed', message, { details: { step, names } });
}
