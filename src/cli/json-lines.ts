/**
 * One line of JSON for stdout: bigints become decimal strings, byte arrays hexadecimal. docs/CLI.md names the fields.
 */
export function toJsonLine(value: object): string {
  return `${JSON.stringify(value, replace)}\n`;
}

function replace(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  return value;
}
