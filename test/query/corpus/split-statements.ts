/** What opens a piece of text in which a semicolon ends nothing, and the piece from there. */
const quoted: readonly RegExp[] = [
  /--[^\n]*/y,
  /[eE]'(?:[^'\\]|\\.|'')*'/sy,
  /'(?:[^']|'')*'/y,
  /"(?:[^"]|"")*"/y,
  /(\$(?:[A-Za-z_][\w]*)?\$).*?\1/sy,
  /[A-Za-z_][\w$]*/y,
];

/**
 * The statements of a script as psql reads it: its own commands (`\d`, `\gset`) and the rows behind
 * `copy … from stdin` are left out.
 */
export function splitStatements(script: string): readonly string[] {
  const statements: string[] = [];
  let current = '';
  let depth = 0;
  let at = 0;
  const end = (): void => {
    if (current.trim() !== '') statements.push(current.trim());
    current = '';
    depth = 0;
  };
  while (at < script.length) {
    const piece = quoted.map((pattern) => matchAt(pattern, script, at)).find((text) => text !== undefined);
    if (piece !== undefined) {
      current += piece;
      at += piece.length;
    } else if (script.startsWith('/*', at)) {
      const comment = script.slice(at, endOfComment(script, at));
      current += comment;
      at += comment.length;
    } else if (script[at] === '\\') {
      // A command of psql's reaches to the end of its line, and sends what stands before it.
      if (depth === 0) end();
      at = endOfLine(script, at);
    } else if (script[at] === ';' && depth === 0) {
      const isCopy = /^\s*copy\b[^;]*\bfrom\s+stdin\b/i.test(withoutComments(current));
      end();
      at += 1;
      if (isCopy) at = endOfCopied(script, at);
    } else {
      if (script[at] === '(') depth += 1;
      if (script[at] === ')') depth = Math.max(0, depth - 1);
      current += script[at];
      at += 1;
    }
  }
  end();
  return statements;
}

function matchAt(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}

/** PostgreSQL's comments nest. */
function endOfComment(text: string, start: number): number {
  let depth = 0;
  for (let at = start; at < text.length; at += 1) {
    const two = text.slice(at, at + 2);
    if (two !== '/*' && two !== '*/') continue;
    depth += two === '/*' ? 1 : -1;
    at += 1;
    if (depth === 0) return at + 1;
  }
  return text.length;
}

const endOfLine = (text: string, at: number): number => {
  const found = text.indexOf('\n', at);
  return found === -1 ? text.length : found;
};

const endOfCopied = (text: string, at: number): number => {
  const found = text.indexOf('\n\\.', at);
  return found === -1 ? at : found + 3;
};

const withoutComments = (text: string): string => text.replaceAll(/--[^\n]*/g, '');
