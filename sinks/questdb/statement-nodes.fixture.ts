import { fileURLToPath } from 'node:url';
import * as ts from 'typescript/unstable/ast';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

export type Made = ts.ArrowFunction | ts.FunctionDeclaration | ts.MethodDeclaration | ts.FunctionExpression;

const shortPath = (path: string): string =>
  path.startsWith(ROOT) ? path.slice(ROOT.length) : (path.split('/').at(-1) ?? path);

/** `file:line` of a node. */
export function lineOf(node: ts.Node): string {
  const { fileName, text } = node.getSourceFile();
  return `${shortPath(fileName)}:${text.slice(0, node.getStart()).split('\n').length}`;
}

/** `file#name` of what is declared. */
export function placeOf(declared: ts.Node): string {
  const name = (declared as { readonly name?: ts.Node }).name?.getText() ?? '';
  return `${shortPath(declared.getSourceFile().fileName)}#${name}`;
}

/** The name that an expression ends with. */
export function nameOf(node: ts.Node): ts.Identifier | undefined {
  if (ts.isIdentifier(node)) return node;
  return ts.isPropertyAccessExpression(node) && ts.isIdentifier(node.name) ? node.name : undefined;
}

export function functionOf(declared: ts.Node): Made | undefined {
  if (ts.isVariableDeclaration(declared)) {
    return declared.initializer === undefined ? undefined : functionOf(declared.initializer);
  }
  if (ts.isArrowFunction(declared) || ts.isFunctionExpression(declared)) return declared;
  const named = ts.isFunctionDeclaration(declared) || ts.isMethodDeclaration(declared);
  // What is only declared may answer anything.
  return named && declared.body !== undefined ? declared : undefined;
}

/** What a function answers, not what functions within it do. */
export function answersOf(made: Made): readonly ts.Expression[] {
  const { body } = made;
  if (body === undefined) return [];
  if (!ts.isBlock(body)) return [body as ts.Expression];
  const found: ts.Expression[] = [];
  const look = (node: ts.Node): void => {
    if (!ts.isVariableDeclaration(node) && functionOf(node) !== undefined) return;
    if (ts.isReturnStatement(node) && node.expression !== undefined) found.push(node.expression);
    node.forEachChild(look);
  };
  look(body);
  return found;
}
