/** The parts of a CloudFormation template that are looked at; the rest may be anything. */
export interface Resource {
  readonly Type: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
  readonly Metadata?: Readonly<Record<string, unknown>>;
}

export interface CloudFormationTemplate {
  readonly Resources?: Readonly<Record<string, Resource>>;
  readonly [section: string]: unknown;
}

/**
 * The path that the CDK notes in a template, from the stack's name on and without its last `/Resource`; the logical id
 * where there is none. A stack in a stage has the same paths as without: what comes before its name is left out.
 */
export function pathOf(stack: string, logicalId: string, resource: Resource): string {
  const noted = resource.Metadata?.['aws:cdk:path'];
  if (typeof noted !== 'string') return logicalId;
  const ids = noted.replace(/\/Resource$/, '').split('/');
  return ids.slice(Math.max(0, ids.indexOf(stack))).join('/');
}
