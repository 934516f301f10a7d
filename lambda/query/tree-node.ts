/** The parser's tree, read without trusting its shape: a node is `{ Type: { field: … } }`. */
export type NodeBody = Readonly<Record<string, unknown>>;

/** A bare node body; anything else is an empty one. */
export const bodyOf = (node: unknown): NodeBody =>
  // Any object can be read by field name; what the fields hold stays unknown.
  typeof node === 'object' && node !== null && !Array.isArray(node) ? (node as NodeBody) : {};

export const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** Type and body of a wrapped node; an empty type for the parser's empty placeholder. */
export function unwrap(node: unknown): readonly [type: string, body: NodeBody] {
  const [entry] = Object.entries(bodyOf(node));
  return entry === undefined ? ['', {}] : [entry[0], bodyOf(entry[1])];
}

/** The body of a node of this type, or undefined for another. */
export function asNode(node: unknown, type: string): NodeBody | undefined {
  const [found, body] = unwrap(node);
  return found === type ? body : undefined;
}

/** The text of a `String` node. The parser leaves an empty text out. */
export const stringOf = (node: unknown): string => String(asNode(node, 'String')?.sval ?? '');

export const stringsOf = (nodes: unknown): readonly string[] => listOf(nodes).map(stringOf);

/** Bodies of all nodes of a type, anywhere in a tree. */
export function findNodes(tree: unknown, type: string): readonly NodeBody[] {
  if (Array.isArray(tree)) return tree.flatMap((element) => findNodes(element, type));
  return Object.entries(bodyOf(tree)).flatMap(([name, value]) => [
    ...(name === type ? [bodyOf(value)] : []),
    ...findNodes(value, type),
  ]);
}
