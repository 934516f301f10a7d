import { AwsSolutionsChecks } from 'cdk-nag';
import type { IConstruct } from 'constructs';
import { type AcceptedMetadata, acceptedFinding } from '../../lib/constructs/accept-finding.ts';

/** What a tool found. */
export interface Finding {
  /** `AwsSolutions-S1`, `CKV_AWS_18`. */
  readonly rule: string;
  /** Which one, of a rule that tells several of one resource. */
  readonly finding?: string;
  /** Of the construct: `Stack/Store/Bucket/Resource`. */
  readonly path: string;
  readonly description: string;
}

/** What constructs accept, by their paths. */
export type Acceptances = ReadonlyMap<string, readonly AcceptedMetadata[]>;

/** What a review came to. */
export interface Review {
  /** How many findings were accepted. */
  readonly accepted: number;
  /** Findings that nobody accepted: `rule path: what it says`. */
  readonly unexplained: readonly string[];
  /** Acceptances that no finding needed, in any of the trees: `rule path: its reason`. */
  readonly unused: readonly string[];
}

/** The rules of a tool begin with it: an acceptance is of one tool, and judged with its findings. */
export type RulePrefix = 'AwsSolutions-' | 'CKV';

/**
 * The findings of a tool in some apps, each with what its constructs accept, against these acceptances: that of a
 * construct is of all that is below it. One of a construct's class is needed if any construct's is.
 */
export function review(
  prefix: RulePrefix,
  apps: readonly { readonly findings: readonly Finding[]; readonly acceptances: Acceptances }[],
): Review {
  const needed = new Set<string>();
  const unexplained: string[] = [];
  let accepted = 0;
  for (const { findings, acceptances } of apps)
    for (const each of findings) {
      const by = scopesOf(each.path)
        .flatMap((path) => acceptances.get(path) ?? [])
        .filter((acceptance) => covers(acceptance, each));
      for (const acceptance of by) needed.add(keyOf(acceptance));
      if (by.length > 0) accepted += 1;
      else {
        const which = each.finding === undefined ? '' : `[${each.finding}]`;
        unexplained.push(`${each.rule}${which} ${each.path}: ${each.description}`);
      }
    }
  const unused = new Map<string, string>();
  for (const { acceptances } of apps)
    for (const [path, all] of acceptances)
      for (const each of all)
        if (each.rule.startsWith(prefix) && !needed.has(keyOf(each)))
          unused.set(keyOf(each), `${each.rule} ${path}: ${each.reason}`);
  return { accepted, unexplained, unused: [...unused.values()] };
}

/** The rules of AWS Solutions (cdk-nag) over trees of constructs, against what the constructs accept of them. */
export const reviewByNag = (trees: readonly IConstruct[]): Review =>
  review(
    'AwsSolutions-',
    trees.map((tree) => ({ findings: findByNag(tree), acceptances: acceptancesOf(tree) })),
  );

const findByNag = (tree: IConstruct): readonly Finding[] =>
  new AwsSolutionsChecks()
    .validateScope(tree)
    .violations.flatMap(({ ruleName, description, violatingResources }) => {
      const [, rule = ruleName, finding] = /^([^[]+)\[(.*)\]$/s.exec(ruleName) ?? [];
      return violatingResources.map(({ constructPath: path }) => {
        if (path === undefined) throw new TypeError(`cdk-nag tells no path for ${ruleName}`);
        return { rule, ...(finding !== undefined && { finding }), path, description };
      });
    });

/** What the constructs of a tree accept. */
const acceptancesOf = (tree: IConstruct): Acceptances =>
  new Map(tree.node.findAll().map(({ node }) => [node.path, acceptedIn(node.metadata)]));

/** What is accepted in the metadata of a construct, in its tree or as a cloud assembly has it. */
export const acceptedIn = (
  metadata: readonly { readonly type: string; readonly data?: unknown }[],
): readonly AcceptedMetadata[] =>
  metadata
    .filter(({ type }) => type === acceptedFinding)
    // Only `acceptFinding` writes this type.
    .map(({ data }) => data as AcceptedMetadata);

/** The path of a construct and those of everything above it. */
const scopesOf = (path: string): readonly string[] =>
  path.split('/').map((_, index, parts) => parts.slice(0, index + 1).join('/'));

const keyOf = ({ rule, finding, resource, reason }: AcceptedMetadata): string =>
  JSON.stringify([rule, finding, resource, reason]);

const covers = (each: AcceptedMetadata, { rule, finding, path }: Finding): boolean =>
  each.rule === rule &&
  (each.resource === undefined || new RegExp(each.resource).test(path)) &&
  (finding === undefined
    ? each.finding === undefined
    : new RegExp(each.finding ?? '(?!)', 's').test(finding));
