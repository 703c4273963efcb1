// Puts the page of the benchmark's reports into one HTML file, dist/bench/report/page.html: styles, uPlot and the page's
// compiled modules stand inside it; the data take their place when a report is written.
//
// Each module becomes a function that returns its exports, called after those that it imports; the few forms of import
// and export that the page uses are all that is understood, anything else is an error.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const sources = join(root, 'bench/report/page');
const compiled = join(root, 'dist/bench/report/page');
const uplot = join(root, 'node_modules/uplot/dist');

/** Packages whose scripts stand before ours, by the name that they give to the page. */
const globals = { uplot: 'uPlot' };

const template = readFileSync(join(sources, 'page.html'), 'utf8');
const style = [join(uplot, 'uPlot.min.css'), join(sources, 'page.css')].map((path) => readFileSync(path, 'utf8'));
const licence = '/* uPlot, (c) Leon Sorokin, MIT licence, https://github.com/leeoniya/uPlot */';
const script = [
  licence,
  readFileSync(join(uplot, 'uPlot.iife.min.js'), 'utf8').replace(/^\/\/# sourceMappingURL.*$/m, ''),
  '(() => {\n"use strict";',
  ...joinModules(join(compiled, 'main.js')),
  '})();',
];
const page = [
  ['/*STYLE*/', style.join('\n')],
  ['/*SCRIPT*/', script.join('\n').replaceAll('</script', '<\\/script')],
].reduce((text, [mark, content]) => text.replace(mark, () => content), template);
mkdirSync(join(root, 'dist/bench/report'), { recursive: true });
writeFileSync(join(root, 'dist/bench/report/page.html'), page);

/** Modules as functions that are called at once and return their exports, each after those that it imports. */
function joinModules(entry) {
  const names = new Map();
  const texts = [];
  add(entry, []);
  return texts;

  function add(path, above) {
    if (names.has(path)) return;
    if (above.includes(path)) fail(`${path} imports itself by way of others`);
    const file = ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.ES2022, true);
    const imports = file.statements
      .filter((statement) => ts.isImportDeclaration(statement))
      .flatMap((statement) => follow(statement, path, [...above, path]));
    const body = file.statements.map((statement) => textOf(statement, file)).filter((text) => text !== '');
    const exported = file.statements.filter(isExported).flatMap(namesOf);
    names.set(path, `module${names.size}`);
    const lines = [...imports, ...body, `return { ${exported.join(', ')} };`];
    texts.push(`/* ${basename(path)} */\nconst ${names.get(path)} = (() => {\n${lines.join('\n')}\n})();`);
  }

  /** What an import becomes: the names that it brings. */
  function follow({ moduleSpecifier, importClause }, path, above) {
    const from = moduleSpecifier.text;
    if (!from.startsWith('.')) {
      if (importClause?.name?.text !== globals[from]) fail(`${path} imports ${from}, which is not in the page`);
      return [];
    }
    const named = importClause?.namedBindings;
    if (importClause?.name !== undefined || named === undefined || !ts.isNamedImports(named)) {
      fail(`${path}: only named imports can be joined, not that of ${from}`);
    }
    const target = resolve(dirname(path), from);
    add(target, above);
    const list = named.elements.map(({ propertyName, name }) =>
      propertyName === undefined ? name.text : `${propertyName.text}: ${name.text}`,
    );
    return [`const { ${list.join(', ')} } = ${names.get(target)};`];
  }
}

function isExported(statement) {
  return statement.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) === true;
}

function namesOf(statement) {
  if (ts.isVariableStatement(statement))
    return statement.declarationList.declarations.map(({ name }) => name.getText());
  return [statement.name.text];
}

function textOf(statement, file) {
  if (ts.isImportDeclaration(statement)) return '';
  if (ts.isExportDeclaration(statement) || ts.isExportAssignment(statement)) {
    // What tsc leaves of a module of types alone is an empty list.
    if (statement.exportClause?.elements?.length === 0) return '';
    fail(`${file.fileName}: exports stand at their declarations here`);
  }
  return statement.getText(file).replace(/^export /, '');
}

function fail(message) {
  process.stderr.write(`bundle-page: ${message}\n`);
  process.exit(1);
}
