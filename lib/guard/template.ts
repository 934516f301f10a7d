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

/** The path that the CDK notes in a template, without its last `/Resource`; the logical id where there is none. */
export function pathOf(logicalId: string, resource: Resource): string {
  const noted = resource.Metadata?.['aws:cdk:path'];
  return typeof noted === 'string' ? noted.replace(/\/Resource$/, '') : logicalId;
}
