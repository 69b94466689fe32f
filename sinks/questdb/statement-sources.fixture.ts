import * as ts from 'typescript/unstable/ast';
import { type Project, type Type, TypeFlags } from 'typescript/unstable/sync';
import { nameOf } from './statement-nodes.fixture.ts';

/** Types whose values can only be what is spelled in our own source, or a number. */
const HARMLESS = TypeFlags.StringLiteral | TypeFlags.NumberLike | TypeFlags.BigIntLike | TypeFlags.BooleanLike;
const OF_A_DATABASE = /pipeline\/contract\/database\.ts$|sinks\/questdb\/select-rows\.ts$|node_modules\/@types\/pg\//;

/** Some files of a project, and where everything in them is declared, called and filled. */
export class StatementSources {
  readonly #project: Project;
  readonly #names = new Map<string, ts.Identifier[]>();

  constructor(project: Project, wanted: (path: string) => boolean) {
    this.#project = project;
    for (const path of project.program.getSourceFileNames().filter(wanted)) {
      const look = (node: ts.Node): void => {
        if (ts.isIdentifier(node)) this.#note(node);
        node.forEachChild(look);
      };
      look(project.program.getSourceFile(path) as ts.SourceFile);
    }
  }

  #note(name: ts.Identifier): void {
    const known = this.#names.get(name.text);
    if (known === undefined) this.#names.set(name.text, [name]);
    else known.push(name);
  }

  #namesLike(text: string): readonly ts.Identifier[] {
    return this.#names.get(text) ?? [];
  }

  /** What is handed to `query` of a database or of the driver, conditions in words, and statements in addresses. */
  statements(): readonly ts.Expression[] {
    const called = ['query', 'addText'].flatMap((text) =>
      this.#namesLike(text).filter((name) => {
        const declared = this.declarationOf(name);
        return declared !== undefined && OF_A_DATABASE.test(declared.getSourceFile().fileName);
      }),
    );
    const inAddresses = this.#namesLike('encodeURIComponent').filter((name) => {
      const span = name.parent.parent;
      return ts.isTemplateSpan(span) && /\/(exp|exec)\?.*query=/s.test(span.parent.getText());
    });
    return [...called, ...inAddresses].flatMap((name) => callBy(name)?.arguments[0] ?? []);
  }

  /** Where something is used by its name, other than to declare it or to bring it in under that name. */
  usesOf(declared: ts.Node): readonly ts.Identifier[] {
    const name = (declared as { readonly name?: ts.Node }).name;
    if (name === undefined || !ts.isIdentifier(name)) return [];
    return this.#namesLike(name.text).filter((one) => {
      if (one.parent === declared || ts.isExportSpecifier(one.parent)) return false;
      if (ts.isImportSpecifier(one.parent) && one.parent.propertyName === undefined) return false;
      return this.declarationOf(one) === declared;
    });
  }

  /** What is appended to a list. */
  pushedTo(declared: ts.Node): readonly ts.Expression[] {
    return this.usesOf(declared).flatMap(({ parent }) =>
      ts.isPropertyAccessExpression(parent) && parent.name.getText() === 'push'
        ? [...(callBy(parent.name as ts.Identifier)?.arguments ?? [])]
        : [],
    );
  }

  /** What a member of that name is ever given in a file. */
  members(file: ts.SourceFile, name: string): readonly ts.Expression[] {
    return this.#namesLike(name).flatMap(({ parent }) =>
      parent.getSourceFile() === file && ts.isPropertyAssignment(parent) && parent.name.getText() === name
        ? [parent.initializer]
        : [],
    );
  }

  declarationOf(name: ts.Node | undefined): ts.Node | undefined {
    if (name === undefined) return undefined;
    const { checker } = this.#project;
    const symbol = checker.getSymbolAtLocation(name);
    const first = symbol?.declarations[0]?.resolve();
    if (symbol === undefined || first === undefined) return undefined;
    const brought = ts.isImportSpecifier(first) || ts.isImportClause(first);
    const meant = brought ? checker.getAliasedSymbol(symbol) : symbol;
    return meant.valueDeclaration?.resolve() ?? meant.declarations[0]?.resolve();
  }

  /** Where a member of what a pattern takes apart is declared. */
  memberOf(pattern: ts.Node, name: string): ts.Node | undefined {
    const { checker } = this.#project;
    const type = checker.getTypeAtLocation(pattern);
    const member = type === undefined ? undefined : checker.getPropertyOfType(type, name);
    return member?.valueDeclaration?.resolve() ?? member?.declarations[0]?.resolve();
  }

  isHarmless(node: ts.Expression): boolean {
    return this.#holdsOurs(this.#project.checker.getTypeAtLocation(node));
  }

  isHarmlessList(node: ts.Expression): boolean {
    const { checker } = this.#project;
    const type = checker.getTypeAtLocation(node);
    if (type === undefined || !checker.isArrayLikeType(type)) return false;
    return this.#holdsOurs(checker.getIndexInfosOfType(type)[0]?.valueType);
  }

  #holdsOurs(type: Type | undefined): boolean {
    if (type === undefined) return false;
    if (type.isUnionType()) return type.getTypes().every((one) => this.#holdsOurs(one));
    return (type.flags & HARMLESS) !== 0;
  }
}

/** The call whose callee ends with a name. */
export function callBy(name: ts.Identifier): ts.CallExpression | undefined {
  const { parent } = name;
  const callee = ts.isPropertyAccessExpression(parent) && parent.name === name ? parent : name;
  const call = callee.parent;
  return ts.isCallExpression(call) && call.expression === callee && nameOf(callee) === name ? call : undefined;
}
