import { join } from 'node:path';
import { compile, functionsOf, renderWarnings } from '../lambda/model/index.ts';
import type { DeploymentOptions, Environment } from '../lib/index.ts';
import model from '../model/flights.ts';
import { buildFunctions } from './build.ts';
import { buildRouter } from './build-router.ts';
import { prepareCapture } from './capture.ts';
import { readCommittedModel } from './committed-model.ts';
import { checkPatterns } from './planned-patterns.ts';

/** All of a deployment but what the person who synthesises says by context. */
type Prepared = Omit<DeploymentOptions, 'destroyConsent' | 'context'>;

/**
 * Compiles the model, proves that its access patterns are served, bundles its functions and packs Debezium's plugin, for each of the environments; tells the model's
 * warnings. No account, no Docker, and no network once Debezium's jars were fetched.
 */
export async function prepareDeployments(
  root: string,
  environments: readonly Environment[],
): Promise<readonly Prepared[]> {
  const codeFolder = join(root, 'dist', 'functions');
  const catalog = compile(model);
  const committed = readCommittedModel(root);
  // Before the build: a pattern that nothing serves should not cost seconds.
  await checkPatterns(root, catalog);
  const warnings = renderWarnings(catalog);
  if (warnings !== undefined) console.error(warnings);
  const names = new Set(environments.flatMap(({ api }) => functionsOf(catalog, api).map(({ name }) => name)));
  await buildFunctions({ root, outDir: codeFolder, names: [...names] });
  if (environments.some(({ api }) => api.service !== undefined))
    await buildRouter({ root, outDir: codeFolder });
  const prepared: Prepared[] = [];
  // One after the other: they pack the same file.
  for (const environment of environments)
    prepared.push({
      catalog,
      environment,
      codeFolder,
      ...(committed !== undefined && { indexWaves: committed.waves }),
      capture: await prepareCapture({ root, catalog, generation: environment.functions.generation }),
    });
  return prepared;
}
