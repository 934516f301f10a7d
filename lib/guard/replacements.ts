import { fullDiff, ResourceImpact } from '@aws-cdk/cloudformation-diff';
import { statefulTypes } from './stateful-types.ts';
import type { CloudFormationTemplate, Resource } from './template.ts';

/** What makes CloudFormation replace a resource. */
export interface Replacement {
  /** Properties, or parts of properties (`EncryptionInfo/EncryptionAtRest`), in order; `Type` for another type. */
  readonly because: readonly string[];
  /** False where it depends on more than the templates tell. */
  readonly certain: boolean;
}

/**
 * Which resources of the deployed template an update to the next one replaces, by logical id. What refers to
 * a replaced resource by a property that cannot change is replaced with it, so the question is asked until
 * nothing is added.
 */
export function findReplacements(
  deployed: CloudFormationTemplate,
  next: CloudFormationTemplate,
): ReadonlyMap<string, Replacement> {
  let found = new Map<string, Replacement>();
  for (;;) {
    const again = replacedIn(deployed, markReferences(next, new Set(found.keys())));
    if (again.size === found.size) return again;
    found = again;
  }
}

function replacedIn(
  deployed: CloudFormationTemplate,
  next: CloudFormationTemplate,
): Map<string, Replacement> {
  const found = new Map<string, Replacement>();
  fullDiff(deployed, next).resources.forEachDifference((id, difference) => {
    const before = deployed.Resources?.[id];
    const after = next.Resources?.[id];
    if (before === undefined || after === undefined) return;
    if (before.Type !== after.Type) {
      found.set(id, { because: ['Type'], certain: true });
      return;
    }
    const replacing = (impact: ResourceImpact): readonly string[] =>
      Object.entries(difference.propertyUpdates)
        .filter(([, update]) => update.changeImpact === impact)
        .map(([name]) => name);
    const will = replacing(ResourceImpact.WILL_REPLACE);
    const may = [...replacing(ResourceImpact.MAY_REPLACE), ...changedParts(before, after)];
    if (will.length + may.length > 0)
      found.set(id, { because: [...will, ...may].sort(), certain: will.length > 0 });
  });
  return found;
}

function changedParts(before: Resource, after: Resource): readonly string[] {
  return (statefulTypes[before.Type]?.replacingParts ?? [])
    .filter((path) => !sameValue(at(before.Properties, path), at(after.Properties, path)))
    .map((path) => path.join('/'));
}

function at(value: unknown, path: readonly string[]): unknown {
  return path.reduce((inner, name) => (isMap(inner) ? inner[name] : undefined), value);
}

/** The same whatever the order of members. */
const sameValue = (left: unknown, right: unknown): boolean =>
  JSON.stringify(sorted(left)) === JSON.stringify(sorted(right));

const sorted = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value ?? null, (_, inner: unknown) =>
      isMap(inner) ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1))) : inner,
    ),
  );

const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const mark = ' (replaced)';

/** The template with each reference to one of the resources changed, as its value will be. */
function markReferences(
  template: CloudFormationTemplate,
  replaced: ReadonlySet<string>,
): CloudFormationTemplate {
  if (replaced.size === 0) return template;
  const markName = (name: string): string => {
    const [id = '', ...rest] = name.split('.');
    return replaced.has(id) ? [`${id}${mark}`, ...rest].join('.') : name;
  };
  const markText = (text: string): string =>
    text.replace(/\$\{([^!}][^}]*)\}/g, (_, name: string) => `\${${markName(name)}}`);
  const visit = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(visit);
    if (!isMap(value)) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => {
        if ((key === 'Ref' || key === 'Fn::GetAtt') && typeof inner === 'string')
          return [key, markName(inner)];
        if (key === 'Fn::GetAtt' && Array.isArray(inner) && typeof inner[0] === 'string')
          return [key, [markName(inner[0]), ...inner.slice(1)]];
        if (key === 'Fn::Sub' && typeof inner === 'string') return [key, markText(inner)];
        if (key === 'Fn::Sub' && Array.isArray(inner) && typeof inner[0] === 'string')
          return [key, [markText(inner[0]), ...inner.slice(1).map(visit)]];
        return [key, visit(inner)];
      }),
    );
  };
  return {
    ...template,
    // Only values change, so that a resource stays one.
    Resources: visit(template.Resources) as Readonly<Record<string, Resource>>,
  };
}
