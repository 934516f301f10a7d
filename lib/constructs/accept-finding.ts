import type { IConstruct } from 'constructs';

/** A finding of cdk-nag that is meant to be there, of a construct and what is below it. */
export interface AcceptedFinding {
  /** Such as `AwsSolutions-S1`. */
  readonly rule: string;
  /**
   * Which findings of a rule that tells several of one resource, such as `Resource::*` of `AwsSolutions-IAM5`;
   * tokens are in them as cdk-nag writes them.
   * @default - the rule tells one
   */
  readonly finding?: RegExp;
  /** What a reviewer is told. */
  readonly reason: string;
}

/** Type of the metadata that a construct gets, `AcceptedMetadata`; it is in no template. */
export const acceptedFinding = 'polystore:accepted-finding';

/** What is kept of an {@link AcceptedFinding}: the source of the pattern, since metadata is JSON. */
export interface AcceptedMetadata {
  readonly rule: string;
  readonly finding?: string;
  readonly reason: string;
}

/**
 * Says beside a construct why findings about it stand. cdk-nag's own acknowledgements are exact texts, and in ours
 * are names of the environment and of the model. `npm run check:templates` fails for a finding that nobody
 * accepted and for an acceptance that nothing needed.
 */
export function acceptFinding(construct: IConstruct, ...accepted: readonly AcceptedFinding[]): void {
  for (const { rule, finding, reason } of accepted) {
    const kept: AcceptedMetadata = {
      rule,
      ...(finding !== undefined && { finding: finding.source }),
      reason,
    };
    construct.node.addMetadata(acceptedFinding, kept);
  }
}
