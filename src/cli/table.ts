import type CliTable from 'cli-table3';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

const LINES = ['top', 'bottom', 'left', 'mid', 'right', 'middle'];
const NO_LINES: Record<string, string> = Object.fromEntries(
  [...LINES, ...LINES.flatMap((line) => ['mid', 'left', 'right'].map((end) => `${line}-${end}`))].map((name) => [
    name,
    '',
  ]),
);

/** Returns rows of cells as text with aligned columns; numbers are aligned to the right. */
export function formatTable(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const colAligns = head.map((_, column) =>
    rows.length > 0 && rows.every((row) => typeof row[column] === 'number') ? ('right' as const) : ('left' as const),
  );
  // Loaded at the first table: most commands write none.
  const Table = require('cli-table3') as typeof CliTable;
  const table = new Table({
    head: [...head],
    colAligns,
    style: { head: [], border: [], compact: true, 'padding-left': 0, 'padding-right': 2 },
    chars: NO_LINES,
  });
  for (const row of rows) table.push([...row].map(String));
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}
