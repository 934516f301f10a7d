import type { CfnDomain } from 'aws-cdk-lib/aws-opensearchservice';
import type { Catalog } from '../../../lambda/model/index.ts';
import type { Problems } from '../../../lambda/model/problems.ts';

/**
 * Older indices off the data nodes: warm ones in S3 behind nodes that cache, cold ones without nodes, to be
 * attached before they are searched. Nothing of Polystore moves an index there: a policy of Index State Management
 * of yours does, and it can only move days of an `opensearch.log`. Warm indices cannot be written: an event that comes for
 * such a day makes the apply function wait until the day is hot again, so move a day only when no event of it can still come
 * (the log is applied again for seven days), and detach none that a view still has. The view drops a warm day at its end
 * as any other; a cold one it does not see.
 */
export interface SearchTiers {
  /** Class of the warm nodes. */
  readonly warmType: keyof typeof warmGib;
  /** 2 to 150. */
  readonly warmNodes: number;
  /**
   * Whether indices may be detached to cold storage.
   * @default false
   */
  readonly cold?: boolean;
}

/**
 * What a warm node can address, in GiB
 * (docs.aws.amazon.com/opensearch-service/latest/developerguide/limits.html, "UltraWarm storage limits").
 */
const warmGib = { 'ultrawarm1.medium.search': 1536, 'ultrawarm1.large.search': 20_480 } as const;
const warmNodes = { least: 2, most: 150 } as const;

/** AWS's rules (docs.aws.amazon.com/opensearch-service/latest/developerguide/ultrawarm.html, "prerequisites"). */
export function checkTiers(
  tiers: SearchTiers | undefined,
  domain: { readonly managerType: string | undefined; readonly dataNodeType: string },
  problems: Problems,
): void {
  if (tiers === undefined) return;
  if (!Object.hasOwn(warmGib, tiers.warmType))
    problems.add('tiers.warmType', `is '${tiers.warmType}'`, `use ${Object.keys(warmGib).join(' or ')}`);
  const { least, most } = warmNodes;
  if (!Number.isInteger(tiers.warmNodes) || tiers.warmNodes < least || tiers.warmNodes > most)
    problems.add('tiers.warmNodes', `is ${tiers.warmNodes}`, `use ${least} to ${most}`);
  if (domain.managerType === undefined)
    problems.add(
      'tiers',
      'has warm nodes, which need dedicated managers',
      'give managerType a class, or leave tiers out',
    );
  if (/^t[23]\./.test(domain.dataNodeType))
    problems.add(
      'tiers',
      `has warm nodes, which do not go with data nodes of ${domain.dataNodeType}`,
      'use a class that does not burst for dataNodeType, or leave tiers out',
    );
}

/** Only the days of a log grow old: any other view is one index, which is written for as long as there is the view. */
export function checkTiersAreUsed(
  tiers: SearchTiers | undefined,
  { entities }: Catalog,
  problems: Problems,
): void {
  const hasDays = entities.some(({ views }) => views.some(({ kind }) => kind === 'opensearch.log'));
  if (tiers !== undefined && !hasDays)
    problems.add(
      'search.tiers',
      'has warm nodes, and no view of the model has indices that grow old',
      'leave tiers out, or declare a view with opensearch.log, which has an index a day',
    );
}

export const renderTiers = (
  tiers: SearchTiers | undefined,
): Pick<CfnDomain.ClusterConfigProperty, 'warmEnabled' | 'warmType' | 'warmCount' | 'coldStorageOptions'> =>
  tiers === undefined
    ? {}
    : {
        warmEnabled: true,
        warmType: tiers.warmType,
        warmCount: tiers.warmNodes,
        coldStorageOptions: { enabled: tiers.cold ?? false },
      };
