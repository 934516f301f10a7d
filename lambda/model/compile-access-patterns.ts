import type { AccessPatterns } from './access-patterns.ts';
import type { CatalogAccessPattern } from './catalog.ts';
import type { Json } from './fields.ts';
import type { Problems } from './problems.ts';
import { workloads } from './workloads.ts';

/** When a sample without any time is asked. */
const noTime = '2000-01-01T00:00:00Z';

/** Compiles the access patterns of a model. What their SQL says is the router's to read: `polystore model plan`. */
export function compileAccessPatterns(
  declared: AccessPatterns,
  problems: Problems,
): readonly CatalogAccessPattern[] {
  const texts = new Map<string, string>();
  return Object.entries(declared).map(([name, pattern]) => {
    const { params = [], tenant = 'tenant', freshness, ratePerSecond, workload, scan } = pattern;
    const where = `accessPatterns.${name}`;
    const sql = pattern.sql.trim();
    if (!/^[a-z][a-zA-Z0-9]*$/.test(name))
      problems.add(where, 'is not camelCase', 'start with a-z and use letters and digits only');
    if (sql === '') problems.add(where, 'has no statement', 'give it the SQL that callers send');
    const twin = texts.get(sql);
    if (twin !== undefined) problems.add(where, `has the statement of '${twin}'`, 'declare it once');
    texts.set(sql, name);
    if (freshness !== undefined && freshness !== 0)
      problems.add(
        where,
        `has a freshness of ${String(freshness)}`,
        'use 0, for sources only, or leave it out',
      );
    if (ratePerSecond !== undefined && !(Number.isFinite(ratePerSecond) && ratePerSecond > 0))
      problems.add(where, `has a ratePerSecond of ${ratePerSecond}`, 'use a number above 0, or leave it out');
    if (workload !== undefined && !workloads.includes(workload))
      problems.add(where, `has the workload '${String(workload)}'`, `use one of ${workloads.join(', ')}`);
    if (scan !== undefined && scan !== 'allowed')
      problems.add(where, `has a scan of '${String(scan)}'`, "use 'allowed', or leave it out");
    const asOf = pattern.asOf ?? latestTime(params) ?? noTime;
    if (Number.isNaN(Date.parse(asOf)))
      problems.add(where, `has an asOf of '${asOf}', which is no time`, `write it as ${noTime}`);
    return { name, sql, params, tenant, asOf, freshness, ratePerSecond, workload, scan };
  });
}

const isTime = (value: Json): value is string =>
  typeof value === 'string' && /^\d{4}-\d\d-\d\d/.test(value) && !Number.isNaN(Date.parse(value));

const latestTime = (params: readonly Json[]): string | undefined =>
  params
    .filter(isTime)
    .toSorted((a, b) => Date.parse(a) - Date.parse(b))
    .at(-1);
