/** The parser's tree, read without trusting its shape: a node is `{ Type: { field: … } }`. */
export type NodeBody = Readonly<Record<string, unknown>>;

/** A bare node body; anything else is an empty one. */
export const bodyOf = (node: unknown): NodeBody =>
  // Any object can be read by field name; what the fields hold stays unknown.
  typeof node === 'object' && node !== null && !Array.isArray(node) ? (node as NodeBody) : {};

export const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** Type and body of a wrapped node; an empty type for the parser's empty placeholder. */
export function unwrap(node: unknown): readonly [type: string, body: NodeBody] {
  const wrapped = bodyOf(node);
  // Asked of every node several times: an array of all entries would cost more than the rest of a statement's check.
  for (const type in wrapped) return [type, bodyOf(wrapped[type])];
  return ['', {}];
}

/** The body of a node of this type, or undefined for another. */
export function asNode(node: unknown, type: string): NodeBody | undefined {
  const wrapped = bodyOf(node);
  for (const found in wrapped) return found === type ? bodyOf(wrapped[found]) : undefined;
  return undefined;
}

/** The text of a `String` node. The parser leaves an empty text out. */
export const stringOf = (node: unknown): string => String(asNode(node, 'String')?.sval ?? '');

export const stringsOf = (nodes: unknown): readonly string[] => listOf(nodes).map(stringOf);

/** Bodies of all nodes of a type, anywhere in a tree. */
export function findNodes(tree: unknown, type: string): readonly NodeBody[] {
  const found: NodeBody[] = [];
  const visit = (part: unknown): void => {
    if (typeof part !== 'object' || part === null) return;
    if (Array.isArray(part)) {
      for (const element of part) visit(element);
      return;
    }
    const fields = bodyOf(part);
    for (const name in fields) {
      if (name === type) found.push(bodyOf(fields[name]));
      visit(fields[name]);
    }
  };
  visit(tree);
  return found;
}
