import { AwsSolutionsChecks } from 'cdk-nag';
import type { IConstruct } from 'constructs';
import { type AcceptedMetadata, acceptedFinding } from '../../lib/constructs/accept-finding.ts';

/** What a review of constructs came to. */
export interface Review {
  /** How many findings were accepted. */
  readonly accepted: number;
  /** Findings that nobody accepted: `rule path: what it says`. */
  readonly unexplained: readonly string[];
  /** Acceptances that no finding needed, in any of the trees: `rule path: its reason`. */
  readonly unused: readonly string[];
}

/** The rules of AWS Solutions (cdk-nag) over trees of constructs, against what the constructs accept of them. */
export function review(trees: readonly IConstruct[]): Review {
  const needed = new Set<string>();
  const unexplained: string[] = [];
  let accepted = 0;
  for (const tree of trees) {
    const { violations } = new AwsSolutionsChecks().validateScope(tree);
    for (const { ruleName, description, violatingResources } of violations) {
      const [, rule = ruleName, finding] = /^([^[]+)\[(.*)\]$/s.exec(ruleName) ?? [];
      for (const { constructPath } of violatingResources) {
        if (constructPath === undefined) throw new TypeError(`cdk-nag tells no path for ${ruleName}`);
        const by = acceptances(upwards(tree, constructPath)).filter((each) => covers(each, rule, finding));
        for (const each of by) needed.add(keyOf(each));
        if (by.length > 0) accepted += 1;
        else unexplained.push(`${ruleName} ${constructPath}: ${description}`);
      }
    }
  }
  const unused = new Map<string, string>();
  for (const tree of trees)
    for (const construct of tree.node.findAll())
      for (const each of acceptances([construct]))
        if (!needed.has(keyOf(each)))
          unused.set(keyOf(each), `${each.rule} ${construct.node.path}: ${each.reason}`);
  return { accepted, unexplained, unused: [...unused.values()] };
}

const keyOf = ({ rule, finding, reason }: AcceptedMetadata): string =>
  JSON.stringify([rule, finding, reason]);

const covers = (each: AcceptedMetadata, rule: string, finding: string | undefined): boolean =>
  each.rule === rule &&
  (finding === undefined
    ? each.finding === undefined
    : new RegExp(each.finding ?? '(?!)', 's').test(finding));

const acceptances = (constructs: readonly IConstruct[]): readonly AcceptedMetadata[] =>
  constructs.flatMap(({ node }) =>
    node.metadata
      .filter(({ type }) => type === acceptedFinding)
      // Only `acceptFinding` writes this type.
      .map(({ data }) => data as AcceptedMetadata),
  );

/** The construct at a path and everything above it. */
function upwards(tree: IConstruct, path: string): readonly IConstruct[] {
  const found = tree.node.findAll().find(({ node }) => node.path === path);
  if (found === undefined) throw new TypeError(`cdk-nag names ${path}, which is not in the tree`);
  return found.node.scopes;
}
