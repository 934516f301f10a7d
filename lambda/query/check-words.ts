import { PolystoreError } from '../errors.ts';
import { isEarthDistance } from './read-distance.ts';
import { isSearchFunction, searchForm } from './search-words.ts';
import { refusedSyntax } from './syntax.ts';
import { listOf, type NodeBody, stringsOf, unwrap } from './tree-node.ts';
import { allowedFunctions, allowedOperators, allowedTypes, allowedValueFunctions } from './vocabulary.ts';

/** A refusal that names what was used. */
export const refuse = (what: string, remedy: string): PolystoreError =>
  new PolystoreError('not_supported', `Not supported: ${what}. ${remedy}`);

/** The refusal of a node type (`CopyStmt`) or of a field of one (`SelectStmt.intoClause`). */
export function refuseSyntax(name: string): PolystoreError {
  return refuse(
    refusedSyntax[name] ?? `the syntax ${name}`,
    'A statement is a select, an insert, an update or a delete over the model’s entities.',
  );
}

/**
 * Checks the functions, operators, types and other words that one node uses.
 * @returns the name that PostgreSQL gives to an output column of this node, where a word decides it.
 */
export function checkWords(type: string, body: NodeBody): string | undefined {
  switch (type) {
    case 'FuncCall': {
      const name = stringsOf(body.funcname);
      return isSearchFunction(name) ? name[0] : checkQualified(name, allowedFunctions, 'function');
    }
    case 'TypeName':
      return checkQualified(stringsOf(body.names), allowedTypes, 'type');
    case 'A_Expr':
      checkOperator(stringsOf(body.name), body.kind);
      return undefined;
    case 'SubLink':
      if (body.operName !== undefined) checkOperator(stringsOf(body.operName), body.subLinkType);
      return undefined;
    case 'CollateClause': {
      const collation = stringsOf(body.collname).join('.');
      if (collation === 'C') return undefined;
      throw refuse(`the collation ${collation}`, 'Texts are ordered by code point, as collate "C" does.');
    }
    case 'SQLValueFunction':
      if (allowedValueFunctions.has(String(body.op))) return undefined;
      throw refuse(
        `the function ${String(body.op).replace('SVFOP_', '').toLowerCase()}`,
        'A statement may ask for the time, not for the session.',
      );
    case 'A_Indirection':
      // `(row).name` calls a function of that name when there is no such column.
      if (listOf(body.indirection).every((part) => unwrap(part)[0] === 'A_Indices')) return undefined;
      throw refuse('a field of an expression', 'Name the column itself.');
    default:
      return undefined;
  }
}

function checkQualified(parts: readonly string[], allowed: ReadonlySet<string>, kind: string): string {
  const name = parts.at(-1) ?? '';
  // The grammar writes its own functions and types with the schema pg_catalog, where the schema's own is not.
  const isOwn = isEarthDistance([name]);
  const plain = parts.length === 1 || (parts.length === 2 && parts[0] === 'pg_catalog' && !isOwn);
  if (plain && allowed.has(name)) return name;
  throw new PolystoreError(
    'not_supported',
    `The ${kind} ${parts.join('.')} is not supported. Supported are: ${[...allowed].sort().join(', ')}.`,
  );
}

function checkOperator(parts: readonly string[], kind: unknown): void {
  const similar = kind === 'AEXPR_SIMILAR' && ['~', '!~'].includes(parts[0] ?? '');
  if (parts.length === 1 && (similar || allowedOperators.has(parts[0] ?? ''))) return;
  if (parts.at(-1) === '@@') throw refuse('the operator @@', `Words are matched by ${searchForm}.`);
  throw new PolystoreError(
    'not_supported',
    `The operator ${parts.join('.')} is not supported. Supported are: ${[...allowedOperators].join(' ')}.`,
  );
}
