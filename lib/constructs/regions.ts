import type { Problems } from '../../lambda/model/problems.ts';

/** Refuses what is no region, and regions that are named twice. */
export function checkRegions(where: string, regions: readonly string[], problems: Problems): void {
  for (const region of regions)
    if (!/^[a-z]{2}(-[a-z]+)+-\d$/.test(region))
      problems.add(where, `name '${region}'`, "write a region as 'eu-west-1'");
  const twice = regions.filter((region, at) => regions.indexOf(region) !== at);
  if (twice.length > 0)
    problems.add(where, `name ${[...new Set(twice)].join(', ')} more than once`, 'name each once');
}
