import * as ts from 'typescript/unstable/ast';
import { API } from 'typescript/unstable/sync';
import { answersOf, functionOf, lineOf, type Made, nameOf, placeOf } from './statement-nodes.fixture.ts';
import { callBy, StatementSources } from './statement-sources.fixture.ts';

export interface Walked {
  /** Calls that hand a statement, or a condition of one, to a database. */
  readonly statements: number;
  /** What is spelled into one although nobody can say that it is ours: `file:line text`. */
  readonly faults: readonly string[];
}

export interface WalkOptions {
  readonly tsconfig: string;
  /** Which files are looked at, by path. */
  readonly wanted: (path: string) => boolean;
  /** `file#name` of what makes parts of statements out of anything: they look at it, or bind it. */
  readonly makers: ReadonlySet<string>;
  /** `file#name` of functions that hand on a statement that they are given: their callers are looked at. */
  readonly doors: ReadonlySet<string>;
}

type Judge = (one: ts.Expression) => void;

/** Of a list these answer elements of it; of a text, a part. */
const SAME_ELEMENTS = new Set(['filter', 'slice', 'toReversed', 'toSorted', 'reverse', 'sort', 'flat']);
const PART_OF = new Set(['slice', 'trim', 'toUpperCase', 'toLowerCase']);

/**
 * Follows every part of every statement back to where it was made, over names, functions and their callers. A part is ours when
 * it is spelled in the source, is of a type that holds nothing else, or comes out of a maker; the rest are faults.
 */
export function walkStatements(options: WalkOptions): Walked {
  const api = new API();
  try {
    const snapshot = api.updateSnapshot({ openProject: options.tsconfig });
    const project = snapshot.getProject(options.tsconfig);
    if (project === undefined) throw new Error(`there is no project at ${options.tsconfig}`);
    const walked = new Walk(new StatementSources(project, options.wanted), options).walk();
    snapshot.dispose();
    return walked;
  } finally {
    api.close();
  }
}

class Walk {
  readonly #sources: StatementSources;
  readonly #options: WalkOptions;
  readonly #judged = new Set<ts.Node>();
  readonly #faults = new Set<string>();
  readonly #judge: Judge = (node) => this.#once(node, () => this.#judgeText(node));
  readonly #judgeList: Judge = (node) => this.#once(node, () => this.#judgeElements(node));

  constructor(sources: StatementSources, options: WalkOptions) {
    this.#sources = sources;
    this.#options = options;
  }

