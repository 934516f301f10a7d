import { findReplacements } from './replacements.ts';
import { type Runbook, statefulTypes } from './stateful-types.ts';
import { type CloudFormationTemplate, pathOf, type Resource } from './template.ts';

/** Something that holds data and would not be there any more after a deployment, or would be another, empty one. */
export interface Loss {
  readonly stack: string;
  readonly logicalId: string;
  /** Of the construct: `Flights-Dev-Table/Table/Entities`. */
  readonly path: string;
  readonly type: string;
  readonly kind: 'removed' | 'replaced';
  /** False where CloudFormation decides by more than the templates tell. */
  readonly certain: boolean;
  /** Of a replacement: the properties whose change brings it, in order. */
  readonly because: readonly string[];
  /** What CloudFormation does with what is there now. */
  readonly fate: Fate;
  readonly runbook: Runbook;
}

export type Fate = 'kept' | 'snapshotted' | 'destroyed';

/**
 * What an update of a stack from its deployed template to the next one would remove or replace of what holds
 * data. Nothing else is told: not what is added, nor what changes in place.
 *
 * It knows what the two templates say: not what a parameter, a dynamic reference or a value of another stack
 * resolves to, and not whether a `Condition` holds.
 */
export function findLosses(
  stack: string,
  deployed: CloudFormationTemplate,
  next: CloudFormationTemplate,
): readonly Loss[] {
  const replacements = findReplacements(deployed, next);
  return Object.entries(deployed.Resources ?? {}).flatMap(([logicalId, resource]): Loss[] => {
    const known = statefulTypes[resource.Type];
    if (known === undefined || known.holdsData?.(resource.Properties ?? {}) === false) return [];
    const after = next.Resources?.[logicalId];
    const replacement = replacements.get(logicalId);
    if (after !== undefined && replacement === undefined) return [];
    const about = { stack, logicalId, path: pathOf(stack, logicalId, resource), type: resource.Type };
    return [
      after === undefined || replacement === undefined
        ? {
            ...about,
            kind: 'removed',
            certain: true,
            because: [],
            fate: fateOf(resource.DeletionPolicy ?? defaultDeletion(resource)),
            runbook: known.runbook,
          }
        : {
            ...about,
            kind: 'replaced',
            ...replacement,
            // Whichever of the two templates is asked.
            fate: worst(fateOf(resource.UpdateReplacePolicy), fateOf(after.UpdateReplacePolicy)),
            runbook: known.runbook,
          },
    ];
  });
}

/** docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference, DeletionPolicy attribute. */
function defaultDeletion({ Type }: Resource): string {
  return Type === 'AWS::RDS::DBCluster' || Type === 'AWS::RDS::DBInstance' ? 'Snapshot' : 'Delete';
}

const fates: Readonly<Record<string, Fate>> = {
  Retain: 'kept',
  RetainExceptOnCreate: 'kept',
  Snapshot: 'snapshotted',
};
const fateOf = (policy: string | undefined): Fate => fates[policy ?? 'Delete'] ?? 'destroyed';

function worst(...found: readonly Fate[]): Fate {
  if (found.includes('destroyed')) return 'destroyed';
  return found.includes('snapshotted') ? 'snapshotted' : 'kept';
}
