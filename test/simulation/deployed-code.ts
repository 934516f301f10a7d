import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type * as Change from '../../lambda/change/change.ts';
import type * as Version from '../../lambda/change/version.ts';
import type * as Errors from '../../lambda/errors.ts';
import type * as Model from '../../lambda/model/index.ts';
import type * as Digest from '../../lambda/stores/digest.ts';
import type * as Item from '../../lambda/stores/dynamodb/item.ts';
import type * as Write from '../../lambda/stores/dynamodb/write.ts';
import type * as Writer from '../../lambda/stores/dynamodb/writer.ts';
import type * as Memory from '../../lambda/stores/memory/index.ts';
import type * as Apply from '../../lambda/sync/apply.ts';
import type * as Capture from '../../lambda/sync/capture.ts';
import type * as DeadLetters from '../../lambda/sync/dead-letters.ts';
import type * as Ingest from '../../lambda/sync/ingest.ts';

/** The modules of `lambda/` that a simulation drives, from one folder: the project's own, or a copy with a bug in it. */
export type DeployedCode = Awaited<ReturnType<typeof loadDeployedCode>>;

/** @param lambda path of the folder. */
export async function loadDeployedCode(lambda: string) {
  // The copy has the files of the project, so each module is of the original's type.
  const load = <M>(file: string): Promise<M> => import(pathToFileURL(join(lambda, file)).href) as Promise<M>;
  const [
    apply,
    deadLetters,
    capture,
    ingest,
    memory,
    model,
    dynamodb,
    item,
    write,
    errors,
    change,
    version,
    digest,
  ] = await Promise.all([
    load<typeof Apply>('sync/apply.ts'),
    load<typeof DeadLetters>('sync/dead-letters.ts'),
    load<typeof Capture>('sync/capture.ts'),
    load<typeof Ingest>('sync/ingest.ts'),
    load<typeof Memory>('stores/memory/index.ts'),
    load<typeof Model>('model/index.ts'),
    load<typeof Writer>('stores/dynamodb/writer.ts'),
    load<typeof Item>('stores/dynamodb/item.ts'),
    load<typeof Write>('stores/dynamodb/write.ts'),
    load<typeof Errors>('errors.ts'),
    load<typeof Change>('change/change.ts'),
    load<typeof Version>('change/version.ts'),
    load<typeof Digest>('stores/digest.ts'),
  ]);
  return {
    apply,
    deadLetters,
    capture,
    ingest,
    memory,
    model,
    dynamodb,
    item,
    write,
    errors,
    change,
    version,
    digest,
  };
}
