import type { IConstruct } from 'constructs';

/** A finding of cdk-nag or checkov that is meant to be there, of a construct and what is below it. */
export interface AcceptedFinding {
  /** Such as `AwsSolutions-S1`, or `CKV_AWS_18`. */
  readonly rule: string;
  /**
   * Which findings of a rule that tells several of one resource, such as `Resource::*` of `AwsSolutions-IAM5`;
   * tokens are in them as cdk-nag writes them.
   * @default - the rule tells one
   */
  readonly finding?: RegExp;
  /**
   * Which of what is below the construct, by their paths; `Stack/Store/Function/Resource`.
   * @default - all of it
   */
  readonly resource?: RegExp;
  /** What a reviewer is told. */
  readonly reason: string;
}

/** Type of the metadata that a construct gets, `AcceptedMetadata`; it is in no template. */
export const acceptedFinding = 'polystore:accepted-finding';

/** What is kept of an {@link AcceptedFinding}: the sources of the patterns, since metadata is JSON. */
export interface AcceptedMetadata {
  readonly rule: string;
  readonly finding?: string;
  readonly resource?: string;
  readonly reason: string;
}

/**
 * Says beside a construct why findings about it stand. The tools' own acknowledgements are exact texts, and in ours
 * are names of the environment and of the model, or stand in the templates. `npm run check:templates` fails for a finding that nobody
 * accepted and for an acceptance that nothing needed.
 */
export function acceptFinding(construct: IConstruct, ...accepted: readonly AcceptedFinding[]): void {
  for (const { rule, finding, resource, reason } of accepted) {
    const kept: AcceptedMetadata = {
      rule,
      ...(finding !== undefined && { finding: finding.source }),
      ...(resource !== undefined && { resource: resource.source }),
      reason,
    };
    construct.node.addMetadata(acceptedFinding, kept);
  }
}
