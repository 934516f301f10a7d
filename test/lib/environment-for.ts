import type { Catalog } from '../../lambda/model/index.ts';
import type { Environment } from '../../lib/index.ts';

/** An environment without the partitions that it gives to entities of the sample, where the model is another. */
export function environmentFor(catalog: Catalog, environment: Environment): Environment {
  const { partitions = {}, ...log } = environment.log;
  const names = catalog.entities.map(({ name }) => name);
  const known = Object.entries(partitions).filter(([name]) => names.includes(name));
  return {
    ...environment,
    log: known.length === 0 ? log : { ...log, partitions: Object.fromEntries(known) },
  };
}
