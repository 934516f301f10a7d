import { fileURLToPath } from 'node:url';
import { PolystoreError } from '../../errors.ts';
import { createFolderObjects } from './folder.ts';
import type { ObjectStore } from './objects.ts';
import { createS3Objects } from './s3.ts';

export interface LocationOptions {
  /** `s3://bucket/prefix`, or `file:///folder`. */
  readonly location: string;
  readonly region: string;
  /** Set only where S3 is not the region's own. */
  readonly s3Endpoint?: string | undefined;
}

/** The objects of an archive, wherever it lies. @throws PolystoreError `invalid_configuration` */
export function openObjects({ location, region, s3Endpoint }: LocationOptions): ObjectStore {
  if (location.startsWith('file:///')) return createFolderObjects(fileURLToPath(location));
  const match = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/(.*))?$/.exec(location);
  if (match?.[1] === undefined)
    throw new PolystoreError(
      'invalid_configuration',
      `The archive's location is '${location}'; it takes s3://bucket/prefix or file:///folder.`,
    );
  const prefix = (match[2] ?? '').replace(/\/*$/, '');
  return createS3Objects({
    bucket: match[1],
    prefix: prefix === '' ? '' : `${prefix}/`,
    region,
    endpoint: s3Endpoint,
  });
}
