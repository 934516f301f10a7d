import { auroraPools } from '../model/index.ts';
import { createDuckdbCombiner } from '../query/combine/duckdb.ts';
import { createCombineServer } from '../query/index.ts';
import { openEngine } from './open-engine.ts';

/**
 * Combines several stores for the query function, which invokes it and has authenticated the caller: only that, and the
 * router's service, may invoke it.
 */
// Of the 3,008 MB that the function has, and the two cores that come with it; what was read takes the rest.
const combiner = await createDuckdbCombiner({ memoryMb: 1200, threads: 2 });
const { engine } = openEngine(process.env, { poolSize: auroraPools.combine, combiner });
const serve = createCombineServer({ engine, combiner });

export const handler = (event: unknown) => serve(event);