  walk(): Walked {
    const statements = this.#sources.statements();
    for (const one of statements) this.#judge(one);
    return { statements: statements.length, faults: [...this.#faults] };
  }

  #once(node: ts.Node, judge: () => void): void {
    if (this.#judged.has(node)) return;
    this.#judged.add(node);
    judge();
  }

  #fault(node: ts.Node): void {
    this.#faults.add(`${lineOf(node)} ${node.getText()}`);
  }

  #judgeText(node: ts.Expression): void {
    if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node) || ts.isNumericLiteral(node)) return;
    if (ts.isTemplateExpression(node)) {
      for (const span of node.templateSpans) this.#judge(span.expression);
    } else if (ts.isBinaryExpression(node)) {
      if (node.operatorToken.kind !== ts.SyntaxKind.AmpersandAmpersandToken) this.#judge(node.left);
      this.#judge(node.right);
    } else if (ts.isConditionalExpression(node)) {
      this.#judge(node.whenTrue);
      this.#judge(node.whenFalse);
    } else if (ts.isParenthesizedExpression(node)) this.#judge(node.expression);
    else if (this.#sources.isHarmless(node)) return;
    else if (ts.isCallExpression(node)) this.#judgeCall(node);
    else if (ts.isIdentifier(node)) this.#judgeName(node);
    else if (ts.isPropertyAccessExpression(node)) this.#judgeProperty(node);
    else if (ts.isElementAccessExpression(node)) this.#judgeList(node.expression);
    else this.#fault(node);
  }

  #judgeCall(call: ts.CallExpression): void {
    const callee = call.expression;
    const [first, second] = call.arguments;
    const of = ts.isPropertyAccessExpression(callee) ? callee.expression : undefined;
    const text = of === undefined ? callee.getText() : (nameOf(callee)?.text ?? '');
    if (this.#isMaker(callee)) return;
    if (of === undefined) {
      if (text === 'String' && first !== undefined) this.#judge(first);
      else this.#judgeAnswers(callee, call, this.#judge);
    } else if (text === 'join') this.#judgeList(of);
    else if (text === 'toISOString' && ts.isNewExpression(of) && of.expression.getText() === 'Date') return;
    else if (PART_OF.has(text)) this.#judge(of);
    else if (text === 'replace' && second !== undefined && functionOf(second) === undefined) {
      this.#judge(of);
      this.#judge(second);
    } else this.#judgeAnswers(callee, call, this.#judge);
  }

  /** What the functions answer that a call may mean: its callee, or those that its callee comes from. */
  #judgeAnswers(callee: ts.Node, asked: ts.Node, judge: Judge): void {
    const made = ts.isArrowFunction(callee) ? callee : this.#sources.declarationOf(nameOf(callee));
    const bodies = made === undefined ? [] : this.#functionsOf(made);
    if (bodies.length === 0) this.#fault(asked);
    for (const body of bodies) for (const answer of answersOf(body)) judge(answer);
  }

  #functionsOf(made: ts.Node): readonly Made[] {
    const known = functionOf(made);
    if (known !== undefined) return [known];
    let from = ts.isVariableDeclaration(made) ? made.initializer : undefined;
    if (from !== undefined && ts.isAwaitExpression(from)) from = from.expression;
    if (from === undefined || !ts.isCallExpression(from)) return [];
    const maker = this.#sources.declarationOf(nameOf(from.expression));
    const body = maker === undefined ? undefined : functionOf(maker);
    const answers = body === undefined ? [] : answersOf(body).map(functionOf);
    return answers.every((one) => one !== undefined) ? answers : [];
  }

  #judgeName(name: ts.Identifier): void {
    const declared = this.#sources.declarationOf(name);
    if (declared === undefined) this.#fault(name);
    else if (ts.isBindingElement(declared)) this.#judgeTaken(declared, name);
    else if (ts.isParameterDeclaration(declared)) this.#judgeGiven(declared, name, this.#judge, this.#judgeList);
    else if (!ts.isVariableDeclaration(declared)) this.#fault(name);
    else if (ts.isForOfStatement(declared.parent.parent)) this.#judgeList(declared.parent.parent.expression);
    else if (declared.initializer === undefined || (declared.parent.flags & ts.NodeFlags.Const) === 0)
      this.#fault(name);
    else this.#judge(declared.initializer);
  }

  /** What a parameter is given, wherever its function is called; `ofList` where that goes through the elements of a list. */
  #judgeGiven(parameter: ts.ParameterDeclaration, asked: ts.Node, given: Judge, ofList: Judge): void {
    const made = parameter.parent as Made;
    const place = made.parameters.indexOf(parameter);
    const { parent } = made;
    const through = (call: ts.Node): void => {
      // The first parameter is an element; its number is harmless by its type.
      const callee = ts.isCallExpression(call) ? call.expression : call;
      if (place === 0 && ts.isPropertyAccessExpression(callee)) ofList(callee.expression);
      else this.#fault(asked);
    };
    if (ts.isCallExpression(parent)) {
      through(parent);
      return;
    }
    const declared = ts.isVariableDeclaration(parent) ? parent : made;
    if (this.#options.doors.has(placeOf(declared))) return;
    const uses = this.#sources.usesOf(declared);
    if (uses.length === 0) this.#fault(asked);
    for (const use of uses) {
      const call = callBy(use);
      const one = call?.arguments[place] ?? parameter.initializer;
      if (call === undefined) through(use.parent);
      else if (one === undefined) this.#fault(asked);
      else given(one);
    }
  }

  /** A member of something that is put together in the same file: all that it is ever given there. */
  #judgeProperty(access: ts.PropertyAccessExpression): void {
    const of = this.#sources.declarationOf(nameOf(access.expression));
    const from = of !== undefined && ts.isVariableDeclaration(of) ? of.initializer : undefined;
    if (from !== undefined && ts.isCallExpression(from) && this.#isMaker(from.expression)) return;
    const here = this.#sources.declarationOf(access.name)?.getSourceFile() === access.getSourceFile();
    if (here) this.#judgeMembers(access, access.name.text);
    else this.#fault(access);
  }

  /** The same where the member is taken out by its name. */
  #judgeTaken(element: ts.BindingElement, asked: ts.Node): void {
    const name = (element.propertyName ?? element.name)?.getText() ?? '';
    const here = this.#sources.memberOf(element.parent, name)?.getSourceFile() === asked.getSourceFile();
    if (here) this.#judgeMembers(asked, name);
    else this.#fault(asked);
  }

  #judgeMembers(asked: ts.Node, name: string): void {
    const given = this.#sources.members(asked.getSourceFile(), name);
    if (given.length === 0) this.#fault(asked);
    for (const one of given) this.#judge(one);
  }

  #isMaker(node: ts.Node): boolean {
    const made = this.#sources.declarationOf(nameOf(node));
    return made !== undefined && this.#options.makers.has(placeOf(made));
  }

  #judgeElements(list: ts.Expression): void {
    if (ts.isArrayLiteralExpression(list)) for (const one of list.elements) this.#judgeElement(one);
    else if (ts.isParenthesizedExpression(list)) this.#judgeList(list.expression);
    else if (ts.isConditionalExpression(list)) {
      this.#judgeList(list.whenTrue);
      this.#judgeList(list.whenFalse);
    } else if (this.#sources.isHarmlessList(list)) return;
    else if (ts.isCallExpression(list)) this.#judgeListCall(list);
    else if (ts.isIdentifier(list)) this.#judgeListName(list);
    else this.#fault(list);
  }

  #judgeElement(one: ts.Expression): void {
    if (ts.isSpreadElement(one)) this.#judgeList(one.expression);
    else this.#judge(one);
  }

  #judgeListName(name: ts.Identifier): void {
    const declared = this.#sources.declarationOf(name);
    if (declared !== undefined && ts.isVariableDeclaration(declared) && declared.initializer !== undefined) {
      this.#judgeList(declared.initializer);
      for (const one of this.#sources.pushedTo(declared)) this.#judgeElement(one);
    } else if (declared !== undefined && ts.isParameterDeclaration(declared)) {
      this.#judgeGiven(declared, name, this.#judgeList, () => this.#fault(name));
    } else this.#fault(name);
  }

  #judgeListCall(call: ts.CallExpression): void {
    const callee = call.expression;
    const text = nameOf(callee)?.text ?? '';
    const act = callee.getText() === 'Array.from' ? call.arguments[1] : call.arguments[0];
    if (ts.isPropertyAccessExpression(callee) && ['map', 'flatMap', 'from'].includes(text) && act !== undefined) {
      if (!this.#isMaker(act)) this.#judgeAnswers(act, call, text === 'flatMap' ? this.#judgeList : this.#judge);
    } else if (ts.isPropertyAccessExpression(callee) && SAME_ELEMENTS.has(text)) this.#judgeList(callee.expression);
    else this.#judgeAnswers(callee, call, this.#judgeList);
  }
}
